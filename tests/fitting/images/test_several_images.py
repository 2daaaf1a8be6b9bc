"""Several images at once on one pixel grid: what is shared, what is each image's own, and what comes out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from fitting.first_values import complete_request
from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.results import FitResult, parameters_document
from fitting.run import run
from fitting.spec import FitRequest, ParameterTable, RequestInvalid, parse_request
from tests.fitting.scene import GALAXY, values_of

SHAPE = (41, 41)
LEVELS = {"g": 20.0, "r": 50.0, "i": 80.0}
SIGMAS = {"g": 1.0, "r": 0.7, "i": 1.5}


def request_of(*components: dict[str, Any], names: tuple[str, ...] = ("g", "r", "i"), **keys: Any) -> FitRequest:
    wavelengths = {"g": 480.0, "r": 620.0, "i": 760.0}
    images = [{"name": name, "data": f"{name}.fits", "wavelength": wavelengths[name]} for name in names]
    document = {"frame": "pixel", "images": images, "components": list(components), "stages": [{"method": "lm"}]}
    return parse_request({**document, **keys})


def galaxy(name: str = "a", **changes: Any) -> dict[str, Any]:
    return {"name": name, "profile": "sersic", "parameters": {**GALAXY, "i_e": {"by_image": LEVELS}, **changes}}


def sky(level: Any = 3.0) -> dict[str, Any]:
    return {"name": "sky", "profile": "flat_sky", "parameters": {"i": level}}


def blank(request: FitRequest) -> list[ImageData]:
    return [
        ImageData(
            image.name, np.zeros(SHAPE), np.full(SHAPE, SIGMAS[image.name] ** 2), np.zeros(SHAPE, bool), zero_point=25.0
        )
        for image in request.images
    ]


def simulated(request: FitRequest, seed: int = 5) -> list[ImageData]:
    """Images of the request's model at its values, with noise."""
    images = blank(request)
    problem = Problem(request, images)
    generator = np.random.default_rng(seed)
    models = problem.model(problem.start())
    return [
        replace(image, data=model[0].numpy() + generator.normal(0, SIGMAS[image.name], SHAPE))
        for image, model in zip(images, models, strict=True)
    ]


def fitted(request: FitRequest, images: list[ImageData]) -> FitResult:
    return run(complete_request(request, images), images)


def sigma(result: FitResult, name: str) -> float:
    found = {row.name: row.uncertainty for row in result.parameters}[name]
    assert found is not None
    return found


def test_shared_geometry_is_better_known_by_as_much_as_the_images_add_up() -> None:
    request = request_of(galaxy(), sky({"by_image": {"g": 3.0, "r": 4.0, "i": 5.0}}))
    images = simulated(request)
    joint = fitted(request, images)
    assert joint.converged
    alone = []
    for image in images:
        single = request_of(galaxy(i_e=LEVELS[image.name]), sky(), names=(image.name,))
        alone.append(fitted(single, [image]))
    for name in ("a.x", "a.y", "a.q", "a.pa", "a.r_e"):
        predicted = sum(sigma(result, name) ** -2 for result in alone) ** -0.5
        assert sigma(joint, name) == pytest.approx(predicted, rel=0.1)
        assert sigma(joint, name) < min(sigma(result, name) for result in alone)


def test_each_image_has_its_own_flux_and_all_one_place() -> None:
    request = request_of(galaxy(), sky({"by_image": {"g": 3.0, "r": 4.0, "i": 5.0}}))
    result = fitted(request, simulated(request))
    values = values_of(result)
    for image, level in LEVELS.items():
        assert abs(values[f"a.i_e[{image}]"] - level) < 4.0 * sigma(result, f"a.i_e[{image}]")
    assert "a.x[g]" not in values
    document = parameters_document(result)
    assert sum(image["chi2"] for image in document["images"]) == pytest.approx(document["chi2"], rel=1e-9)
    names = {row["name"] for row in document["derived"]}
    assert {"a.flux[g]", "a.magnitude[i]"} <= names


def test_derivatives_match_finite_differences_through_what_varies() -> None:
    bluer = galaxy(
        "b", x="= a.x + 4", i_e="= a.i_e * 0.1 + a.i_e[g]", r_e={"polynomial": [3.0, 0.4, -0.1]}, n="= a.n + b.r_e.c1"
    )
    request = request_of(galaxy(), bluer, sky())
    problem = Problem(request, simulated(request_of(galaxy(), sky())))
    theta = problem.start()
    gradient = problem.value_and_gradient(theta)[1][0]
    steps = 0.1 * problem.normal_equations(theta).matrix[0].diagonal().rsqrt()
    value = problem.value
    for place, step in enumerate(torch.diag(steps)):
        rise = (
            8 * (value(theta + step) - value(theta - step)) - value(theta + 2 * step) + value(theta - 2 * step)
        ) / 12
        assert float(rise) == pytest.approx(float(gradient[place] * steps[place]), rel=2e-4, abs=1e-3)


def test_a_polynomial_passes_through_its_values() -> None:
    request = request_of(galaxy(r_e={"polynomial": [5.0, 1.0, 0.5]}))
    values = values_of(run(request.model_copy(update={"stages": ()}), blank(request)))
    assert values["a.r_e[g]"] == pytest.approx(5.0 - 1.0 + 0.5)
    assert values["a.r_e[r]"] == pytest.approx(5.0 - 0.5)
    assert values["a.r_e[i]"] == pytest.approx(5.0 + 1.0 + 0.5)


def test_a_component_is_only_in_the_images_that_show_it() -> None:
    request = request_of({**galaxy(i_e=30.0), "images": ["r"]}, sky())
    problem = Problem(request, blank(request))
    models = problem.model(problem.start())
    assert [float(model.max()) > 10.0 for model in models] == [False, True, False]
    result = run(request.model_copy(update={"stages": ()}), blank(request))
    assert [sorted(image.components) for image in result.images] == [["sky"], ["a", "sky"], ["sky"]]


def test_an_amplitude_that_is_left_out_is_one_in_each_image() -> None:
    geometry = {name: value for name, value in GALAXY.items() if name != "i_e"}
    request = request_of({"name": "a", "profile": "sersic", "parameters": geometry})
    assert ParameterTable.of(request).missing == ("a.i_e[g]", "a.i_e[r]", "a.i_e[i]")
    filled = request.with_values({"a.i_e[g]": 1.0, "a.i_e[r]": 2.0, "a.i_e[i]": 3.0})
    assert filled.document()["components"][0]["parameters"]["i_e"] == {"by_image": {"g": 1.0, "r": 2.0, "i": 3.0}}
    assert parse_request(filled.document()) == filled


@pytest.mark.parametrize(
    ("component", "path", "words"),
    [
        (galaxy(i_e={"by_image": {"z": 1.0}}), "$.components[0].parameters.i_e.by_image.z", "no image"),
        ({**galaxy(i_e=1.0), "images": ["z"]}, "$.components[0].images[0]", "no image"),
        (galaxy(q={"by_image": {"g": 2.0}}), "$.components[0].parameters.q.by_image.g", "outside its limits"),
        (galaxy(q={"polynomial": [2.0, 0.1]}), "$.components[0].parameters.q.polynomial[0]", "outside its limits"),
        (galaxy(q={"polynomial": []}), "$.components[0].parameters.q.polynomial", "0 coefficients"),
        (galaxy(n="= a.i_e[z]"), "$.components[0].parameters.n", "does not have"),
        (galaxy(x="= a.i_e", i_e={"by_image": {"g": "= a.x"}}), "$.components[0].parameters.x", "circle"),
        (galaxy(flux=3.0), "$.components[0].parameters.flux", "stands beside i_e"),
        (galaxy(ra=3.0), "$.components[0].parameters.ra", "stands beside x"),
    ],
)  # fmt: skip
def test_a_fault_is_reported_at_its_place(component: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        request_of(component)
    assert [fault.path for fault in caught.value.faults] == [path]
    assert words in caught.value.faults[0].message
