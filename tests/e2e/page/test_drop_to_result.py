"""From dropped files to a result without a line of JSON: other programs' examples and three bands, clicks counted."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, EXAMPLES, fit, request_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(400)]

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
COMMAND = (
    "imfit ic3478rss_256.fits -c config_sersic_ic3478_256.dat --mask ic3478rss_256_mask.fits --psf psf_moffat_51.fits "
    "--gain 4.725 --readnoise 4.3 --sky 130.14"
)
_COUNT = """if (location.protocol === "http:") window.clicks = Number(sessionStorage.getItem("clicks") ?? 0);
addEventListener("click", (event) => {
  if (event.isTrusted && event.detail) sessionStorage.setItem("clicks", (window.clicks += 1));
}, true);"""
_DROP = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) {
    transfer.items.add(new File([Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))], name));
  }
  const drop = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.querySelector("main").dispatchEvent(drop);
}"""


@pytest.fixture
def page(tab: Tab) -> Page:
    """The start page, with the clicks counted that a hand makes."""
    tab.page.add_init_script(_COUNT)
    return tab.open()


def drop(page: Page, *paths: Path) -> None:
    """Drop files on the page, all at once."""
    expect(page.get_by_text("Drop an image here")).to_be_visible()
    page.evaluate(_DROP, [[path.name, base64.b64encode(path.read_bytes()).decode("ascii")] for path in paths])
    page.wait_for_url("**/#/files/**", timeout=ENOUGH_MILLISECONDS)


def clicks(page: Page) -> int:
    number: int = page.evaluate("window.clicks")
    return number


def result(page: Page) -> dict[str, Any]:
    """The parameters document of the fit that the page shows."""
    address = page.url.split("/#/fits/")
    found: dict[str, Any] = httpx.get(f"{address[0]}/v1/fits/{address[1]}/parameters").json()
    return found


def example(name: str) -> Path:
    if not (DATA / name).exists():
        pytest.skip(f"needs the example data {name}")
    return DATA / name


def far_off(document: dict[str, Any], reference: dict[str, Any], within: float = 0.5) -> list[str]:
    """Values of the one galaxy and its sky that are further from a reference than so many of its uncertainties."""
    values = {each["name"].split(".")[1]: each["value"] for each in [*document["derived"], *document["parameters"]]}
    wrong = []
    for name, told in reference["parameters"].items():
        parameter = name.split(".")[1]
        if parameter == "i_e" and "magnitude" in values and parameter not in values:
            continue  # given as a magnitude, which χ² and the others hold
        difference = values[parameter] - told["value"]
        if parameter == "pa":
            difference -= 180 * round(difference / 180)
        if abs(difference) > within * told["uncertainty"]:
            wrong.append(f"{name}: {values[parameter]}, and {told['value']} ± {told['uncertainty']}")
    return wrong


def test_galfit_s_example_is_fitted_in_two_clicks(page: Page) -> None:
    folder = example("galfit_example")
    drop(
        page, *(folder / name for name in ("gal.fits", "psf.fits", "sigma.fits", "simple.feedme", "simple.constraints"))
    )
    page.get_by_role("button", name="Open this model").click()
    page.wait_for_url("**/#/model", timeout=ENOUGH_MILLISECONDS)
    expect(page.get_by_text("sigma.fits is its σ, as it was dropped with it")).to_be_attached()
    image = request_of(page)["images"][0]
    # GALFIT's magnitudes are those of counts per second: 2.5 log10 of EXPTIME, 1040 s, is added.
    assert image["zero_point"] == pytest.approx(26.563 + 2.5 * math.log10(1040))
    assert {"sigma", "psf"} <= set(image)
    fit(page)
    assert clicks(page) == 2
    reference = json.loads((folder / "reference.json").read_text())["sersic_sky_psf_sigma"]
    document = result(page)
    assert document["n_pixels"] == reference["n_pixels"]
    assert document["chi2_reduced"] == pytest.approx(reference["chi2_reduced"], rel=2e-3)
    assert far_off(document, reference) == []


def test_imfit_s_example_is_fitted_in_two_clicks(page: Page) -> None:
    folder = example("ic3478")
    drop(
        page,
        *(
            folder / name
            for name in (
                "ic3478rss_256.fits",
                "ic3478rss_256_mask.fits",
                "psf_moffat_51.fits",
                "config_sersic_ic3478_256.dat",
            )
        ),
    )
    page.get_by_label("imfit's command line").fill(COMMAND)
    page.get_by_label("imfit's command line").press("Tab")
    page.get_by_role("button", name="Open this model").click()
    page.wait_for_url("**/#/model", timeout=ENOUGH_MILLISECONDS)
    image = request_of(page)["images"][0]
    assert {"variance", "psf", "mask"} <= set(image)
    fit(page)
    assert clicks(page) == 2
    document = result(page)
    reference = json.loads((folder / "reference.json").read_text())["sersic_gain_mask_psf"]
    assert document["n_pixels"] == reference["n_pixels"]
    assert document["chi2_reduced"] == pytest.approx(reference["chi2_reduced"], rel=2e-3)
    assert far_off(document, reference) == []


def test_pysersic_s_example_is_fitted_in_five_clicks_and_three_menus(page: Page) -> None:
    folder = example("compact_galaxy")
    drop(page, *(folder / f"gal1_{plane}.npy" for plane in ("im", "mask", "psf", "sig")))
    roles = page.locator(".plane select[data-role]")
    expect(roles).to_have_count(4, timeout=ENOUGH_MILLISECONDS)
    assert [roles.nth(at).input_value() for at in range(4)] == ["data", "mask", "psf", "sigma"]
    page.get_by_role("combobox", name="The fit is for").select_option("centre")
    page.get_by_role("combobox", name="It is", exact=True).select_option("sersic")
    page.get_by_role("combobox", name="Its neighbours are").select_option("ignore")
    page.get_by_role("button", name="Find the sources").click()
    page.wait_for_url("**/#/model", timeout=ENOUGH_MILLISECONDS)
    # The reference has no sky, and all pixels.
    page.locator(".tree button", has_text="sky").click()
    page.get_by_role("button", name="Delete sky").click()
    page.get_by_role("button", name="Fit the whole image").click()
    fit(page)
    assert clicks(page) == 5
    reference = json.loads((folder / "reference.json").read_text())["sersic_psf_mask_no_sky"]
    document = result(page)
    assert document["n_pixels"] == reference["n_pixels"]
    assert document["chi2_reduced"] == pytest.approx(reference["chi2_reduced"], rel=5e-3)
    assert far_off(document, reference) == []


def test_three_bands_are_dropped_and_fitted_in_two_clicks(page: Page) -> None:
    drop(page, *(EXAMPLES / "three_bands" / f"{band}.fits" for band in ("g", "r", "i")))
    expect(page.get_by_text("3 images of one field, fitted together")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    page.get_by_role("button", name="Find the sources").click()
    page.wait_for_url("**/#/model", timeout=ENOUGH_MILLISECONDS)
    request = request_of(page)
    assert [image["name"] for image in request["images"]] == ["g", "r", "i"]
    assert all("variance" in image for image in request["images"])
    fit(page)
    assert clicks(page) == 2
    document = result(page)
    truth = json.loads((EXAMPLES / "three_bands" / "truth.json").read_text())["parameters"]
    values = {each["name"]: each["value"] for each in [*document["parameters"], *document["derived"]]}
    assert document["chi2_reduced"] == pytest.approx(1.0, abs=0.05)
    # The files hold no PSF, and no zero point: colours are those of the truth but for the zero points' differences.
    for one, other, difference in (("g", "r", 27.0 - 27.2), ("r", "i", 27.2 - 26.9)):
        colour = -2.5 * math.log10(values[f"g1.flux[{one}]"] / values[f"g1.flux[{other}]"]) + difference
        assert colour == pytest.approx(
            truth[f"galaxy.magnitude[{one}]"] - truth[f"galaxy.magnitude[{other}]"], abs=0.15
        )
    assert values["g1.ra"] == pytest.approx(truth["galaxy.ra"], abs=0.1 / 3600)
