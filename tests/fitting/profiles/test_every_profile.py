"""Every radial profile held to the same promises; a new row of `SHAPES` is covered by being there.

Rendering, against brute-force integrals of textbook formulas: relative errors of 1e-5 of a pixel within five pixels of
the centre, 1e-4 elsewhere inside the profile's extent, 1e-5 of the light in a frame. Where a profile ends, a pixel's
own light goes to nothing, so that errors are relative to the brightest of the pixel and those around it; and where the
inside of a ring is dark, to a thousandth of its crest.

Derivatives, against finite differences: 1e-6 of the largest, 1e-5 in the few pixels at the centre, and 3e-3 in pixels
that a break or an end crosses which is sharper than a pixel: there the derivative itself is not smooth, while the light
is integrated to the promise.
"""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from fitting.problem.components.radial_group import RadialGroup, RadialStack
from fitting.profiles import RADIAL_PROFILES, SIZED_PROFILES, RadialProfile, radial_profile
from fitting.profiles.dimensions import PureNumbers
from fitting.render.pixels import Frame
from fitting.render.radial.break_pixels import BreakRule
from fitting.spec import ComponentSpec
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, uncertainties_of, values_of
from tests.references.make_radial_table import NEAR, SIDE, TABLE
from tests.references.make_sersic_table import elliptical_radius
from tests.references.radial_formulas import ENDS, FORMULAS, OPTIONS, SHAPES, Array

CORE_ERROR = 1e-5
BODY_ERROR = 1e-4
LIGHT_ERROR = 1e-5
RING_FLOOR = 1e-3
SLOW_RATIOS = (0.1, 0.7)

with np.load(TABLE) as _table:
    REFERENCE = {name: _table[name] for name in _table.files}

EVERY_SHAPE = [
    pytest.param(name, shape, id=f"{name}-{number}")
    for name, shapes in SHAPES.items()
    for number, shape in enumerate(shapes)
]
ONE_OF_EACH = [pytest.param(name, shapes[0], id=name) for name, shapes in SHAPES.items()]


def component(name: str, x: float, y: float, q: float, pa: float, **shape: float) -> dict[str, Any]:
    """A component of a request."""
    options = {"options": OPTIONS[name]} if name in OPTIONS else {}
    return {"name": "g", "profile": name, "parameters": {"x": x, "y": y, "q": q, "pa": pa, **shape}} | options


def described(name: str) -> ComponentSpec:
    """A component as it is read."""
    return ComponentSpec.model_validate(component(name, **PLACE, **SHAPES[name][0]))


def profile_of(name: str) -> RadialProfile:
    """The profile, with the options of the table."""
    profile = radial_profile(name, described(name).options)
    assert profile is not None
    return profile


def one(value: float) -> torch.Tensor:
    return torch.tensor([value], dtype=torch.float64)


def pure_numbers(name: str, shape: dict[str, float]) -> tuple[torch.Tensor, ...]:
    """Shape parameters in units of scale and amplitude, (1,) each."""
    profile = profile_of(name)
    own = [one(shape[parameter]) for parameter in profile.shape]
    scale, amplitude = one(shape[profile.scale]), one(shape[profile.amplitude])
    return PureNumbers.of(own, profile.dimensions, scale, amplitude).shape


def extent(name: str, shape: dict[str, float]) -> float:
    """Of a profile, pixels."""
    pure = tuple(float(value) for value in pure_numbers(name, shape))
    return profile_of(name).extent(pure) * shape[profile_of(name).scale]


def cases() -> list[Any]:
    """Every case of the table."""
    parameters = []
    for number, name in enumerate(REFERENCE["case_profile"]):
        x, y, q, pa = REFERENCE["cases"][number, :4]
        place = REFERENCE["case_shape"][number]
        marks = pytest.mark.slow if q in SLOW_RATIOS else ()
        parameters.append(pytest.param(number, id=f"{name}-{place} q={q:g} pa={pa:g} x={x:g} y={y:g}", marks=marks))
    return parameters


def test_every_profile_has_a_row_in_each_table() -> None:
    assert set(SHAPES) == set(FORMULAS) == {*RADIAL_PROFILES, *SIZED_PROFILES}
    for name in SHAPES:
        profile = profile_of(name)
        expected = ("x", "y", "q", "pa", *profile.shape, profile.scale, profile.amplitude)
        assert sorted(described(name).description.names) == sorted(expected)
        assert len(profile.dimensions) == len(profile.shape)


@pytest.mark.parametrize("number", cases())
def test_pixels_hold_the_integral_of_the_formula(number: int) -> None:
    name = str(REFERENCE["case_profile"][number])
    shape = SHAPES[name][REFERENCE["case_shape"][number]]
    x0, y0, q, pa, _, light = REFERENCE["cases"][number]
    model = rendered([component(name, x0, y0, q, pa, **shape)], shape=(SIDE, SIDE))
    own = REFERENCE["pixel_case"] == number
    x, y, exact = (REFERENCE[field][own] for field in ("pixel_x", "pixel_y", "pixel_value"))
    radius = elliptical_radius(x - x0, y - y0, q, pa)
    end = shape.get(ENDS.get(name, ""), math.inf)
    yardstick = np.where(np.abs(radius - end) < 1.5 / q, REFERENCE["pixel_nearby"][own], exact)
    yardstick = np.maximum(yardstick, RING_FLOOR * shape.get("i_r", 0.0))
    error = np.abs(model[y, x] - exact) / np.where(yardstick > 0.0, yardstick, 1.0)
    inside = radius <= extent(name, shape) + (1.5 / q if math.isfinite(end) else 0.0)
    near = np.hypot(x - x0, y - y0) <= NEAR
    assert error[near & inside].max() <= CORE_ERROR
    assert error[~near & inside].max(initial=0.0) <= BODY_ERROR
    assert model.sum() == pytest.approx(light, rel=LIGHT_ERROR)


@pytest.mark.parametrize(("name", "shape"), EVERY_SHAPE)
def test_flux_is_the_integral_of_the_formula(name: str, shape: dict[str, float]) -> None:
    profile = profile_of(name)
    parameters = one(0.6), one(shape[profile.scale]), one(shape[profile.amplitude])
    flux = float(profile.flux(*parameters, pure_numbers(name, shape)))
    if math.isinf(flux):
        assert name == "isothermal" or shape.get("beta", 9.0) <= (2.0 if name == "nuker" else 1.0)
        return

    def ring(log_radius: float) -> float:
        radius = np.exp(log_radius)
        return float(2.0 * np.pi * 0.6 * radius**2 * FORMULAS[name](radius, **shape))

    split = np.log(shape.get("r_b", shape.get(ENDS.get(name, ""), shape[profile.scale])))
    expected = (
        quad(ring, -60.0, split, limit=500, epsrel=1e-11)[0] + quad(ring, split, 250.0, limit=500, epsrel=1e-11)[0]
    )
    assert flux == pytest.approx(expected, rel=1e-8)


FRAME = Frame(0, 0, 41, 41)
PLACE = {"x": 20.3, "y": 19.6, "q": 0.62, "pa": 35.0}
BREAK = 3e-3
STEPS = {"x": 1e-4, "y": 1e-4, "q": 5e-5, "pa": 1e-2}


@pytest.mark.parametrize("integrated", [True, False], ids=["integrated", "sampled"])
@pytest.mark.parametrize(("name", "shape"), EVERY_SHAPE)
def test_derivatives_match_finite_differences(
    name: str, shape: dict[str, float], integrated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = PLACE | shape
    profile = profile_of(name)
    names = ("x", "y", "q", "pa", *profile.shape, profile.scale, profile.amplitude)
    group = RadialGroup(profile, ("g",), torch.arange(len(names))[None], convolved=False, integrated=integrated)
    values = torch.tensor([[[parameters[parameter] for parameter in names]]], dtype=torch.float64)
    stack = RadialStack(group, values, (0,))
    promised = np.full((FRAME.height, FRAME.width), 1e-6)
    if integrated:
        quadrature_pixels = stack._quadrature_pixels(FRAME)
        monkeypatch.setattr(RadialStack, "_quadrature_pixels", lambda *_: quadrature_pixels)
        for central in quadrature_pixels.central:
            x, y = central.pixels.places.long()
            promised[y, x] = 1e-5
        for breaks in quadrature_pixels.breaks:
            x, y = breaks.pixels.places.long()
            promised[y, x] = BREAK if isinstance(breaks.rule, BreakRule) else 1e-5
    elif name in ENDS:  # where samples at the very end have no derivative
        y, x = np.mgrid[: FRAME.height, : FRAME.width]
        radius = elliptical_radius(x - PLACE["x"], y - PLACE["y"], PLACE["q"], PLACE["pa"])
        promised[np.abs(radius - shape[ENDS[name]]) < 1.5] = np.inf
    columns = torch.empty((1, stack.columns, FRAME.height, FRAME.width), dtype=torch.float64)
    stack.write_columns(columns, FRAME)
    exact = torch.einsum("cyx,cp->pyx", columns[0], stack.transfer[0, 0]).numpy()

    def image(place: int, shift: float) -> Array:
        moved = values.clone()
        moved[0, 0, place] += shift
        light: Array = RadialStack(group, moved, (0,)).image(FRAME)[0].numpy()
        return light

    for place, parameter in enumerate(names):
        step = STEPS.get(parameter, 2e-5 * max(abs(parameters[parameter]), 0.1))
        near = image(place, step) - image(place, -step)
        far = image(place, 2 * step) - image(place, -2 * step)
        expected = (8.0 * near - far) / (12.0 * step)
        error = np.abs(exact[place] - expected) / np.abs(expected).max()
        assert (error <= promised).all(), f"d image / d {parameter} is off by {error.max():.1e} of its largest value"


OFF = {"x": 0.3, "y": -0.3, "pa": 5.0}


@pytest.mark.parametrize(("name", "shape"), ONE_OF_EACH)
def test_a_fit_from_ten_per_cent_off_finds_the_truth(name: str, shape: dict[str, float]) -> None:
    profile = profile_of(name)
    bright = 2000.0 / float(FORMULAS[name](np.asarray(0.5 * shape[profile.scale]), **shape))
    truth = PLACE | {key: value * (bright if key.startswith("i_") else 1.0) for key, value in shape.items()}
    model = rendered([component(name, **truth), flat_sky()])
    held = {parameter.name for parameter in described(name).description.parameters if parameter.held}
    start = truth | {
        parameter: value + OFF[parameter] if parameter in OFF else value * (1.1 if number % 2 else 0.9)
        for number, (parameter, value) in enumerate(truth.items())
        if parameter not in held
    }
    result = fitted([component(name, **start), flat_sky()], image_of(noisy(model, 1.0)))
    assert result.converged
    found, sigma = values_of(result), uncertainties_of(result)
    for parameter, value in truth.items():
        if parameter in held:
            continue
        uncertainty = sigma[f"g.{parameter}"]
        assert uncertainty is not None
        assert abs(found[f"g.{parameter}"] - value) <= 3.0 * uncertainty, parameter
