"""Several images of one field on the page: side by side, in colour, what they share and what each has of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from astropy.visualization import make_lupton_rgb
from playwright.sync_api import Browser, Page, expect

from tests.e2e.page.accessibility import violations
from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, EXAMPLES, begin, fit, request_of
from tests.e2e.page.static import serve_page
from tests.e2e.page.test_files import DROP
from tests.e2e.serving import Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

Call = Callable[..., Any]
MIDDLES = """[...document.querySelectorAll(".pane")].flatMap((pane) => {
  const box = pane.getBoundingClientRect();
  const drawn = pane.querySelector("[data-component=galaxy] .outline").getBoundingClientRect();
  return [drawn.x + drawn.width / 2 - box.x, drawn.y + drawn.height / 2 - box.y];
})"""
"""Where the galaxy is in each pane."""


@pytest.fixture(scope="module")
def call(browser: Browser) -> Iterator[Call]:
    """Calls an exported function of a module of the page."""
    page = browser.new_page()
    serve_page(page)
    script = "([module, name, args]) => import(`/page/js/${module}`).then((found) => found[name](...args))"
    yield lambda module, name, *arguments: page.evaluate(script, [module, name, list(arguments)])
    page.close()


@pytest.mark.parametrize("q", [0.5, 8.0])
def test_colours_are_those_of_lupton_as_astropy_has_them(call: Call, q: float) -> None:
    rng = np.random.default_rng(3)
    red, green, blue = rng.lognormal(0.0, 2.0, (3, 12, 11))
    expected = make_lupton_rgb(red, green, blue, minimum=0.2, stretch=1.5, Q=q)
    channels = [channel.ravel().tolist() for channel in (red, green, blue)]
    made = call("image/composite.js", "lupton", *channels, {"minimum": 0.2, "stretch": 1.5, "q": q})
    bytes_ = np.array(made).reshape(12, 11, 4)
    assert np.abs(bytes_[..., :3].astype(int) - expected.astype(int)).max() <= 1
    assert (bytes_[..., 3] == 255).all()


@pytest.mark.parametrize(
    ("count", "weights"),
    [(3, [[0, 0, 1], [0, 1, 0], [1, 0, 0]]), (2, [[0, 1], [0.5, 0.5], [1, 0]]), (1, [[1], [1], [1]])],
)
def test_the_shortest_wavelength_is_blue_and_the_longest_red(
    call: Call, count: int, weights: list[list[float]]
) -> None:
    assert call("image/composite.js", "weightsOf", count) == weights


def test_polynomials_of_wavelength_are_chebyshev_s(call: Call) -> None:
    coefficients = [3.0, -0.25, 0.4, 0.1]
    for t in (-1.0, -0.3, 0.0, 0.7, 1.0):
        expected = np.polynomial.chebyshev.chebval(t, coefficients)
        assert call("model/varying.js", "chebyshev", coefficients, t) == pytest.approx(expected)


FLUXES = {"by_image": {"g": 5, "r": {"value": 6, "fixed": True}, "i": "= a.x"}}
A = {"x": 1, "y": 2, "r_e": {"polynomial": [3.0, 1.0]}, "flux": FLUXES}
B = {"x": "= a.x", "y": 7, "flux": "= 2 * a.flux[r]"}
REQUEST: dict[str, Any] = {
    "images": [
        {"name": name, "data": "upl_x", "wavelength": wave} for name, wave in (("g", 400), ("r", 500), ("i", 800))
    ],
    "components": [
        {"name": "a", "profile": "sersic", "parameters": A},
        {"name": "b", "profile": "sersic", "parameters": B},
    ],
}


def test_an_image_is_added_and_taken_away_with_what_is_said_of_it(call: Call) -> None:
    more = call("model/varying.js", "withAnotherImage", REQUEST, {"name": "z", "data": "upl_z"})
    assert more["components"][0]["parameters"]["flux"]["by_image"]["z"] == {}
    fewer = call("model/varying.js", "withoutImage", more, "r")
    assert list(fewer["components"][0]["parameters"]["flux"]["by_image"]) == ["g", "i", "z"]
    assert [image["name"] for image in fewer["images"]] == ["g", "i", "z"]


@pytest.mark.parametrize(("name", "written"), [("red", "[red]"), ("hst-r", '["hst-r"]')])
def test_an_image_is_renamed_wherever_it_is_named(call: Call, name: str, written: str) -> None:
    limits = [{"expression": "a.flux[r] - a.flux[g]", "min": 0}]
    told = call("model/panel.js", "withImageName", {**REQUEST, "constraints": limits}, "r", name)
    assert [image["name"] for image in told["images"]] == ["g", name, "i"]
    assert set(told["components"][0]["parameters"]["flux"]["by_image"]) == {"g", name, "i"}
    assert told["components"][1]["parameters"]["flux"] == f"= 2 * a.flux{written}"
    assert told["constraints"][0]["expression"] == f"a.flux{written} - a.flux[g]"


def test_a_result_of_several_images_is_the_next_model_with_what_each_ended_at(call: Call) -> None:
    ended = {
        "a.x": 1.5,
        "a.y": 2.5,
        "a.r_e.c0": 3.3,
        "a.r_e.c1": 0.8,
        "a.r_e[g]": 2.5,
        "a.flux[g]": 5.5,
        "a.flux[r]": 6.0,
    }
    rows = [{"name": name, "value": value} for name, value in ended.items()]
    told = call("model/requests.js", "withValues", REQUEST, rows)["components"][0]["parameters"]
    fluxes = {"g": 5.5, "r": {"value": 6, "fixed": True}, "i": "= a.x"}
    assert told == {"x": 1.5, "y": 2.5, "r_e": {"polynomial": [3.3, 0.8]}, "flux": {"by_image": fluxes}}


def test_a_tie_leads_in_no_circle_and_leaves_the_value_when_it_is_loosened(call: Call) -> None:
    assert call("model/tying.js", "leadsTo", REQUEST, "b", "a")
    assert not call("model/tying.js", "leadsTo", REQUEST, "a", "b")
    tied = call("model/tying.js", "tied", REQUEST, REQUEST["components"][1], ["x", "y"], "a")
    assert (tied["parameters"]["x"], tied["parameters"]["y"]) == ("= a.x", "= a.y")
    assert call("model/tying.js", "followed", tied, ["x", "y"]) == "a"
    request = {**REQUEST, "components": [REQUEST["components"][0], tied]}
    loose = call("model/tying.js", "tied", request, tied, ["x", "y"], "")
    assert (loose["parameters"]["x"], loose["parameters"]["y"]) == (1, 2)


@pytest.fixture
def page(tab: Tab, service: Service) -> Page:
    """The model view of the three bands of the example, with its own model."""
    request = json.loads((EXAMPLES / "three_bands" / "request.json").read_text())
    with httpx.Client(base_url=service.url, timeout=60) as http:
        for image in request["images"]:
            content = Path(EXAMPLES / "three_bands" / f"{image['name']}.fits").read_bytes()
            upload = http.post(f"/v1/uploads?filename={image['name']}.fits", content=content).json()["id"]
            for plane, hdu in (("data", "DATA"), ("variance", "VARIANCE")):
                image[plane] = {"upload": upload, "hdu": hdu}
    page = tab.open()
    begin(page, request)
    expect(page.locator("[data-component]").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    return page


def choose(page: Page, name: str) -> None:
    page.locator(".tree button", has_text=name).first.click()


def parameters(page: Page, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in request_of(page)["components"] if each["name"] == name)["parameters"]
    return found


@pytest.mark.slow
def test_what_differs_between_bands_has_fields_and_links_have_menus(page: Page) -> None:
    choose(page, "galaxy")
    page.get_by_label("magnitude in r", exact=True).fill("17,9")
    page.get_by_label("magnitude in r", exact=True).press("Enter")
    page.get_by_label("magnitude in g is fixed").check()
    page.get_by_label("r_e, coefficient 1", exact=True).fill("-0.2")
    page.get_by_label("r_e, coefficient 1", exact=True).press("Enter")
    told = parameters(page, "galaxy")
    assert told["magnitude"]["by_image"] == {"g": {"value": 18.5, "fixed": True}, "r": 17.9, "i": 17.5}
    assert told["r_e"] == {"polynomial": [3, -0.2]}
    page.get_by_role("button", name="n is free; limits, link and prior").click()
    page.get_by_role("group", name="n is", exact=True).get_by_role("button", name="by image").click()
    assert parameters(page, "galaxy")["n"] == {"by_image": {"g": 1, "r": 1, "i": 1}}
    page.get_by_role("group", name="n is", exact=True).get_by_role("button", name="polynomial").click()
    page.get_by_role("button", name="One order more").click()
    assert parameters(page, "galaxy")["n"] == {"polynomial": [1, 0, 0]}
    page.get_by_role("group", name="n is", exact=True).get_by_role("button", name="free").click()
    assert parameters(page, "galaxy")["n"] == 1
    # Another component, of the same place and shape, in one band alone.
    page.get_by_role("button", name="Add a component").click()
    page.get_by_label("Profile of the new component").select_option("exponential")
    page.get_by_label("Same place as").select_option("galaxy")
    page.get_by_label("Same shape as").select_option("galaxy")
    page.get_by_role("group", name="Images that it is seen in").get_by_label("g").uncheck()
    told = parameters(page, "e1")
    assert told["flux"] == {"by_image": {"r": {}, "i": {}}}
    assert {told[key] for key in ("ra", "dec", "q", "pa")} == {
        "= galaxy.ra",
        "= galaxy.dec",
        "= galaxy.q",
        "= galaxy.pa",
    }
    assert next(each for each in request_of(page)["components"] if each["name"] == "e1")["images"] == ["r", "i"]
    page.get_by_role("button", name="h is free; limits, link and prior").click()
    page.get_by_role("group", name="h is", exact=True).get_by_role("button", name="linked").click()
    page.get_by_label("Link to").select_option("galaxy.r_e")
    assert parameters(page, "e1")["h"] == "= galaxy.r_e"
    page.get_by_role("button", name="Delete e1").click()
    fit(page)
    expect(page.get_by_text("magnitude[g]").first).to_be_attached()
    # A column for each band, and the colours between them: 18.6, 17.95 and 17.6 mag.
    card = page.get_by_role("region", name="galaxy in each image")
    expect(card.locator("thead th")).to_have_text(["g", "r", "i"])
    colour = page.locator("[data-card=galaxy] dl div", has_text="r − i").locator("dd").inner_text()
    assert float(colour.split()[0]) == pytest.approx(0.35, abs=0.1)
    page.get_by_role("button", name="side by side").click()
    expect(page.locator(".pane .title")).to_have_text([f"Residual / σ, {band}" for band in "gri"])
    page.locator("[data-card=galaxy]").hover()
    expect(page.locator(".ellipse.lit")).to_have_count(3)
    for width in (375, 1440, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []


@pytest.mark.slow
def test_bands_stand_side_by_side_move_together_and_make_one_picture(page: Page) -> None:
    page.get_by_role("button", name="side by side").click()
    panes = page.locator(".pane")
    expect(panes).to_have_count(3)
    expect(page.locator(".pane [data-component=galaxy]")).to_have_count(3, timeout=ENOUGH_MILLISECONDS)

    def middles() -> list[float]:
        found: list[float] = page.evaluate(MIDDLES)
        return found

    before = middles()
    assert before[::2] == pytest.approx([before[0]] * 3, abs=1.5), "the galaxy is at one place of every pane"
    box = panes.nth(1).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 70, box["y"] + 50, steps=4)
    page.mouse.up()
    after = middles()
    assert np.subtract(after, before).tolist() == pytest.approx([40, 20] * 3, abs=2)
    assert violations(page) == []
    page.get_by_role("button", name="colour", exact=True).click()
    expect(
        page.get_by_text("Blue to red: g, r, i, by their wavelengths; weighed by their zero points.")
    ).to_be_visible()
    expect(page.locator(".pane [data-component=galaxy]")).to_be_visible()
    colours = page.evaluate("""() => new Promise((done) => setTimeout(() => {
      const canvas = document.querySelector(".pane .layer");
      const bytes = canvas.getContext("2d").getImageData(canvas.width / 2 - 20, canvas.height / 2 - 20, 40, 40).data;
      const mean = (channel) => bytes.reduce((sum, byte, at) => sum + (at % 4 === channel ? byte : 0), 0) / 1600;
      done([mean(0), mean(1), mean(2)]);
    }, 500))""")
    # The galaxy is brighter towards the red: 18.6, 17.95 and 17.6 mag.
    assert colours[0] > colours[1] > colours[2] > 0
    for width in (375, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []


@pytest.mark.slow
def test_another_image_is_added_to_a_model_and_taken_away_again(page: Page, tab: Tab) -> None:
    whole = request_of(page)
    page.get_by_text("Image g", exact=False).first.click()
    page.get_by_role("button", name="Without g").click()
    assert [image["name"] for image in request_of(page)["images"]] == ["r", "i"]
    assert list(parameters(page, "galaxy")["magnitude"]["by_image"]) == ["r", "i"]
    galaxy = {"ra": 150.1163, "dec": 2.2058, "q": 0.7, "pa": 20.0, "n": 1.0, "r_e": 3.0, "flux": 5000.0}
    components = [
        {"name": "sky", "profile": "flat_sky", "parameters": {"i": 38.0}},
        {"name": "galaxy", "profile": "sersic", "parameters": galaxy},
    ]
    one = {**whole, "images": whole["images"][:1], "frame": "sky", "components": components}
    begin(page, one)
    expect(page.locator("[data-component]").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    other = page.get_by_label("Fit with another image of the field")
    value = other.locator("option", has_text="r.fits, HDU 0").first.get_attribute("value")
    other.select_option(value)
    expect(page.get_by_role("group", name="Image", exact=True)).to_be_visible()
    request = request_of(page)
    assert [image["name"] for image in request["images"]] == ["g", "r"]
    assert parameters(page, "galaxy")["flux"] == {"by_image": {"g": 5000, "r": {}}}


@pytest.mark.slow
def test_views_of_several_images_can_be_used_by_everyone(page: Page, tab: Tab) -> None:
    found: list[str] = []

    def look(view: str) -> None:
        for width in (375, 1440, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            found.extend(f"{view}, {width}: {violation}" for violation in violations(page))
            sideways = page.evaluate("document.documentElement.scrollWidth")
            if sideways > width:
                found.append(f"{view}, {width}: scrolls sideways, to {sideways}")
        page.set_viewport_size({"width": 1440, "height": 900})

    choose(page, "galaxy")
    for kind in ("n is free", "magnitude is by image", "r_e is polynomial"):
        page.get_by_role("button", name=f"{kind}; limits, link and prior").click()
    for panel in page.locator(".side details > summary").all():
        panel.click()
    look("model")
    uploads = {image["data"]["upload"] for image in request_of(page)["images"]}
    page = tab.open(f"files/{'/'.join(sorted(uploads))}")
    expect(page.get_by_text("3 images of one field")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    for name, text in (("a.reg", "image\ncircle(5,6,3)\n"), ("a.csv", "x,y\n20,30\n")):
        page.evaluate(DROP, [name, text])
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    look("planes")
    assert not found, "\n".join(found)
