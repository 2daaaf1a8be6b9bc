"""The JSON Schema that the API publishes says the same as the parser."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fitting.spec import FitRequest, parse_request

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*/request.json"))
SCHEMA = FitRequest.model_json_schema()


def with_image(**changed: Any) -> dict[str, Any]:
    """A sound request with something else about its image."""
    image = {"name": "r", "data": "a.fits", "variance": {"constant": 1.0}, **changed}
    sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 1}}
    return {"images": [image], "components": [sky], "stages": [{"method": "lm", "max_iterations": 5}]}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_examples_are_valid(path: Path) -> None:
    jsonschema.validate(json.loads(path.read_text()), SCHEMA)


@pytest.mark.parametrize(
    "psf",
    [
        "psf.fits[1]",
        {"upload": "upl_1", "hdu": 0},
        {"upload": "upl_1", "convention": "effective"},
        {"image": {"path": "psf.fits"}, "convention": "discrete"},
        {"gaussian": {"fwhm": 3.0}},
        {"moffat": {"fwhm": 3.0, "beta": 2.5}},
    ],
)
def test_every_form_of_psf_is_valid_and_parses(psf: Any) -> None:
    document = with_image(psf=psf)
    jsonschema.validate(document, SCHEMA)
    written = parse_request(document).document()
    jsonschema.validate(written, SCHEMA)


def test_both_forms_of_a_formula_are_valid_and_parse() -> None:
    units = {"h": {"unit": "pixel"}, "i0": {"unit": "data/pixel", "min": 0.5}}
    text = "i0 * exp(-r / h)"
    beside = {"brightness": text, "parameters": {**units, "x": 3, "h": {"unit": "pixel", "value": 3, "max": 9}}}
    for own in (beside, {"options": {"brightness": text, "symbols": units}, "parameters": {"h": 3}}):
        document = with_image() | {"components": [{"name": "g", "profile": "formula", **own}]}
        jsonschema.validate(document, SCHEMA)
        jsonschema.validate(parse_request(document).document(), SCHEMA)


def test_an_unknown_method_is_invalid() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**with_image(), "stages": [{"method": "magic"}]}, SCHEMA)
