"""A model used for many objects: columns mapped, the table sorted and filtered, a row's images; 10,000 rows."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from app.routes.page import FOLDER
from tests.e2e.page.accessibility import violations
from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, find_sources
from tests.e2e.page.static import HOST

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

WIDTHS = (375, 1440, 2560)
MANY = 10_000
FLAGS = [
    {"bit": 1, "name": "not_converged", "meaning": "No minimum.", "remedy": "Retry.", "failed": False},
    {"bit": 128, "name": "bad_input", "meaning": "It could not be read.", "remedy": "Mend it.", "failed": True},
]


def described(rows: int) -> dict[str, Any]:
    """A finished catalogue, as the service tells of it."""
    address = "/v1/catalogues/cat_1"
    links = {key: f"{address}/{key}" for key in ("request", "events", "cancel", "retry", "rerun", "table")}
    counts = {"total": rows, "waiting": 0, "running": 0, "fitted": rows - rows // 50, "flagged": rows // 10}
    return {
        "id": "cat_1",
        "name": "field 12",
        "labels": [],
        "state": "succeeded",
        "created_at": "2026-01-01T00:00:00Z",
        "started_at": "2026-01-01T00:00:00Z",
        "finished_at": "2026-01-01T00:01:00Z",
        "rows": counts | {"failed": rows // 50},
        "rate": 59.0,
        "eta_seconds": None,
        "retries": 0,
        "error": None,
        "warnings": [],
        "links": links | {"self": address, "row": f"{address}/rows/{{n}}"},
    }


def synthetic(rows: int) -> dict[str, Any]:
    """A page of a table with columns of numbers, text and flags; one row in fifty failed."""
    random = np.random.default_rng(8)
    chi2, magnitude = random.chisquare(50, rows) / 50, random.normal(21, 1, rows)
    kept = []
    for at in range(rows):
        bad = at % 50 == 7
        values = {"g_magnitude": magnitude[at], "g_magnitude_err": 0.01, "g_magnitude_err_scaled": 0.01}
        values |= {f"g_p{number}": float(at * number % 97) for number in range(12)} | {"chi2_reduced": chi2[at]}
        row: dict[str, Any] = dict.fromkeys(values) if bad else values
        kept.append(
            {
                "id": f"obj{at}",
                **row,
                "flags": 128 if bad else int(at % 10 == 0),
                "message": "no PSF" if bad else "converged",
            }
        )
    return {"columns": [{"name": name} for name in kept[0]], "rows": kept, "numbers": list(range(rows)), "next": None}


def opened(page: Page, rows: int) -> dict[str, Any]:
    """The catalogue in the page, all that the service would say said here."""
    table = synthetic(rows)
    answers = {
        "/v1/catalogues/cat_1": json.dumps(described(rows)),
        "/v1/catalogues/cat_1/table": json.dumps(table),
        "/v1/flags": json.dumps(FLAGS),
        "/v1/me": json.dumps({"accounts": False}),
        "/page/notices.json": "{}",
    }

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(HOST).split("?")[0].split("#")[0]
        file = FOLDER / path.removeprefix("/page/")
        types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
        if path == "/":
            route.fulfill(body=(FOLDER / "index.html").read_bytes(), content_type="text/html")
        elif path in answers:
            route.fulfill(body=answers[path], content_type="application/json")
        elif file.suffix in types and file.is_file():
            route.fulfill(body=file.read_bytes(), content_type=types[file.suffix])
        else:
            route.fulfill(body='{"title": "Not found"}', status=404, content_type="application/problem+json")

    page.route(f"{HOST}/**", answer)
    page.goto(f"{HOST}/#/catalogues/cat_1")
    expect(page.get_by_role("region", name="Rows of the table")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    return table


def first_rows(page: Page, count: int) -> list[int]:
    """Numbers of the rows that stand first."""
    expect(page.locator(".rows tbody th").first).to_be_visible()
    return [int(text) for text in page.locator(".rows tbody th").all_inner_texts()[:count]]


def check_table(page: Page, table: dict[str, Any]) -> None:
    """Worst first, sorted, filtered, and with flags in words."""
    rows = len(table["rows"])
    chi2 = [row["chi2_reduced"] if row["chi2_reduced"] is not None else -np.inf for row in table["rows"]]
    assert first_rows(page, 5) == list(np.argsort(chi2)[::-1][:5])
    page.locator(".rows").get_by_role("button", name="g_magnitude", exact=True).click()
    magnitudes = [row["g_magnitude"] if row["g_magnitude"] is not None else np.inf for row in table["rows"]]
    expect(page.get_by_text("by g_magnitude, the smallest first")).to_be_visible()
    assert first_rows(page, 5) == list(np.argsort(magnitudes)[:5])
    page.get_by_role("combobox", name="Flags").select_option(label="failed")
    failed = sum(row["flags"] == 128 for row in table["rows"])
    expect(page.get_by_text(f"{failed:,} of {rows:,} rows")).to_be_visible()
    expect(page.locator(".rows .badge").first).to_have_text("bad input")
    page.get_by_role("combobox", name="Flags").select_option(label="any or none")
    page.get_by_role("combobox", name="Rows where").select_option("g_magnitude")
    page.get_by_role("group", name="g_magnitude within").get_by_label("from").fill("21")
    page.keyboard.press("Enter")
    bright = sum(row["g_magnitude"] is not None and row["g_magnitude"] >= 21 for row in table["rows"])
    expect(page.get_by_text(f"{bright:,} of {rows:,} rows")).to_be_visible()
    page.get_by_role("button", name="Any g_magnitude").click()


def test_a_table_is_sorted_worst_first_and_filtered(tab: Tab) -> None:
    check_table(tab.page, opened(tab.page, 300))


@pytest.mark.slow
def test_ten_thousand_rows_scroll_and_sort(tab: Tab) -> None:
    page = tab.page
    table = opened(page, MANY)
    assert page.locator(".rows tbody tr").count() < 120
    check_table(page, table)
    frames = page.evaluate(
        """async () => {
          const rows = document.querySelector(".rows");
          const frame = () => new Promise(requestAnimationFrame);
          const start = performance.now();
          for (let step = 1; step <= 60; step += 1) {
            rows.scrollTop = (step / 60) * rows.scrollHeight;
            await frame();
          }
          await frame();
          return 60000 / (performance.now() - start);
        }"""
    )
    print(f"{frames:.0f} frames a second over {MANY} rows")
    last = [row for row in table["rows"] if row["g_magnitude"] is None][-1]["id"]
    expect(page.locator(".rows tbody tr").filter(has_text=last)).to_be_visible()
    page.get_by_role("searchbox", name="Words in the row").fill("psf obj7")
    expect(page.locator(".rows tbody th").first).to_have_text("7")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_a_model_is_used_for_all_that_was_found(tab: Tab) -> None:
    page = tab.open()
    find_sources(page)
    page.get_by_role("button", name="Use for many").click()
    page.get_by_role("button", name="The 3 sources that were found").click()
    expect(page.get_by_label("First value of g1.r_e")).to_have_value("column r_e")
    ask = page.get_by_role("button", name="Fit 3 objects")
    expect(ask).to_be_enabled(timeout=ENOUGH_MILLISECONDS)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1440, "height": 900})
    ask.click()
    expect(page.locator(".badge.succeeded").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    page.locator(".rows tbody tr").first.click()
    expect(page.locator(".row-panel .pane canvas")).to_have_count(3, timeout=ENOUGH_MILLISECONDS)
    told = page.locator(".row-panel").get_by_text("Reduced χ²").inner_text()
    address = page.url.split("#/")[1]
    number = page.locator(".row-panel h2").inner_text().split()[-1]
    values = page.request.get(f"{tab.url}/v1/{address}/rows/{number}").json()["values"]
    # The images are those of the row's own numbers.
    found = re.search(r"[0-9.]+", told)
    assert found is not None
    assert float(found[0]) == pytest.approx(values["chi2_reduced"], rel=1e-4)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Open as a model").click()
    expect(page.locator("[data-component]").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    page.get_by_role("link", name="Many", exact=True).click()
    expect(page.get_by_role("region", name="Catalogues")).to_be_visible()
    assert violations(page) == []
