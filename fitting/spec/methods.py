"""Which fitting methods exist and what options each takes: one row per method."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field

from fitting.spec.documents import Document


class LmOptions(Document):
    """Options of ``lm``, Levenberg-Marquardt."""

    max_iterations: Annotated[int, Field(ge=1, le=100_000, description="Most accepted or rejected steps.")] = 100
    tolerance: Annotated[
        float, Field(gt=0.0, lt=1.0, description="Stop when a step lowers chi-squared by less than this fraction.")
    ] = 1e-9


@dataclass(frozen=True)
class MethodDescription:
    """A fitting method.

    Attributes:
        name: as in a stage's ``method``.
        description: one sentence.
        options: model of the stage's other keys, with their defaults.
    """

    name: str
    description: str
    options: type[Document]


METHODS: MappingProxyType[str, MethodDescription] = MappingProxyType(
    {
        method.name: method
        for method in (
            MethodDescription(
                "lm", "Levenberg-Marquardt least squares: the nearest minimum and its covariance.", LmOptions
            ),
        )
    }
)
"""Every method that a stage may name."""


def methods_document() -> list[dict[str, Any]]:
    """The methods as JSON, options as JSON Schema, for ``GET /v1/methods``."""
    return [
        {
            "name": method.name,
            "description": method.description,
            "options": method.options.model_json_schema().get("properties", {}),
        }
        for method in METHODS.values()
    ]
