"""Noise of the data, that is which likelihood a fit maximizes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, GetJsonSchemaHandler, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from fitting.spec.documents import Document, excerpt, refusal

NoiseName = Literal["gaussian", "poisson", "student_t"]
NOISES: tuple[str, ...] = get_args(NoiseName)
DEGREES_OF_FREEDOM = 5.0
"""Of Student's t where a request gives none: heavy tails, and still a variance; chosen by hand."""


class _StudentOptions(Document):
    """What ``{"student_t": …}`` holds."""

    degrees_of_freedom: Annotated[float, Field(gt=0.0, le=1e6)] = DEGREES_OF_FREEDOM


class NoiseSpec(Document):
    """Which noise the pixels have.

    As JSON: ``"gaussian"``, ``"poisson"``, ``"student_t"`` or ``{"student_t": {"degrees_of_freedom": 3}}``.

    Attributes:
        name: one of `NOISES`.
        degrees_of_freedom: of Student's t, whose tails are the heavier the fewer there are; else without meaning.
    """

    name: NoiseName = "gaussian"
    degrees_of_freedom: float = DEGREES_OF_FREEDOM

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, NoiseSpec):
            return value
        if isinstance(value, str):
            if value not in NOISES:
                raise refusal(f"unknown noise {excerpt(value)}", "one of: " + ", ".join(NOISES))
            return {"name": value}
        if isinstance(value, dict) and value.keys() == {"student_t"}:
            return {"name": "student_t"} | _Student.model_validate(value).student_t.model_dump()
        if isinstance(value, dict) and value.keys() <= cls.model_fields.keys():  # Python callers
            return value
        raise refusal(f"{excerpt(value)} is not a noise", f'{", ".join(NOISES)} or {{"student_t": {{…}}}}')

    @model_serializer(mode="plain")
    def _short(self) -> Any:
        if self.name == "student_t" and self.degrees_of_freedom != DEGREES_OF_FREEDOM:
            return {"student_t": {"degrees_of_freedom": self.degrees_of_freedom}}
        return self.name

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        whole = {"student_t": _StudentOptions.model_json_schema()}
        student = {"type": "object", "properties": whole, "required": ["student_t"], "additionalProperties": False}
        return {"title": "NoiseSpec", "anyOf": [{"enum": list(NOISES)}, student]}


class _Student(Document):
    """``{"student_t": …}``, so that a fault inside knows its path."""

    student_t: _StudentOptions
