"""From nothing to a first fit on the page: an example or a dropped file, live progress, cancelling, a bad file."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.page.accessibility import violations
from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, THREE_GALAXIES, drop, find_sources, fit, open_corner
from tests.e2e.serving import Service

_INLINE = """() => {
  const script = document.createElement("script");
  script.text = "window.ran = 1";
  document.head.append(script);
  return window.ran;
}"""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def long_fit(service: Service) -> str:
    """The id of a fit that samples for minutes."""
    with httpx.Client(base_url=service.url, timeout=60) as http:
        upload = http.post(
            "/v1/uploads?filename=three_galaxies.fits",
            content=THREE_GALAXIES.read_bytes(),
            headers={"Content-Type": "application/octet-stream"},
        ).json()["id"]
        request = http.post(f"/v1/uploads/{upload}/propose", json={"title": "a long one"}).json()["request"]
        stage = {"method": "metropolis", "samples": 2_000_000, "chains": 4}
        fit_id: str = http.post("/v1/fits", json={**request, "stages": [stage]}).json()["id"]
    return fit_id


def test_an_example_is_fitted_in_two_clicks(tab: Tab) -> None:
    page = tab.open()
    find_sources(page)
    assert page.locator("[data-component]").count() == 3
    fit(page)
    expect(page.get_by_text("1.01241", exact=True)).to_be_visible()
    expect(page.locator("td", has_text="67.938")).to_be_visible()


def test_a_dropped_file_comes_to_a_fit_and_its_corner_plot(tab: Tab) -> None:
    page = tab.open()
    drop(page, THREE_GALAXIES.read_bytes(), "three_galaxies.fits")
    page.wait_for_url("**/#/files/*")
    chosen = page.locator(".plane select[data-role]")
    assert [chosen.nth(at).input_value() for at in range(2)] == ["data", "variance"]
    page.get_by_role("button", name="Find the sources").click()
    expect(page.locator(".ellipse").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    fit(page)
    open_corner(page)


def test_a_file_that_is_no_image_is_refused_where_it_was_dropped(tab: Tab) -> None:
    tab.forgive(422)
    page = tab.open()
    drop(page, b"this is no image", "notes.txt")
    expect(page.get_by_role("alert")).to_contain_text("cannot be")
    expect(page.get_by_text("Drop an image here")).to_be_visible()


def test_a_running_fit_is_live_outlasts_a_reload_and_can_be_cancelled(tab: Tab, service: Service) -> None:
    tab.forgive(404)  # a picture that is asked for in the moment of the end
    page = tab.open(f"fits/{long_fit(service)}")
    expect(page.get_by_text("Stage 1 of 1: metropolis")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    page.reload()
    expect(page.locator(".chart .dot").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    picture = page.locator(".live-residual img")
    expect(picture).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    table = page.get_by_role("region", name="Parameters now")
    expect(table.get_by_role("row")).to_have_count(1 + 22)
    first = table.get_by_role("row").nth(1).get_by_role("rowheader").inner_text()
    value, spoken = table.locator("td").first, page.locator("main").get_by_role("status")
    words = spoken.all_inner_texts()
    seen = value.inner_text(), picture.get_attribute("src")
    expect(value).not_to_have_text(seen[0])
    expect(picture).not_to_have_attribute("src", str(seen[1]))
    assert spoken.all_inner_texts() == words, "what changes twice a second is not read aloud"
    assert page.evaluate("document.querySelector('.live-residual img').naturalWidth") == 99
    assert violations(page) == []
    page.set_viewport_size({"width": 360, "height": 720})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".badge.cancelled")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    expect(page.get_by_text("here is what it had found")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    kept = page.get_by_role("region", name="Parameters", exact=True)
    expect(kept.get_by_role("row").filter(has=page.get_by_text(first, exact=True))).to_have_count(1)
    expect(picture).to_have_count(0)


def test_the_start_weighs_little(tab: Tab) -> None:
    weights: list[int] = []
    tab.page.on("requestfinished", lambda request: weights.append(request.sizes()["responseBodySize"]))
    page = tab.open()
    expect(page.get_by_text("Or begin with an example")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert sum(weights) < 500_000


def test_nothing_comes_from_another_host_and_nothing_inline_runs(tab: Tab, service: Service) -> None:
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    page = tab.open()
    expect(page.get_by_text("Or begin with an example")).to_be_visible()
    assert [url for url in asked if not url.startswith((service.url, "about:", "blob:", "data:"))] == []
    policy = httpx.get(service.url).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.evaluate(_INLINE) is None
    tab.errors.clear()
