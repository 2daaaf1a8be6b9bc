"""GALFIT's files as requests: values against GALFIT's own formulas, forms of lines, constraints."""

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
from scipy.special import beta as beta_function
from scipy.special import gamma, gammaincinv, k1

from fitting.formats import ImageFacts, ImportInvalid, ImportSource, ModelImport, facts_of_file, import_model
from photfit.local import render_here

SIZE = 60
SECONDS = 10.0
ZERO = 24.0
SCALE = 0.2
X, Y, Q, PA = 31.3, 29.6, 0.7, 25.0
HEADER = f"""A) data.fits # the image
B) out.fits
C) none
D) none
E) 1
F) none
G) none
H) 1 {SIZE} 1 {SIZE}
I) 100 100
J) {ZERO}
K) {SCALE} {SCALE}
O) regular
P) 1
"""
FACTS = ImageFacts(SECONDS, 2.0, True, 1.0, 3.0, (SIZE, SIZE))


def imported(text: str, **beside: str) -> ModelImport:
    source = ImportSource(
        "a.feedme", text, text_beside=lambda name: beside.get(name.replace(".", "_")), facts=lambda _: FACTS
    )
    return import_model(source)


def values(found: ModelImport, place: int = 0) -> dict[str, Any]:
    parameters = found.request["components"][place]["parameters"]
    return {
        key: item["value"] if isinstance(item, dict) and "value" in item else item for key, item in parameters.items()
    }


def rendered(found: ModelImport, folder: Path) -> np.ndarray:
    fits.writeto(folder / "data.fits", np.zeros((SIZE, SIZE)), overwrite=True)
    image = dict(found.request["images"][0], variance={"constant": 1.0})
    (folder / "r.json").write_text(json.dumps({**found.request, "images": [image]}))
    (path,) = render_here(folder / "r.json", folder / "out")
    return np.asarray(fits.getdata(path), dtype=float)


def pixel_means(brightness: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """Means over pixels, by 12 × 12 Gauss–Legendre nodes; x and y count from 1, as GALFIT's do."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    along = (np.arange(1, SIZE + 1)[:, None] + 0.5 * nodes).ravel()
    light = brightness(*np.meshgrid(along, along)).reshape(SIZE, 12, SIZE, 12)
    return np.einsum("aibj,i,j->ab", light, weights, weights) / 4.0


def along_and_across(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets along and across the major axis, whose angle goes from up through left."""
    angle = math.radians(PA)
    dx, dy = x - X, y - Y
    return dy * math.cos(angle) - dx * math.sin(angle), -(dx * math.cos(angle) + dy * math.sin(angle))


def radius(x: np.ndarray, y: np.ndarray, power: float = 2.0) -> np.ndarray:
    u, v = along_and_across(x, y)
    return (np.abs(u) ** power + np.abs(v / Q) ** power) ** (1.0 / power)


def flux(magnitude: float) -> float:
    return SECONDS * 10.0 ** (-0.4 * (magnitude - ZERO))


def of_a_pixel(mu: float) -> float:
    return flux(mu) * SCALE**2


def sersic(r: np.ndarray, at_r_e: float, n: float, r_e: float) -> np.ndarray:
    return at_r_e * np.exp(-gammaincinv(2 * n, 0.5) * ((r / r_e) ** (1 / n) - 1))


def sersic_at_r_e(total: float, n: float, r_e: float, c0: float = 0.0) -> float:
    """Peng et al. 2010, equations 4 and 5."""
    kappa = gammaincinv(2 * n, 0.5)
    correction = math.pi * (c0 + 2) / (4 * beta_function(1 / (c0 + 2), 1 + 1 / (c0 + 2)))
    whole = 2 * math.pi * r_e**2 * math.exp(kappa) * n * kappa ** (-2 * n) * gamma(2 * n) * Q / correction
    return total / whole


def king(r: np.ndarray) -> np.ndarray:
    end = (1 + (20 / 3) ** 2) ** -0.5
    return (1 - end) ** -2.0 * np.clip((1 + (r / 3) ** 2) ** -0.5 - end, 0, None) ** 2


def nuker(r: np.ndarray) -> np.ndarray:
    return 2 ** ((1.8 - 0.3) / 2) * (r / 6) ** -0.3 * (1 + (r / 6) ** 2) ** ((0.3 - 1.8) / 2)


def edge_on(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    u, v = along_and_across(x, y)
    reach = np.maximum(np.abs(u) / 8, 1e-9)
    return reach * k1(reach) / np.cosh(v / 3) ** 2


MOFFAT = 5 / (2 * math.sqrt(2 ** (1 / 2.5) - 1))
SHAPE = f"9) {Q} 1\n10) {PA} 1\n"
CASES: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "sersic": (
        f"3) 18 1\n4) 6 1\n5) 2 1\n{SHAPE}",
        lambda x, y: sersic(radius(x, y), sersic_at_r_e(flux(18), 2, 6), 2, 6),
    ),
    "devauc": (f"3) 18 1\n4) 9 1\n{SHAPE}", lambda x, y: sersic(radius(x, y), sersic_at_r_e(flux(18), 4, 9), 4, 9)),
    "expdisk": (
        f"3) 18 1\n4) 5 1\n{SHAPE}",
        lambda x, y: flux(18) / (2 * math.pi * 25 * Q) * np.exp(-radius(x, y) / 5),
    ),
    "gaussian": (
        f"3) 18 1\n4) 7 1\n{SHAPE}",
        lambda x, y: flux(18) * 4 * math.log(2) / (math.pi * 49 * Q) * 2.0 ** (-4 * (radius(x, y) / 7) ** 2),
    ),
    "moffat": (
        f"3) 18 1\n4) 5 1\n5) 2.5 1\n{SHAPE}",
        lambda x, y: flux(18) * 1.5 / (math.pi * MOFFAT**2 * Q) * (1 + (radius(x, y) / MOFFAT) ** 2) ** -2.5,
    ),
    "nuker": (
        f"3) 17 1\n4) 6 1\n5) 2 1\n6) 1.8 1\n7) 0.3 1\n{SHAPE}",
        lambda x, y: of_a_pixel(17) * nuker(radius(x, y)),
    ),
    "king": (f"3) 17 1\n4) 3 1\n5) 20 1\n6) 2 0\n{SHAPE}", lambda x, y: of_a_pixel(17) * king(radius(x, y))),
    "ferrer": (
        f"3) 17 1\n4) 15 1\n5) 2 1\n6) 0.5 1\n{SHAPE}",
        lambda x, y: of_a_pixel(17) * np.clip(1 - (radius(x, y) / 15) ** 1.5, 0, None) ** 2,
    ),
    "edgedisk": (f"3) 17 1\n4) 3 1\n5) 8 1\n10) {PA} 1\n", lambda x, y: of_a_pixel(17) * edge_on(x, y)),
    "sersic1": (
        f"3) 15 1\n4) 6 1\n5) 2 1\n{SHAPE}",
        lambda x, y: sersic(radius(x, y), of_a_pixel(15) * math.exp(-gammaincinv(4, 0.5)), 2, 6),
    ),
    "sersic2": (f"3) 17 1\n4) 6 1\n5) 2 1\n{SHAPE}", lambda x, y: sersic(radius(x, y), of_a_pixel(17), 2, 6)),
    "gaussian2": (
        f"3) 17 1\n4) 7 1\n{SHAPE}",
        lambda x, y: of_a_pixel(17) * 16 * 2.0 ** (-4 * (radius(x, y) / 7) ** 2),
    ),
    "corser": (
        f"3) 17 1\n4) 3 1\n5) 2 1\n6) 0.3 1\n7) 9 1\n8) 2.5 1\n{SHAPE}",
        lambda x, y: of_a_pixel(17) * core_sersic(radius(x, y)),
    ),
    "sersic and C0": (
        f"3) 18 1\n4) 6 1\n5) 2 1\n{SHAPE}C0) 0.6 1\n",
        lambda x, y: sersic(radius(x, y, 2.6), sersic_at_r_e(flux(18), 2, 6, 0.6), 2, 6),
    ),
}


def core_sersic(r: np.ndarray) -> np.ndarray:
    """Graham et al. 2003, equations 5 and 6: 1 at r_b = 3, with r_e = 9, n = 2.5, α = 2, γ = 0.3."""
    b = gammaincinv(5.0, 0.5)
    inner = (1 + (3 / r) ** 2) ** 0.15 * 2.0**-0.15
    return inner * np.exp(b * (((2**0.5) * 3 / 9) ** 0.4 - ((r**2 + 9) / 81) ** 0.2))


@pytest.mark.parametrize("kind", CASES)
def test_light_is_galfits(kind: str, tmp_path: Path) -> None:
    lines, brightness = CASES[kind]
    found = imported(f"{HEADER}\n0) {kind.split()[0]}\n1) {X} {Y} 1 1\n{lines}Z) 0\n")
    assert not found.left
    model, expected = rendered(found, tmp_path), pixel_means(brightness)
    y, x = np.indices(model.shape) + 1
    away = (np.hypot(x - X, y - Y) > 3) & (expected > 1e-6 * expected.max())
    np.testing.assert_allclose(model[away], expected[away], rtol=2e-3, atol=1e-4 * expected.max())


def test_sky_with_a_gradient_is_about_the_centre_of_the_region(tmp_path: Path) -> None:
    text = HEADER.replace(f"H) 1 {SIZE} 1 {SIZE}", "H) 11 40 21 60") + "\n0) sky\n1) 5 1\n2) 0.1 1\n3) -0.2 1\n"
    model = rendered(imported(text), tmp_path)
    y, x = np.indices(model.shape)
    inside = np.zeros(model.shape, dtype=bool)
    inside[:30, :30] = True
    ys, xs = (y, x) if model.shape == (SIZE, SIZE) else (y + 20, x + 10)
    expected = 5 + 0.1 * (xs + 1 - 25.5) - 0.2 * (ys + 1 - 40.5)
    part = expected[20:60, 10:40] if model.shape == (SIZE, SIZE) else expected
    light = model[20:60, 10:40] if model.shape == (SIZE, SIZE) else model
    np.testing.assert_allclose(light, part, rtol=1e-9)


def test_truncated_light_has_its_brightness_at_r_e_and_its_radii_of_99_and_1_percent(tmp_path: Path) -> None:
    round_one = f"9) 1 0\n10) {PA} 0\n"
    cut = "0) sersic\n1) 30 30 1 1\n3) 17 1\n4) 6 1\n5) 1 1\n" + round_one + "To) 2\n\nT0) radial\nT4) 10 1\nT5) 8 1\n"
    model = rendered(imported(f"{HEADER}\n{cut}"), tmp_path)
    for r, share in ((6, 1.0), (10, 0.99), (18, 0.01)):
        plain = of_a_pixel(17) * math.exp(-gammaincinv(2, 0.5) * (r / 6 - 1))
        assert model[29, 29 + r] / plain == pytest.approx(share, rel=0.1)


def test_one_truncation_between_two_objects_hands_all_light_over() -> None:
    one = "0) expdisk\n1) 30 30 1 1\n3) 17 1\n4) 6 1\n9) 1 0\n10) 0 0\n"
    found = imported(f"{HEADER}\n{one}To) 3\n\n{one}Ti) 3\n\nT0) radial2\nT4) 10 1\nT5) 14 1\nT9) 0.5 1\n")
    assert values(found)["outer_truncation"] == 10
    assert values(found)["outer_truncation_width"] == 4
    assert values(found, 1)["inner_truncation"] == "= expdisk_1.outer_truncation + expdisk_1.outer_truncation_width"
    assert [row.text for row in found.left] == ["T9) 0.5 1"]


def test_modifiers_have_their_lines() -> None:
    text = (
        f"{HEADER}\n0) sersic\n1) 30 30 1 1\n3) 18 1\n4) 6 1\n5) 1 1\n9) 0.6 1\n10) 10 1\n"
        "B2) 0.3 1\nF1) 0.07 30 1 0\nR0) powerlaw\nR1) 2 1\nR2) 20 1\nR3) 150 1\nR4) 0.5 1\nR9) -40 1\nR10) 30 1\n"
    )
    found = imported(text)
    assert not found.left
    assert found.request["components"][0]["geometry"] == [{"bending": [2]}, {"fourier": [1]}, {"rotation": "power"}]
    assert values(found)["fourier_1_phase"] == 30
    assert values(found)["rotation_inclination"] == 40
    assert found.request["components"][0]["parameters"]["fourier_1_phase"] == {"value": 30.0, "fixed": True}


def test_every_line_has_a_row_and_what_is_unknown_is_said() -> None:
    text = f"{HEADER}\n0) powsersic\n3) 1 1\n\n0) sersic\n1) 3 4 1 0\n3) abc 1\n4) 5 1\nQ9) 3\nZ) 1\n"
    found = imported(text)
    written = {number for number, line in enumerate(text.splitlines(), 1) if line.split("#")[0].strip()}
    assert written == {row.line for row in found.rows if row.line}
    assert {row.text for row in found.left} == {"0) powsersic", "3) 1 1", "3) abc 1", "Q9) 3"}


def test_output_files_and_version_2_parse() -> None:
    text = (
        f"{HEADER}\n0) sersic\n1) *31.3* [29.6] 1 1\n3) {{18.5}} 1\n4) [6.0] 1\n5) 2 1\n8) 0.5 1\n9) 45 1\n10) -0.2 1\n"
    )
    found = imported(text)
    parameters = found.request["components"][0]["parameters"]
    assert parameters["x"] == pytest.approx(30.3)
    assert parameters["y"]["fixed"]
    assert parameters["r_e"]["fixed"]
    assert parameters["q"] == 0.5
    assert parameters["pa"] == 45
    assert parameters["c0"] == -0.2


def test_an_axis_ratio_above_1_is_an_ellipse_on_end() -> None:
    found = imported(f"{HEADER}\n0) sersic\n1) 3 4 1 1\n3) 18 1\n4) 5 1\n5) 1 1\n9) 2 1\n10) 10 1\n")
    assert {key: values(found)[key] for key in ("q", "r_e", "pa")} == {"q": 0.5, "r_e": 10, "pa": 100}


def test_zero_point_noise_and_window() -> None:
    (image,) = imported(f"{HEADER}\n0) sky\n1) 1 1\n").request["images"]
    assert image["zero_point"] == ZERO + 2.5
    assert image["variance"] == {"datum": {"gain": 2.0, "sky": 1.0, "scatter": 3.0}}
    assert image["window"] == {"x": [0, SIZE], "y": [0, SIZE]}


def test_psf_mask_and_sigma() -> None:
    text = HEADER.replace("C) none", "C) s.fits").replace("D) none", "D) p.fits k.txt").replace("E) 1", "E) 4")
    found = imported(
        text.replace("F) none", "F) bad.txt") + "\n0) psf\n1) 3 4 1 1\n3) 20 1\n", bad_txt="3 4\n4 4\n3 5\n4 5\nx"
    )
    (image,) = found.request["images"]
    assert image["sigma"] == "s.fits"
    assert image["psf"]["oversampling"] == 4
    assert image["mask_shapes"] == [{"box": {"x": [2, 4], "y": [3, 5]}}]
    assert ["kernel" in (row.why_not or "") for row in found.left] == [True, False]


OBJECTS = "".join(
    f"0) sersic\n1) {10 * k} {20 + k} 1 1\n3) {18 + k} 1\n4) {k + 1} 1\n5) {k} 1\n9) 0.5 1\n10) 10 1\n\n"
    for k in (1, 2, 3)
)


def constrained(lines: str, objects: str = OBJECTS) -> ModelImport:
    return imported(f"{HEADER.replace('G) none', 'G) c.txt')}\n{objects}", c_txt=lines)


def test_constraints_in_all_forms() -> None:
    found = constrained(
        "1 x -1 0.5 # relative\n2 n 0.7 to 5\n3_2 y offset\n1_3 re ratio\n1-2 mag -2 3\n2/1 re 1 3\n9 x 1 2\n"
        "1 mag -1 2\n"
    )
    one, two, three = (part["parameters"] for part in found.request["components"])
    assert one["x"] == {"value": 9.0, "min": 8.0, "max": 9.5}
    assert two["n"] == {"value": 2.0, "min": 0.7, "max": 5.0}
    assert two["y"] == "= sersic_3.y - 1"
    assert three["r_e"] == "= sersic_1.r_e * 2"
    assert one["magnitude"] == {"value": 19.0, "min": 18.0, "max": 21.0}
    assert found.request["constraints"] == [
        {"expression": "sersic_1.magnitude - sersic_2.magnitude", "min": -2.0, "max": 3.0},
        {"expression": "sersic_2.r_e / sersic_1.r_e", "min": 1.0, "max": 3.0},
    ]
    assert [row.text for row in found.left] == ["9 x 1 2"]


def test_constraints_of_surface_brightnesses_are_of_intensities() -> None:
    objects = "".join(f"0) king\n1) 9 9 1 1\n3) {mu} 1\n4) 3 1\n5) 9 1\n6) 2 0\n9) 1 0\n10) 0 0\n\n" for mu in (17, 18))
    found = constrained("1 mag -1 2\n2-1 mag 0 2.5\n2 mu 16 to 19", objects)
    (first, second) = (part["parameters"]["i_0"] for part in found.request["components"])
    assert first["min"] == pytest.approx(of_a_pixel(19))
    assert first["max"] == pytest.approx(of_a_pixel(16))
    assert second["min"] == pytest.approx(of_a_pixel(19))
    assert second["max"] == pytest.approx(of_a_pixel(16))
    (ratio,) = found.request["constraints"]
    assert (ratio["min"], ratio["max"]) == (pytest.approx(0.1), pytest.approx(1.0))


def test_galfitm_has_one_value_a_band() -> None:
    header = HEADER.replace("A) data.fits", "A) g.fits,r.fits,i.fits\nA1) g,r,i\nA2) 480,620,760").replace(
        f"J) {ZERO}", "J) 24,25,26"
    )
    text = (
        f"{header}\n0) sersic\n1) 30,30,30 1 band\n2) 31 1 cheb\n3) 18,17,16.5 3 band\n4) 5,6,7.5 2 band\n"
        "5) 2,0.5,0 2 cheb\n9) 0.5 0 cheb\n10) 10 1 cheb\n"
    )
    found = imported(text)
    parameters = found.request["components"][0]["parameters"]
    assert [image["name"] for image in found.request["images"]] == ["g", "r", "i"]
    assert [image["zero_point"] for image in found.request["images"]] == [26.5, 27.5, 28.5]
    assert parameters["x"] == 29
    assert parameters["q"] == {"value": 0.5, "fixed": True}
    assert parameters["magnitude"] == {"by_image": {"g": 18.0, "r": 17.0, "i": 16.5}}
    coefficients = [item if isinstance(item, float) else item["value"] for item in parameters["r_e"]["polynomial"]]
    np.testing.assert_allclose(np.polynomial.chebyshev.chebval([-1, 0, 1], coefficients), [5, 6, 7.5])
    assert parameters["r_e"]["polynomial"][2]["fixed"]
    assert parameters["n"]["polynomial"][:2] == [2.0, 0.5]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([
    "0) sersic", "0) king", "0) psf", "0) sky", "T0) radial", "0)", "1) 3 4 1 1", "1) 3", "3) 18 1", "3) nan 1",
    "4) -5 1",
    "5) 1e9 1", "9) 0 1", "10) x", "C0) -3 1", "F1) 1", "F99) 1 2 1 1", "B2) 1 1", "R0) log", "R2) 0 1", "R3) 4 1",
    "R4) 1 1",
    "To) 2", "Ti) 1", "T4) 3 1", "T5) 0 1", "Z) 1", "H) 9 1 3 4", "J) x", "K) 0 0", "A) b.fits", "word", "2) 3 1",
    "3) 1,2,3 1", "8) 0.5 1", "6) 1 1", "7) 3 1",
]), max_size=25))  # fmt: skip
def test_any_lines_import_or_are_refused_in_a_sentence(lines: list[str]) -> None:
    try:
        found = imported(HEADER + "\n".join(lines))
    except ImportInvalid:
        return
    assert found.rows


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_refused_in_a_sentence(text: str) -> None:
    for whole in (text, HEADER + OBJECTS + text, "FUNCTION Sersic\n" + text):
        with contextlib.suppress(ImportInvalid):
            imported(whole)
    constrained(text)


def test_facts_of_a_header(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    data = 5.0 + 2.0 * rng.standard_normal((80, 90))
    data[20:30, 20:30] += 500.0
    fits.writeto(tmp_path / "d.fits", data, fits.Header({"EXPTIME": 30.0, "GAIN": 3.0, "NCOMBINE": 4}))
    facts = facts_of_file(tmp_path / "d.fits")
    assert (facts.exposure, facts.gain, facts.shape) == (30.0, 12.0, (80, 90))
    assert facts.sky == pytest.approx(5.0, abs=0.1)
    assert facts.scatter == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize("modifiers", ["", "C0) 0.6 0\n", "F1) 0.1 25 0 0\nF3) 0.05 -10 0 0\n"])
def test_an_ellipse_wider_across_its_axis_has_the_same_light(modifiers: str, tmp_path: Path) -> None:
    """q above 1 by GALFIT's formulas, evaluated as they stand."""
    text = f"{HEADER}0) sersic2\n1) {X} {Y} 0 0\n3) 17 0\n4) 5 0\n5) 1.5 0\n9) 1.6 0\n10) {PA} 0\n{modifiers}"
    found = imported(text)
    assert not found.left
    assert values(found)["q"] == pytest.approx(1 / 1.6)

    def light(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u, v = along_and_across(x, y)
        v = v / 1.6
        power = 2.6 if "C0" in modifiers else 2.0
        r = (np.abs(u) ** power + np.abs(v) ** power) ** (1 / power)
        if "F" in modifiers:
            theta = np.degrees(np.arctan2(v, u))
            wave = 0.1 * np.cos(np.radians(theta - 25)) + 0.05 * np.cos(3 * np.radians(theta + 10))
            r = r * (1 + wave)
        return sersic(r, of_a_pixel(17), 1.5, 5)

    got, wanted = rendered(found, tmp_path), pixel_means(light)
    assert np.abs(got - wanted).max() < 2e-3 * wanted.max()


@pytest.mark.parametrize(
    ("across", "along"),
    [
        ("To) 2\n\nT0) radial\nT4) 8 0\nT5) 5 0\n", "To) 2\n\nT0) radial\nT4) 12.8 0\nT5) 8 0\n"),
        (ARMS := "R0) power\nR1) 2 0\nR2) 20 0\nR3) 150 0\nR4) 0.5 0\nR9) 40 0\nR10) 30 0\n", ARMS),
    ],
)
def test_truncations_and_arms_of_an_ellipse_wider_across_its_axis(across: str, along: str, tmp_path: Path) -> None:
    """q = 1.6 with lengths r at PA is q = 1/1.6 with lengths 1.6 r at PA + 90, by the definition of the ellipse."""
    head = f"{HEADER}0) sersic2\n1) {X} {Y} 0 0\n3) 17 0\n"
    turned = imported(f"{head}4) 5 0\n5) 1.5 0\n9) 1.6 0\n10) {PA} 0\n{across}")
    plain = imported(f"{head}4) 8 0\n5) 1.5 0\n9) 0.625 0\n10) {PA + 90} 0\n{along}")
    assert not turned.left
    np.testing.assert_allclose(rendered(turned, tmp_path), rendered(plain, tmp_path), rtol=1e-9)


def test_bending_along_the_shorter_axis_is_said_to_be_none_of_photfits() -> None:
    found = imported(f"{HEADER}0) sersic\n1) {X} {Y} 0 0\n3) 17 0\n4) 5 0\n5) 1 0\n9) 1.6 0\n10) 20 0\nB2) 1 0\n")
    assert [(row.text, "the shorter" in (row.why_not or "")) for row in found.left] == [("9) 1.6 0", True)]
    assert values(found)["q"] == 1.0


def test_links_to_an_ellipse_wider_across_its_axis_keep_their_starts(tmp_path: Path) -> None:
    first = f"0) sersic\n1) {X} {Y} 1 1\n3) 18 1\n4) 5 1\n5) 1 1\n9) 1.25 1\n10) 20 1\n"
    second = f"0) sersic\n1) {X} {Y} 1 1\n3) 19 1\n4) 10 1\n5) 1 1\n9) 0.9 1\n10) 50 1\n"
    header = HEADER.replace("G) none", "G) c.txt")
    tied = imported(header + first + second, c_txt="1_2 re ratio\n1_2 q ratio\n1_2 pa offset\n1/2 n 0.5 2\n")
    free = imported(header + first + second, c_txt="# none\n")
    assert not tied.left
    assert rendered(tied, tmp_path) == pytest.approx(rendered(free, tmp_path), rel=1e-8)
    back = imported(header + second + first.replace("10) 20", "10) 200"), c_txt="1_2 re ratio\n1_2 pa offset\n")
    alone = imported(header + second + first, c_txt="# none\n")
    assert rendered(back, tmp_path) == pytest.approx(rendered(alone, tmp_path), rel=1e-8)


def test_several_bands_may_be_wider_across_their_axis() -> None:
    header = HEADER.replace("A) data.fits", "A) a.fits,b.fits\nA1) a,b\nA2) 500,700").replace("C) none\nD) none", "")
    lines = "0) sersic\n1) 30,0 1 cheb\n2) 30,0 1 cheb\n3) 18,18 2\n4) 5,0.5 2 cheb\n5) 1,0 1 cheb\n6) 0,0 0,0 cheb\n"
    found = imported(header + lines + "9) 1.25,0 1 cheb\n10) 20,0 1 cheb\nS) 0\nU) 0\n")
    assert (values(found)["q"], values(found)["pa"]) == (0.8, 110)
    assert values(found)["r_e"] == {"polynomial": [6.25, 0.625]}
    assert not [row for row in found.left if row.text[:2] in ("6)", "S)", "U)")]
    small = imported(header + lines + "9) 0.001,0 1 cheb\n10) 20,0 1 cheb\n")
    assert 0.001 < values(small)["q"] < 0.1


BANDS = (
    HEADER.replace("A) data.fits", "A) a.fits,b.fits,c.fits\nA1) r,g,B\nA2) 600,500,400")
    .replace("C) none\nD) none", "")
    .replace("G) none", "G) c.txt")
)


@pytest.mark.parametrize(
    ("line", "parameter", "expected"),
    [
        ("1 x -1 in 0.5", "x", {"value": 29.0, "min": 28.0, "max": 29.5}),
        ("1 q factor 2", "q", {"value": 0.5, "min": 0.25}),
        ("1 q -9 9\n1 q 0.3 to 0.8\n1 q 0.4 to 2", "q", {"value": 0.5, "min": 0.4, "max": 0.8}),
        ("1 q_g 0.3 to 0.8", "q", {"value": 0.5, "min": 0.3, "max": 0.8}),
        ("1 re_g -1 0.5", "r_e", {"by_image": {"r": 5.0, "g": {"value": 6.0, "min": 5.0, "max": 6.5}, "B": 7.0}}),
        (
            "1 re -1 1",
            "r_e",
            {
                "by_image": {
                    n: {"value": v, "min": v - 1, "max": v + 1} for n, v in (("r", 5.0), ("g", 6.0), ("B", 7.0))
                }
            },
        ),
        (
            "1 n_1 -10 to 10",
            "n",
            {"polynomial": [2.0, {"value": 0.5, "min": -10.0, "max": 10.0}]},
        ),
        ("1 x -2 ref 2", "x", 29.0),
    ],
)
def test_galfitms_constraints(line: str, parameter: str, expected: Any) -> None:
    text = f"{BANDS}0) sersic\n1) 30 30 1 1\n3) 18,18,18 3\n4) 5,6,7 3\n5) 2,0.5,0 2 cheb\n9) 0.5 1\n10) 20 1\n"
    found = imported(text, c_txt=line + "\n")
    assert not found.left
    assert found.request["components"][0]["parameters"][parameter] == expected


@pytest.mark.parametrize(
    "line", ["1 x -2 ref 3\n", "1 re -2 ref 3\n", "1 n 1 to 3\n", "1 re_g 1 to 3\n", "1 x_1 -2 2\n"]
)
def test_constraints_that_cannot_be_are_left(line: str) -> None:
    text = f"{BANDS}0) sersic\n1) 30 30 1 1\n3) 18,18,18 3\n4) 5,6,7 3\n5) 2,0.5,0 2 cheb\n9) 0.5 1\n10) 20 1\n"
    assert len(imported(text, c_txt=line).left) == (0 if line == "1 x -2 ref 3\n" else 1)


def test_forms_of_galfitms_numbers() -> None:
    """A comma behind the last value, GALFITM's word between, coefficients of the oldest outputs, and 48 bands."""
    lines = (
        "0) sersic\n1) 30 30 1 1\n3) 18,17,16, 3 band\n"
        "4) 5,0.5,0 1,1,-1\n5) 2,0,0 cheb 1\n8) 0,0,0 -1,-1,-1\n9) 0.5 1\n"
    )
    found = imported(BANDS + lines + "10) 20 1\nV) 0,0,500,0.8\nU) 0,0.75,25\n", c_txt="\n")
    assert not found.left
    assert values(found)["magnitude"] == {"by_image": {"r": 18.0, "g": 17.0, "B": 16.0}}
    assert values(found)["r_e"] == {"polynomial": [5.0, 0.5]}
    assert values(found)["n"] == 2.0
    sampled = imported(BANDS + lines + "10) 20 1\nV) 1\nU) 1\n", c_txt="\n")
    assert [row.text for row in sampled.left] == ["V) 1", "U) 1"]
    head = HEADER.replace("A) data.fits", f"A) {','.join(['a.fits'] * 48)}\nA2) {','.join(map(str, range(100, 148)))}")
    many = imported(head + "0) sersic\n1) 30 30 1 1\n3) 18 3\n4) 5 1\n9) 0.5 1\n10) 20 1\n")
    assert values(many)["magnitude"] == {"polynomial": [18.0, 0.0, 0.0]}


def test_what_a_link_holds_is_constrained_no_second_time() -> None:
    part = f"0) sersic\n1) {X} {Y} 1 1\n3) 18 1\n4) 5 1\n5) 1 1\n9) 0.8 1\n10) 20 1\n"
    found = imported(
        HEADER.replace("G) none", "G) c.txt") + part + part, c_txt="1_2 x offset\n2-1 x -1 1\n1/2 re 0.5 2\n"
    )
    assert [row.text for row in found.left] == ["2-1 x -1 1"]
    assert [item["expression"] for item in found.request["constraints"]] == ["sersic_1.r_e / sersic_2.r_e"]
