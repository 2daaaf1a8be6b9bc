"""A model on the sky: its ellipses lie where each image's coordinates put them, and are changed by hand there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS
from tests.e2e.page.test_model import component, drag, request
from tests.e2e.serving import Service
from tests.fitting.images.files import write_bands

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PLACE = "document.querySelector('[data-component] .outline').getAttribute('transform').match(/-?[\\d.]+/g).map(Number)"
"""x, y and angle of the ellipse, in the image's pixels."""


@pytest.fixture(scope="module")
def bands(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Three images of one field, and the request that fits them."""
    folder = tmp_path_factory.mktemp("bands")
    return folder, write_bands(folder)


@pytest.fixture
def page(tab: Tab, service: Service, bands: tuple[Path, dict[str, Any]]) -> Page:
    """The model view, the galaxy selected."""
    folder, request = bands
    with httpx.Client(base_url=service.url, timeout=60) as http:
        for image in request["images"]:
            content = (folder / f"{image['name']}.fits").read_bytes()
            image["data"] = http.post(f"/v1/uploads?filename={image['name']}.fits", content=content).json()["id"]
    draft = json.dumps({"request": request, "title": "", "proposal": None, "faults": []})
    kept = f"localStorage['photfit.draft'] ??= {json.dumps(draft)}"
    tab.page.add_init_script(f"if (location.protocol === 'http:') {kept}")
    opened = tab.open("model")
    expect(opened.locator("[data-component]")).to_have_count(1, timeout=ENOUGH_MILLISECONDS)
    return opened


def pixel(folder: Path, image: str, parameters: dict[str, Any]) -> np.ndarray:
    """Where an image's coordinates put a component."""
    wcs = WCS(fits.getheader(folder / f"{image}.fits"))
    return np.array(wcs.world_to_pixel(SkyCoord(parameters["ra"], parameters["dec"], unit="deg")))


def test_one_galaxy_lies_where_it_is_in_every_image(page: Page, bands: tuple[Path, dict[str, Any]]) -> None:
    for image in ("g", "r", "i"):
        page.get_by_role("button", name=image, exact=True).click()
        expect(page.get_by_role("img", name=f"Data, image {image}")).to_be_visible()
        expect(page.locator("[data-component]")).to_have_count(1, timeout=ENOUGH_MILLISECONDS)
        assert page.evaluate(PLACE)[:2] == pytest.approx(
            pixel(bands[0], image, component(page, "a")["parameters"]), abs=0.01
        )


def test_what_is_dragged_moves_on_the_sky(page: Page, bands: tuple[Path, dict[str, Any]]) -> None:
    before, start = component(page, "a")["parameters"], page.evaluate(PLACE)
    drag(page, ".ellipse.selected .outline", 40, -25)
    after, end = component(page, "a")["parameters"], page.evaluate(PLACE)
    assert end[0] > start[0]
    assert end[1] > start[1]
    assert end[:2] == pytest.approx(pixel(bands[0], "g", after), abs=0.01)
    assert (after["r_e"], after["q"], after["pa"]) == (before["r_e"], before["q"], before["pa"])
    drag(page, '[data-handle="major"]', -30, -30)
    assert component(page, "a")["parameters"]["r_e"] > before["r_e"]
    assert {"x", "y"}.isdisjoint(component(page, "a")["parameters"])


def test_its_numbers_have_the_sky_s_names_and_units(page: Page) -> None:
    assert float(page.locator("#parameter-ra").input_value()) == pytest.approx(component(page, "a")["parameters"]["ra"])
    assert page.locator("#parameter-x").count() == 0
    row = page.locator(".parameter", has=page.locator("#parameter-r_e"))
    expect(row.locator(".unit")).to_have_text("arcsec")


def test_a_component_that_is_added_is_on_the_sky(page: Page, bands: tuple[Path, dict[str, Any]]) -> None:
    page.get_by_role("img", name="Data, image g").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-component]")).to_have_count(2)
    added = component(page, "s1")["parameters"]
    assert {"x", "y"}.isdisjoint(added)
    assert pixel(bands[0], "g", added) == pytest.approx([30.0, 30.0], abs=1.0)
    assert added["r_e"] == pytest.approx(5 * 0.4, rel=0.01)


@pytest.mark.slow
def test_a_running_fit_of_several_images_shows_the_residual_of_each(page: Page, tab: Tab) -> None:
    tab.forgive(404)  # a picture that is asked for in the moment of the end
    stages = [{"method": "metropolis", "samples": 2_000_000, "chains": 2}]
    with httpx.Client(base_url=tab.url, timeout=60) as http:
        fit = http.post("/v1/fits", json={**request(page), "stages": stages}).json()
        tab.open(f"fits/{fit['id']}")
        picture = page.locator(".live-residual img")
        for image, width in (("g", 61), ("r", 81), ("i", 48)):
            page.get_by_role("button", name=image, exact=True).click(timeout=ENOUGH_MILLISECONDS)
            page.wait_for_function(
                "width => document.querySelector('.live-residual img')?.naturalWidth === width", arg=width
            )
            expect(picture).to_have_attribute("alt", re.compile(f"image {image},"))
        http.post(fit["links"]["cancel"])
    expect(page.locator(".badge.cancelled")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
