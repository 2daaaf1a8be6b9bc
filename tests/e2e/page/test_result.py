"""A result in the page: linked images, the table, tabs, chains; the list of fits, labels, comparing, deleting."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.accessibility import violations
from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, THREE_GALAXIES, find_sources, fit
from tests.e2e.serving import Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SAMPLED = [{"method": "lm"}, {"method": "metropolis", "warmup": 200, "samples": 400, "chains": 4}]


def finished(service: Service, name: str, stages: list[dict[str, Any]]) -> str:
    """The id of a finished fit of the three galaxies."""
    with httpx.Client(base_url=service.url, timeout=120) as http:
        upload = http.post("/v1/uploads?filename=three.fits", content=THREE_GALAXIES.read_bytes()).json()["id"]
        request = http.post(f"/v1/uploads/{upload}/propose", json={"title": name}).json()["request"]
        fit_id: str = http.post("/v1/fits", json={**request, "stages": stages}).json()["id"]
        fit = http.get(f"/v1/fits/{fit_id}?wait=60").json()
        assert fit["state"] == "succeeded", fit
    return fit_id


@pytest.fixture(scope="module")
def sampled(service: Service) -> str:
    return finished(service, "sampled galaxies", SAMPLED)


@pytest.fixture
def page(tab: Tab, sampled: str) -> Page:
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = tab.open(f"fits/{sampled}")
    expect(opened.locator(".pane canvas").nth(2)).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    return opened


def test_the_three_images_move_together_and_blink(page: Page) -> None:
    bar = page.locator(".pane .scale").nth(2)
    before = bar.inner_text()
    page.locator(".pane canvas").first.focus()
    for _ in range(6):
        page.keyboard.press("+")
    expect(bar).not_to_have_text(before)
    page.get_by_role("button", name="Blink").click()
    expect(page.locator(".pane")).to_have_count(1)
    expect(page.locator(".pane .title")).to_have_text("Model")
    expect(page.locator(".pane .title")).to_have_text("Residual / σ")
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator(".pane")).to_have_count(3)


def test_the_table_is_copied_as_latex_csv_and_json(page: Page) -> None:
    page.get_by_role("button", name="Copy LaTeX").click()
    expect(page.get_by_text("LaTeX copied.")).to_be_visible()
    latex = page.evaluate("navigator.clipboard.readText()")
    assert "\\begin{tabular}" in latex
    assert "g1 $r_\\mathrm{e}$ & $22.0" in latex
    page.get_by_role("button", name="Copy JSON").click()
    expect(page.get_by_text("JSON copied.")).to_be_visible()
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))["n_pixels"] == 9801


@pytest.mark.slow
def test_intervals_are_asked_for_in_the_model_and_stand_in_the_table(tab: Tab) -> None:
    page = tab.open()
    find_sources(page)
    page.locator(".stage summary", has_text="Options").click()
    page.get_by_label("intervals").check()
    fit(page)
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="g1.r_e", exact=True))
    told = row.locator("td.spread")
    expect(told).to_have_text(re.compile(r"^\+0\.\d+ −0\.\d+$"))
    ends = re.fullmatch(
        r"68 % interval: (\S+) to (\S+), where the profile of χ² is 1 above its least",
        told.get_attribute("title") or "",
    )
    assert ends is not None
    value = float(row.locator("td.number").first.inner_text())
    assert float(ends[1]) < value < float(ends[2])
    flux = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="g1.flux", exact=True))
    expect(flux.locator("td.spread")).to_have_count(0)
    expect(flux.locator("td.number").nth(1)).not_to_be_empty()
    page.get_by_label("Uncertainties").select_option(label="from the covariance")
    expect(told).to_have_count(0)
    expect(row.locator("td.number").nth(1)).to_have_text(re.compile(r"^0\.\d+$"))
    assert violations(page) == []


def test_what_tells_how_far_to_trust_it_is_a_tab_away(page: Page) -> None:
    page.get_by_role("tab", name="Correlations").click()
    expect(
        page.locator(".matrix td[title='g1.n, g1.r_e: 0.8']").or_(page.locator(".matrix td").nth(30))
    ).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator("canvas.corner")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("columnheader", name="R̂")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    assert page.locator(".chart .line").count() == 4
    page.get_by_role("tab", name="Stages").click()
    expect(page.get_by_role("heading", name="2. metropolis")).to_be_visible()
    page.get_by_role("tab", name="Downloads").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="netcdf").click()
    assert download.value.suggested_filename.endswith(".nc")


def test_a_corner_is_zoomed_by_brushing(page: Page) -> None:
    page.get_by_role("tab", name="Corner").click()
    corner = page.locator("canvas.corner")
    expect(corner).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    corner.scroll_into_view_if_needed()
    box = corner.bounding_box()
    assert box is not None
    x, y = box["x"] + 90, box["y"] + 0.3 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 30, steps=3)
    page.mouse.up()
    page.get_by_role("button", name="All of it").click()
    expect(page.get_by_role("button", name="All of it")).to_be_hidden()


def test_a_corner_is_zoomed_and_moved_by_keys(page: Page) -> None:
    page.get_by_role("tab", name="Corner").click()
    corner = page.locator("canvas.corner")
    expect(corner).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    corner.focus()
    spoken = page.get_by_role("tabpanel").get_by_role("status")

    def spans() -> list[tuple[float, float]]:
        """What the chosen square shows, along y and along x."""
        numbers = re.findall(r"from (\S+) to (\S+)", spoken.inner_text())
        return [(float(low), float(high)) for low, high in numbers]

    def pressed(key: str) -> list[tuple[float, float]]:
        before = spoken.inner_text()
        page.keyboard.press(key)
        expect(spoken).not_to_have_text(before)
        return spans()

    pressed("ArrowDown")
    whole = pressed("ArrowRight")
    half = pressed("+")
    assert [high - low for low, high in half] == pytest.approx([0.5 * (high - low) for low, high in whole], rel=0.01)
    moved = pressed("Shift+ArrowRight")
    assert moved[0] == half[0]
    assert moved[1][0] == pytest.approx(half[1][0] + 0.25 * (half[1][1] - half[1][0]), rel=1e-3)
    assert pressed("0") == whole


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Corner", "Chains", "Log"])
def test_what_a_sampled_fit_tells_can_be_read_by_everyone(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tabpanel").locator("canvas, table, pre").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    assert violations(page) == []


def test_a_result_is_the_next_model(page: Page) -> None:
    page.get_by_role("button", name="Fit again from here").click()
    expect(page.locator(".ellipse").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    page.locator(".tree button", has_text="g1").click()
    assert float(page.locator("#parameter-r_e").input_value()) == pytest.approx(22.04, abs=0.1)


def test_fits_are_labelled_found_compared_and_deleted(tab: Tab, service: Service, sampled: str) -> None:
    second = finished(service, "only galaxies", [{"method": "lm"}])
    page = tab.open(f"fits/{second}")
    page.get_by_role("button", name="Name and label").click()
    page.get_by_label("Labels, with commas").fill("abell, run 7")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".badge", has_text="run 7")).to_be_visible()
    page = tab.open("fits")
    page.get_by_role("searchbox").fill("galaxies")
    page.get_by_label("Compare sampled galaxies").check()
    page.get_by_label("Compare only galaxies").check()
    page.get_by_role("button", name="Compare two").click()
    expect(page.get_by_text("By the BIC")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    page = tab.open("fits")
    page.get_by_role("searchbox").fill("abell")
    expect(page.locator(".fits tbody tr")).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete only galaxies").click()
    expect(page.get_by_text("No fit matches.")).to_be_visible()


def test_a_result_is_told_by_component_and_lights_its_ellipse(page: Page) -> None:
    card = page.locator('[data-card="g1"]')
    expect(card.locator("dt", has_text="rₑ").first).to_be_visible()
    expect(card.locator("dd").filter(has_text="22.0").first).to_be_visible()
    card.hover()
    expect(page.locator('.ellipse.lit[data-component="g1"]')).to_have_count(3)
    page.get_by_role("combobox", name="Model of").select_option("component/g1")
    page.get_by_label("taken from the data").check()
    expect(page.locator(".pane .title").first).to_have_text("Data − g1")
    page.get_by_label("Filter the parameters").fill("g1 r_e")
    expect(page.get_by_role("region", name="Parameters").locator("tbody tr")).to_have_count(1)


@pytest.fixture(scope="module")
def noises(service: Service) -> list[str]:
    """Three fits of one image: two with one noise and different models, one with another noise."""
    found = []
    with httpx.Client(base_url=service.url, timeout=120) as http:
        upload = http.post("/v1/uploads?filename=three.fits", content=THREE_GALAXIES.read_bytes()).json()["id"]
        request = http.post(f"/v1/uploads/{upload}/propose", json={}).json()["request"]
        image = {key: value for key, value in request["images"][0].items() if key != "variance"}
        fewer = [each for each in request["components"] if each["name"] != "g3"]
        for name, variance, components in (
            ("one", 22, fewer),
            ("two", 22, request["components"]),
            ("three", 30, fewer),
        ):
            document = {**request, "name": name, "images": [{**image, "variance": {"constant": variance}}]}
            fit_id = http.post("/v1/fits", json={**document, "components": components}).json()["id"]
            assert http.get(f"/v1/fits/{fit_id}?wait=60").json()["state"] == "succeeded"
            found.append(fit_id)
    return found


def test_a_verdict_stands_only_where_data_and_noise_are_the_same(tab: Tab, noises: list[str]) -> None:
    one, two, three = noises
    page = tab.open(f"compare/{one}/{two}")
    expect(page.get_by_text("By the BIC two is to be preferred")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    page = tab.open(f"compare/{one}/{three}")
    expect(page.get_by_text("They differ in the variance")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    expect(page.get_by_text("By the BIC")).to_have_count(0)
    expect(page.locator(".difference.better, .difference.worse")).to_have_count(0)
    page = tab.open(f"compare/{one}/{one}")
    expect(page.get_by_text("neither is to be preferred")).to_be_visible(timeout=ENOUGH_MILLISECONDS)


@pytest.mark.slow
def test_many_fits_are_sorted_ticked_and_tabled(tab: Tab, noises: list[str]) -> None:
    page = tab.open("fits")
    page.get_by_role("button", name="Name", exact=True).click()
    names = page.locator(".fits tbody th a").all_inner_texts()
    assert names == sorted(names, key=lambda name: "" if name == "without a name" else name.lower())
    for name in ("one", "two", "three"):
        page.get_by_label(f"Compare {name}", exact=True).check()
    with page.expect_download() as download:
        page.get_by_role("button", name="One table of values").click()
    rows = download.value.path().read_text().splitlines()
    assert len(rows) == 1 + len(noises)
    assert "g1.x uncertainty" in rows[0]
    page.once("dialog", lambda dialog: dialog.accept("batch"))
    page.get_by_role("button", name="Label").click()
    expect(page.locator(".fits .badge", has_text="batch")).to_have_count(3, timeout=ENOUGH_MILLISECONDS)
    page.locator(".fits button.badge", has_text="batch").first.click()
    expect(page.get_by_role("searchbox")).to_have_value("batch")
    page.get_by_role("searchbox").fill("")
    page.get_by_role("searchbox").fill("batch two")
    expect(page.locator(".fits tbody tr")).to_have_count(1)


@pytest.mark.slow
def test_sampling_says_what_it_would_take_before_it_is_asked_for(page: Page) -> None:
    page.get_by_role("button", name="Now sample").click()
    told = page.get_by_role("dialog").get_by_role("status")
    expect(told).to_contain_text("free parameters", timeout=ENOUGH_MILLISECONDS)
    assert violations(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
