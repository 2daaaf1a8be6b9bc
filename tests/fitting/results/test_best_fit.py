"""The request at the best values: it runs as it is, and its model is the result's."""

from typing import Any

import numpy as np
import pytest

from fitting.first_values import complete_request
from fitting.inputs import ImageData
from fitting.results import FitResult, best_fit_document
from fitting.run import run
from fitting.spec import FitRequest, parse_request
from tests.fitting.scene import flat_sky, image_of, noisy, rendered, sersic

DATA = noisy(rendered([flat_sky(), sersic(), sersic("h", x=9.0, y=30.0, q=0.9, n=1.0, r_e=3.0)]))
OTHER = {"x": 9.5, "y": 29.5, "q": 0.8, "n": 1.0, "r_e": 2.5, "i_e": 20.0}


def result_of(components: list[dict[str, Any]], **members: Any) -> tuple[FitResult, list[ImageData]]:
    image = {"name": "image", "data": "folder/image.fits[1]", "mask": {"path": "mask.fits"}, "zero_point": 25.0}
    stages = [{"method": "lm", "restarts": 0}, {"method": "lm", "intervals": ["g.n"]}]
    document = {"images": [image], "components": components, "stages": stages, "seed": 9, "labels": ["a"]} | members
    request = parse_request(document)
    images = [image_of(DATA, zero_point=25.0)]
    return run(complete_request(request, images), images), images


def at_best(result: FitResult) -> FitRequest:
    return parse_request(best_fit_document(result))


MODELS: dict[str, list[dict[str, Any]]] = {
    "plain": [flat_sky(2.0), sersic(n=2.0, pa=30.0), sersic("h", **OTHER)],
    "links, limits and formulas": [
        flat_sky(2.0),
        sersic(n={"value": 2.0, "min": 0.5, "max": 6, "prior": {"normal": [2, 1]}}, q={"value": 0.5, "fixed": True}),
        sersic("h", **OTHER | {"pa": "= g.pa + 90", "i_e": "= 0.8 * g.i_e"}),
    ],
    "at limits": [
        flat_sky({"value": 2.0, "max": 2.5}),
        sersic(q={"value": 0.8, "min": 0.7}, n={"value": 3.0, "min": 2.4}, pa={"value": 20.0, "min": 0, "max": 30}),
    ],
    "magnitudes, and values left out": [
        flat_sky(2.0),
        {"name": "g", "profile": "sersic", "parameters": {"x": 20, "y": 20, "magnitude": {"value": 16, "min": 5}}},
    ],
    "an angle about its turn": [flat_sky(2.0), sersic(pa={"value": 40.0, "min": -170, "max": 190})],
    "modifiers": [flat_sky(2.0), sersic(), sersic("h", **OTHER)],
}


@pytest.mark.parametrize("model", MODELS)
def test_its_model_is_that_of_the_result(model: str) -> None:
    result, images = result_of(MODELS[model])
    request = at_best(result)
    shown = run(request.model_copy(update={"stages": ()}), images)
    assert shown.chi2 == pytest.approx(result.chi2, rel=1e-9)
    np.testing.assert_allclose(shown.images[0].model, result.images[0].model, rtol=1e-7)


@pytest.mark.parametrize("model", MODELS)
def test_all_but_the_values_is_as_it_was(model: str) -> None:
    result, _ = result_of(MODELS[model])
    before, after = result.request.document(), at_best(result).document()
    for document in (before, after):
        for component in document["components"]:
            for name, given in component["parameters"].items():
                component["parameters"][name] = (
                    {**given, "value": 0} if isinstance(given, dict) else (given if isinstance(given, str) else 0)
                )
    assert after == before


def test_a_fit_from_there_ends_at_once() -> None:
    result, images = result_of(MODELS["plain"])
    again = run(at_best(result), images)
    assert again.stages[0].iterations <= 2
    assert again.chi2 == pytest.approx(result.chi2, rel=1e-9)


def test_files_are_called_as_they_are_seen_from_where_it_lies() -> None:
    result, _ = result_of(MODELS["plain"])
    document = best_fit_document(result, {"folder/image.fits": "../folder/image.fits", "mask.fits": "../mask.fits"})
    files = [str(plane) for _, plane in parse_request(document).references()]
    assert files == ["../folder/image.fits[1]", "../mask.fits"]
