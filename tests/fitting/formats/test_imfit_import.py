"""imfit's files as requests: values against imfit's own function definitions, its command line, limits."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaincinv, k1

from fitting.formats import ImageFacts, ImportInvalid, ImportSource, ModelImport, import_model
from photfit.local import render_here

SIZE = 60
X, Y, ELL, PA = 31.3, 29.6, 0.3, 25.0
FACTS = ImageFacts(1.0, 1.0, True, 0.0, 1.0, (SIZE, SIZE))
CENTRE = f"X0 {X} 1,60\nY0 {Y} 1,60\n"
Light = Callable[[np.ndarray, np.ndarray], np.ndarray]


def imported(text: str, command: str = "imfit data.fits --noise s.fits") -> ModelImport:
    return import_model(ImportSource("model.dat", text, command, facts=lambda _: FACTS))


def pixel_means(brightness: Light) -> np.ndarray:
    """Means over pixels, by 12 × 12 Gauss–Legendre nodes; x and y count from 1, as imfit's do."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    along = (np.arange(1, SIZE + 1)[:, None] + 0.5 * nodes).ravel()
    light = brightness(*np.meshgrid(along, along)).reshape(SIZE, 12, SIZE, 12)
    return np.einsum("aibj,i,j->ab", light, weights, weights) / 4.0


def in_axes(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """imfit's own: PA to the +x axis by 90 degrees, then along and across."""
    angle = math.radians(PA + 90.0)
    dx, dy = x - X, y - Y
    return dx * math.cos(angle) + dy * math.sin(angle), -dx * math.sin(angle) + dy * math.cos(angle)


def radius(x: np.ndarray, y: np.ndarray, c0: float = 0.0) -> np.ndarray:
    u, v = in_axes(x, y)
    return (np.abs(u) ** (c0 + 2) + np.abs(v / (1 - ELL)) ** (c0 + 2)) ** (1 / (c0 + 2))


def sersic(r: np.ndarray) -> np.ndarray:
    return 5 * np.exp(-gammaincinv(4, 0.5) * ((r / 6) ** 0.5 - 1))


def core_sersic(r: np.ndarray) -> np.ndarray:
    b, n, i_b, r_e, r_b, alpha, gamma = gammaincinv(6, 0.5), 3, 5, 12, 3, 2, 0.2
    prime = i_b * 2 ** (-gamma / alpha) * math.exp(b * (2 ** (1 / alpha) * r_b / r_e) ** (1 / n))
    core = (1 + (r_b / r) ** alpha) ** (gamma / alpha)
    return prime * core * np.exp(-b * ((r**alpha + r_b**alpha) / r_e**alpha) ** (1 / (alpha * n)))


def king(r: np.ndarray) -> np.ndarray:
    end = (1 + (20 / 3) ** 2) ** (-1 / 1.5)
    return 5 * (1 - end) ** -1.5 * np.clip((1 + (r / 3) ** 2) ** (-1 / 1.5) - end, 0, None) ** 1.5


def broken(r: np.ndarray) -> np.ndarray:
    k = (1 / 9 - 1 / 3) / 0.8
    return 5 * (1 + math.exp(-0.8 * 10)) ** -k * np.exp(-r / 9) * (1 + np.exp(0.8 * (r - 10))) ** k


def edge_on_disk(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    u, v = in_axes(x, y)
    reach = np.maximum(np.abs(u) / 8, 1e-9)
    return 2 * 8 * 0.5 * reach * k1(reach) / np.cosh(2 * v / (2 * 2)) ** (2 / 2)


def edge_on_ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    u, v = in_axes(x, y)
    return 5 * np.exp(-((np.abs(u) - 15) ** 2) / (2 * 9) - v**2 / (2 * 4))


MOFFAT = 5 / (2 * math.sqrt(2 ** (1 / 2.5) - 1))
SHAPE = f"PA {PA}\nell {ELL}\n"
CASES: dict[str, tuple[str, Light]] = {
    "Sersic": (SHAPE + "n 2\nI_e 5\nr_e 6", lambda x, y: sersic(radius(x, y))),
    "Sersic_GenEllipse": (SHAPE + "c0 0.6\nn 2\nI_e 5\nr_e 6", lambda x, y: sersic(radius(x, y, 0.6))),
    "Core-Sersic": (
        SHAPE + "n 3\nI_b 5\nr_e 12\nr_b 3\nalpha 2\ngamma 0.2",
        lambda x, y: core_sersic(radius(x, y)),
    ),
    "NukerLaw": (
        SHAPE + "I_b 5\nr_b 6\nalpha 2\nbeta 1.8\ngamma 0.1",
        lambda x, y: 5 * 2**0.85 * (radius(x, y) / 6) ** -0.1 * (1 + (radius(x, y) / 6) ** 2) ** -0.85,
    ),
    "Exponential": (SHAPE + "I_0 5\nh 6", lambda x, y: 5 * np.exp(-radius(x, y) / 6)),
    "Exponential_GenEllipse": (SHAPE + "c0 -0.4\nI_0 5\nh 6", lambda x, y: 5 * np.exp(-radius(x, y, -0.4) / 6)),
    "Gaussian": (SHAPE + "I_0 5\nsigma 4", lambda x, y: 5 * np.exp(-(radius(x, y) ** 2) / 32)),
    "Moffat": (SHAPE + "I_0 5\nfwhm 5\nbeta 2.5", lambda x, y: 5 * (1 + (radius(x, y) / MOFFAT) ** 2) ** -2.5),
    "ModifiedKing": (SHAPE + "I_0 5\nr_c 3\nr_t 20\nalpha 1.5", lambda x, y: king(radius(x, y))),
    "ModifiedKing2": (SHAPE + f"I_0 5\nr_c 3\nc {20 / 3}\nalpha 1.5", lambda x, y: king(radius(x, y))),
    "BrokenExponential": (
        SHAPE + "I_0 5\nh1 9\nh2 3\nr_break 10\nalpha 0.8",
        lambda x, y: broken(radius(x, y)),
    ),
    "EdgeOnDisk": (f"PA {PA}\nL_0 0.5\nh 8\nn 2\nz_0 2", edge_on_disk),
    "EdgeOnRing": (f"PA {PA}\nI_0 5\nr 15\nsigma_r 3\nsigma_z 2", edge_on_ring),
    "GaussianRing": (
        SHAPE + "A 5\nR_ring 12\nsigma_r 3",
        lambda x, y: 5 * np.exp(-((radius(x, y) - 12) ** 2) / 18),
    ),
    "FerrersBar2D": (
        SHAPE + "c0 0.5\nn 2\nI_0 5\na_bar 18",
        lambda x, y: 5 * np.clip(1 - (radius(x, y, 0.5) / 18) ** 2, 0, None) ** 2,
    ),
    "FlatSky": ("I_sky 3", lambda x, y: 3 + 0 * x * y),
    "TiltedSkyPlane": ("I_0 3\nm_x 0.1\nm_y -0.02", lambda x, y: 3 + 0.1 * (x - X) - 0.02 * (y - Y)),
}


@pytest.mark.parametrize("name", CASES)
def test_light_is_imfits(name: str, tmp_path: Path) -> None:
    lines, brightness = CASES[name]
    found = imported(f"{CENTRE}FUNCTION {name} # LABEL thing\n{lines}\n")
    assert not found.left
    fits.writeto(tmp_path / "data.fits", np.zeros((SIZE, SIZE)))
    image = {"data": "data.fits", "variance": {"constant": 1.0}}
    (tmp_path / "r.json").write_text(json.dumps({**found.request, "images": [image], "stages": []}))
    (path,) = render_here(tmp_path / "r.json", tmp_path / "out")
    expected = pixel_means(brightness)
    y, x = np.indices(expected.shape) + 1
    away = (np.hypot(x - X, y - Y) > 3) & (np.abs(expected) > 1e-6 * expected.max())
    # Across an axis where isophotes or light have a kink twelve nodes are good to about a thousandth.
    np.testing.assert_allclose(fits.getdata(path)[away], expected[away], rtol=2e-3, atol=2e-4 * expected.max())
    assert found.request["components"][0]["name"] == "thing"


def test_limits_that_touch_the_profiles_own_ends_are_none() -> None:
    found = imported(
        f"{CENTRE}FUNCTION Sersic\nPA 18 0,180\nell 0.2 0,1\nn 1.5 fixed\nI_e 15 0,500\nr_e 25 0,100 # +/- 0.3\n"
    )
    parameters = found.request["components"][0]["parameters"]
    assert parameters["x"] == {"value": pytest.approx(30.3), "min": 0.0, "max": 59.0}
    assert parameters["pa"] == 18
    assert parameters["q"] == 0.8
    assert parameters["n"] == {"value": 1.5, "fixed": True}
    assert parameters["r_e"] == {"value": 25.0, "max": 100.0}
    ell = imported(f"{CENTRE}FUNCTION Exponential\nPA 18 10,40\nell 0.2 0.1,0.5\nI_0 1\nh 3").request["components"][0]
    assert ell["parameters"]["q"] == {"value": 0.8, "min": 0.5, "max": 0.9}
    assert ell["parameters"]["pa"] == {"value": 18.0, "min": 10.0, "max": 40.0}


def test_functions_of_one_set_share_its_centre_and_those_of_another_do_not() -> None:
    one = "FUNCTION Exponential\nPA 18\nell 0.2\nI_0 1\nh 3\n"
    found = imported(f"{CENTRE}{one}{one}X0 5\nY0 6\n{one}")
    assert [part["parameters"]["x"] for part in found.request["components"]][1:] == ["= exponential_1.x", 4.0]


def test_the_command_line_is_of_the_image() -> None:
    command = (
        "imfit -c model.dat data.fits[11:40,21:60] --mask=m.fits --overpsf p.fits --overpsf_scale 4 "
        "--overpsf_region 1:9,1:9 --gain 4.7 --readnoise=4.3 --sky 130 --ncombined 2 --nm --bootstrap 50"
    )
    found = imported(f"{CENTRE}FUNCTION PointSource\nI_tot 100\n", command)
    (image,) = found.request["images"]
    assert image["window"] == {"x": [10, 40], "y": [20, 60]}
    assert image["mask"] == {"path": "m.fits", "bits": "any"}
    assert image["psf"] == {"image": "p.fits", "convention": "discrete", "oversampling": 4}
    noise = image["variance"]["datum"]
    assert (noise["gain"], noise["sky"]) == (9.4, -130.0)
    assert noise["scatter"] == pytest.approx(4.3 * math.sqrt(2) / 9.4)
    assert {row.text for row in found.left} == {"--nm yes", "--bootstrap 50"}


def test_a_best_fit_file_says_its_own_command_line() -> None:
    text = (
        "# Best-fit model results for imfit\n#    imfit ic.fits -c c.dat --noise=v.fits --errors-are-variances\n\n"
        f"GAIN 3\n{CENTRE}FUNCTION Exponential\nPA 18 # +/- 2\nell 0.2\nI_0 1\nh 3\n"
    )
    found = imported(text, "")
    assert found.request["images"][0]["data"] == "ic.fits"
    assert found.request["images"][0]["variance"] == "v.fits"
    assert not found.left


def test_counts_by_the_cash_statistic() -> None:
    found = imported(f"{CENTRE}FUNCTION FlatSky\nI_sky 3\n", "imfit d.fits --cashstat --gain 3")
    assert found.request["noise"] == "poisson"
    assert found.request["images"][0]["variance"]["gain"] == 3.0


@pytest.mark.parametrize(
    "name", ["ExponentialDisk3D", "BrokenExponential2D", "GaussianRing2Side", "FerrersBar3D", "Nope"]
)
def test_functions_that_photfit_lacks_are_said_by_name(name: str) -> None:
    found = imported(f"{CENTRE}FUNCTION FlatSky\nI_sky 3\nFUNCTION {name}\nPA 3\nq 4\n")
    assert [name in (row.why_not or "") for row in found.left] == [True, True, True]
    with pytest.raises(ImportInvalid, match=name):
        imported(f"{CENTRE}FUNCTION {name}\nPA 3\n")


def test_without_an_image_it_is_refused() -> None:
    with pytest.raises(ImportInvalid, match="names no image"):
        imported(f"{CENTRE}FUNCTION FlatSky\nI_sky 3\n", "")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([
        "X0 3", "X0", "Y0 4 9,1", "FUNCTION Sersic", "FUNCTION", "FUNCTION ModifiedKing2", "FUNCTION EdgeOnDisk",
        "PA 3",
        "ell 2", "ell -1", "n 0 0,0", "I_e -3 fixed", "r_e nan", "h 1e9", "GAIN x", "GAIN 0", "FUNCTION PointSource",
        "OPTIONAL_PARAMS_START", "OPTIONAL_PARAMS_END", "I_tot 3 1,2", "word", "FUNCTION TiltedSkyPlane", "c 3 1,4",
    ]), max_size=25),
    st.sampled_from(["imfit d.fits", "imfit d.fits[1:2,9:3] --psf", "imfit 'd.fits", "imfit d.fits --gain -3", "-c"]),
)  # fmt: skip
def test_any_lines_import_or_are_refused_in_a_sentence(lines: list[str], command: str) -> None:
    with contextlib.suppress(ImportInvalid):
        imported("\n".join(["FUNCTION FlatSky", "I_sky 3", *lines]), command)


def test_what_is_neither_is_refused() -> None:
    with pytest.raises(ImportInvalid, match="is no model that photfit knows"):
        imported("hello")


def rows(found: ModelImport) -> list[dict[str, Any]]:
    return [row.document() for row in found.rows]


def test_every_line_has_a_row() -> None:
    text = f"{CENTRE}FUNCTION EdgeOnDisk\nPA 3\nL_0 1\nh 3\nn 1\nz_0 1\nodd 3\n"
    assert {row["line"] for row in rows(imported(text)) if row["file"] == "model.dat"} == set(range(1, 10))


def test_optional_parameters_leave_the_function_whole() -> None:
    block = "OPTIONAL_PARAMS_START\nmode alpha\nn 9\nOPTIONAL_PARAMS_END\n"
    lines = "PA 10\nell 0.2\nn 2\nI_e 3\nr_e 4\n"
    found = import_model(ImportSource("a.dat", f"X0 5\nY0 6\nFUNCTION Sersic\n{block}{lines}", "imfit a.fits"))
    without = import_model(ImportSource("a.dat", f"X0 5\nY0 6\nFUNCTION Sersic\n{lines}", "imfit a.fits"))
    assert found.request == without.request
    assert [row.text for row in found.left] == ["mode alpha", "n 9"]


def test_a_tilted_sky_whose_level_is_no_number_is_left_open() -> None:
    facts = ImageFacts(1.0, 1.0, True, 0.0, 1.0, (40, 50))
    text = "X0 5\nY0 6\nFUNCTION TiltedSkyPlane\nI_0 much\nm_x 0.1\nm_y 0\n"
    found = import_model(ImportSource("a.dat", text, "imfit a.fits", facts=lambda _: facts))
    assert found.request["components"][0]["parameters"] == {"di_dx": 0.1, "di_dy": 0.0}
    assert [row.text for row in found.left] == ["I_0 much"]


_FORMS = {
    "BrokenExponential": ("I_0 20", "h1 9", "h2 4", "r_break 10", "alpha 0.6"),
    "Core-Sersic": ("n 2", "I_b 40", "r_e 10", "r_b 4", "alpha 3", "gamma 0.1"),
    "ModifiedKing2": ("I_0 30", "r_c 4", "c 5 fixed", "alpha 2"),
    "GaussianRing": ("A 3", "R_ring 9", "sigma_r 2"),
    "FerrersBar2D": ("c0 0.5", "n 2", "I_0 8", "a_bar 12"),
}
_OF_A_LENGTH = {"h1": 1, "h2": 1, "r_break": 1, "r_e": 1, "r_b": 1, "r_c": 1, "R_ring": 1, "sigma_r": 1, "a_bar": 1}


@pytest.mark.parametrize("name", _FORMS)
def test_a_negative_ellipticity_is_the_same_light_along_the_other_axis(name: str, tmp_path: Path) -> None:
    """ell -0.25 at PA 20 with lengths r is ell 0.2 at PA 110 with lengths 1.25 r, by the definition of the ellipse."""

    def light(pa: float, ell: float, factor: float) -> np.ndarray:
        lines = [f"X0 30\nY0 31\nFUNCTION {name}", f"PA {pa}", f"ell {ell}"]
        for key, value, *rest in (line.split() for line in _FORMS[name]):
            power = _OF_A_LENGTH.get(key, -1 if (key, name) == ("alpha", "BrokenExponential") else 0)
            lines.append(" ".join((key, repr(float(value) * factor**power), *rest)))
        found = import_model(ImportSource("a.dat", "\n".join(lines), "imfit data.fits"))
        assert not found.left
        fits.writeto(tmp_path / "data.fits", np.zeros((60, 60)), overwrite=True)
        image = dict(found.request["images"][0], variance={"constant": 1.0})
        (tmp_path / "r.json").write_text(json.dumps({**found.request, "images": [image], "stages": []}))
        (path,) = render_here(tmp_path / "r.json", tmp_path / "out")
        return np.asarray(fits.getdata(path), dtype=float)

    turned, plain = light(20.0, -0.25, 1.0), light(110.0, 0.2, 1.25)
    assert np.abs(turned - plain).max() < 1e-4 * plain.max()


def test_no_more_functions_are_read_than_a_request_has_components() -> None:
    """30,000 took a minute of the sandbox."""
    function = "FUNCTION Sersic\nPA 1\nell 0.5\nn 1\nI_e 1\nr_e 3\n"
    with pytest.raises(ImportInvalid, match="2001 functions; 2000 are read"):
        imported("X0 10\nY0 10\n" + function * 2001)


def test_a_file_of_endless_lines_is_refused() -> None:
    with pytest.raises(ImportInvalid, match="more than 40000 lines"):
        imported("X0 10\nY0 10\n" * 90_000 + "FUNCTION Sersic\n")
