"""Derived values in the other frame, held to finite differences of astropy's WCS, quadrature and draws from the
covariance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from scipy.integrate import dblquad, quad
from scipy.special import gammaincinv

from fitting.files import flux_scale
from fitting.first_values import complete_request
from fitting.results import FitResult, parameters_document
from fitting.results.derived import Derived
from fitting.run import run
from fitting.spec import PROFILES, RequestInvalid, parse_request
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, sersic, values_of

SHAPES = {
    "square": [[-0.3, 0.0], [0.0, 0.3]],
    "swapped": [[0.0, 0.2], [0.2, 0.0]],
    "flat pixels": [[-0.2, 0.0], [0.0, 0.4]],
    "sheared": [[-0.25, 0.12], [0.05, 0.35]],
    "mirrored and turned": [[0.3 * math.cos(0.7), -0.3 * math.sin(0.7)], [0.3 * math.sin(0.7), 0.3 * math.cos(0.7)]],
}
"""Arcsec a pixel: CD matrices times 3600."""
GALAXY = [flat_sky(), sersic(x=20.3, y=18.6, q=0.6, pa=25.0, n=1.5, r_e=6.0, i_e=50.0)]


def header(shape: str = "square", ra: float = 150.1, dec: float = 2.2, **cards: Any) -> fits.Header:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix = [ra, dec], [12.0, 30.0]
    wcs.wcs.cd = np.array(SHAPES[shape]) / 3600.0
    found = wcs.to_header()
    found.update(cards)
    return found


def rows_of(result: FitResult) -> dict[str, Derived]:
    return {row.name: row for row in result.derived}


def ellipse_by_astropy(values: dict[str, float], wcs: WCS) -> tuple[float, float, float]:
    """Semi-axes, arcsec, and position angle, degrees, of the points of an isophote on the sky."""
    x, y, q, pa, r_e = (values[f"g.{name}"] for name in ("x", "y", "q", "pa", "r_e"))
    turn, angle = np.radians(pa), np.linspace(0.0, 2.0 * np.pi, 20001)[:-1]
    along, across = 1e-3 * r_e * np.cos(angle), 1e-3 * r_e * q * np.sin(angle)
    pixels = np.stack(
        (x - along * np.sin(turn) + across * np.cos(turn), y + along * np.cos(turn) + across * np.sin(turn)), axis=-1
    )
    sky = SkyCoord(*wcs.all_pix2world(pixels, 0).T, unit="deg")
    centre = SkyCoord(*wcs.all_pix2world([[x, y]], 0)[0], unit="deg")
    far = centre.separation(sky).to_value(units.arcsec) * 1e3
    return far.max(), far.min(), centre.position_angle(sky[np.argmax(far)]).deg % 180.0


@pytest.mark.parametrize("dec", [2.2, -89.99])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_ellipse_on_the_sky_is_that_of_astropys_points(shape: str, dec: float) -> None:
    result = fitted(GALAXY, image_of(np.zeros((41, 41)), header=header(shape, dec=dec)), stages=[])
    rows = rows_of(result)
    major, minor, angle = ellipse_by_astropy(values_of(result), WCS(header(shape, dec=dec)))
    assert rows["g.r_e_arcsec"].value == pytest.approx(major, rel=1e-5)
    assert rows["g.r_e_minor_arcsec"].value == pytest.approx(minor, rel=1e-5)
    assert rows["g.q_sky"].value == pytest.approx(minor / major, rel=1e-5)
    assert rows["g.pa_sky"].value == pytest.approx(angle, abs=0.05)


@pytest.mark.parametrize("dec", [2.2, -89.99])
@pytest.mark.parametrize("shape", ["swapped", "sheared", "mirrored and turned"])
def test_uncertainties_on_the_sky_are_those_of_draws_from_the_covariance(shape: str, dec: float) -> None:
    data = noisy(rendered(GALAXY))
    image = image_of(data, header=header(shape, dec=dec), zero_point=25.0)
    result = fitted(GALAXY, image)
    rows, best = rows_of(result), values_of(result)
    names = ("g.q_sky", "g.pa_sky", "g.r_e_arcsec", "g.r_e_minor_arcsec", "g.mu_e", "g.mu_0", "g.mean_mu_e")
    covariance = result.covariance
    slopes = []
    for name in covariance.names:
        step = 1e-4 * max(abs(best[name]), 1.0)
        sides = [at(result, image, {name: best[name] + sign * step}) for sign in (1.0, -1.0)]
        slopes.append([((sides[0][key] - sides[1][key] + 90.0) % 180.0 - 90.0) / (2.0 * step) for key in names])
    slope = np.array(slopes).T
    expected = np.sqrt(np.einsum("ka,ab,kb->k", slope, covariance.matrix, slope))
    assert [rows[name].uncertainty for name in names] == pytest.approx(expected.tolist(), rel=1e-4)


def at(result: FitResult, image: Any, moved: dict[str, float]) -> dict[str, float]:
    """Derived values of the model at other values."""
    request = result.request.with_values(values_of(result) | moved).model_copy(update={"stages": ()})
    return {row.name: row.value for row in run(request, [image]).derived}


def test_galactic_axes_give_an_angle_from_the_icrs_north() -> None:
    galactic = header("mirrored and turned", ra=200.0, dec=40.0)
    galactic.update({"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"})
    result = fitted(GALAXY, image_of(np.zeros((41, 41)), header=galactic), stages=[])
    values = values_of(result)
    x, y, turn = values["g.x"], values["g.y"], np.radians(values["g.pa"])
    ends = [[x, y], [x - 1e-2 * np.sin(turn), y + 1e-2 * np.cos(turn)]]
    centre, end = SkyCoord(*WCS(galactic).all_pix2world(ends, 0).T, frame="galactic", unit="deg").icrs
    rows = rows_of(result)
    assert rows["g.pa_sky"].value == pytest.approx(centre.position_angle(end).deg % 180.0, abs=1e-3)
    assert [rows["g.ra"].value, rows["g.dec"].value] == pytest.approx([centre.ra.deg, centre.dec.deg], abs=1e-9)


def test_surface_brightness_takes_the_pixels_area_of_the_place() -> None:
    # SIP: pixels are larger by some percent at one side.
    cards = {
        "CTYPE1": "RA---TAN-SIP",
        "CTYPE2": "DEC--TAN-SIP",
        "A_ORDER": 2,
        "B_ORDER": 2,
        "A_2_0": 2e-3,
        "B_0_2": 0.0,
    }
    image = image_of(np.zeros((41, 41)), header=header(**cards), zero_point=25.0)
    result = fitted(GALAXY, image, stages=[])
    wcs, values = WCS(image.header), values_of(result)
    x, y = values["g.x"], values["g.y"]
    corners = np.array([[x - 0.5, y - 0.5], [x + 0.5, y - 0.5], [x + 0.5, y + 0.5], [x - 0.5, y + 0.5]])
    sky = wcs.all_pix2world(corners, 0)
    east, north = (sky[:, 0] - sky[0, 0]) * np.cos(np.radians(sky[:, 1].mean())) * 3600.0, sky[:, 1] * 3600.0
    north -= north[0]
    area = 0.5 * abs(np.dot(east, np.roll(north, 1)) - np.dot(north, np.roll(east, 1)))
    rows = rows_of(result)
    assert area != pytest.approx(0.09, rel=0.01)
    assert rows["g.mu_e"].value == pytest.approx(25.0 - 2.5 * np.log10(values["g.i_e"] / area), abs=1e-5)
    assert rows["g.i_e_arcsec2"].value == pytest.approx(values["g.i_e"] / area, rel=1e-5)
    b = gammaincinv(2.0 * values["g.n"], 0.5)
    assert rows["g.mu_0"].value == pytest.approx(rows["g.mu_e"].value - 2.5 / np.log(10.0) * b)
    axes = rows["g.r_e_arcsec"].value * rows["g.r_e_minor_arcsec"].value
    mean = rows["g.magnitude"].value + 2.5 * np.log10(2.0 * np.pi * axes)
    assert rows["g.mean_mu_e"].value == pytest.approx(mean, abs=1e-5)


def test_a_given_pixel_scale_keeps_the_headers_directions() -> None:
    flat = image_of(np.zeros((41, 41)), header=header("flat pixels"))
    rows, larger = (
        rows_of(fitted(GALAXY, image, stages=[]))
        for image in (flat, replace(flat, pixel_scale=2.0 * math.sqrt(0.2 * 0.4)))
    )
    assert larger["g.pa_sky"].value == pytest.approx(rows["g.pa_sky"].value)
    assert larger["g.r_e_arcsec"].value == pytest.approx(2.0 * rows["g.r_e_arcsec"].value)


def test_a_request_on_the_sky_is_told_in_pixels() -> None:
    parameters = {"ra": 150.1, "dec": 2.2, "q": 0.5, "pa": 70.0, "n": 1.0, "r_e": 1.6, "i_e": 400.0}
    document = {
        "frame": "sky",
        "images": [{"name": "image", "data": "a.fits"}],
        "components": [{"name": "g", "profile": "sersic", "parameters": parameters}],
    }
    image = image_of(np.zeros((41, 41)), header=header("flat pixels"), zero_point=25.0)
    result = run(complete_request(parse_request(document), [image]), [image])
    rows = rows_of(result)
    there = {f"g.{name}": rows[f"g.{name}"].value for name in ("x", "y")}
    there |= {f"g.{name}": rows[f"g.{name}_pixel"].value for name in ("q", "pa", "r_e")}
    major, minor, angle = ellipse_by_astropy(there, WCS(header("flat pixels")))
    assert [major, minor] == pytest.approx([1.6, 0.8], rel=1e-5)
    assert angle == pytest.approx(70.0, abs=0.05)
    assert rows["g.r_e_minor_arcsec"].value == pytest.approx(0.8)
    assert rows["g.i_e_pixel"].value == pytest.approx(400.0 * 0.08, rel=1e-6)
    assert rows["g.mu_e"].value == pytest.approx(25.0 - 2.5 * np.log10(400.0))


ELLIPSE = {"x": 20.0, "y": 20.0, "q": 0.7, "pa": 20.0}
PLANE = {"x": 20.0, "y": 20.0, "pa": 20.0}


def edge_on_disk(u: float, v: float) -> float:
    from scipy.special import k1

    s = max(abs(u) / 3.0, 1e-12)
    return 5.0 * s * k1(s) * np.cosh(1.5 * v / (2.0 * 1.2)) ** (-2.0 / 1.5)


def edge_on_ring(u: float, v: float) -> float:
    sides = np.exp(-0.5 * ((u - 6.0) / 1.5) ** 2) + np.exp(-0.5 * ((u + 6.0) / 1.5) ** 2)
    return float(5.0 * sides * np.exp(-0.5 * (v / 0.8) ** 2))


def around(profile: Callable[[float], float]) -> float:
    """2π q ∫ I R dR with q = 0.7."""
    return 2.0 * np.pi * 0.7 * quad(lambda r: profile(r) * r, 0.0, 200.0, epsabs=1e-10, limit=500)[0]


WHOLE = {
    "edge_on_disk": (
        {**PLANE, "n": 1.5, "h": 3.0, "z_0": 1.2, "i_0": 5.0},
        4.0 * dblquad(lambda v, u: edge_on_disk(u, v), 0.0, 90.0, 0.0, 60.0, epsabs=1e-8)[0],
    ),
    "edge_on_ring": (
        {**PLANE, "r": 6.0, "sigma_r": 1.5, "sigma_z": 0.8, "i_0": 5.0},
        4.0 * dblquad(lambda v, u: edge_on_ring(u, v), 0.0, 30.0, 0.0, 12.0, epsabs=1e-8)[0],
    ),
    "gaussian_ellipsoid": (
        {**PLANE, "inclination": 50.0, "azimuth": 30.0, "sigma_a": 4.0, "sigma_b": 3.0, "sigma_c": 2.0, "flux": 321.0},
        321.0,
    ),
    "point_source": ({"x": 20.0, "y": 20.0, "flux": 432.0}, 432.0),
    "gaussian_psf": ({**ELLIPSE, "fwhm": 4.0, "flux": 543.0}, 543.0),
    "moffat_psf": ({**ELLIPSE, "beta": 3.0, "fwhm": 4.0, "flux": 543.0}, 543.0),
    "airy_psf": ({**ELLIPSE, "fwhm": 4.0, "flux": 543.0}, 543.0),
    "pixelated": (
        {"x": 20.0, "y": 20.0, **{f"i_{row}_{column}": 1.0 + row + column for row in range(3) for column in range(3)}},
        27.0,
    ),
    "gaussian_ring": (
        {**ELLIPSE, "sigma_r": 1.5, "r_ring": 5.0, "i_r": 7.0},
        around(lambda r: 7.0 * math.exp(-0.5 * ((r - 5.0) / 1.5) ** 2)),
    ),
    "multi_gaussian": (
        {**ELLIPSE, "sigma_1": 1.0, "i_1": 5.0, "sigma_2": 2.0, "i_2": 3.0, "sigma_3": 4.0, "i_3": 1.0},
        2.0 * np.pi * 0.7 * (5.0 + 3.0 * 4.0 + 16.0),
    ),
    "moffat": (
        {**ELLIPSE, "beta": 3.0, "fwhm": 4.0, "i_0": 9.0},
        np.pi * 0.7 * (4.0 / (2.0 * math.sqrt(2.0 ** (1.0 / 3.0) - 1.0))) ** 2 * 9.0 / 2.0,
    ),
}


@pytest.mark.parametrize("profile", WHOLE)
def test_magnitudes_are_of_the_quadrature_of_the_formula(profile: str) -> None:
    parameters, flux = WHOLE[profile]
    component = {"name": "g", "profile": profile, "parameters": parameters}
    psf = np.zeros((5, 5))
    psf[2, 2] = 1.0
    image = image_of(np.zeros((41, 41)), zero_point=25.0, psf=psf)
    rows = rows_of(fitted([component], image, stages=[]))
    assert rows["g.magnitude"].value == pytest.approx(25.0 - 2.5 * np.log10(flux), abs=1e-6)


def test_every_profile_of_light_has_a_magnitude_or_a_sentence() -> None:
    made_of_images = {"basis", "image_psf"}
    for name, description in PROFILES.items():
        if description.sky or name in made_of_images:
            continue
        parameters = {"x": 20.0, "y": 20.0} | {
            item.name: {"value": _positive(item.name, item.unit, name)}
            for item in description.parameters
            if item.name not in ("x", "y")
        }
        component = {"name": "g", "profile": name, "parameters": parameters}
        psf = np.zeros((5, 5))
        psf[2, 2] = 1.0
        result = fitted([component], image_of(np.zeros((41, 41)), zero_point=25.0, psf=psf), stages=[])
        said = [notice for notice in result.notices if notice.code == "total-undefined"]
        assert ("g.magnitude" in rows_of(result)) != bool(said), name
        # Of equal intensities a spline goes on for ever.
        assert bool(said) == (name in ("isothermal", "spline")), name


def _positive(name: str, unit: str, profile: str) -> float:
    if name == "r_t":
        return 30.0
    if unit == "degree":
        return 20.0
    usual = {"q": 0.7, "n": 1.5, "gamma": 0.3, "beta": 1.0 if profile == "ferrers" else 2.5, "alpha": 0.9}
    return usual.get(name, 0.01 if name.startswith("z_") and name != "z_0" else 3.0)


def test_basis_images_sum_to_their_light() -> None:
    stamps = tuple(np.random.default_rng(k).uniform(0.0, 1.0, (7, 7)) for k in range(2))
    parameters = {"x": 20.0, "y": 20.0, "c_1": 3.0, "c_2": 2.0}
    component = {"name": "g", "profile": "basis", "options": {"images": ["a.fits", "b.fits"]}, "parameters": parameters}
    image = image_of(np.zeros((41, 41)), zero_point=25.0, bases={"g": stamps})
    rows = rows_of(fitted([component], image, stages=[]))
    assert rows["g.flux"].value == pytest.approx(3.0 * stamps[0].sum() + 2.0 * stamps[1].sum())


def test_an_infinite_or_unknown_total_is_said() -> None:
    flat = {"name": "f", "profile": "moffat", "parameters": {**ELLIPSE, "beta": 0.9, "fwhm": 4.0, "i_0": 9.0}}
    cut = {
        "name": "c",
        "profile": "isothermal",
        "geometry": [{"truncation": "outer"}],
        "parameters": {**ELLIPSE, "r_c": 3.0, "i_0": 5.0, "outer_truncation": 10.0, "outer_truncation_width": 4.0},
    }
    dark = sersic("d", i_e={"value": -5.0, "min": None})
    result = fitted([flat, cut, dark], image_of(np.zeros((41, 41)), zero_point=25.0), stages=[])
    rows = rows_of(result)
    assert "c.magnitude" in rows
    assert not {"f.flux", "f.magnitude", "d.magnitude", "total.flux"} & rows.keys()
    (said,) = [notice for notice in result.notices if notice.code == "total-undefined"]
    assert "f" in said.sentence
    assert "infinite" in said.sentence
    assert said.where == "components f, d"


BULGE = sersic("bulge", x=20.0, y=20.0, q=0.8, pa=10.0, n=2.0, r_e=2.0, i_e=90.0)
DISC = {
    "name": "disc",
    "profile": "exponential",
    "parameters": {"x": "= bulge.x", "y": "= bulge.y", "q": 0.6, "pa": 30.0, "h": 5.0, "i_0": 60.0},
}
OTHER = sersic("other", x=33.0, y=8.0, q=0.8, pa=10.0, n=1.0, r_e=2.0, i_e=50.0)


def test_bulge_to_total_and_totals_follow_from_the_covariance() -> None:
    scene = [flat_sky(), BULGE, DISC, OTHER]
    image = image_of(noisy(rendered(scene)), zero_point=25.0)
    result = fitted(scene, image)
    rows, best = rows_of(result), values_of(result)
    flux = {name: rows[f"{name}.flux"].value for name in ("bulge", "disc", "other")}
    both = flux["bulge"] + flux["disc"]
    assert rows["bulge+disc.flux"].value == pytest.approx(both)
    assert rows["bulge+disc.magnitude"].value == pytest.approx(25.0 - 2.5 * np.log10(both))
    assert rows["bulge.fraction"].value == pytest.approx(flux["bulge"] / both)
    assert rows["disc.fraction"].value == pytest.approx(flux["disc"] / both)
    assert "other.fraction" not in rows
    assert rows["total.flux"].value == pytest.approx(sum(flux.values()))
    names = ("bulge.fraction", "disc.fraction", "bulge+disc.magnitude", "total.flux", "total.magnitude")
    slopes = []
    for name in result.covariance.names:
        step = 1e-4 * max(abs(best[name]), 1.0)
        up, down = (at(result, image, {name: best[name] + sign * step}) for sign in (1.0, -1.0))
        slopes.append([(up[key] - down[key]) / (2.0 * step) for key in names])
    slope = np.array(slopes).T
    expected = np.sqrt(np.einsum("ka,ab,kb->k", slope, result.covariance.matrix, slope))
    assert [rows[name].uncertainty for name in names] == pytest.approx(expected.tolist(), rel=1e-3)


def test_components_of_one_centre_are_found_among_many() -> None:
    places = [(10.9, 10.0), (11.1, 10.0), (30.0, 30.0), (11.85, 10.0), (30.0, 31.01), (29.5, 29.5)]
    scene = [sersic(f"g{k}", x=x, y=y, r_e=1.0) for k, (x, y) in enumerate(places)]
    rows = rows_of(fitted(scene, image_of(np.zeros((41, 41))), stages=[]))
    # The fourth is within a pixel of the first, the fifth is not of the third.
    assert {name for name in rows if "+" in name} == {"g0+g1+g3.flux", "g2+g5.flux"}


def test_groups_that_the_request_names_have_totals() -> None:
    scene = {"images": [{"name": "image", "data": "a.fits"}], "components": [flat_sky(), BULGE, DISC, OTHER]}
    request = parse_request(scene | {"groups": {"pair": ["bulge", "other"]}})
    image = image_of(np.zeros((41, 41)), zero_point=25.0)
    rows = rows_of(run(complete_request(request, [image]), [image]))
    flux = {name: rows[f"{name}.flux"].value for name in ("bulge", "other")}
    assert rows["pair.flux"].value == pytest.approx(sum(flux.values()))
    assert rows["pair.magnitude"].value == pytest.approx(25.0 - 2.5 * np.log10(sum(flux.values())))
    assert rows["other.fraction_of_pair"].value == pytest.approx(flux["other"] / sum(flux.values()))
    assert parse_request(request.document()) == request


@pytest.mark.parametrize(
    ("groups", "path"),
    [
        ({"bulge": ["disc"]}, "$.groups.bulge"),
        ({"total": ["disc"]}, "$.groups.total"),
        ({"a b": ["disc"]}, "$.groups"),
        ({"g": []}, "$.groups.g"),
        ({"g": ["nobody"]}, "$.groups.g[0]"),
        ({"g": ["sky"]}, "$.groups.g[0]"),
        ({"g": ["disc", "disc"]}, "$.groups.g[1]"),
    ],
)
def test_groups_that_make_no_sense_are_refused(groups: Any, path: str) -> None:
    scene = {"images": [{"name": "image", "data": "a.fits"}], "components": [flat_sky(), BULGE, DISC]}
    with pytest.raises(RequestInvalid) as refused:
        parse_request(scene | {"groups": groups})
    assert any(fault.path.startswith(path) for fault in refused.value.faults)


def test_chains_give_quantiles_of_derived_values() -> None:
    # An angle near the end of its range is told on one branch.
    scene = [flat_sky(), sersic(x=20.3, y=18.6, q=0.6, pa=0.5, n=1.5, r_e=6.0, i_e=20.0)]
    image = image_of(noisy(rendered(scene)), zero_point=25.0, header=header())
    stages = [{"method": "lm"}, {"method": "mala", "warmup": 100, "samples": 300, "chains": 2}]
    result = fitted(scene, image, stages)
    rows = rows_of(result)
    for name in ("g.magnitude", "g.pa_sky", "g.q_sky", "g.mu_e", "g.ra", "g.r_e_arcsec"):
        row = rows[name]
        assert row.quantiles is not None, name
        assert row.uncertainty is not None
        width = 0.5 * (row.quantiles["0.84"] - row.quantiles["0.16"])
        assert 0.5 * row.uncertainty < width < 2.0 * row.uncertainty, name


def test_both_magnitudes_are_told_where_the_header_does_not_decide() -> None:
    # The case: MAGZERO 25 and EXPTIME 100, 15.757 or 20.757.
    scale = flux_scale({"MAGZERO": 25.0, "EXPTIME": 100.0})
    assert scale is not None
    image = image_of(np.zeros((41, 41)), zero_point=scale.zero_point, flux_scale=scale)
    result = fitted(GALAXY, image, stages=[])
    magnitude = rows_of(result)["g.magnitude"].value
    (said,) = [notice.sentence for notice in result.notices if notice.code == "zero-point-two-ways"]
    assert f"g.magnitude {magnitude:.3f} or {magnitude + 5.0:.3f}" in said
    document = parameters_document(result)["images"][0]["flux_scale"]
    assert (document["zero_point"], document["other_zero_point"], document["exposure_time_used"]) == (25.0, 30.0, False)
