"""First values found in simulated images of known galaxies."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.signal import fftconvolve
from scipy.special import gammaincinv

from fitting.first_values import complete_request
from fitting.inputs import ImageData
from fitting.inputs.psf_stamps import gaussian_stamp
from fitting.spec import GaussianPsf, ParameterTable, RequestInvalid, parse_request

SIZE, FINE, SKY, NOISE = 121, 5, 20.0, 1.0
TRUTH = {"x": 62.3, "y": 55.8, "q": 0.6, "pa": 35.0, "n": 2.0, "r_e": 9.0, "i_e": 30.0}
PSF = gaussian_stamp(GaussianPsf.model_validate({"gaussian": {"fwhm": 3.0}}))


def sersic(x: float, y: float, q: float, pa: float, n: float, r_e: float, i_e: float) -> np.ndarray:
    """A Sersic galaxy on the grid, averaged over sub-pixels."""
    steps = (np.arange(SIZE * FINE) + 0.5) / FINE - 0.5
    columns, rows = np.meshgrid(steps - x, steps - y)
    angle = math.radians(pa)
    along = -columns * math.sin(angle) + rows * math.cos(angle)
    across = columns * math.cos(angle) + rows * math.sin(angle)
    radius = np.hypot(along, across / q) / r_e
    light = i_e * np.exp(-gammaincinv(2 * n, 0.5) * (radius ** (1 / n) - 1))
    return light.reshape(SIZE, FINE, SIZE, FINE).mean(axis=(1, 3))


def scene(*galaxies: dict[str, float], seed: int = 3, origin: tuple[int, int] = (0, 0)) -> ImageData:
    """Galaxies blurred by the PSF, on a sky with noise."""
    light = sum((sersic(**galaxy) for galaxy in galaxies), np.zeros((SIZE, SIZE)))
    noise = np.random.default_rng(seed).normal(SKY, NOISE, light.shape)
    data = fftconvolve(light, PSF, mode="same") + noise
    mask = np.zeros(data.shape, dtype=bool)
    return ImageData("image", data, np.full(data.shape, NOISE**2), mask, psf=PSF, origin=origin)


def completed(image: ImageData, **galaxies: dict[str, Any]) -> dict[str, float]:
    """All values after completion of a request for a sky and these galaxies."""
    components = [{"name": "sky", "profile": "flat_sky"}]
    components += [{"name": name, "profile": "sersic", "parameters": given} for name, given in galaxies.items()]
    request = complete_request(parse_request({"images": [{"data": "d"}], "components": components}), [image])
    table = ParameterTable.of(request)
    assert table.missing == ()
    for row in table:
        assert row.value is None or (
            (row.min is None or row.value >= row.min) and (row.max is None or row.value <= row.max)
        )
    return table.values()


def turn(first: float, second: float) -> float:
    """Difference of two position angles, degrees."""
    return abs((first - second + 90.0) % 180.0 - 90.0)


@pytest.mark.parametrize("pa", [0.0, 35.0, 90.0, 150.0])
@pytest.mark.parametrize("n", [1.0, 2.0, 4.0])
def test_one_galaxy_is_found_with_its_shape(pa: float, n: float) -> None:
    truth = {**TRUTH, "pa": pa, "n": n}
    found = completed(scene(truth), a={})
    assert found["sky.i"] == pytest.approx(SKY, abs=1.0)
    assert math.dist((found["a.x"], found["a.y"]), (truth["x"], truth["y"])) < 0.5
    assert found["a.q"] == pytest.approx(truth["q"], abs=0.12)
    assert turn(found["a.pa"], pa) < 8.0
    assert 0.6 < found["a.r_e"] / truth["r_e"] < 1.6
    assert 0.3 < found["a.i_e"] / truth["i_e"] < 3.0


@pytest.mark.parametrize("r_e", [0.8, 3.0, 20.0])
def test_sizes_from_a_pixel_to_a_sixth_of_the_frame_are_told_apart(r_e: float) -> None:
    found = completed(scene({**TRUTH, "r_e": r_e, "i_e": 3000.0 / r_e**2}), a={})
    assert 0.5 < found["a.r_e"] / r_e < 2.0


def test_several_galaxies_are_found_each_at_its_place() -> None:
    places = [(30.0, 30.0), (85.0, 40.0), (55.0, 92.0)]
    galaxies = [{**TRUTH, "x": x, "y": y, "r_e": 5.0, "i_e": 100.0 / (1 + i)} for i, (x, y) in enumerate(places)]
    found = completed(scene(*galaxies), a={}, b={}, c={})
    positions = [(found[f"{name}.x"], found[f"{name}.y"]) for name in "abc"]
    assert all(min(math.dist(place, position) for position in positions) < 1.0 for place in places)


def test_a_galaxy_without_position_leaves_the_peak_of_one_that_has_it() -> None:
    faint = {**TRUTH, "x": 25.0, "y": 90.0, "r_e": 4.0, "i_e": 20.0}
    found = completed(scene(TRUTH, faint), b={}, a={"x": TRUTH["x"], "y": TRUTH["y"]})
    assert math.dist((found["b.x"], found["b.y"]), (25.0, 90.0)) < 1.0


def test_given_values_stay() -> None:
    given = {"x": 60.0, "q": {"value": 0.9, "fixed": True}, "n": 3.3}
    found = completed(scene(TRUTH), a=given)
    assert (found["a.x"], found["a.q"], found["a.n"]) == (60.0, 0.9, 3.3)


def test_a_complete_request_is_left_alone() -> None:
    document = {"images": [{"data": "d"}], "components": [{"name": "a", "profile": "sersic", "parameters": TRUTH}]}
    request = parse_request(document)
    assert complete_request(request, [scene(TRUTH)]) is request


def test_values_keep_to_the_limits_of_the_request() -> None:
    found = completed(scene(TRUTH), a={"r_e": {"max": 3.0}, "q": {"min": 0.9}, "i_e": {"max": 1.0}})
    assert found["a.r_e"] <= 3.0
    assert found["a.q"] >= 0.9
    assert found["a.i_e"] <= 1.0


def test_positions_are_those_of_the_full_frame() -> None:
    found = completed(scene(TRUTH, origin=(1000, 200)), a={})
    assert (found["a.x"], found["a.y"]) == pytest.approx((1000 + TRUTH["x"], 200 + TRUTH["y"]), abs=0.5)


def test_a_second_component_without_a_peak_shares_the_first_ones_place_but_not_its_size() -> None:
    found = completed(scene(TRUTH), bulge={}, disc={})
    places = [(found[f"{name}.x"], found[f"{name}.y"]) for name in ("bulge", "disc")]
    assert math.dist(*places) < 3.0
    assert found["disc.r_e"] > 1.5 * found["bulge.r_e"]


def test_a_linked_component_follows_the_one_that_is_found() -> None:
    found = completed(scene(TRUTH), disc={"x": "= bulge.x", "y": "= bulge.y", "r_e": "= 3 * bulge.r_e"}, bulge={})
    assert found["disc.x"] == found["bulge.x"] == pytest.approx(TRUTH["x"], abs=1.0)
    assert found["disc.r_e"] == 3 * found["bulge.r_e"]


def test_a_linked_value_that_comes_out_impossible_is_a_fault() -> None:
    with pytest.raises(RequestInvalid) as caught:
        completed(scene(TRUTH), a={"q": "= 5 * b.q"}, b={})
    (fault,) = caught.value.faults
    assert fault.path == "$.components[1].parameters.q"


def test_a_masked_star_is_not_taken_for_the_galaxy() -> None:
    image = scene(TRUTH)
    image.data[10:20, 10:20] += 1e5
    image.mask[5:25, 5:25] = True
    found = completed(image, a={})
    assert math.dist((found["a.x"], found["a.y"]), (TRUTH["x"], TRUTH["y"])) < 0.5


@pytest.mark.parametrize("kind", ["noise", "constant", "one pixel", "negative", "nan"])
def test_an_image_without_a_galaxy_still_gives_values(kind: str) -> None:
    image = scene()
    data = {
        "noise": image.data,
        "constant": np.full(image.data.shape, 7.0),
        "one pixel": image.data[:1, :1],
        "negative": -image.data,
        "nan": np.where(image.data > SKY, np.nan, image.data),
    }[kind]
    bare = ImageData("image", data, np.ones(data.shape), ~np.isfinite(data))
    assert all(math.isfinite(value) for value in completed(bare, a={}, b={}).values())
