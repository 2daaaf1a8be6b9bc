"""Tools to look at images: what they compute, held against SciPy, contourpy and astropy; and the tools in the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from contourpy import contour_generator
from playwright.sync_api import Browser, Page, expect
from scipy.ndimage import gaussian_filter, map_coordinates

from tests.e2e.page.accessibility import violations
from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, fit, open_example
from tests.e2e.page.static import serve_page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

WIDTHS = (375, 1440, 2560)
ORIGIN = (20, 30)
BIN = 2
Call = Callable[..., Any]

_CALL = """([name, plane, rest]) => import("/page/js/image/filters.js").then((found) => {
  const numbers = (values) => Float32Array.from(values, (value) => value ?? NaN);
  const made = (each) => (each?.values ? { ...each, values: numbers(each.values) } : each);
  const answer = found[name](Array.isArray(plane) ? plane.map(made) : made(plane), ...rest);
  return ArrayBuffer.isView(answer?.values) ? Array.from(answer.values) : answer;
})"""
_CAMERA = """([up, left]) => import("/page/js/image/camera.js").then(({ Camera }) => {
  const camera = new Camera();
  camera.move(40, 50, 3);
  camera.turn(up, left);
  const pane = { width: 300, height: 200 };
  const [a, b, c, d, e, f] = camera.numbers(pane);
  const screen = (x, y) => [a * x + c * y + e, b * x + d * y + f];
  const before = camera.toImage(70, 20, pane);
  const back = screen(...before);
  const [above, beside] = [up, left].map(([x, y]) => screen(40 + x, 50 + y));
  camera.zoomAt(1.7, { x: 70, y: 20 }, pane);
  return { up: above, left: beside, back, before, after: camera.toImage(70, 20, pane) };
})"""


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    serve_page(page)
    yield page
    page.close()


@pytest.fixture(scope="module")
def call(blank: Page) -> Call:
    """Calls a function of `image/filters.js` on a plane, or on several."""
    return lambda name, plane, *rest: blank.evaluate(_CALL, [name, plane, list(rest)])


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    random = np.random.default_rng(5)
    y, x = np.mgrid[:24, :31]
    return (100 * np.exp(-np.hypot((x - 14) / 5, (y - 11) / 3)) + random.normal(0, 1, x.shape)).astype("f4")


def plane_of(image: np.ndarray) -> dict[str, Any]:
    """A plane of blocks of two by two pixels, whose first pixel is at ORIGIN of the frame."""
    values = [None if np.isnan(value) else float(value) for value in image.ravel()]
    return {"width": image.shape[1], "height": image.shape[0], "values": values, "bin": BIN, "origin": list(ORIGIN)}


def frame_of(column: Any, row: Any) -> tuple[Any, Any]:
    """Coordinates of the full frame of a place that counts blocks, the first one's centre at 0."""
    return ORIGIN[0] - 0.5 + (column + 0.5) * BIN, ORIGIN[1] - 0.5 + (row + 0.5) * BIN


def test_smoothing_is_a_gaussian_and_leaves_out_what_is_no_number(call: Call, image: np.ndarray) -> None:
    ones = np.ones_like(image)
    for bad in (False, True):
        given = image.copy()
        if bad:
            given[5, 7] = np.nan
            ones[5, 7] = 0
        kept = np.nan_to_num(given)
        found = np.array(call("smoothed", plane_of(given), 1.5), dtype=float).reshape(image.shape)
        expected = [gaussian_filter(each.astype(float), 1.5, mode="constant", truncate=4) for each in (kept, ones)]
        good = ~np.isnan(given)
        np.testing.assert_allclose(found[good], (expected[0] / expected[1])[good], rtol=2e-3, atol=2e-3)


def test_contours_are_those_of_contourpy(call: Call, image: np.ndarray) -> None:
    level = 20.0
    path = call("contourPath", plane_of(image), level)
    found = np.array([[float(each) for each in re.findall(r"-?[0-9.]+", part)] for part in path.split("M")[1:]])
    lines = contour_generator(z=image.astype(float)).lines(level)
    length = sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in lines) * BIN
    assert np.hypot(found[:, 2] - found[:, 0], found[:, 3] - found[:, 1]).sum() == pytest.approx(length, rel=1e-3)
    ends = np.vstack([np.column_stack(frame_of(line[:, 0], line[:, 1])) for line in lines])
    distances = np.hypot(found[:, None, 0] - ends[None, :, 0], found[:, None, 1] - ends[None, :, 1]).min(axis=1)
    assert distances.max() < 2e-3


def test_a_line_has_the_values_between_pixels(call: Call, image: np.ndarray) -> None:
    one, two = (3.2, 4.5), (25.5, 20.1)
    found = np.array(call("alongLine", plane_of(image), frame_of(*one), frame_of(*two)))
    share = np.linspace(0, 1, len(found))
    x, y = (one[axis] + share * (two[axis] - one[axis]) for axis in (0, 1))
    assert found[-1, 0] == pytest.approx(np.hypot(two[0] - one[0], two[1] - one[1]) * BIN)
    np.testing.assert_allclose(found[:, 1], map_coordinates(image.astype(float), [y, x], order=1), rtol=1e-4)


def test_statistics_of_a_region_are_numpys(call: Call, image: np.ndarray) -> None:
    given = image.copy()
    given[10, 12] = np.nan
    (left, bottom), (right, top) = frame_of(4.6, 7.7), frame_of(15.2, 12.4)
    found = call("statistics", plane_of(given), {"x": [left, right], "y": [bottom, top]})
    part = given[8:13, 5:16].astype(float)
    assert found["count"] == part.size - 1
    assert found["sum"] == pytest.approx(np.nansum(part) * BIN**2)
    for key, function in (
        ("mean", np.nanmean),
        ("median", np.nanmedian),
        ("minimum", np.nanmin),
        ("maximum", np.nanmax),
    ):
        assert found[key] == pytest.approx(function(part))
    assert found["deviation"] == pytest.approx(np.nanstd(part, ddof=1))


def test_rings_are_means_over_elliptical_annuli(call: Call) -> None:
    random = np.random.default_rng(2)
    image = random.normal(5, 1, (60, 70)).astype("f4")
    x, y = frame_of(*np.meshgrid(np.arange(70), np.arange(60)))
    ellipse = {"x": 85.0, "y": 92.0, "q": 0.6, "pa": 35.0}
    found = call("rings", [plane_of(image), plane_of(image**2)], ellipse, 45.0)
    sin, cos = np.sin(np.radians(35.0)), np.cos(np.radians(35.0))
    dx, dy = x - 85.0, y - 92.0
    radius = np.hypot(-dx * sin + dy * cos, (dx * cos + dy * sin) / 0.6)
    inner = 0.0
    for ring in found:
        inside = (radius >= inner) & (radius < ring["outer"])
        assert ring["count"] == inside.sum()
        values = image[inside].astype(float)
        assert ring["means"] == pytest.approx([values.mean(), (values**2).mean()], rel=1e-5)
        if ring["count"] > 1:
            assert ring["error"] == pytest.approx(values.std() / np.sqrt(len(values) - 1), rel=1e-3)
        inner = ring["outer"]
    assert len(found) > 12


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("12.5, 30", (12.5, 30.0)),
        ("150.1163° −2.2058°", SkyCoord(150.1163, -2.2058, unit="deg")),
        ("10:00:27.91 -02:12:20.9", SkyCoord("10:00:27.91 -02:12:20.9", unit=(units.hourangle, units.deg))),
        ("10h00m27.91s −00d12m20.9s", SkyCoord("10h00m27.91s -00d12m20.9s")),
        ("10 00 27.91 +02 12 20.9", SkyCoord("10 00 27.91 +02 12 20.9", unit=(units.hourangle, units.deg))),
        ("here", None),
        ("1 2 3", None),
    ],
)
def test_places_are_read_as_they_are_typed(blank: Page, typed: str, expected: Any) -> None:
    script = (
        """(text) => import("/page/js/image/filters.js").then(({ placeIn }) => placeIn(text, (ra, dec) => [ra, dec]))"""
    )
    found = blank.evaluate(script, typed)
    wanted = [expected.ra.deg, expected.dec.deg] if isinstance(expected, SkyCoord) else expected
    assert found == (None if wanted is None else pytest.approx(wanted, abs=1e-9))


@pytest.mark.parametrize("east", [(0.8, -0.6), (-0.8, 0.6)])
def test_north_points_up_and_east_to_the_left(blank: Page, east: tuple[float, float]) -> None:
    found = blank.evaluate(_CAMERA, [[0.6, 0.8], list(east)])
    assert found["up"] == pytest.approx([150, 97])
    assert found["left"] == pytest.approx([147, 100])
    assert found["back"] == pytest.approx([70, 20])
    assert found["after"] == pytest.approx(found["before"])


def drag(page: Page, pane: int = 0) -> None:
    """Drag over the middle of a pane."""
    box = page.locator(".pane").nth(pane).bounding_box()
    assert box is not None
    x, y = box["x"], box["y"]
    page.mouse.move(x + 0.3 * box["width"], y + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(x + 0.7 * box["width"], y + 0.7 * box["height"], steps=4)
    page.mouse.up()


def look(page: Page) -> None:
    """Nothing is in anybody's way, at any width."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1440, "height": 900})


@pytest.mark.slow
def test_a_result_is_looked_at(tab: Tab) -> None:
    page = tab.open()
    open_example(page, "bulge and disc")
    fit(page)
    expect(page.locator(".pane canvas").nth(2)).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    page.get_by_role("button", name="Crosshair").click()
    page.locator(".pane").first.hover()
    expect(page.locator(".pane .cross")).to_have_count(3)
    page.get_by_role("button", name="Contours").click()
    expect(page.locator(".pane").nth(1).locator(".contour").first).to_be_attached()
    page.get_by_role("button", name="Profile along a line").click()
    drag(page)
    expect(page.get_by_role("region", name="Profile along the line")).to_be_visible()
    page.get_by_role("button", name="Statistics of a region").click()
    drag(page, 2)
    rows = page.get_by_role("region", name="Statistics of the region").locator("tbody tr")
    # The residual of a good fit, over sigma, scatters by one.
    deviation = float(rows.filter(has_text="standard deviation").locator("td").nth(2).inner_text())
    assert deviation == pytest.approx(1.0, abs=0.15)
    page.get_by_role("button", name="North up").click()
    page.get_by_label("Go to").fill("10:00:27.9 02:12:20.9")
    page.keyboard.press("Enter")
    page.get_by_label("Smoothed by").select_option("2")
    page.get_by_text("Radial profile of a component over the data").click()
    profile = page.get_by_role("group", name="Radial profile")
    expect(profile.locator(".dot").first).to_be_attached(timeout=ENOUGH_MILLISECONDS)
    profile.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    told = profile.locator("xpath=following-sibling::p").inner_text()
    found = re.search(r"data (\S+) ± (\S+), model ([-0-9.e]+)", told)
    assert found is not None, told
    data, error, model = map(float, found.groups())
    assert abs(data - model) < 6 * error
    expect(page.locator(".pane").first.locator("ellipse.drawn")).to_be_attached()
    look(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    assert download.value.suggested_filename.endswith(".png")
    page.get_by_role("button", name="Header").click()
    expect(page.get_by_role("region", name="Cards of the header")).to_contain_text("NAXIS1")
    look(page)


@pytest.mark.slow
def test_an_image_is_looked_at_by_keys(tab: Tab) -> None:
    page = tab.open()
    open_example(page, "three galaxies")
    canvas = page.locator(".pane canvas").first
    canvas.focus()
    page.keyboard.press("s")
    expect(page.get_by_role("combobox", name="Stretch")).to_have_value("linear")
    page.keyboard.press("Shift+M")
    expect(page.get_by_role("combobox", name="Colours")).to_have_value("grey")
    page.keyboard.press("c")
    expect(page.get_by_role("combobox", name="Cuts")).to_have_value("zscale")
    page.get_by_role("button", name="Contours").click()
    page.get_by_role("button", name="Profile along a line").click()
    drag(page)
    expect(page.get_by_role("region", name="Profile along the line")).to_be_visible()
    look(page)
