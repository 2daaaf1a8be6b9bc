"""The page's pure modules, each by itself, in the browser and without a service."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from matplotlib.mathtext import MathTextParser
from matplotlib.path import Path as Outline
from playwright.sync_api import Browser
from scipy.integrate import quad
from scipy.special import gammaincinv
from scipy.stats import norm

from app.routes.page import FOLDER
from fitting.files import sky_map
from fitting.rounding import round_asymmetric, round_measurement
from fitting.spec.catalogues import parse_catalogue
from fitting.spec.parameters.forms import Frame, described_in
from fitting.spec.profiles import PROFILES
from tests.e2e.page.static import serve_page

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def call(browser: Browser) -> Iterator[Call]:
    """Calls an exported function of a module: `call("model/rounding.js", "roundMeasurement", 1.0, 0.1)`."""
    page = browser.new_page()
    serve_page(page)
    script = "([module, name, args]) => import(`/page/js/${module}`).then((found) => found[name](...args))"
    yield lambda module, name, *arguments: page.evaluate(script, [module, name, list(arguments)])
    page.close()


MEASUREMENTS = [
    (67.93775, 0.0041),
    (1285123.0, 2034.0),
    (0.54911, 0.00061),
    (172.0604, 0.03449),
    (3.14159, None),
    (-0.00001234, 2.2e-7),
    (12.0, 0.0),
    (1e12, 3.6e9),
    (99.99, 0.0949),
    (5.0, 0.0957),
    (0.0, 0.01),
]


@pytest.mark.parametrize(("value", "uncertainty"), MEASUREMENTS)
def test_measurements_are_rounded_as_the_command_line_does(call: Call, value: float, uncertainty: float | None) -> None:
    expected = round_measurement(value, uncertainty)
    assert call("model/rounding.js", "roundMeasurement", value, uncertainty)[1] == expected[1]
    assert float(call("model/rounding.js", "roundMeasurement", value, uncertainty)[0]) == float(expected[0])


def test_a_formula_brings_its_own_parameters(call: Call) -> None:
    text = "i0 * exp(-(r / h) ** c) + min(0.1e-3, log10(pi))"
    assert call("model/formula.js", "namesIn", text) == ["i0", "h", "c"]
    profile = PROFILES["formula"].model_dump(mode="json")
    own = {
        "options": {"brightness": text, "symbols": {"h": "pixel", "c": {"default": 1}}},
        "parameters": {"h": 3, "x": 1},
    }
    shown = call("model/formula.js", "withOwnParameters", profile, own)["parameters"]
    assert [each["name"] for each in shown] == ["x", "y", "q", "pa", "i0", "h", "c"]
    assert (shown[5]["unit"], shown[6]["default"]) == ("pixel", 1)
    usual = call("model/formula.js", "withOwnParameters", profile, {})["parameters"]
    assert [each["name"] for each in usual] == ["x", "y", "q", "pa", "i_0", "h"]
    changed = call("model/formula.js", "withBrightness", own, "i0 / (1 + r / t) ** 4", profile)
    assert changed == {"options": {"brightness": "i0 / (1 + r / t) ** 4"}, "parameters": {"x": 1}}


INTERVALS = [
    (1.47679, 0.4508, 0.6322),
    (4.12489, 0.1397, 0.8043),
    (1.2e-8, 1.2e-10, 2.5e-10),
    (2.0, 0.0, 0.3),
    (179.4, 1.8, 3.59),
]


@pytest.mark.parametrize(("value", "below", "above"), INTERVALS)
def test_intervals_are_rounded_as_the_command_line_does(call: Call, value: float, below: float, above: float) -> None:
    expected = round_asymmetric(value, below, above)
    assert tuple(call("model/rounding.js", "roundAsymmetric", value, below, above)) == expected


def parameters_document() -> dict[str, Any]:
    """A parameter with an interval, one whose interval has one end, and a derived value."""
    known = {"unit": "pixel", "free": True, "at_limit": False, "uncertainty_scaled": 0.5, "quantiles": None}
    lopsided = {"name": "g.n", "value": 1.477, "uncertainty": 0.489, "interval": [1.026, 2.109]}
    open_ended = {"name": "g.pa", "value": 30.0, "uncertainty": 20.0, "interval": [12.0, None]}
    derived = {"name": "g.flux", "value": 100.0, "uncertainty": 3.0, "unit": "data"}
    return {"parameters": [known | lopsided, known | open_ended], "derived": [derived]}


def test_a_table_shows_both_sides_of_an_interval_and_else_the_uncertainty(call: Call) -> None:
    rows = call("model/tables.js", "rowsOf", parameters_document(), "interval", None)
    csv, latex = call("model/tables.js", "asCsv", rows), call("model/tables.js", "asLatex", rows, "fit")
    assert [(row["value"], row["uncertainty"], row["above"], row["below"]) for row in rows] == [
        ("1.5", "", "0.6", "0.5"),
        ("30", "20", "", ""),
        ("100.0", "3.0", "", ""),
    ]
    assert csv.splitlines()[:3] == [
        "name,value,uncertainty,below,above,unit,remark",
        "g.n,1.5,,0.5,0.6,pixel,",
        "g.pa,30,20,,,pixel,",
    ]
    assert "g $n$ & $1.5_{-0.5}^{+0.6}$ & pixel" in latex
    assert r"g $\mathrm{PA}$ & $30 \pm 20$ & pixel" in latex
    rows = call("model/tables.js", "rowsOf", parameters_document(), "uncertainty", None)
    assert [row["uncertainty"] for row in rows] == ["0.5", "20", "3.0"]
    assert call("model/tables.js", "asCsv", rows).splitlines()[0] == "name,value,uncertainty,unit,remark"


SYMBOLS = {
    "g1.r_e": r"g1 $r_\mathrm{e}$",
    "g1.i_1": "g1 $i_1$",
    "my_disc.mu_0[r]": r"my\_disc $\mu_0$ (r)",
    "a.r_e_minor_arcsec": r"a $r_\mathrm{e,minor,arcsec}$",
    "a.di_dx": r"a $\mathrm{di}_\mathrm{dx}$",
}


def test_a_table_in_latex_has_the_symbols_of_papers_and_what_is_fixed(call: Call) -> None:
    rows = [
        {
            "name": name,
            "value": "2.5e+04",
            "uncertainty": "",
            "below": "",
            "above": "",
            "unit": "data/pixel",
            "flag": flag,
        }
        for name, flag in zip(SYMBOLS, ("fixed", "linked", "at limit", "", "derived"), strict=True)
    ]
    latex = call("model/tables.js", "asLatex", rows, "a_b")
    lines = latex.splitlines()[6:11]
    assert [line.split(" & ")[0].strip() for line in lines] == list(SYMBOLS.values())
    assert [re.search(r"\$ \(([^)]*)\) &", line.split("& ", 1)[1]) is not None for line in lines] == [True] * 3 + [
        False
    ] * 2
    for formula in re.findall(r"\$([^$]*)\$", latex):
        MathTextParser("path").parse(f"${formula}$")  # raises where it is no formula


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("A) a.fits\n0) sersic\n", "galfit"),
        ("X0 1\nY0 2\nFUNCTION Sersic\n", "imfit"),
        ("# Region file format: DS9\nimage\ncircle(1,2,3)\n", "regions"),
        ("x,y\n1,2\n", "table"),
        ("#   1 NUMBER  running\n#   2 X_IMAGE pos [pixel]\n#   3 Y_IMAGE pos\n  1 5 6\n", "table"),
        ("some words\nof a letter\n", None),
    ],
)
def test_texts_that_are_dropped_are_told_apart(call: Call, text: str, kind: str | None) -> None:
    assert call("model/dropped-texts.js", "kindOfText", text) == kind


def test_a_table_of_sources_is_read_with_what_its_columns_mean(call: Call) -> None:
    heads = "#   1 NUMBER  n\n#   2 X_IMAGE x [pixel]\n#   3 Y_IMAGE y\n#   4 MAG_AUTO m\n"
    sextractor = heads + " 1 5.5 6 21.5\n 2 7 8 99\n 3 nan 8 20\n"
    found = call("model/dropped-texts.js", "sourcesIn", sextractor)
    assert found["rows"] == [{"x": 4.5, "y": 5, "magnitude": 21.5}, {"x": 6, "y": 7, "magnitude": 99}]
    assert (found["left"], found["columns"][0]) == (1, "x_image as x, counted from 1")
    table = Table({"ra": [150.1], "dec": [2.2], "name": ["a, b"], "q": [3.0]})
    written = io.StringIO()
    table.write(written, format="ascii.ecsv", delimiter=",")
    assert call("model/dropped-texts.js", "sourcesIn", written.getvalue())["rows"][0]["dec"] == 2.2
    assert call("model/dropped-texts.js", "sourcesIn", "a,b\n1,2\n") is None


def test_what_magnitudes_count_from_is_said_by_image(call: Call) -> None:
    scale = {"sentence": "the zero point is MAGZERO 25"}
    one = {"images": [{"name": "image", "flux_scale": scale}]}
    two = {"images": [{"name": "g", "flux_scale": scale}, {"name": "r", "flux_scale": None}]}
    assert call("model/tables.js", "fluxScalesOf", one) == ["Magnitudes: the zero point is MAGZERO 25"]
    assert call("model/tables.js", "fluxScalesOf", two) == ["g: the zero point is MAGZERO 25"]
    assert call("model/tables.js", "fluxScalesOf", {}) == []


@pytest.mark.parametrize(
    ("written", "standing"),
    [
        (2.5, "free"),
        ({"value": 2, "fixed": True}, "fixed"),
        ("= a.x", "linked"),
        ({"by_image": {"r": 1}}, "varied"),
        (None, "free"),
    ],
)
def test_a_parameter_is_written_as_it_was_read(call: Call, written: Any, standing: str) -> None:
    read = call("model/parameters.js", "readParameter", written)
    assert call("model/parameters.js", "standing", read) == standing
    assert call("model/parameters.js", "writeParameter", read) == written


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("= 2 + 3 * 4", 14),
        ("= -2 ** 2", -4),
        ("= (1 + 2) / 4", 0.75),
        ("= sqrt(16) + max(1, 2)", 6),
        ("= 2 ** 3 ** 2", 512),
    ],
)
def test_links_are_evaluated_as_python_would(call: Call, text: str, value: float) -> None:
    assert call("model/expressions.js", "evaluate", text) == value


@pytest.mark.parametrize(
    ("name", "now", "start", "change"),
    [
        ("a.x", 67.94, 66.5, "+1.44"),
        ("a.i_e", 1.0e-5, 1.25e-5, "−0.0000025"),
        ("a.pa", 1.0, 179.0, "+2"),
        ("a.pa[r]", 178.5, 2.0, "−3.5"),
        ("a.n", 2.0, 2.0, "0"),
    ],
)
def test_how_far_a_parameter_has_come(call: Call, name: str, now: float, start: float, change: str) -> None:
    assert call("model/changes.js", "signed", call("model/changes.js", "changeOf", name, now, start)) == change


def test_the_ends_of_an_ellipse_and_dragging_them_are_inverse(call: Call) -> None:
    ellipse = {"x": 10, "y": 20, "r": 8, "q": 0.5, "pa": 30}
    x, y = call("model/ellipse.js", "axisEnd", ellipse, "major")
    assert (x, y) == pytest.approx((6.0, 26.9282), abs=1e-4)
    assert call("model/ellipse.js", "majorTo", ellipse, x, y) == pytest.approx({"r": 8, "pa": 30})
    x, y = call("model/ellipse.js", "axisEnd", ellipse, "minor")
    assert call("model/ellipse.js", "minorTo", ellipse, x, y) == pytest.approx({"q": 0.5})


def test_a_corner_shows_draws_and_their_gaussian_to_one_scale(call: Call) -> None:
    draws, limits = np.random.default_rng(4).normal(5.0, 0.3, 20_000), [4.1, 5.9]
    bars = np.array(call("model/corner.js", "density", draws.tolist(), limits, 30))
    curve = np.array(call("model/corner.js", "bell", 5.0, 0.3, limits))
    at = np.linspace(4.1, 5.9, 101)
    assert curve[:, 0] == pytest.approx(at)
    assert curve[:, 1] == pytest.approx(norm.pdf(at, 5.0, 0.3))
    assert bars == pytest.approx(np.histogram(draws, 30, limits)[0] / (20_000 * 0.06))
    assert call("model/corner.js", "bell", 5.0, 0.0, limits) == []


def test_renaming_a_component_renames_it_in_links(call: Call) -> None:
    request = {
        "components": [{"name": "a", "parameters": {"x": 1}}, {"name": "b", "parameters": {"x": "= a.x + aa.x"}}]
    }
    components = call("model/naming.js", "renamed", request, "a", "g")["components"]
    assert [each["name"] for each in components] == ["g", "b"]
    assert components[1]["parameters"]["x"] == "= g.x + aa.x"


def test_a_result_is_put_into_its_request(call: Call) -> None:
    parameters = {"x": 1, "n": {"value": 2, "max": 8}, "q": "= b.q"}
    request = {"images": [], "components": [{"name": "a", "profile": "sersic", "parameters": parameters}]}
    fitted = [{"name": f"a.{name}", "value": value} for name, value in (("x", 5), ("n", 3), ("q", 0.5), ("r_e", 9))]
    moved = call("model/requests.js", "withValues", request, fitted)["components"][0]["parameters"]
    assert moved == {"x": 5, "n": {"value": 3, "max": 8}, "q": "= b.q", "r_e": 9}


def test_the_sky_of_a_pixel_follows_the_map(call: Call) -> None:
    zeros = [[0.0] * 4 for _ in range(4)]
    east = [list(row) for row in zeros]
    north = [list(row) for row in zeros]
    east[1][0], north[0][1] = -3600.0, 3600.0
    sky = {"ra": 359.9, "dec": 60.0, "x0": 50, "y0": 50, "scale": 50, "east": east, "north": north}
    assert call("image/sky.js", "skyOfPixel", sky, 50, 50) == pytest.approx([359.9, 60.0])
    ra, dec = call("image/sky.js", "skyOfPixel", sky, 0, 50)
    assert (ra, dec) == pytest.approx((1.8996, 59.9849), abs=1e-3)
    compass = call("image/sky.js", "compassOf", sky)
    assert compass["scale"] == pytest.approx(72.0)
    assert compass["north"] == pytest.approx([0, 1])
    assert compass["east"] == pytest.approx([-1, 0])
    assert call("image/sky.js", "sexagesimal", 150.1163, -2.2058) == "10:00:27.91 −02:12:20.9"


# Sheared, mirrored and turned: pixels of about 0.5 arcsec.
_CD = [[-1.2e-4, 4.0e-5], [6.0e-5, 1.5e-4]]


@pytest.fixture(scope="module")
def sheared(tmp_path_factory: pytest.TempPathFactory) -> tuple[WCS, dict[str, Any]]:
    """World coordinates near the pole, and the service's map of them."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cd = ["RA---TAN", "DEC--TAN"], [10.0, 80.0], [60.0, 40.0], _CD
    path = tmp_path_factory.mktemp("sky") / "a.fits"
    fits.PrimaryHDU(np.zeros((90, 100)), wcs.to_header()).writeto(path)
    found = sky_map(path, None)
    assert found is not None
    return wcs, found


@pytest.mark.parametrize("q", [0.3, 1.0])
def test_an_ellipse_on_the_sky_is_drawn_where_its_points_are(
    call: Call, sheared: tuple[WCS, dict[str, Any]], q: float
) -> None:
    wcs, found = sheared
    ra, dec, r, pa = 10.02, 80.004, 9.0, 110.0
    drawn = call("model/sky-ellipse.js", "onImage", found, {"ra": ra, "dec": dec, "r": r, "q": q, "pa": pa})
    centre = SkyCoord(ra, dec, unit="deg")
    assert [drawn["x"], drawn["y"]] == pytest.approx(np.array(wcs.world_to_pixel(centre)), abs=1e-4)
    sin, cos = np.sin(np.radians(drawn["pa"])), np.cos(np.radians(drawn["pa"]))
    for turn in np.radians(range(0, 360, 40)):
        along, across = r * np.cos(turn), r * q * np.sin(turn)
        angle = pa * units.deg + np.arctan2(across, along) * units.rad
        point = centre.directional_offset_by(angle, np.hypot(along, across) * units.arcsec)
        x, y = np.array(wcs.world_to_pixel(point)) - [drawn["x"], drawn["y"]]
        place = np.hypot(-x * sin + y * cos, (x * cos + y * sin) / drawn["q"]) / drawn["r"]
        assert place == pytest.approx(1.0, abs=1e-3)


def test_an_ellipse_on_the_image_is_the_same_after_the_way_to_the_sky_and_back(
    call: Call, sheared: tuple[WCS, dict[str, Any]]
) -> None:
    ellipse = {"x": 70.0, "y": 20.0, "r": 12.0, "q": 0.4, "pa": 15.0}
    sky = call("model/sky-ellipse.js", "onSky", sheared[1], ellipse)
    assert call("model/sky-ellipse.js", "onImage", sheared[1], sky) == pytest.approx(ellipse, abs=1e-4)
    assert call("model/sky-ellipse.js", "onImage", sheared[1], {**sky, "dec": -sky["dec"]}) is None


@pytest.mark.parametrize("frame", ["pixel", "sky"])
@pytest.mark.parametrize("given", [{"ra": 1.0}, {"x": 1.0, "y": 2.0}, {"flux": 5.0}, {"magnitude": 20.0}])
def test_parameters_are_in_the_form_that_a_request_gives_them_in(
    call: Call, frame: Frame, given: dict[str, Any]
) -> None:
    for name in ("sersic", "point_source"):
        expected = [(each.name, each.unit) for each in described_in(PROFILES[name], frame, given).parameters]
        profile = PROFILES[name].model_dump(mode="json")
        request = {"images": [{}], "frame": frame, "components": []}
        shown = call("model/forms.js", "parametersOf", profile, request, {"parameters": given})
        assert [(each["name"], each["unit"]) for each in shown] == expected


def test_the_modules_of_the_first_view_are_fetched_at_once() -> None:
    """index.html names every module that the start needs, so that none waits for another to be read."""
    listed = set(re.findall(r'rel="modulepreload" href="/page/([^"]+)"', (FOLDER / "index.html").read_text()))
    assert listed | {"js/main.js"} == _needed(FOLDER / "js/main.js") | _needed(FOLDER / "js/views/start.js")


def test_what_is_vendored_has_its_licence() -> None:
    assert {path.name for path in (FOLDER / "vendor").iterdir()} == {
        "LICENSE-htm",
        "LICENSE-preact",
        "README.md",
        "preact-htm.d.ts",
        "preact-htm.js",
        "swagger-ui",
    }
    assert (FOLDER / "vendor/swagger-ui/LICENSE").is_file()


def _needed(module: Path) -> set[str]:
    """A module and all that it imports, from the page's folder on."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        path = waiting.pop()
        name = path.relative_to(FOLDER).as_posix()
        if name not in found:
            found.add(name)
            imports = re.findall(r'^(?:import|export)[^;]*?from "([^"]+)"', path.read_text(), re.MULTILINE)
            waiting += [(path.parent / each).resolve() for each in imports]
    return found


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("", None), (" sat, CR 3", ["SAT", "CR", 3]), ("Any", "any"), ("12;DO_NOT_USE", [12, "DO_NOT_USE"])],
)
def test_bits_of_a_mask_are_read_as_they_are_typed(call: Call, typed: str, expected: object) -> None:
    assert call("model/files.js", "bitsOf", typed) == expected


def test_a_plane_of_a_cube_is_asked_for_by_its_number(call: Call) -> None:
    named = call("model/requests.js", "reference", "upl_1[SCI,2][7]")
    assert named == {"upload": "upl_1", "hdu": "SCI,2", "plane": 7}
    assert call("service.js", "pixelsOf", named) == "/v1/uploads/upl_1/pixels.npy?hdu=SCI%2C2&plane=7"
    assert call("service.js", "skyOf", {"upload": "upl_1"}) == "/v1/uploads/upl_1/sky"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1,5", 1.5),
        ("−2", -2.0),
        (" 1e-3 ", 0.001),
        (".5", 0.5),
        *((text, None) for text in ("abc", "1,234,567", "1.234,5", "0x10", "Infinity", "1 000", "")),
    ],
)
def test_numbers_are_read_as_people_type_them(call: Call, typed: str, number: float | None) -> None:
    assert call("model/numbers.js", "numberIn", typed) == number


@pytest.mark.parametrize(
    ("profile", "parameters", "brightness"),
    [
        ("sersic", {"r_e": 7.0, "n": 2.5, "i_e": 3.0}, lambda r: 3.0 * np.exp(-_b(2.5) * ((r / 7.0) ** 0.4 - 1.0))),
        ("exponential", {"h": 4.0, "i_0": 3.0}, lambda r: 3.0 * np.exp(-r / 4.0)),
        ("gaussian", {"fwhm": 5.0, "i_0": 3.0}, lambda r: 3.0 * 2.0 ** (-((r / 2.5) ** 2))),
        ("moffat", {"fwhm": 5.0, "beta": 3.0, "i_0": 3.0}, lambda r: 3.0 * (1 + (r / _scale(5.0, 3.0)) ** 2) ** -3.0),
    ],
)
def test_light_of_a_profile_is_its_integral(
    browser: Browser, profile: str, parameters: dict[str, float], brightness: Callable[[float], float]
) -> None:
    """Half-light radius and flux, as carried to another profile, by quadrature."""
    page = browser.new_page()
    serve_page(page)
    script = (
        "([profile, known]) => import('/page/js/model/light.js').then((m) => m.lightOf(profile, (key) => known[key]))"
    )
    light = page.evaluate(script, [profile, {**parameters, "q": 0.6}])
    page.close()
    whole = quad(lambda r: 2 * np.pi * r * brightness(r), 0, np.inf, limit=500)[0]
    half = quad(lambda r: 2 * np.pi * r * brightness(r), 0, light["half"], limit=500)[0]
    assert light["flux"] == pytest.approx(0.6 * whole, rel=1e-5)
    assert half == pytest.approx(0.5 * whole, rel=1e-5)


def _b(n: float) -> float:
    return float(gammaincinv(2 * n, 0.5))


def _scale(fwhm: float, beta: float) -> float:
    return float(fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1)))


def test_capsules_cover_what_was_painted(call: Call) -> None:
    points = [[10.0, 10.0], [20.0, 14.0], [31.0, 9.0], [12.0, 20.0]]
    capsules = call("model/strokes.js", "capsulesOf", {"points": points, "radius": 3.0})
    y, x = np.mgrid[:30, :45]
    ends = zip(map(np.array, points), map(np.array, points[1:]), strict=False)
    reach = np.min([_distance(x, y, one, two) for one, two in ends], axis=0)
    pixels = np.column_stack([x.ravel(), y.ravel()])
    inside = np.any([Outline(each["polygon"]).contains_points(pixels) for each in capsules], axis=0).reshape(x.shape)
    assert inside[reach < 2.85].all()
    assert not inside[reach > 3.05].any()


def _distance(x: np.ndarray, y: np.ndarray, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    along = two - one
    share = np.clip(((x - one[0]) * along[0] + (y - one[1]) * along[1]) / (along @ along), 0, 1)
    distance: np.ndarray = np.hypot(x - one[0] - share * along[0], y - one[1] - share * along[1])
    return distance


def provenance(**image: Any) -> dict[str, Any]:
    spec = {"name": "image", "data": {"upload": "upl_a", "hdu": 0}, **image}
    names = {"upl_a": "1" * 64, "upl_b": "2" * 64, "upl_same": "1" * 64}
    return {
        "request": {"images": [spec], "components": []},
        "inputs": [{"name": name, "sha256": digest} for name, digest in names.items()],
    }


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({}, []),
        ({"data": "upl_same[0]"}, []),
        ({"data": "upl_b[0]"}, ["the data"]),
        ({"window": {"x": [0, 9]}}, ["the window"]),
        ({"mask": "upl_b"}, ["the mask"]),
        ({"mask_shapes": [{"box": {"x": [1, 2]}}]}, ["the mask"]),
        ({"mask_saturated": False}, ["the mask"]),
        ({"variance": {"constant": 2}}, ["the variance"]),
        ({"sigma": {"constant": 2}, "window": {"x": None, "y": [0, 5]}}, ["the window", "the variance"]),
        ({"zero_point": 25, "psf": "upl_b"}, []),
    ],
)
def test_fits_are_compared_only_on_the_same_pixels_and_noise(
    call: Call, other: dict[str, Any], told: list[str]
) -> None:
    one, two = (call("model/comparing.js", "madeWith", each) for each in (provenance(), provenance(**other)))
    assert call("model/comparing.js", "differences", one, two) == told


def test_a_difference_of_rounding_is_none(call: Call) -> None:
    assert call("model/comparing.js", "difference", 9900.38, 9900.38 - 2e-8) == {"text": "0", "meaning": ""}
    assert call("model/comparing.js", "difference", 9900.0, 9800.0) == {"text": "−100", "meaning": "better"}


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["ngc1_g.fits", "ngc1_r.fits"], ["g", "r"]),
        (["g.fits.fz", "r.fits.fz"], ["g", "r"]),
        (["a b.fits", "c.fits"], ["a_b", "c"]),
        (["x.fits", "x.fits"], ["x", "x_2"]),
    ],
)
def test_bands_are_named_by_what_their_files_do_not_share(call: Call, files: list[str], names: list[str]) -> None:
    assert call("model/bands.js", "bandNames", files) == names


def _file(name: str, *shapes: tuple[int, int], data: int | None = 0) -> dict[str, Any]:
    """A file as the service tells of it; beyond the first its planes are what `roles` of them say."""
    hdus = [{"index": at, "name": "", "is_image": True, "shape": list(shape)} for at, shape in enumerate(shapes)]
    planes = {"data": data, **({"variance": 1} if len(shapes) > 1 else {})}
    return {"file": {"id": name, "filename": name, "description": {"hdus": hdus}}, "found": {"planes": planes}}


FIELD = (64, 64)
DROPPED = [
    (
        [_file("g.fits", FIELD, FIELD), _file("r.fits", FIELD, FIELD), _file("r_psf.fits", (21, 21))],
        {"g.fits 0": ("data", "g.fits 0"), "g.fits 1": ("variance", "g.fits 0"), "r.fits 0": ("data", "r.fits 0")}
        | {"r.fits 1": ("variance", "r.fits 0"), "r_psf.fits 0": ("psf", "r.fits 0")},
    ),
    (
        [
            _file("n_g.fits", FIELD),
            _file("n_r.fits", FIELD),
            _file("n_r_rms.fits", FIELD),
            _file("bad_mask.fits", FIELD),
        ],
        {"n_g.fits 0": ("data", "n_g.fits 0"), "n_r.fits 0": ("data", "n_r.fits 0")}
        | {"n_r_rms.fits 0": ("sigma", "n_r.fits 0"), "bad_mask.fits 0": ("mask", None)},
    ),
    # Pixels that neither the sky nor their number brings together are two fields.
    (
        [_file("one.fits", FIELD), _file("two.fits", (64, 60))],
        {"one.fits 0": ("data", "one.fits 0")},
    ),
]


@pytest.mark.parametrize(("files", "expected"), DROPPED)
def test_planes_that_are_dropped_together_go_to_their_images(
    call: Call, files: list[dict[str, Any]], expected: dict[str, tuple[str, str | None]]
) -> None:
    found = call("model/assigning.js", "recognised", files)
    assert {key: (each["role"], each["of"]) for key, each in found.items()} == expected


def test_one_model_over_bands_shares_shape_and_leaves_brightness_to_each(call: Call, tmp_path: Path) -> None:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix = [150.1, 2.2], [32.5, 32.5]
    turn = np.deg2rad(30)
    wcs.wcs.cd = 0.3 / 3600 * np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    path = tmp_path / "g.fits"
    fits.writeto(path, np.zeros(FIELD, np.float32), wcs.to_header())
    sky = sky_map(path, None)
    assert sky is not None
    profiles = [
        {"name": "flat_sky", "parameters": [{"name": "i", "unit": "data/pixel"}]},
        {"name": "sersic", "parameters": [
            {"name": "x", "unit": "pixel"}, {"name": "y", "unit": "pixel"}, {"name": "q", "unit": ""},
            {"name": "pa", "unit": "degree"}, {"name": "n", "unit": ""},
            {"name": "r_e", "unit": "pixel", "scale": "log"}, {"name": "i_e", "unit": "data/pixel"},
        ]},
    ]  # fmt: skip
    galaxy = {"x": 40.0, "y": 20.0, "q": 0.6, "pa": 25.0, "n": 1.0, "r_e": 5.0, "i_e": 3.0}
    request = {
        "images": [{"name": "image", "data": "upl_g", "window": {"x": [10, 60], "y": [5, 50]}}],
        "components": [
            {"name": "sky", "profile": "flat_sky", "parameters": {"i": 7.0}},
            {"name": "a", "profile": "sersic", "parameters": galaxy},
            {"name": "b", "profile": "sersic", "parameters": {**galaxy, "x": "= a.x", "y": "= a.y"}},
        ],
    }
    images = [{"name": name, "data": f"upl_{name}", "planes": {}, "sky": sky, "shape": list(FIELD)} for name in "gr"]
    made = call("model/bands.js", "overBands", request, images, 0, profiles)
    assert made["frame"] == "sky"
    assert [(image["name"], image["window"]) for image in made["images"]] == [
        (name, {"x": [10, 60], "y": [5, 50]}) for name in "gr"
    ]
    assert made["components"][0]["parameters"] == {"i": {"by_image": {"g": {}, "r": {}}}}
    told = made["components"][1]["parameters"]
    place = wcs.pixel_to_world(40.0, 20.0)
    assert (told["ra"], told["dec"]) == pytest.approx((place.ra.deg, place.dec.deg), abs=1e-6)
    assert told["r_e"] == pytest.approx(5.0 * 0.3, rel=1e-4)
    assert told["q"] == pytest.approx(0.6, rel=1e-3)
    # The end of the long axis, as the image and as the sky have it.
    end = wcs.pixel_to_world(40.0 - 5 * np.sin(np.deg2rad(25)), 20.0 + 5 * np.cos(np.deg2rad(25)))
    assert (told["pa"] - place.position_angle(end).deg + 90) % 180 == pytest.approx(90, abs=0.05)
    flux = quad(lambda r: 2 * np.pi * r * 0.6 * 3 * np.exp(-1.6783469900166605 * (r / 5 - 1)), 0, np.inf)[0]
    assert told["flux"]["by_image"]["g"] == pytest.approx(flux, rel=1e-3)
    assert told["flux"]["by_image"]["r"] == {}
    assert {made["components"][2]["parameters"][key] for key in ("ra", "dec")} == {"= a.ra", "= a.dec"}


MANY_REQUEST = {
    "name": "one",
    "seed": 3,
    "images": [{"name": "r", "data": {"upload": "upl_1", "hdu": "SCI"}, "window": {"x": [0, 9], "y": [0, 9]}}],
    "components": [
        {"name": "sky", "profile": "flat_sky", "parameters": {"i": 3}},
        {
            "name": "g",
            "profile": "sersic",
            "parameters": {"x": 5, "y": {"value": 5, "min": 0}, "i_e": 2, "r_e": {"value": 4, "min": 0.1}},
        },
        {"name": "other", "profile": "sersic", "parameters": {"x": 50, "n": "= g.n"}},
    ],
    "stages": [{"method": "lm"}],
}


def test_columns_of_a_table_are_guessed_by_their_names(call: Call) -> None:
    columns = ["NUMBER", "X_IMAGE", "Y_IMAGE", "FLUX_RADIUS", "A_IMAGE", "B_IMAGE", "THETA_IMAGE", "MAG_AUTO"]
    profiles = [PROFILES[name].model_dump(mode="json") for name in ("flat_sky", "sersic")]
    found = call("model/many.js", "guessed", columns, MANY_REQUEST, profiles, ["g"])
    assert found["places"] == {"kind": "pixel", "x": "X_IMAGE", "y": "Y_IMAGE", "one": True}
    assert found["values"]["g.r_e"]["column"] == "FLUX_RADIUS"
    assert found["values"]["g.q"]["formula"] == "row.B_IMAGE / row.A_IMAGE"
    assert found["values"]["g.pa"]["formula"] == "row.THETA_IMAGE - 90"
    assert found["values"]["g.magnitude"]["column"] == "MAG_AUTO"
    assert found["size"] == {"pixels": 48}


def test_a_model_becomes_the_template_of_a_catalogue(call: Call) -> None:
    choices = {
        "objects": {"upload": "upl_t"},
        "places": {"kind": "pixel", "x": "X_IMAGE", "y": "Y_IMAGE", "one": True},
        "size": {"pixels": 48},
        "parts": ["g"],
        "values": {
            "g.r_e": {"from": "column", "column": "FLUX_RADIUS"},
            "g.q": {"from": "formula", "formula": "row.B / row.A"},
            "g.magnitude": {"from": "column", "column": "MAG"},
        },
        "neighbours": "mask",
        "cutouts": None,
    }
    made = call("model/many.js", "catalogueOf", MANY_REQUEST, choices)
    parsed = parse_catalogue(made)
    assert (parsed.seed, parsed.neighbours.treatment) == (3, "mask")
    sky, galaxy = made["template"]["components"]
    assert sky == MANY_REQUEST["components"][0]
    assert galaxy["parameters"] == {
        "x": "= row.X_IMAGE - 1",
        "y": "= row.Y_IMAGE - 1",
        "r_e": {"value": {"column": "FLUX_RADIUS"}, "min": 0.1},
        "q": "= row.B / row.A",
        "magnitude": {"column": "MAG"},
    }
    around = {"x": "= row.X_IMAGE - 1", "y": "= row.Y_IMAGE - 1"}
    assert made["template"]["images"][0]["window"] == {"around": around, "size": 48}


def test_a_row_begins_where_its_fit_ended(call: Call) -> None:
    values = {"g_r_e": 6.0, "g_r_e_err": 0.1, "g_r_e_err_scaled": 0.1, "g_flux": 9.0, "g_flux_err": 1.0, "sky_i": 4.0}
    values |= {"sky_i_err_scaled": 0.2, "g_n": None, "g_n_err_scaled": None}
    made = call("model/many.js", "withRow", MANY_REQUEST, values)["components"]
    assert made[0]["parameters"] == {"i": 4.0}
    assert made[1]["parameters"]["r_e"] == {"value": 6.0, "min": 0.1}
    assert "flux" not in made[1]["parameters"]
    assert "n" not in made[1]["parameters"]


def test_another_profile_keeps_what_modifiers_brought_before_they_are_told_of(call: Call) -> None:
    """The page may not know yet which parameters a truncation has when another profile is chosen."""
    component = {
        "name": "g",
        "profile": "sersic",
        "geometry": [{"truncation": "outer"}],
        "parameters": {"x": 1, "y": 2, "n": 4, "r_e": 3, "outer_truncation": 9},
    }
    own, names = ["x", "y", "q", "pa", "r_e", "n", "i_e"], ["x", "y", "q", "pa", "r_d", "n", "i_0"]
    elliptical = [{"name": name} for name in ("x", "y", "q", "pa")]
    kept = call("model/geometry.js", "withProfile", component, {"name": "moffat", "parameters": elliptical}, names, own)
    assert kept["geometry"] == component["geometry"]
    assert kept["parameters"] == {"x": 1, "y": 2, "n": 4, "outer_truncation": 9}
    sky = {"name": "flat_sky", "parameters": [{"name": "level"}]}
    kept = call("model/geometry.js", "withProfile", component, sky, ["level"], own)
    assert "geometry" not in kept
    assert kept["parameters"] == {}
