"""First values of rings seen edge on: near the truth, and near enough for a fit."""

from typing import Any

import numpy as np
import pytest

from fitting.first_values import complete_request
from fitting.first_values.edge_on_rings import measure_ring
from fitting.spec import ParameterTable
from tests.fitting.scene import fit_request, fitted, image_of, noisy, rendered, values_of

PLACE = {"x": 41.3, "y": 38.6}
RINGS: dict[str, dict[str, float]] = {
    "in two pieces": {"pa": 70.0, "r": 20.0, "sigma_r": 2.5, "sigma_z": 1.5, "i_0": 30.0},
    "in one": {"pa": 150.0, "r": 9.0, "sigma_r": 4.0, "sigma_z": 2.0, "i_0": 30.0},
    "filled": {"pa": 20.0, "r": 4.0, "sigma_r": 6.0, "sigma_z": 2.0, "i_0": 30.0},
    "thick": {"pa": 95.0, "r": 15.0, "sigma_r": 3.0, "sigma_z": 5.0, "i_0": 15.0},
}
SKY = {"name": "sky", "profile": "flat_sky"}
PSF = np.exp(-0.5 * np.hypot(*np.mgrid[-7:8, -7:8]) ** 2 / 1.5**2)


def ring(**parameters: float) -> dict[str, Any]:
    return {"name": "g", "profile": "edge_on_ring", "parameters": parameters}


def seen(case: str, *others: dict[str, Any], **fields: Any) -> Any:
    sky = SKY | {"parameters": {"i": 10.0}}
    model = rendered([sky, ring(**PLACE, **RINGS[case]), *others], shape=(81, 85), **fields)
    return image_of(noisy(model, 0.7), 0.49, **fields)


@pytest.mark.parametrize("case", RINGS)
def test_moments_without_noise_tell_the_ring(case: str) -> None:
    truth = PLACE | RINGS[case]
    light = rendered([ring(**truth)], shape=(81, 85))
    found = measure_ring(light, np.ones(light.shape, bool), 1e-3, 0.0, None)
    assert found is not None
    assert found["pa"] == pytest.approx(truth["pa"], abs=0.5)
    assert (found["x"], found["y"]) == pytest.approx((truth["x"], truth["y"]), abs=0.1)
    # A box of three dispersions cuts a few per cent off; a narrow ring's width is a small difference of large numbers.
    tolerance = {"r": 0.3, "sigma_r": 0.1, "sigma_z": 0.1} if case == "filled" else {"r": 0.03, "sigma_r": 0.2}
    for name, relative in tolerance.items():
        assert found[name] == pytest.approx(truth[name], rel=relative), name


@pytest.mark.parametrize("blurred", [False, True])
@pytest.mark.parametrize("given", [{}, PLACE], ids=["nothing known", "centre known"])
@pytest.mark.parametrize("case", RINGS)
def test_a_fit_of_an_image_alone_finds_the_ring(case: str, given: dict[str, float], blurred: bool) -> None:
    image = seen(case, **({"psf": PSF / PSF.sum()} if blurred else {}))
    result = fitted([SKY, ring(**given)], image)
    assert result.converged
    assert result.chi2_reduced < 1.06
    found = values_of(result)
    for name in ("r", "sigma_z"):
        assert found[f"g.{name}"] == pytest.approx(RINGS[case][name], rel=0.1), name


def test_a_galaxy_beside_it_is_left_to_its_own_component() -> None:
    own = {"x": 15.0, "y": 64.0, "q": 0.8, "pa": 10.0, "n": 1.0, "r_e": 3.0, "i_e": 30.0}
    galaxy = {"name": "b", "profile": "sersic", "parameters": own}
    image = seen("in two pieces", galaxy)
    known = galaxy | {"parameters": {"x": 15.0, "y": 64.0}}
    request = complete_request(fit_request([SKY, known, ring()]), [image])
    first = ParameterTable.of(request).values()
    assert (first["g.x"], first["g.y"]) == pytest.approx((PLACE["x"], PLACE["y"]), abs=2.0)
    assert fitted([SKY, known, ring()], image).chi2_reduced < 1.06


def test_without_light_there_is_no_ring() -> None:
    nothing = np.zeros((20, 20))
    assert measure_ring(nothing, np.ones((20, 20), bool), 1.0, 0.0, None) is None
