"""Several files on the page at once: dropped together, assigned with a reason, fitted without a line of JSON."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy.io import fits
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, THREE_GALAXIES, fit, request_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

FEEDME = """
A) field.fits       # input data
B) out.fits
C) rms.fits         # sigma image
D) kernel.fits      # PSF
E) 1
F) none
G) bounds.constraints
H) 11 99 1 99
J) 22.5
K) 0.262 0.262
P) 0
 0) sersic
 1) 68.9 66.5 1 1
 3) 13.0 1
 4) 22.0 1
 5) 2.0 1
 9) 0.55 1
10) 40.0 1
 Z) 0
 0) sky
 1) 31.5 1
 2) 0.0 0
 3) 0.0 0
 Z) 0
"""


DROP = """([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name));
  const drop = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.querySelector("main").dispatchEvent(drop);
}"""


def payload(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def plane(name: str, values: np.ndarray) -> FilePayload:
    file = io.BytesIO()
    fits.PrimaryHDU(values.astype(np.float32)).writeto(file)
    return payload(name, file.getvalue())


@pytest.fixture(scope="module")
def together() -> list[FilePayload]:
    """A field with σ, mask and PSF in files of their own, a feedme that names them, and its constraints."""
    with fits.open(THREE_GALAXIES) as hdus:
        data, variance = np.asarray(hdus[0].data, float), np.asarray(hdus[1].data, float)
    y, x = np.mgrid[-6:7, -6:7]
    mask = np.zeros(data.shape)
    mask[:3, :3] = 1
    return [
        plane("field.fits", data),
        plane("rms.fits", np.sqrt(variance)),
        plane("bad_mask.fits", mask),
        plane("kernel.fits", np.exp(-0.5 * (x**2 + y**2))),
        payload("galaxy.feedme", FEEDME.encode()),
        payload("bounds.constraints", b"1 n 0.3 to 8\n"),
    ]


def take(page: Page, files: list[FilePayload]) -> None:
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Choose files").click()
    choosing.value.set_files(files)
    expect(page.locator(".plane select[data-role]")).to_have_count(4, timeout=ENOUGH_MILLISECONDS)


def test_files_of_one_image_are_assigned_with_a_reason_and_opened_without_a_search(
    tab: Tab, together: list[FilePayload]
) -> None:
    page = tab.open()
    take(page, together[:4])
    chosen = page.locator(".plane select[data-role]")
    assert [chosen.nth(at).input_value() for at in range(4)] == ["data", "sigma", "mask", "psf"]
    expect(page.get_by_text("Taken for its σ: by its name, rms.fits")).to_be_visible()
    page.get_by_role("button", name="Open without looking for sources").click()
    page.wait_for_url("**/#/model")
    expect(page.locator(".pane svg")).to_be_attached(timeout=ENOUGH_MILLISECONDS)
    image = request_of(page)["images"][0]
    assert {"data", "sigma", "mask", "psf"} <= set(image)
    assert len({image[key]["upload"] for key in ("data", "sigma", "mask", "psf")}) == 4
    assert [each["profile"] for each in request_of(page)["components"]] == ["flat_sky"]


def test_a_galfit_model_with_its_files_comes_to_a_fit_without_json(tab: Tab, together: list[FilePayload]) -> None:
    page = tab.open()
    take(page, together)
    page.get_by_role("button", name="Open this model").click()
    page.wait_for_url("**/#/model")
    expect(page.get_by_text("From a model of GALFIT")).to_be_visible()
    request = request_of(page)
    image, galaxy = request["images"][0], request["components"][0]["parameters"]
    assert (image["zero_point"], image["window"]) == (22.5, {"x": [10, 99], "y": [0, 99]})
    assert {"sigma", "psf", "mask"} <= set(image)
    assert (galaxy["n"]["min"], galaxy["n"]["max"]) == (0.3, 8)
    assert galaxy["x"] == 67.9
    fit(page)


@pytest.mark.slow
def test_what_belongs_to_the_image_has_fields(tab: Tab, together: list[FilePayload]) -> None:
    page = tab.open()
    take(page, together[:4])
    page.get_by_role("button", name="Open without looking for sources").click()
    expect(page.locator(".pane svg")).to_be_attached(timeout=ENOUGH_MILLISECONDS)
    for title in ("Image", "Constraints", "How it is fitted"):
        page.locator(".side summary", has=page.get_by_role("heading", name=title)).click()
    page.get_by_label("Zero point").fill("25,5")
    page.get_by_label("Zero point").press("Enter")
    page.get_by_label("The variance is").select_option("gain")
    page.get_by_label("Gain, electrons").fill("4.7")
    page.get_by_label("Gain, electrons").press("Enter")
    page.get_by_label("The PSF is").select_option("moffat")
    page.get_by_label("FWHM, pixels").fill("2.5")
    page.get_by_label("FWHM, pixels").press("Enter")
    page.get_by_label("first x").fill("10")
    page.get_by_label("first x").press("Enter")
    page.get_by_role("combobox", name="Noise", exact=True).select_option("student_t")
    page.get_by_label("Seed").fill("7")
    page.get_by_label("Seed").press("Enter")
    page.get_by_label("Another, of parameters").fill("sky.i + 1")
    page.get_by_role("button", name="Add it").click()
    request = request_of(page)
    image = request["images"][0]
    assert image["zero_point"] == 25.5
    assert image["variance"] == {"gain": 4.7, "read_noise": 0}
    assert "sigma" not in image
    assert image["psf"] == {"moffat": {"fwhm": 2.5, "beta": 3}}
    assert image["window"] == {"x": [10, 99], "y": [0, 99]}
    assert (request["noise"], request["seed"]) == ("student_t", 7)
    assert request["constraints"] == [{"expression": "sky.i + 1", "min": 0}]
    page.get_by_role("button", name="How long?").click()
    expect(page.get_by_text("free parameters", exact=False)).to_be_visible(timeout=ENOUGH_MILLISECONDS)


@pytest.mark.slow
def test_a_search_is_stopped_and_a_box_confines_it(tab: Tab, together: list[FilePayload]) -> None:
    page = tab.open()
    take(page, together[:4])
    page.get_by_role("button", name="Find the sources").click()
    page.get_by_role("button", name="Stop the search").click()
    expect(page.get_by_role("button", name="Find the sources")).to_be_enabled()
    page.get_by_label("Only a part of the image").check()
    pane = page.locator(".pane")
    expect(pane.locator("svg")).to_be_attached(timeout=ENOUGH_MILLISECONDS)
    pane.scroll_into_view_if_needed()
    box = pane.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 60, y - 60)
    page.mouse.down()
    page.mouse.move(x + 80, y + 80, steps=3)
    page.mouse.up()
    page.get_by_role("button", name="Find the sources").click()
    page.wait_for_url("**/#/model", timeout=ENOUGH_MILLISECONDS)
    window = request_of(page)["images"][0]["window"]
    assert 0 < window["x"][0] < window["x"][1] < 99


REGIONS = b"# Region file format: DS9\nimage\nellipse(69,66.5,13,7,130) # text={core}\n-circle(20,20,6)\n"


@pytest.mark.slow
def test_regions_are_starts_and_masks_beside_an_image_and_on_a_model(tab: Tab, together: list[FilePayload]) -> None:
    page = tab.open()
    take(page, [*together[:4], payload("field.reg", REGIONS)])
    page.get_by_role("button", name="Open with these regions").click()
    page.wait_for_url("**/#/model", timeout=ENOUGH_MILLISECONDS)
    request = request_of(page)
    assert [each["name"] for each in request["components"]] == ["core", "sky"]
    assert (request["components"][0]["parameters"]["x"], "psf" in request["images"][0]) == (68.0, True)
    assert len(request["images"][0]["mask_shapes"]) == 1
    page.evaluate(DROP, ["more.reg", "image\ncircle(50,50,5)\nbox(30,30,4,4,0)\n"])
    page.get_by_role("button", name="Mask what they hold").click()
    expect(page.get_by_text("Of more.reg: 2 masked")).to_be_visible()
    assert len(request_of(page)["images"][0]["mask_shapes"]) == 3
    page.evaluate(DROP, ["more.reg", "image\npoint(50,50)\n"])
    page.get_by_role("button", name="Starts, masks and window, as they say").click()
    expect(page.locator("[data-component]")).to_have_count(2)


@pytest.mark.slow
def test_a_table_says_where_the_sources_are(tab: Tab, together: list[FilePayload]) -> None:
    page = tab.open()
    take(page, [*together[:4], payload("sources.csv", b"x,y\n67.9,65.5\n54,40\n,3\n")])
    expect(page.get_by_text("2 sources, which are measured")).to_be_visible()
    expect(page.get_by_text("1 rows say no place")).to_be_visible()
    page.get_by_role("button", name="Measure the sources").click()
    page.wait_for_url("**/#/model", timeout=ENOUGH_MILLISECONDS)
    galaxies = [each for each in request_of(page)["components"] if not each["profile"].endswith("_sky")]
    assert sorted(each["parameters"]["x"] for each in galaxies) == pytest.approx([54, 68], abs=1)


@pytest.mark.slow
def test_files_of_the_service_are_listed_and_deleted(tab: Tab) -> None:
    tab.forgive(404)  # a picture of the file that is asked for in the moment of its deletion
    rng = np.random.default_rng(5)
    page = tab.open()
    for number in range(5):
        image = plane(f"mine{number}.fits", rng.normal(10, 1, (12, 12)))
        page.request.post(f"{tab.url}/v1/uploads?filename={image['name']}", data=image["buffer"])
    page = tab.open()
    expect(page.get_by_role("link", name="mine4.fits")).to_be_visible()
    expect(page.get_by_role("link", name="mine0.fits")).to_have_count(0)
    page.get_by_role("button", name="Show more files").click()
    expect(page.get_by_role("link", name="mine0.fits")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete the file mine0.fits").click()
    expect(page.get_by_role("link", name="mine0.fits")).to_have_count(0)
    assert "mine0.fits" not in page.request.get(f"{tab.url}/v1/uploads?limit=100").text()
