"""Options that all methods share which end in a minimum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, Strict
from pydantic_core import InitErrorDetails

from fitting.spec.documents import Document, detail, excerpt, listed

Scaling = Literal["covariance", "curvature", "none"]
Tolerance = Annotated[float, Field(gt=0.0, lt=1.0, description="Stop when chi-squared falls by less, relatively.")]
ScalingField = Annotated[
    Scaling,
    Field(description="Units of the search: the covariance at the start, the curvature there, or none."),
]


class MinimizerOptions(Document):
    """What every method that ends in a minimum may be asked for beside it."""

    intervals: Annotated[
        bool | Annotated[tuple[str, ...], Strict(False)],
        Field(description="Find asymmetric uncertainties from the profile of chi-squared: of all, or of those named."),
    ] = False

    def not_free(self, free: Iterable[str]) -> list[InitErrorDetails]:
        """Faults of intervals asked for parameters that are none of the `free`."""
        known = dict.fromkeys(free)
        expected = listed(known)
        return [
            detail(("intervals", place), f"{excerpt(name)} is no free parameter", expected)
            for place, name in enumerate(() if isinstance(self.intervals, bool) else self.intervals)
            if name not in known
        ]


def unknown_faults(key: str, value: str, known: Iterable[str]) -> list[InitErrorDetails]:
    """The fault of an option `key` whose value is none of `known`, if it is none."""
    if value in known:
        return []
    return [detail((key,), f"unknown {key} {excerpt(value)}", "one of: " + ", ".join(known))]
