"""Profiles that a request writes as a formula: the same numbers as built in, and as quadrature has it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad, quad

from fitting.first_values import complete_request
from fitting.profiles import radial_profile
from fitting.spec import PROFILES, ComponentSpec, Dual, ModifierSpec, RequestInvalid, parse_request
from fitting.spec.profiles.formula import FormulaOptions
from tests.fitting.images.sky import image as image_on_sky
from tests.fitting.scene import fit_request, fitted, flat_sky, image_of, noisy, rendered, uncertainties_of, values_of

PLACE = {"x": 20.3, "y": 19.6, "q": 0.6, "pa": 35.0}
UNITS = {"h": "pixel", "i": "data/pixel"}


def formula(text: str, units: dict[str, Any], bend: str | None = None, **values: Any) -> dict[str, Any]:
    """A component of a request, placed."""
    options = {"brightness": text, "symbols": units} | ({} if bend is None else {"bend": bend})
    return {"name": "g", "profile": "formula", "options": options, "parameters": PLACE | values}


def built_in(profile: str, **values: Any) -> dict[str, Any]:
    return {"name": "g", "profile": profile, "parameters": PLACE | values}


KING = "(max(1 / sqrt(1 + (r / h)**2) - 1 / sqrt(1 + (t / h)**2), 0) / (1 - 1 / sqrt(1 + (t / h)**2)))"
SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "exponential": (formula("i * exp(-r / h)", UNITS, h=4.0, i=9.0), built_in("exponential", h=4.0, i_0=9.0)),
    "sersic": (
        formula("i * exp(-b * ((r / h) ** (1 / n) - 1))", UNITS, h=4.0, i=9.0, n=2.0, b=3.672060748850897),
        built_in("sersic", r_e=4.0, i_e=9.0, n=2.0),
    ),
    "de Vaucouleurs": (
        formula("i * exp(-7.669249442500802 * ((r / h) ** 0.25 - 1))", UNITS, h=4.0, i=9.0),
        built_in("de_vaucouleurs", r_e=4.0, i_e=9.0),
    ),
    "an end": (
        formula("i * max(1 - (r / t) ** 2, 0) ** a", {"t": "pixel", "i": "data/pixel"}, "t", t=9.0, i=9.0, a=1.5),
        built_in("ferrers", r_out=9.0, i_0=9.0, alpha=1.5, beta=0.0),
    ),
    "an end that is not the scale": (
        formula(f"i * {KING} ** 2", UNITS | {"t": "pixel"}, "t", h=3.0, t=14.0, i=9.0),
        built_in("king", r_c=3.0, r_t=14.0, i_0=9.0),
    ),
    "a ring": (
        formula("i * exp(-((r - t) / h) ** 2 / 2)", UNITS | {"t": "pixel"}, h=2.0, t=8.0, i=9.0),
        built_in("gaussian_ring", r_ring=8.0, sigma_r=2.0, i_r=9.0),
    ),
    "two brightnesses": (
        formula(
            "i * exp(-r**2 / (2 * h**2)) + j * exp(-r**2 / (2 * s**2)) + k * exp(-r**2 / (2 * u**2))",
            UNITS | {"j": "data/pixel", "k": "data/pixel", "s": "pixel", "u": "pixel"},
            h=1.5, i=20.0, s=3.0, j=6.0, u=8.0, k=1.0,
        ),
        {
            **built_in("multi_gaussian", sigma_1=1.5, i_1=20.0, sigma_2=3.0, i_2=6.0, sigma_3=8.0, i_3=1.0),
            "options": {"gaussians": 3},
        },
    ),
    "a rate": (
        formula("i * exp(-k * r) + 0 * h / h * i", UNITS | {"k": "1/pixel"}, h=1.0, k=0.25, i=9.0),
        built_in("exponential", h=4.0, i_0=9.0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("blurred", [False, True])
def test_a_formula_draws_what_the_profile_draws(name: str, blurred: bool) -> None:
    written, known = SAME[name]
    width = np.exp(-0.5 * np.hypot(*np.mgrid[-7:8, -7:8]) ** 2 / 1.4**2)
    fields: dict[str, Any] = {"psf": width / width.sum()} if blurred else {}
    expected = rendered([known], **fields)
    assert rendered([written], **fields) == pytest.approx(expected, rel=1e-5, abs=1e-6 * expected.max())


CUSPS = {
    "i * log(1 + h / r) * exp(-r / h)": lambda x: np.log(1 + 1 / x) * np.exp(-x),
    "i * (r / h) ** -0.05 * exp(-r / h)": lambda x: x**-0.05 * np.exp(-x),
    "i * (r / h) ** -1.2 * exp(-r / h)": lambda x: x**-1.2 * np.exp(-x),
    "i * exp(-sqrt(r / h)) * (1 + sin(r / h) / 2)": lambda x: np.exp(-np.sqrt(x)) * (1 + np.sin(x) / 2),
    "i / (1 + exp((r / h - 2) / 0.03))": lambda x: 1 / (1 + np.exp(np.minimum((x - 2) / 0.03, 600.0))),
}


@pytest.mark.parametrize("text", CUSPS)
def test_pixels_are_integrals_whatever_the_centre_is_like(text: str) -> None:
    drawn = rendered([formula(text, UNITS, h=4.0, i=1.0)])
    turned = math.radians(PLACE["pa"] + 90.0)

    def light(y: float, x: float) -> float:
        dx, dy = x - PLACE["x"], y - PLACE["y"]
        along, across = dx * math.cos(turned) + dy * math.sin(turned), dy * math.cos(turned) - dx * math.sin(turned)
        radius = math.hypot(along, across / PLACE["q"])
        return float(CUSPS[text](radius / 4.0)) if radius else 0.0

    for row, column in ((20, 20), (19, 20), (20, 21), (23, 16), (26, 20)):
        exact = sum(
            dblquad(light, *across, *along, epsabs=1e-9, epsrel=1e-7)[0]
            for across in parts(column, PLACE["x"])
            for along in parts(row, PLACE["y"])
        )
        assert drawn[row, column] == pytest.approx(exact, rel=1e-5)


def parts(pixel: int, centre: float) -> list[tuple[float, float]]:
    """A pixel's side, in two where the centre lies in it."""
    low, high = pixel - 0.5, pixel + 0.5
    return [(low, centre), (centre, high)] if low < centre < high else [(low, high)]


def test_a_fit_of_a_formula_is_that_of_the_profile() -> None:
    data = noisy(rendered([built_in("exponential", h=4.0, i_0=60.0), flat_sky()]), 1.0)
    start = {"h": 5.0, "x": 20.0, "q": 0.7}
    written = fitted([formula("i * exp(-r / h)", UNITS, i=50.0, **start), flat_sky()], image_of(data))
    known = fitted([built_in("exponential", i_0=50.0, **start), flat_sky()], image_of(data))
    assert list(values_of(written).values()) == pytest.approx(list(values_of(known).values()), rel=1e-7)
    assert list(uncertainties_of(written).values()) == pytest.approx(list(uncertainties_of(known).values()), rel=1e-5)
    flux, exact = (next(row for row in each.derived if row.name == "g.flux") for each in (written, known))
    assert (flux.value, flux.uncertainty) == pytest.approx((exact.value, exact.uncertainty), rel=1e-6)


def test_totals_vary_with_shape_parameters_as_those_of_the_profile() -> None:
    text = "i * exp(-2 / a * ((r / h) ** a - 1))"
    data = noisy(rendered([built_in("einasto", alpha=0.7, r_s=5.0, i_s=40.0), flat_sky()], shape=(51, 51)), 1.0)
    shape = {"h": 5.5, "a": 0.8}
    for total in ({}, {"flux": 8000.0}):
        given = total or {"i": 40.0}
        written = fitted([formula(text, {"a": {"min": 0.05, "max": 10}}, **shape, **given), flat_sky()], image_of(data))
        own = {"r_s": 5.5, "alpha": 0.8, **(total or {"i_s": 40.0})}
        known = fitted([built_in("einasto", **own), flat_sky()], image_of(data))
        assert written.converged
        assert written.chi2 == pytest.approx(known.chi2, rel=1e-7)
        flux, exact = (
            next(row for row in (*each.parameters, *each.derived) if row.name == "g.flux") for each in (written, known)
        )
        assert (flux.value, flux.uncertainty) == pytest.approx((exact.value, exact.uncertainty), rel=1e-3)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("i * exp(-(r / h) ** c)", {"c": 40.0}),
        ("i * exp(-exp(r / h - c))", {"c": 3.0}),
        ("i / (1 + (r / h) ** 2) ** c", {"c": 1.4}),
        ("i * (r / h) ** -c * exp(-r / h)", {"c": 1.1}),
    ],
)
def test_derivatives_of_totals_are_those_of_quadrature(text: str, shape: dict[str, float]) -> None:
    options = FormulaOptions.model_validate({"brightness": text})
    profile = radial_profile("formula", options)
    assert profile is not None
    values = torch.tensor([shape["c"]], dtype=torch.float64, requires_grad=True)
    one = torch.ones(1, dtype=torch.float64)
    total = profile.flux(one, one, one, (values,))
    (slope,) = torch.autograd.grad(total, values)

    def exact(c: float) -> float:
        def ring(log_radius: float) -> float:
            lookup = {"r": Dual(math.exp(log_radius)), "i": Dual(1.0), "h": Dual(1.0), "c": Dual(c)}
            try:
                light = options.formula.evaluate(lookup).value
            except OverflowError:
                return 0.0
            return float(2.0 * math.pi * math.exp(2.0 * log_radius) * light)

        return sum(quad(ring, *ends, epsrel=1e-12, limit=400)[0] for ends in ((-40.0, 0.0), (0.0, 3.0), (3.0, 40.0)))

    assert float(total.detach()) == pytest.approx(exact(shape["c"]), rel=1e-6)
    step = 1e-3
    expected = (exact(shape["c"] + step) - exact(shape["c"] - step)) / (2.0 * step)
    assert float(slope) == pytest.approx(expected, rel=1e-3)


def test_light_that_has_gone_has_derivatives() -> None:
    component = formula("i * exp(-exp(r / h - c))", UNITS, h=0.02, i=100.0, c=20.0)
    profile = radial_profile("formula", ComponentSpec.model_validate(component).options)
    assert profile is not None
    far = torch.tensor([[2.0 * math.log(800.0)]], dtype=torch.float64)
    values = profile.derivatives(far, profile.constants((torch.tensor([20.0], dtype=torch.float64),))[..., None])
    assert [float(each) for each in (values[0], values[1], *values[2])] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "geometry",
    ["superellipse", {"fourier": [2]}, "rotation", "truncation", {"warp": [5, 10]}, {"rays": 4}, {"wedges": 3}],
)
def test_modifiers_act_on_it_as_on_any_other(geometry: Any) -> None:
    brought = {
        "superellipse": {"c0": 0.4},
        "fourier": {"fourier_2_amplitude": 0.1},
        "rotation": {"rotation_outer": 12, "rotation_angle": 60},
        "truncation": {"outer_truncation": 9, "outer_truncation_width": 4},
        "warp": {"warp_1_q": 0.8, "warp_2_pa": 25},
        "rays": {"ray_2_size": 1.2},
        "wedges": {"wedge_2_brightness": 0.7},
    }[geometry if isinstance(geometry, str) else next(iter(geometry))]
    written, known = SAME["exponential"]
    defaults = {
        item.name: item.default for item in ModifierSpec.model_validate(geometry).parameters if item.default is not None
    }
    values = defaults | brought
    pair = [{**each, "geometry": [geometry], "parameters": each["parameters"] | values} for each in (written, known)]
    assert rendered([pair[0]]) == pytest.approx(rendered([pair[1]]), rel=1e-6, abs=1e-12)


def test_lengths_are_in_arcsec_in_frame_sky_and_totals_may_be_given() -> None:
    seen = image_on_sky("image", (41, 41), scale=0.5)
    place = {"ra": 150.0, "dec": 2.0, "q": 0.6, "pa": 35.0}

    def model(component: dict[str, Any]) -> np.ndarray:
        from fitting.run import run

        component = {**component, "parameters": {**component["parameters"], **place}}
        for name in ("x", "y"):
            component["parameters"].pop(name)
        document = {"frame": "sky", "images": [{"data": "a.fits"}], "components": [component]}
        image = image_of(np.zeros((41, 41)), header=seen.header, pixel_scale=0.5, zero_point=25.0)
        return run(complete_request(parse_request(document), [image]), [image]).images[0].model

    written = model(formula("i * exp(-r / h)", UNITS, h=2.0, magnitude=18.0))
    assert written == pytest.approx(model(built_in("exponential", h=2.0, magnitude=18.0)), rel=1e-6)


def test_first_values_are_found_for_the_first_length_and_brightness() -> None:
    text, units = "i * exp(-(r / h) ** c)", UNITS | {"c": {"min": 0.2, "max": 4.0}}
    data = noisy(rendered([formula(text, units, h=4.0, i=60.0, c=1.0), flat_sky()], shape=(61, 61)), 1.0)
    request = complete_request(
        fit_request([{**formula(text, units), "parameters": {"c": 1.0}}, flat_sky()]), [image_of(data)]
    )
    found = {name: spec.value for name, spec in request.components[0].parameters.items()}
    assert found["h"] == pytest.approx(4.0, rel=0.25)
    assert found["i"] == pytest.approx(60.0, rel=0.5)
    result = fitted([{**formula(text, units), "parameters": {"c": 1.0}}, flat_sky()], image_of(data))
    assert result.chi2_reduced < 1.06


def test_what_cannot_be_guessed_must_be_given() -> None:
    text, units = (
        "i * exp(-(r / h) ** c) + j * exp(-r / t)",
        UNITS | {"t": "pixel", "j": "data/pixel", "c": {"default": 1}},
    )
    with pytest.raises(RequestInvalid) as caught:
        fit_request([{**formula(text, units), "parameters": {}}])
    assert [fault.path.rpartition(".")[2] for fault in caught.value.faults] == ["t", "j"]


def test_the_form_that_people_write_is_the_form_with_options() -> None:
    written = {
        "name": "g",
        "profile": "formula",
        "brightness": "i0 * exp(-(r / h) ** c)",
        "parameters": {
            "x": 3,
            "h": {"unit": "pixel", "scale": "log", "value": 5, "min": 1},
            "i0": {"unit": "data/pixel"},
            "c": {"value": 1, "min": 0.2},
        },
    }
    read = ComponentSpec.model_validate(written)
    same = {
        "name": "g",
        "profile": "formula",
        "options": {
            "brightness": "i0 * exp(-(r / h) ** c)",
            "symbols": {"h": {"unit": "pixel", "scale": "log"}, "i0": {"unit": "data/pixel"}},
        },
        "parameters": {"x": 3, "h": {"value": 5, "min": 1}, "c": {"value": 1, "min": 0.2}},
    }
    assert read == ComponentSpec.model_validate(same)
    assert ComponentSpec.model_validate(read.model_dump(mode="json")) == read
    assert read.description.names == ("x", "y", "q", "pa", "h", "i0", "c")


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("i0 * exp(-(r / h) ** c)", {"i0": "data/pixel", "h": "pixel", "c": ""}),
        ("i * exp(-b * ((r / h) ** (1 / n) - 1))", {"i": "data/pixel", "b": "", "h": "pixel", "n": ""}),
        ("i / (1 + r / h) + j * exp(-k * r)", {"i": "data/pixel", "h": "pixel", "j": "data/pixel", "k": "1/pixel"}),
        ("sqrt(i ** 2 + j ** 2 * exp(-r / h))", {"i": "data/pixel", "j": "data/pixel", "h": "pixel"}),
        ("i * 2 ** ((b - g) / a) * (r / h) ** -g", {"i": "data/pixel", "b": "", "g": "", "a": "", "h": "pixel"}),
    ],
)
def test_units_that_are_not_said_follow(text: str, units: dict[str, str]) -> None:
    options = FormulaOptions.model_validate({"brightness": text})
    assert options.units == units
    assert options.model_dump(mode="json") == {"brightness": text, "symbols": {}}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a * b * exp(-r / h)", 'the unit of "b" does not follow from the others'),
        ("i * sqrt(1 + r ** 2 / h)", r'"h" would be \(pixel\)\^2, which no parameter is'),
        ("i * exp(-k * r)", "has no length in it"),
        ("i * exp(-r)", 'exp takes a pure number, and "-r" is pixel|has no length'),
    ],
)
def test_units_that_do_not_follow_are_asked_for(text: str, sentence: str) -> None:
    with pytest.raises(RequestInvalid, match=sentence):
        fit_request([{"name": "g", "profile": "formula", "brightness": text, "parameters": {"x": 3}}])
    if text.startswith("a * b"):
        FormulaOptions.model_validate({"brightness": text, "symbols": {"b": ""}})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"brightness": "i + exp(-r / h)"}, r'"i" is data/pixel and "exp\(-r / h\)" is a pure number'),
        ({"brightness": "i * exp(-r) * h / h"}, 'exp takes a pure number, and "-r" is pixel'),
        ({"brightness": "i * exp(-r / h) * h"}, r"brightness: is data/pixel × pixel \(expected a surface brightness"),
        ({"brightness": "i * r ** c / h"}, '"r .. c" raises pixel to a power that varies'),
        ({"brightness": "i * max(1 - r / h, 0)"}, r'"max\(1 - r / h, 0\)" bends the profile.*"bend"'),
        ({"brightness": "i * max(2 - r / h, 0)", "bend": "h"}, r"does not change over at r = h"),
        ({"brightness": "i * exp(-r / h)", "bend": "h"}, "bend: nothing bends in the brightness"),
        ({"brightness": "i * max(1 - r / h, 0)", "bend": "i"}, "bend: 'i' is no length of the formula"),
        ({"brightness": "i * exp(-(r / h) ** q)"}, "'q' cannot name a parameter of a formula"),
        ({"brightness": "i * open(r / h)"}, '"open" is not a function of expressions'),
        ({"brightness": "i * exp(-r / h) * a.x"}, '"a.x" is not allowed'),
        ({"brightness": "i * exp(-r / h", }, "cannot be read"),
        ({"brightness": "i"}, "symbols.h: does not stand in the brightness"),
        ({"brightness": "i * exp(-r / h)", "symbols": {"h": "pc"}}, "symbols.h.unit: 'pc' is no unit"),
        ({"brightness": "i * exp(-c)", "symbols": {"i": "data/pixel"}}, "has no length in it"),
        ({"brightness": "exp(-r / h)", "symbols": {"h": "pixel"}}, "has no surface brightness in it"),
        ({"symbols": {"h": {"min": 5, "max": 2, "unit": "pixel"}}}, "symbols.h.min: 5 is not below max 2"),
        ({"brightness": "i * exp(-r / h) * " + " * ".join(f"c{n}" for n in range(19))}, "has 21 parameters"),
    ],
)  # fmt: skip
def test_an_unsound_formula_is_refused_with_the_reason(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RequestInvalid, match=sentence):
        fit_request([{"name": "g", "profile": "formula", "options": {"symbols": UNITS, **options}}])


@pytest.mark.parametrize(
    ("component", "sentence"),
    [
        (formula("i * (1 - r / h) ** 1.5", UNITS, h=4.0, i=1.0), r"has no value at r = .* at the first values"),
        (formula("i / (1 + r / h)", UNITS, h=4.0, flux=1.0), "has an infinite total flux at the first values"),
    ],
)
def test_what_shows_at_the_first_values_alone_is_refused_there(component: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RequestInvalid, match=sentence):
        complete_request(fit_request([component]), [image_of(np.ones((41, 41)))])


def test_a_total_that_is_infinite_is_not_reported() -> None:
    data = noisy(rendered([built_in("isothermal", r_c=3.0, i_0=60.0)]), 1.0)
    result = fitted([formula("i / sqrt(1 + (r / h) ** 2)", UNITS, h=3.0, i=60.0)], image_of(data))
    known = fitted([built_in("isothermal", r_c=3.0, i_0=60.0)], image_of(data))
    assert [row.value for row in result.derived if row.name == "g.flux"] in ([], [None])
    assert result.chi2 == pytest.approx(known.chi2, rel=1e-9)


def test_a_modifier_and_a_formula_do_not_share_a_name() -> None:
    component = formula("i * exp(-(r / h) ** c0)", UNITS, h=4.0, i=1.0, c0=1.0)
    with pytest.raises(RequestInvalid, match="brings a parameter c0, which the formula has, too"):
        fit_request([{**component, "geometry": ["superellipse"]}])


def test_a_request_has_a_few_different_formulas_in_any_number_of_components() -> None:
    many = [
        {"name": f"g{n}", "profile": "formula", "brightness": "i * exp(-r / h)", "parameters": {"x": n}}
        for n in range(99)
    ]
    assert len(fit_request(many).components) == 99
    different = [{**each, "brightness": f"i * exp(-{n + 2} * r / h)"} for n, each in enumerate(many)]
    with pytest.raises(RequestInvalid, match=r"\$\.components: have 99 different formulas"):
        fit_request(different)


def test_equal_formulas_are_one_profile() -> None:
    first, second = (ComponentSpec.model_validate(SAME["exponential"][0]) for _ in range(2))
    assert radial_profile("formula", first.options) is radial_profile("formula", second.options)
    assert PROFILES["formula"].names == ("x", "y", "q", "pa", "h", "i_0")
