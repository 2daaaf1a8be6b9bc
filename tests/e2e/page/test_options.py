"""Options of profiles as fields: nodes, grids, numbers and images that are chosen among the files, without JSON."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
import pytest
from astropy.io import fits
from playwright.sync_api import Page, expect

from tests.e2e.page.accessibility import violations
from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, begin, find_sources, fit, request_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]


def component(page: Page, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in request_of(page)["components"] if each["name"] == name)
    return found


def become(page: Page, profile: str) -> None:
    page.get_by_role("combobox", name="Profile", exact=True).select_option(profile)


def put(page: Page, label: str, text: str) -> None:
    page.get_by_label(label).fill(text)
    page.get_by_label(label).press("Enter")


def test_options_of_profiles_are_fields_and_bring_their_parameters(tab: Tab) -> None:
    tab.forgive(422)
    page = tab.open()
    find_sources(page)
    name = page.locator(".tree [aria-current=true]").inner_text().split()[0]
    labels = page.locator(".parameter > label")
    become(page, "spline")
    put(page, "Radii of the nodes", "0, 4 12")
    assert component(page, name)["options"] == {"radii": [0, 4, 12]}
    expect(labels).to_have_text(["x", "y", "q", "pa", "i_1", "i_2", "i_3", "r_unit"])
    put(page, "Radii of the nodes", "4, 1")
    expect(page.get_by_text("does not rise")).to_be_visible()
    assert component(page, name)["options"] == {"radii": [0, 4, 12]}
    put(page, "Radii of the nodes", "four")
    expect(page.get_by_text("“four” is no list of numbers")).to_be_visible()
    become(page, "multi_gaussian")
    put(page, "How many Gaussians", "2")
    expect(labels).to_have_text(["x", "y", "q", "pa", "sigma_1", "i_1", "sigma_2", "i_2"])
    become(page, "formula")
    put(page, "Brightness at radius r", "a * exp(-r / b)")
    expect(labels).to_have_text(["x", "y", "q", "pa", "a", "b"])
    expect(page.locator(".parameter", has=page.locator("#parameter-b")).locator(".unit")).to_have_text("pixel")
    become(page, "multi_gaussian")
    fit(page)
    expect(page.get_by_text("sigma_2").first).to_be_attached()


def test_images_of_a_basis_are_chosen_among_the_files(tab: Tab) -> None:
    page = tab.open()
    find_sources(page, "three galaxies, blurred")
    name = page.locator(".tree [aria-current=true]").inner_text().split()[0]
    become(page, "basis")
    stamp = page.get_by_role("group", name="Images", exact=True).locator("select")
    value = stamp.first.locator("option", has_text="PSF").first.get_attribute("value")
    assert value is not None
    stamp.first.select_option(value)
    expect(page.locator(".parameter > label")).to_have_text(["x", "y", "c_1"], timeout=ENOUGH_MILLISECONDS)
    stamp.nth(1).select_option(value)
    expect(page.locator(".parameter > label")).to_have_text(["x", "y", "c_1", "c_2"])
    assert [image["upload"] for image in component(page, name)["options"]["images"]] == [value.split()[0]] * 2
    page.get_by_role("button", name="Remove", exact=True).nth(1).click()
    expect(page.locator(".parameter > label")).to_have_text(["x", "y", "c_1"])
    assert violations(page) == []
    page.get_by_role("group", name="What is shown").get_by_role("button", name="Model").click()
    expect(page.get_by_text("at these parameters", exact=False).first).to_be_visible(timeout=ENOUGH_MILLISECONDS)


def test_a_star_of_the_image_is_taken_for_its_psf(tab: Tab) -> None:
    rng = np.random.default_rng(11)
    y, x = np.mgrid[:90, :90].astype(float)

    def blob(at: tuple[float, float], flux: float, sigma: float) -> np.ndarray:
        light: np.ndarray = (
            flux / (2 * np.pi * sigma**2) * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / 2 / sigma**2)
        )
        return light

    image = 20 + blob((60.3, 55.7), 2e5, 2.0) + blob((25, 30), 3e5, np.hypot(2.0, 4.0)) + rng.normal(0, 1, x.shape)
    file = io.BytesIO()
    fits.PrimaryHDU(image.astype(np.float32)).writeto(file)
    upload = httpx.post(f"{tab.url}/v1/uploads?filename=star.fits", content=file.getvalue()).json()["id"]
    page = tab.open()
    star = {"name": "star", "profile": "point_source", "parameters": {"x": 60.3, "y": 55.7, "flux": 1e5}}
    galaxy = {"x": 25.2, "y": 29.8, "fwhm": 8.0, "q": 0.9, "pa": 10.0, "flux": 2e5}
    components = [
        star,
        {"name": "a", "profile": "gaussian", "parameters": galaxy},
        {"name": "sky", "profile": "flat_sky", "parameters": {"i": 20.0}},
    ]
    document = {"name": "image", "data": upload, "variance": {"constant": 1.0}}
    begin(page, {"images": [document], "components": components, "stages": [{"method": "lm"}]})
    page.locator(".tree button", has_text="star").click()
    page.locator(".side summary", has=page.get_by_role("heading", name="Image", exact=True)).click()
    page.get_by_role("button", name="Take star for the PSF").click(timeout=ENOUGH_MILLISECONDS)
    expect(page.get_by_text("The PSF is 31 × 31 pixels about star")).to_be_visible()
    assert request_of(page)["images"][0]["psf"]["convention"] == "effective"
    fit(page)
    fit_id = page.url.rpartition("/")[2]
    told = httpx.get(f"{tab.url}/v1/fits/{fit_id}/parameters").json()
    values = {each["name"]: each["value"] for each in told["parameters"]}
    # What is left of the galaxy without the blur, whatever the star's noise does to it.
    assert values["a.fwhm"] == pytest.approx(4.0 * 2 * np.sqrt(2 * np.log(2)), rel=0.02)
    assert values["star.flux"] == pytest.approx(2e5, rel=0.02)
