"""What the data do not feel is held and named, and holds up nobody; starts at bounds leave them; angles go round."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from scipy.optimize import least_squares

from fitting.first_values import complete_request
from fitting.inputs import load_images
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import parse_request
from tests.fitting.scene import (
    GALAXY,
    fitted,
    flat_sky,
    image_of,
    noisy,
    problem_of,
    rendered,
    sersic,
    uncertainties_of,
    values_of,
)

CASES = Path(__file__).parents[3] / "cases"
SHAPE = (60, 100)
BRIGHT = GALAXY | {"x": 40.3, "y": 29.6}
TRUTH = [flat_sky(), sersic(**BRIGHT)]
START = [
    flat_sky(2.0),
    sersic(**(BRIGHT | {"x": 41.0, "y": 29.0, "q": 0.75, "pa": 50.0, "n": 2.2, "r_e": 6.0, "i_e": 35.0})),
]
Y, X = np.mgrid[-8:9, -8:9]
PSF = np.exp(-(X**2 + Y**2) / 4.5) / np.exp(-(X**2 + Y**2) / 4.5).sum()
DATA = noisy(rendered(TRUTH, SHAPE, psf=PSF), seed=3)
NEIGHBOURS: dict[str, dict[str, float]] = {
    "gaussian": {"q": 0.8, "pa": 0.0, "fwhm": 4.0, "i_0": 1.0},
    "sersic": {"q": 0.8, "pa": 0.0, "n": 1.5, "r_e": 3.0, "i_e": 1.0},
    "point_source": {"flux": 100.0},
}


def neighbour(profile: str, x: float, y: float = 30.0) -> dict[str, Any]:
    """A faint component b."""
    return {"name": "b", "profile": profile, "parameters": {"x": x, "y": y} | NEIGHBOURS[profile]}


def case(name: str, **changes: Any) -> FitResult:
    """The result of one of the cases that once went wrong."""
    document = json.loads((CASES / f"{name}.json").read_text()) | changes
    request = parse_request(document)
    images = load_images(request, lambda file: CASES / file)
    return run(complete_request(request, images), images)


@pytest.fixture(scope="module")
def alone() -> float:
    """The least χ² of the galaxy without a neighbour, by scipy.optimize from the truth."""
    problem = problem_of(TRUTH, SHAPE, data=DATA, psf=PSF)

    def residual(theta: np.ndarray) -> np.ndarray:
        whole = problem.start().clone()
        whole[0] = whole.new_tensor(theta)
        return (DATA - problem.model(whole)[0][0].numpy()).ravel()

    return float(2.0 * least_squares(residual, problem.start()[0].numpy(), x_scale=1e-2).cost)


@pytest.mark.slow
@pytest.mark.parametrize("x", [104.0, 110.0, 150.0, 1000.0])
@pytest.mark.parametrize("profile", list(NEIGHBOURS))
def test_a_neighbour_beyond_the_frame_holds_up_nobody(profile: str, x: float, alone: float) -> None:
    result = fitted([*START, neighbour(profile, x)], image_of(DATA, psf=PSF))
    assert result.chi2 < alone + 0.01
    assert values_of(result)["g.r_e"] == pytest.approx(GALAXY["r_e"], abs=0.2)
    assert uncertainties_of(result)["g.r_e"] is not None
    if x >= 150.0:
        own = values_of(neighbour_alone(profile, x))
        assert result.converged
        assert {name: value for name, value in values_of(result).items() if name.startswith("b.")} == own
        assert {uncertainties_of(result)[name] for name in own} == {None}
        (notice,) = [notice for notice in result.notices if notice.code == "held"]
        assert all(name in notice.sentence for name in own)
        assert "b.x" in result.message


def neighbour_alone(profile: str, x: float) -> FitResult:
    """The neighbour's start, as it is reported."""
    return fitted([neighbour(profile, x)], image_of(DATA, psf=PSF), stages=())


@pytest.mark.parametrize("profile", list(NEIGHBOURS))
def test_what_lies_under_a_mask_holds_up_nobody(profile: str) -> None:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[:, 68:] = True
    result = fitted([*START, neighbour(profile, 85.0)], image_of(DATA, psf=PSF, mask=mask))
    assert result.chi2 < fitted(START, image_of(DATA, psf=PSF, mask=mask)).chi2 + 0.01
    if profile != "sersic":  # whose wings are felt
        assert result.converged
        assert values_of(result)["b.x"] == 85.0
        assert uncertainties_of(result)["b.x"] is None


@pytest.mark.parametrize(
    "stage",
    [
        {"method": "iterative_components"},
        {"method": "iterative_parameters"},
        {"method": "gradient"},
        {"method": "scipy"},
        {"method": "lm", "restarts": 2},
    ],
    ids=lambda stage: str(stage["method"]),
)
def test_every_minimizer_holds_what_is_not_felt(stage: dict[str, Any], alone: float) -> None:
    result = fitted([*START, neighbour("gaussian", 150.0)], image_of(DATA, psf=PSF), stages=[stage])
    assert result.chi2 < alone + 0.02
    if not stage.get("restarts"):
        assert values_of(result)["b.x"] == 150.0
        assert values_of(result)["b.fwhm"] == pytest.approx(4.0, rel=1e-12)
    assert uncertainties_of(result)["b.fwhm"] is None


def test_a_bootstrap_leaves_what_is_not_felt_alone() -> None:
    stages = [{"method": "lm"}, {"method": "bootstrap", "samples": 8}]
    result = fitted([*START, neighbour("gaussian", 150.0)], image_of(DATA, psf=PSF), stages=stages)
    spread = {parameter.name: parameter.uncertainty_bootstrap for parameter in result.parameters}
    assert result.stages[1].converged
    assert spread["b.fwhm"] is None
    assert spread["g.r_e"] is not None


def test_the_frozen_case_is_fitted_and_its_second_component_named() -> None:
    result = case("13_frozen")
    assert result.converged
    assert result.chi2_reduced == pytest.approx(1.0, abs=0.06)
    assert values_of(result)["b.fwhm"] == 4.0
    assert uncertainties_of(result)["b.fwhm"] is None
    assert any(notice.code == "held" and "b.fwhm" in notice.sentence for notice in result.notices)


def test_a_component_that_nothing_is_felt_of_beside_a_bad_fit_is_no_success() -> None:
    result = fitted([flat_sky(), sersic(x=1e4)], image_of(DATA))
    assert not result.converged
    assert "leave values out" in result.message


def test_light_that_starts_at_zero_is_found() -> None:
    result = case("05_zero_start")
    assert result.converged
    assert result.chi2_reduced == pytest.approx(0.999, abs=0.001)


def test_two_lights_that_start_at_zero_are_found_together() -> None:
    truth = [flat_sky(), sersic("a", x=30.0, y=30.0), sersic("b", x=65.0, y=25.0, i_e=20.0)]
    start = [flat_sky(), sersic("a", x=31.0, y=30.0, i_e=0.0), sersic("b", x=65.0, y=26.0, i_e=0.0)]
    image = image_of(noisy(rendered(truth, SHAPE)))
    assert fitted(start, image).chi2 == pytest.approx(fitted(truth, image).chi2, abs=0.01)


@pytest.mark.parametrize("start", [{"n": 0.1}, {"r_e": 1e-3}, {"n": {"value": 0.6, "min": 0.6}}, {"q": 0.01}])
def test_a_start_at_a_bound_leaves_it(start: dict[str, Any]) -> None:
    image = image_of(noisy(rendered([flat_sky(), sersic()])))
    result = fitted([flat_sky(2.0), sersic(**start)], image)
    assert result.converged
    assert result.chi2 == pytest.approx(fitted([flat_sky(), sersic()], image).chi2, abs=0.01)


def test_limits_of_half_a_turn_are_none() -> None:
    result = case("04_pa_limits_178")
    assert result.converged
    assert values_of(result)["g.pa"] == pytest.approx(178.0, abs=0.6)
    assert uncertainties_of(result)["g.pa"] is not None


@pytest.mark.parametrize(("limits", "pa"), [((-90.0, 90.0), -5.0), ((90.0, 270.0), 175.0), ((0.0, 180.0), 175.0)])
def test_an_angle_without_limits_is_reported_between_those_of_its_request(
    limits: tuple[float, float], pa: float
) -> None:
    image = image_of(noisy(rendered([flat_sky(), sersic(pa=175.0)])))
    low, high = limits
    result = fitted([flat_sky(), sersic(pa={"value": low + 3.0, "min": low, "max": high})], image)
    assert values_of(result)["g.pa"] == pytest.approx(pa, abs=1.0)


@pytest.mark.parametrize("start", [25.0, 60.0, 150.0, 188.0])
def test_narrower_limits_are_approached_round_the_circle(start: float) -> None:
    image = image_of(noisy(rendered([flat_sky(), sersic(pa=5.0)])))
    result = fitted([flat_sky(), sersic(pa={"value": start, "min": 20.0, "max": 190.0})], image)
    assert result.converged
    assert values_of(result)["g.pa"] == pytest.approx(185.0, abs=1.0)


@pytest.mark.parametrize("pa", [{"value": 120.0}, {"value": 120.0, "min": 10.0, "max": 140.0}])
def test_an_ellipse_with_limits_is_not_left_at_roundness(pa: dict[str, float]) -> None:
    """From a start whose axes are swapped the way leads over q = 1, where limits of a size forbid it to go on."""
    image = image_of(noisy(rendered([flat_sky(), sersic(pa=35.0)])))
    start = sersic(q=0.9, pa=pa, r_e={"value": 5.0, "min": 1.0, "max": 40.0})
    result = fitted([flat_sky(), start], image)
    assert result.converged
    assert values_of(result)["g.q"] == pytest.approx(GALAXY["q"], abs=0.03)
    assert values_of(result)["g.pa"] == pytest.approx(35.0, abs=2.0)


def test_an_ellipse_that_is_round_between_limits_less_than_a_right_angle_wide_is_not_left_so() -> None:
    """Where it is round its angle is not felt, and a right angle off is beyond its limits."""
    image = image_of(noisy(rendered([flat_sky(), sersic(q=0.8, pa=35.0)])))
    start = sersic(q=1.0, pa={"value": 92.0, "min": 25.0, "max": 100.0}, r_e={"value": 5.0, "min": 1.0, "max": 40.0})
    result = fitted([flat_sky(), start], image)
    assert values_of(result)["g.q"] == pytest.approx(0.8, abs=0.03)
    assert values_of(result)["g.pa"] == pytest.approx(35.0, abs=4.0)


def test_a_start_that_a_turn_brings_inside_its_limits_is_taken() -> None:
    image = image_of(noisy(rendered([flat_sky(), sersic(pa=5.0)])))
    result = fitted([flat_sky(), sersic(pa={"value": 2.0, "min": 170.0, "max": 190.0})], image)
    assert values_of(result)["g.pa"] == pytest.approx(185.0, abs=1.0)


def test_wider_limits_than_the_profile_has_are_clipped_and_told() -> None:
    limits = {"q": {"value": 0.6, "min": 0.0, "max": 1.5}, "n": {"value": 2.0, "min": 0.01, "max": 30.0}}
    image = image_of(noisy(rendered([flat_sky(), sersic()])))
    result = fitted([flat_sky(), sersic(**limits)], image)
    told = [notice.sentence for notice in result.notices if notice.code == "limit-clipped"]
    assert result.converged
    assert len(told) == 2  # one a parameter
    assert any("g.n: min 0.01 and max 30 are beyond" in one and "taken as 0.1 and 20" in one for one in told)
    assert result.chi2 == pytest.approx(fitted([flat_sky(), sersic()], image).chi2, abs=0.01)


def test_an_index_of_fifteen_is_found() -> None:
    truth = [flat_sky(), sersic(n=15.0, i_e=20.0)]
    result = fitted([flat_sky(2.0), sersic(n=8.0, i_e=20.0)], image_of(rendered(truth), 1e-4))
    assert values_of(result)["g.n"] == pytest.approx(15.0, rel=1e-3)


def test_fewer_pixels_than_parameters_give_no_uncertainty_and_a_sentence() -> None:
    result = case("07_six_pixels")
    assert not result.converged
    assert result.message == "the search ended in a minimum; " + result.message.partition("; ")[2]
    assert "6 pixels for 8 parameters" in result.message
    assert any("6 pixels for 8 parameters" in warning for warning in result.warnings)
    assert set(uncertainties_of(result).values()) == {None}
    assert result.covariance.names == ()


def test_what_a_fit_never_moved_has_no_uncertainty_and_a_sentence() -> None:
    """Two steps so long that both end above the start."""
    image = image_of(noisy(rendered([flat_sky(), sersic()])))
    stage = {"method": "gradient", "optimizer": "sgd", "learning_rate": 1e3, "steps": 2}
    result = fitted([flat_sky(), sersic(n=2.2)], image, stages=[stage])
    assert not result.converged
    assert values_of(result)["g.n"] == pytest.approx(2.2, rel=1e-12)
    assert set(uncertainties_of(result).values()) == {None}
    (notice,) = [notice for notice in result.notices if notice.code == "unmoved"]
    assert "g.n" in notice.sentence
    assert "do not determine" not in result.message


@pytest.mark.parametrize("limit", [{"min": None}, {"min": -1e4}])
def test_a_dust_lane_is_negative_light(limit: dict[str, Any]) -> None:
    lane = sersic("lane", q=0.2, n=0.5, r_e=3.0, i_e={"value": -30.0} | limit)
    image = image_of(noisy(rendered([*TRUTH[:1], sersic(), lane])))
    start = sersic("lane", q=0.3, n=0.5, r_e=2.5, i_e={"value": 0.0} | limit)
    result = fitted([*TRUTH[:1], sersic(), start], image)
    assert values_of(result)["lane.i_e"] < -10.0
    assert result.chi2 < fitted([*TRUTH[:1], sersic(), lane], image).chi2 + 0.1


@pytest.mark.slow
def test_faint_forced_photometry_has_no_bias() -> None:
    """400 stars at S/N 0 to 2 on a sky that is fitted, too, each beside the linear solution by NumPy."""
    side, star_pixels = 19, np.zeros((19, 19))
    star_pixels[1:18, 1:18] = PSF
    columns = np.stack((star_pixels.ravel(), np.ones(side**2)), axis=1)
    exact = np.linalg.inv(columns.T @ columns)
    pulls = []
    for seed in range(400):
        true = 2.0 * seed / 399.0 * float(np.sqrt(exact[0, 0]))
        data = noisy(true * star_pixels + 3.0, seed=seed)
        flux = {"value": (0.0, 0.3, 5.0, 100.0)[seed % 4], "min": (None, -1e4)[seed % 2]}
        place = {name: {"value": 9.0, "fixed": True} for name in ("x", "y")}
        star = {"name": "s", "profile": "point_source", "parameters": place | {"flux": flux}}
        result = fitted([flat_sky(2.0), star], image_of(data, psf=PSF))
        assert result.converged
        assert values_of(result)["s.flux"] == pytest.approx((exact @ columns.T @ data.ravel())[0], abs=0.02)
        assert uncertainties_of(result)["s.flux"] == pytest.approx(np.sqrt(exact[0, 0]), rel=1e-6)
        pulls.append((values_of(result)["s.flux"] - true) / np.sqrt(exact[0, 0]))
    assert abs(np.mean(pulls)) < 0.15
    assert np.std(pulls) == pytest.approx(1.0, abs=0.11)


@pytest.mark.parametrize(("profile", "x"), [("gaussian", 110.0), ("sersic", 150.0), ("sersic", 1000.0)])
@pytest.mark.parametrize("least", [None, -1e9])
def test_an_amplitude_that_may_be_negative_and_is_not_felt_is_held(profile: str, x: float, least: float | None) -> None:
    """It would have to be brighter than all that the image shows; it once became -2e39."""
    component = neighbour(profile, x)
    amplitude = "i_0" if profile == "gaussian" else "i_e"
    component["parameters"][amplitude] = {"value": 1.0, "min": least}
    result = fitted([*START, component], image_of(DATA, psf=PSF))
    assert result.converged
    assert values_of(result)[f"b.{amplitude}"] == 1.0
    assert uncertainties_of(result)[f"b.{amplitude}"] is None
    assert any(notice.code == "held" and f"b.{amplitude}" in notice.sentence for notice in result.notices)


def test_cutouts_of_faint_galaxies_take_few_steps() -> None:
    """From starts a quarter off, against the minimum that the truth leads to."""
    rng, steps = np.random.default_rng(5), []
    for seed in range(25):
        truth = {
            "x": 31.5 + rng.uniform(-1.0, 1.0), "y": 31.5 + rng.uniform(-1.0, 1.0), "q": rng.uniform(0.3, 0.95),
            "pa": rng.uniform(0.0, 180.0), "n": rng.uniform(0.7, 4.5), "r_e": rng.uniform(3.0, 9.0),
            "i_e": rng.uniform(3.0, 50.0),
        }  # fmt: skip
        data = noisy(rendered([flat_sky(), sersic(**truth)], (64, 64), psf=PSF), seed=seed)
        off = {name: truth[name] * rng.choice([0.75, 1.25]) for name in ("n", "r_e", "i_e")}
        off |= {name: truth[name] + 0.25 * truth["r_e"] * rng.choice([-1.0, 1.0]) for name in ("x", "y")}
        off |= {"q": min(0.99, truth["q"] * rng.choice([0.75, 1.25])), "pa": truth["pa"] + rng.choice([-22.5, 22.5])}
        image = image_of(data, psf=PSF)
        result = fitted([flat_sky(2.25), sersic(**off)], image)
        best = fitted([flat_sky(), sersic(**truth)], image)
        assert result.converged
        assert result.chi2 < best.chi2 + 1.0
        steps.append(result.stages[0].iterations)
    assert np.mean(steps) < 10.0


def test_a_star_fitted_as_a_galaxy_is_not_resolved() -> None:
    result = case("11_star_as_sersic")
    (notice,) = [notice for notice in result.notices if notice.code == "unresolved"]
    assert result.converged
    assert result.stages[0].iterations <= 60
    assert notice.sentence.startswith("not resolved: g.r_e < 0.")
    assert notice.sentence in result.message
    assert {uncertainties_of(result)[f"g.{name}"] for name in ("q", "pa", "n", "r_e", "i_e")} == {None}
    assert not {name for name in result.covariance.names if name in ("g.r_e", "g.i_e")}
    assert result.chi2_reduced == pytest.approx(1.0203, abs=2e-4)


def test_the_flux_of_a_star_fitted_as_a_galaxy_has_the_uncertainty_of_a_star() -> None:
    """By NumPy: its light lies within a pixel and, a little of it, the nearest ones beside and above it, so that the
    model is the PSF at these, each with a flux of its own, beside a flat sky.
    """
    result = case("11_star_as_sersic")
    (flux,) = [row for row in result.derived if row.name == "g.flux"]
    psf = fits.getdata(CASES / "PT_psf.fits").astype(float)
    half = psf.shape[0] // 2
    x, y = (values_of(result)[f"g.{axis}"] for axis in "xy")
    columns = [np.ones(result.images[0].data.size)]
    for column, row in ((0, 0), (np.sign(x - round(x)), 0), (0, np.sign(y - round(y)))):
        star = np.zeros(result.images[0].data.shape)
        left, bottom = round(x) + int(column) - half, round(y) + int(row) - half
        star[bottom : bottom + psf.shape[0], left : left + psf.shape[1]] = psf / psf.sum()
        columns.append(star.ravel())
    design = np.stack(columns, axis=1)
    covariance = np.linalg.inv(design.T @ design)
    total = np.array([0.0, 1.0, 1.0, 1.0])
    assert flux.value == pytest.approx(total @ covariance @ design.T @ result.images[0].data.ravel(), rel=1e-3)
    assert flux.uncertainty == pytest.approx(float(np.sqrt(total @ covariance @ total)), rel=0.02)
    (notice,) = [notice for notice in result.notices if notice.code == "unresolved"]
    assert "the uncertainty of its total flux is the one with the shape as given" in notice.sentence


def test_what_follows_from_the_amplitude_of_an_unresolved_star_alone_has_no_uncertainty() -> None:
    star = sersic(r_e=0.01, n=1.0, i_e=5e7, q=0.9)
    image = replace(image_of(noisy(rendered([flat_sky(), star], psf=PSF), 3.0), 9.0, psf=PSF), zero_point=25.0)
    image = replace(image, pixel_scale=0.2)
    result = fitted([flat_sky(), sersic(r_e=1.0, n=2.0, i_e=1000.0, x=20.1)], image)
    found = {row.name: row for row in result.derived}
    assert any(notice.code == "unresolved" for notice in result.notices)
    flux, magnitude = found["g.flux"], found["g.magnitude"]
    assert flux.uncertainty is not None
    assert magnitude.uncertainty == pytest.approx(2.5 / np.log(10.0) * flux.uncertainty / flux.value, rel=1e-6)
    brightness = {name for name, row in found.items() if row.unit == "mag/arcsec2"}
    assert brightness
    assert {found[name].uncertainty for name in brightness} == {None}


@pytest.mark.parametrize(("r_e", "told"), [(0.01, True), (0.6, False)])
def test_a_limit_of_size_holds_and_what_is_resolved_has_none(r_e: float, told: bool) -> None:
    star = sersic(r_e=r_e, n=1.0, i_e=5000.0 / r_e**2, q=0.9)
    image = image_of(noisy(rendered([flat_sky(), star], psf=PSF), 3.0), 9.0, psf=PSF)
    result = fitted([flat_sky(), sersic(r_e=1.0, n=2.0, i_e=1000.0, x=20.1)], image)
    sentences = [notice.sentence for notice in result.notices if notice.code == "unresolved"]
    assert bool(sentences) == told
    assert all(r_e < float(sentence.split("<")[1].split()[0]) < 1.0 for sentence in sentences)


def test_a_bad_fit_at_limits_says_what_to_try() -> None:
    """A centre whose limits leave the galaxy out; the axis ratio's are the profile's, and cannot be widened."""
    image = image_of(noisy(rendered([flat_sky(), sersic()])))
    start = sersic(x={"value": 11.0, "min": 8.0, "max": 12.0})
    result = fitted([flat_sky(), start], image)
    (notice,) = [notice for notice in result.notices if notice.code == "bad-fit-at-limit"]
    assert result.chi2_reduced > 3.0
    assert f"reduced chi-squared is {result.chi2_reduced:.3g}" in notice.sentence
    assert "widen the limits of g.x;" in notice.sentence
    assert all(word in notice.sentence for word in ("leave values out", "restarts"))
    assert "g.x" in notice.where


def test_a_good_fit_at_a_limit_and_one_whose_noise_alone_is_wrong_are_not_told_what_to_try() -> None:
    data = noisy(rendered([flat_sky(), sersic()]))
    start = sersic(n={"value": 1.5, "min": 1.0, "max": GALAXY["n"] - 1e-3})
    for variance in (1.0, 0.1):
        result = fitted([flat_sky(), start], image_of(data, variance))
        codes = {notice.code for notice in result.notices}
        assert ("noise-too-small" in codes) == (variance < 1.0)
        assert "bad-fit-at-limit" not in codes
