"""Groups of components: which the point-spread function acts on, and that the three questions agree all the same."""

import numpy as np
import pytest
import torch

from fitting.spec import ComponentSpec
from tests.fitting.scene import flat_sky, noisy, problem_of, rendered, sersic


def kernel() -> np.ndarray:
    y, x = np.mgrid[-3:4, -2:3]
    stamp = np.exp(-0.5 * ((x - 0.3) ** 2 / 1.5 + y**2))
    return np.asarray(stamp / stamp.sum())


SHARP = sersic("b", x=28.0, y=12.0) | {"convolve": False}


@pytest.mark.parametrize("convention", ["discrete", "effective"])
def test_a_component_that_is_not_convolved_holds_the_integrals_of_its_brightness(convention: str) -> None:
    blurred = rendered([sersic("b", x=28.0, y=12.0)], psf=kernel(), psf_convention=convention)
    sharp = rendered([SHARP], psf=kernel(), psf_convention=convention)
    assert sharp == pytest.approx(rendered([SHARP]), rel=1e-12)
    assert abs(blurred / sharp - 1.0).max() > 0.1


def test_blurred_and_sharp_components_of_one_profile_add_up() -> None:
    both = rendered([flat_sky(), sersic("a"), SHARP], psf=kernel())
    assert both == pytest.approx(rendered([flat_sky(), sersic("a")], psf=kernel()) + rendered([SHARP]), rel=1e-6)


def test_the_questions_agree_where_some_components_are_blurred() -> None:
    components = [sersic("a"), flat_sky(), SHARP]
    data = noisy(rendered([*components, sersic("c", x=5.0, i_e=10.0)], psf=kernel()))
    problem = problem_of(components, data=data, psf=kernel())
    theta = problem.start()
    value, gradient = problem.value_and_gradient(theta)
    equations = problem.normal_equations(theta)
    size = equations.matrix[0].diagonal().sqrt() * value.sqrt()
    assert float(equations.chi2) == pytest.approx(float(value), rel=1e-10)
    assert float(problem.value(theta)) == pytest.approx(float(value), rel=1e-12)
    assert float(((gradient + 2.0 * equations.gradient)[0] / size).abs().max()) < 1e-10


def test_a_model_without_the_named_components_is_dark() -> None:
    problem = problem_of([sersic("a"), flat_sky()])
    assert torch.equal(problem.model(problem.start(), [])[0], torch.zeros(1, 41, 41, dtype=torch.float64))


@pytest.mark.parametrize("convolve", [True, False])
def test_the_flag_survives_json(convolve: bool) -> None:
    component = ComponentSpec.model_validate(sersic() | {"convolve": convolve})
    written = component.model_dump(mode="json")
    assert written.get("convolve", True) is convolve
    assert ComponentSpec.model_validate(written) == component
