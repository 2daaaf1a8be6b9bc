"""Validation of JSON: a request, or every fault at once, and never any other exception."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from fitting.spec.agreement import MOST_DRAWN, component_faults, too_many_drawn
from fitting.spec.components import MAX_COMPONENTS, ComponentSpec
from fitting.spec.documents import (
    FAULT,
    MAX_FAULTS,
    MAX_IMAGES,
    Document,
    Fault,
    RequestInvalid,
    details,
    excerpt,
    json_path,
    refuse,
)
from fitting.spec.request import FitRequest

MAX_DEPTH = 16
"""Levels of objects and arrays in a request, at most; chosen by hand, above what any has."""
MAX_VALUES = 200_000
"""Values in a request, at most: a hundred for each of the most components."""
MAX_TEXT = 10_000
"""Characters of a text, at most; chosen by hand."""
MAX_EXPRESSIONS = 1_000_000
"""Characters of all expressions of a request together: about two seconds of reading them."""

MAX_FORMULAS = 50
"""Different formulas of a request: half a second of reading them; chosen by hand, above what one image asks for."""

Location = tuple[str | int, ...]
Model = TypeVar("Model", bound=Document)


def parse_request(document: object) -> FitRequest:
    """Read a request from decoded JSON (dicts, lists, strings, numbers, booleans, None).

    Example:
        >>> galaxy = {"name": "a", "profile": "sersic", "parameters": {"x": 67.5, "y": 70.1, "q": "= b.q"}}
        >>> try:
        ...     parse_request({"images": [{"data": "galaxy.fits"}], "components": [galaxy]})
        ... except RequestInvalid as invalid:
        ...     print(invalid.faults[0].path, invalid.faults[0].message)
        $.components[0].parameters.q links to 'b.q', but there is no component 'b'
        >>> galaxy["parameters"]["q"] = {"value": 0.8, "min": 0.2}
        >>> request = parse_request({"images": [{"data": "galaxy.fits"}], "components": [galaxy]})
        >>> request.components[0].parameters["q"].value
        0.8

    Raises:
        RequestInvalid: with every fault that was found, at most `MAX_FAULTS`.
    """
    faults = list(islice(_hostile(document), MAX_FAULTS))
    faults = faults or list(_too_large(document))
    if faults:
        raise RequestInvalid(faults)
    try:
        return FitRequest.model_validate(document)
    except ValidationError as error:
        lines = error.errors(include_url=False)
        if len(lines) < MAX_FAULTS:
            lines += _between_components(document)
    unique = dict.fromkeys(_fault(line) for line in lines)
    raise RequestInvalid(list(unique)[:MAX_FAULTS])


def read_document(model: type[Model], document: object, longest: int = MAX_TEXT) -> Model:
    """Read a document that is no request from decoded JSON.

    Args:
        longest: characters of a text, at most.

    Raises:
        RequestInvalid: as `parse_request`.
    """
    faults = list(islice(_hostile(document, longest), MAX_FAULTS))
    if faults:
        raise RequestInvalid(faults)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        unique = dict.fromkeys(_fault(line) for line in error.errors(include_url=False))
    raise RequestInvalid(list(unique)[:MAX_FAULTS])


def read_component(document: object) -> ComponentSpec:
    """Read a component by itself: its links and its images are not looked up.

    Raises:
        RequestInvalid: as `parse_request`.
    """
    return read_document(ComponentSpec, document)


def read_request(text: bytes | str) -> FitRequest:
    """Read a request from JSON text; raises RequestInvalid where it is not JSON or not a request."""
    try:
        document = from_json(text)
    except ValueError as error:
        raise RequestInvalid([Fault("$", f"is not JSON: {error}", "a JSON object")]) from None
    return parse_request(document)


def _hostile(document: object, longest: int = MAX_TEXT) -> Iterator[Fault]:
    """Faults of values that JSON or a number cannot hold, found without recursion."""
    pending: list[tuple[Location, object]] = [((), document)]
    count = letters = 0
    while pending:
        location, value = pending.pop()
        count += 1
        if count > MAX_VALUES:
            yield Fault("$", f"holds more than {MAX_VALUES} values", "a smaller document")
            return
        if isinstance(value, dict | list):
            if len(location) >= MAX_DEPTH:
                yield Fault(json_path(location), f"is nested more than {MAX_DEPTH} deep", "a flatter document")
            elif isinstance(value, list):
                pending.extend(((*location, index), item) for index, item in enumerate(value))
            else:
                yield from _bad_keys(location, value)
                pending.extend(((*location, key), item) for key, item in value.items() if isinstance(key, str))
        elif (message := _not_plain(value, longest)) is not None:
            yield Fault(json_path(location), message, "plain JSON")
        elif isinstance(value, str) and value.lstrip().startswith("="):
            letters += len(value)
            if letters > MAX_EXPRESSIONS:
                yield Fault("$", f"holds expressions of more than {MAX_EXPRESSIONS} characters in all", "shorter ones")
                return


def _too_large(document: object) -> Iterator[Fault]:
    """The fault of a document that has too much to draw, or too many formulas, as far as it can be counted before
    anything is read.
    """
    images, components = (
        part if isinstance(document, dict) and isinstance(part := document.get(key), list) else []
        for key in ("images", "components")
    )
    shown = (item.get("images") for item in components if isinstance(item, dict))
    drawn = sum(min(len(each), len(images)) if isinstance(each, list) else len(images) for each in shown)
    if len(images) <= MAX_IMAGES and len(components) <= MAX_COMPONENTS and drawn > MOST_DRAWN:
        yield Fault("$.components", *too_many_drawn(len(components), drawn))
    formulas = {text for item in components if isinstance(item, dict) for text in _brightnesses(item)}
    if len(formulas) > MAX_FORMULAS:
        yield Fault("$.components", f"have {len(formulas)} different formulas", f"at most {MAX_FORMULAS}")


def _brightnesses(component: dict[str, Any]) -> Iterator[str]:
    """The formulas that a component may have."""
    options = component.get("options")
    for holder in (component, options if isinstance(options, dict) else {}):
        if isinstance(text := holder.get("brightness"), str):
            # Limits of its parameters are looked at with it.
            yield f"{text} {options!r}"


def _bad_keys(location: Location, value: dict[Any, Any]) -> Iterator[Fault]:
    for key in value:
        message = _not_plain(key) if isinstance(key, str) else "is not text"
        if message is not None:
            yield Fault(json_path(location), f"has a key that {message}: {excerpt(key)}", "keys of plain text")


def _not_plain(value: object, longest: int = MAX_TEXT) -> str | None:
    """Why a scalar cannot be worked with, or None."""
    match value:
        case None | bool():
            return None
        case int():
            return None if abs(value) < 2**1000 else "is too large for a number"
        case float():
            return None if math.isfinite(value) else "is not a finite number"
        case str():
            if len(value) > longest:
                return f"is longer than {longest} characters"
            if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
                return "holds characters that no text may hold"
            return None
    return f"is a {type(value).__name__}, which JSON does not have"


def _between_components(document: object) -> list[ErrorDetails]:
    """Faults between the sound components of a document that has other faults too."""
    if not isinstance(document, dict) or not isinstance(document.get("components"), list):
        return []
    faults = component_faults(document)
    return refuse("components", faults).errors(include_url=False) if faults else []


_SENTENCES: dict[str, tuple[str, str | None]] = {
    "missing": ("is missing", None),
    "model_type": ("{input} is not an object", "an object"),
    "dict_type": ("{input} is not an object", "an object"),
    "tuple_type": ("{input} is not a list", "a list"),
    "string_type": ("{input} is not text", "text"),
    "float_type": ("{input} is not a number", "a number"),
    "int_type": ("{input} is not a whole number", "a whole number"),
    "bool_type": ("{input} is neither true nor false", "true or false"),
    "finite_number": ("is not a finite number", "a finite number"),
    "greater_than": ("{input} is too small", "more than {gt}"),
    "greater_than_equal": ("{input} is too small", "at least {ge}"),
    "less_than": ("{input} is too large", "less than {lt}"),
    "less_than_equal": ("{input} is too large", "at most {le}"),
    "literal_error": ("{input} is unknown", "{expected}"),
    "too_long": ("is too long", "at most {max_length}"),
    "string_too_short": ("is empty", "at least {min_length} character"),
    "string_too_long": ("is too long", "at most {max_length} characters"),
    "string_pattern_mismatch": ("{input} has characters that are not allowed", "text that matches {pattern}"),
    "extra_forbidden": ("is an unknown key", None),
}


def faults_below(error: ValidationError, location: Location) -> list[Fault]:
    """The faults of a document that stands in another, at a location there."""
    if not location:
        return [_fault(line) for line in error.errors(include_url=False)]
    moved = refuse("document", details(error, location))
    return [_fault(line) for line in moved.errors(include_url=False)]


def _fault(line: ErrorDetails) -> Fault:
    path = json_path(line["loc"])
    context = line.get("ctx", {})
    if line["type"] == FAULT:
        return Fault(path, context["message"], context["expected"])
    if line["type"] not in _SENTENCES:
        return Fault(path, line["msg"])
    message, expected = _SENTENCES[line["type"]]
    words = {key: str(value).replace("'", "") for key, value in context.items()} | {"input": excerpt(line["input"])}
    return Fault(path, message.format(**words), None if expected is None else expected.format(**words))
