"""Requests that no fit can satisfy: always a result with a message that says what is wrong, in bounded time."""

import json
from typing import Any

import numpy as np
import pytest

from fitting.inputs import ImageData
from fitting.results import FitResult, covariance_document, parameters_document
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, sersic, uncertainties_of, values_of

pytestmark = pytest.mark.timeout(100)

MODEL = [flat_sky(), sersic()]
DATA = noisy(rendered(MODEL))


def ended(components: list[dict[str, Any]], image: ImageData) -> FitResult:
    """The result, once it is seen to have a message and to be written as strict JSON."""
    result = fitted(components, image)
    assert result.message
    for document in (parameters_document(result), covariance_document(result)):
        json.dumps(document, allow_nan=False)
    return result


def test_two_identical_components_are_named_as_undetermined() -> None:
    result = ended([flat_sky(), sersic("a"), sersic("b")], image_of(DATA))
    assert not result.converged
    assert "a.i_e" in result.message
    assert "b.i_e" in result.message
    assert "sky.i" not in result.message
    assert uncertainties_of(result)["a.i_e"] is None
    assert result.covariance.names == ("sky.i",)
    assert values_of(result)["a.i_e"] + values_of(result)["b.i_e"] == pytest.approx(50.0, rel=0.05)


def test_two_skies_are_named_as_undetermined() -> None:
    result = ended([flat_sky(), flat_sky(1.0, "glow"), sersic()], image_of(DATA))
    assert not result.converged
    assert "sky.i, glow.i" in result.message
    assert uncertainties_of(result)["g.x"] is not None


def test_a_component_off_the_frame_is_named_and_the_others_are_fitted() -> None:
    result = ended([*MODEL, sersic("far", x=1e6, y=-1e6)], image_of(DATA))
    assert result.converged
    assert "far.x" in result.message
    assert values_of(result)["far.x"] == 1e6
    assert any(notice.code == "held" and "far.x" in notice.sentence for notice in result.notices)
    assert result.chi2_reduced < 1.1
    assert uncertainties_of(result)["far.i_e"] is None
    assert uncertainties_of(result)["g.r_e"] == pytest.approx(uncertainties_of(fitted(MODEL, image_of(DATA)))["g.r_e"])


def test_a_galaxy_that_starts_without_light_is_found_or_named() -> None:
    result = ended([flat_sky(), sersic(i_e=0.0)], image_of(DATA))
    assert result.converged
    assert result.chi2 == pytest.approx(fitted(MODEL, image_of(DATA)).chi2, abs=0.01)


@pytest.mark.parametrize(
    "start",
    [
        {"x": 1e30, "y": -1e30},
        {"x": -3.0, "y": 44.0, "n": 11.0, "q": 0.02, "r_e": 1e-3, "i_e": 1e12},
        {"r_e": 1e5, "i_e": 1e5},
        {"r_e": 1e4, "n": 0.1, "i_e": 1e5},
        {"r_e": 1e5, "n": 12.0, "q": 0.01},
        {"i_e": 1e300},
        {"n": 0.1, "r_e": 1e-3, "q": 0.01},
    ],
    ids=["far away", "needle", "as wide as may be", "wide and sharp edged", "wide needle", "bright", "small"],
)
def test_an_absurd_start_ends_with_a_result(start: dict[str, float]) -> None:
    result = ended([flat_sky(1e4), sersic(**start)], image_of(DATA))
    assert result.converged == (result.chi2_reduced < 1.1)


@pytest.mark.parametrize("factor", [1e-100, 1e-30, 1e30, 1e100])
def test_units_do_not_matter(factor: float) -> None:
    model = [flat_sky(3.0 * factor), sersic(i_e=60.0 * factor)]
    result = ended(model, image_of(DATA * factor, factor**2))
    plain = fitted([flat_sky(), sersic(i_e=60.0)], image_of(DATA))
    assert result.converged
    assert result.chi2 == pytest.approx(plain.chi2, rel=1e-7)
    assert values_of(result)["g.i_e"] == pytest.approx(values_of(plain)["g.i_e"] * factor, rel=1e-5)


@pytest.mark.parametrize("data", [DATA * 1e200, np.where(np.eye(41) > 0, 1e300, DATA)], ids=["all", "a few pixels"])
def test_data_whose_chi_squared_no_number_holds_end_with_a_message(data: np.ndarray) -> None:
    result = ended(MODEL, image_of(data))
    assert not result.converged
    assert "too large" in result.message


@pytest.mark.parametrize("variance", [1e-300, 1e300])
def test_absurd_variances_end_with_a_result(variance: float) -> None:
    ended(MODEL, image_of(DATA, variance))


@pytest.mark.parametrize("shape", [(1, 1), (1, 41), (41, 2)])
def test_images_of_a_few_pixels_end_with_a_result(shape: tuple[int, int]) -> None:
    result = ended(MODEL, image_of(DATA[: shape[0], : shape[1]]))
    assert not result.converged or result.n_pixels > 8
    assert result.n_pixels == shape[0] * shape[1]


def test_an_image_of_nothing_but_noise_ends_with_a_result() -> None:
    noise = np.random.default_rng(3).normal(0.0, 1.0, (41, 41))
    assert ended([flat_sky(0.0), sersic(r_e=20.0, n=6.0)], image_of(noise)).chi2_reduced < 1.1


def test_a_link_that_leaves_its_profile_on_the_way_stops_nothing() -> None:
    model = [flat_sky(), sersic("a", r_e=9.0, q=0.9), sersic("b", r_e="= a.r_e - 4.9", q="= a.q - 0.55", x=25.0)]
    assert ended(model, image_of(DATA)).chi2_reduced < 700.0


def test_a_request_whose_parameters_are_all_fixed_only_measures() -> None:
    fixed = {name: {"value": value, "fixed": True} for name, value in sersic()["parameters"].items()}
    result = ended([sersic(**fixed)], image_of(DATA))
    assert result.converged
    assert result.degrees_of_freedom == 41 * 41
    assert result.covariance.names == ()


def test_pixels_that_are_not_numbers_are_left_out() -> None:
    bad = np.zeros((41, 41), dtype=bool)
    bad[::7, ::5] = True
    result = ended(MODEL, image_of(np.where(bad, np.nan, DATA), mask=bad))
    assert result.converged
    assert result.n_pixels == 41 * 41 - int(bad.sum())
    assert result.chi2_reduced == pytest.approx(1.0, abs=0.1)
