"""Documents: the root of every model that is read from JSON, and the faults found in one."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from fitting.faults import UserFault

MAX_FAULTS = 100
"""Faults that are told of one request, at most; looking for more of them ends there. Chosen by hand."""
MAX_IMAGES = 200
"""Images of a request, at most; chosen by hand."""
_MOST_LISTED = 200
"""Names that are looked at for `listed`, of which 400 characters are shown."""
_LONGEST_MISSPELT = 64
"""Letters of a word that known ones are looked for near: more than any has. Chosen by hand, so that it costs little."""
_NEAR = 0.7
"""Share of letters that a known word has in common with one that is taken for a slip of it (difflib's ratio). Chosen by
hand: `re` is near `r_e`, `stages` is not near `images`."""
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


_SHOWN = reprlib.Repr()
_SHOWN.maxstring = _SHOWN.maxother = 60
_SHOWN.maxlevel = 2


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request.

    Attributes:
        path: JSON path of the faulty value, such as ``$.components[1].parameters.q.value``.
        message: what is wrong, as a sentence fragment that reads after the path.
        expected: what would be right, or None where the message says it all.
        code: a word for it where programs have to tell it from others.
    """

    path: str
    message: str
    expected: str | None = None
    code: str | None = None

    def __str__(self) -> str:
        right = f" (expected {self.expected})" if self.expected else ""
        return f"{self.path}: {self.message}{right}"


class RequestInvalid(UserFault):
    """The request cannot be carried out as written; ``faults`` lists every reason."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def within(self, place: str) -> RequestInvalid:
        """The same faults as of a document that is called so: ``Sersic "a", parameters.q`` for ``$.parameters.q``."""
        faults = ((fault.path.removeprefix("$").lstrip("."), fault) for fault in self.faults)
        return RequestInvalid(
            Fault(f"{place}, {path}" if path else place, fault.message, fault.expected) for path, fault in faults
        )


def json_path(location: Sequence[str | int]) -> str:
    """The JSON path of a location: ``("components", 1, "name")`` gives ``$.components[1].name``."""
    path = "$"
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _PLAIN_KEY.match(step):
            path += f".{step}"
        else:
            path += f"[{excerpt(step)}]"
    return path


def excerpt(value: object) -> str:
    """A short, safe rendering of what the user wrote, for use inside a message."""
    return _SHOWN.repr(value)


def listed(names: Iterable[str]) -> str:
    """What is expected where only some names are known, as many of them as fit into a line or few."""
    return f"one of: {', '.join(islice(names, _MOST_LISTED))[:400]}"


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """What follows a sentence on an unknown word where a known one comes near, in other cases of letters too; or
    nothing.

    >>> did_you_mean("Sersik", ["sersic", "moffat"])
    '; did you mean sersic?'
    """
    if not isinstance(word, str) or not 0 < len(word) <= _LONGEST_MISSPELT:
        return ""
    by_letters = {name.lower(): name for name in islice(known, _MOST_LISTED)}
    near = get_close_matches(word.lower(), by_letters, 1, _NEAR)
    return f"; did you mean {by_letters[near[0]]}?" if near else ""


def _unknown_key(key: object, document: type[BaseModel]) -> str:
    return f"is an unknown key{did_you_mean(key, document.model_fields)}"


FAULT = "photfit_fault"
"""Error type that marks a fault whose message and expectation are already written for the user."""


def refusal(message: str, expected: str | None = None) -> PydanticCustomError:
    """The error that a validator raises for one fault at its own place."""
    # The text travels in the context, so that braces in it are never taken for placeholders.
    return PydanticCustomError(FAULT, "{message}", {"message": message, "expected": expected})


def detail(location: Sequence[str | int], message: str, expected: str | None = None) -> InitErrorDetails:
    """One fault at a place relative to the model under validation, for `refuse`."""
    return InitErrorDetails(type=refusal(message, expected), loc=tuple(location), input=None)


def fault_below(fault: InitErrorDetails, location: Sequence[str | int]) -> InitErrorDetails:
    """The same fault, its place below `location`."""
    return InitErrorDetails(type=fault["type"], loc=(*location, *fault.get("loc", ())), input=fault["input"])


def details(error: ValidationError, location: Sequence[str | int] = ()) -> list[InitErrorDetails]:
    """The faults of a nested validation, as many as are told, moved below `location`."""
    faults = []
    for line in error.errors(include_url=False)[:MAX_FAULTS]:
        context = line.get("ctx", {})
        if line["type"] == FAULT:
            kind: str | PydanticCustomError = refusal(context["message"], context["expected"])
        else:
            kind = line["type"]
        faults.append(InitErrorDetails(type=kind, loc=(*location, *line["loc"]), input=line["input"], ctx=context))
    return faults


def refuse(title: str, faults: Iterable[InitErrorDetails]) -> ValidationError:
    """The exception that carries several faults at once; the caller raises it."""
    return ValidationError.from_exception_data(title, list(faults))


def few_faults(model: type[BaseModel], most: int) -> BeforeValidator:
    """What reads a list of documents one by one, and leaves the rest when as many faults are found as are told.

    Args:
        model: of each.
        most: how many there may be.
    """

    def read(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        if len(value) > most:
            raise refusal("is too long", f"at most {most}")
        found: list[Any] = []
        faults: list[InitErrorDetails] = []
        for index, item in enumerate(value):
            try:
                found.append(model.model_validate(item))
            except ValidationError as error:
                faults += details(error, (index,))
            if len(faults) >= MAX_FAULTS:
                break
        if faults:
            raise refuse(model.__name__, faults[:MAX_FAULTS])
        return found

    return BeforeValidator(read)


class Document(BaseModel):
    """A strict, frozen model of a JSON object: no unknown key, no NaN, no silent conversion, no null on output."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _say_which_keys_exist(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(value, dict) and len(value) > MAX_FAULTS:
            cls._require_few_unknown(value)
        try:
            return handler(value)
        except ValidationError as error:
            raise refuse(cls.__name__, [cls._with_known_keys(line) for line in details(error)]) from None

    @classmethod
    def _require_few_unknown(cls, value: dict[Any, Any]) -> None:
        """Raise before all are looked at where more keys are unknown than are told, of which no way of writing has so
        many.
        """
        unknown = [key for key in value if key not in cls.model_fields]
        if len(unknown) > MAX_FAULTS:
            expected = "one of: " + ", ".join(cls.model_fields)
            lines = [detail((str(key),), _unknown_key(key, cls), expected) for key in unknown[:MAX_FAULTS]]
            raise refuse(cls.__name__, lines)

    @classmethod
    def _with_known_keys(cls, line: InitErrorDetails) -> InitErrorDetails:
        location = line.get("loc", ())
        if line["type"] == "extra_forbidden" and len(location) == 1:
            return detail(location, _unknown_key(location[0], cls), "one of: " + ", ".join(cls.model_fields))
        return line

    @model_serializer(mode="wrap")
    def _without_nulls(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}
