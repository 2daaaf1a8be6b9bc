"""``importance``: draws from the covariance's ellipsoid, weighted to the posterior."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fitting.spec.methods.method_description import Calls, MethodDescription
from fitting.spec.methods.samplers import SamplerOptions, Samples

ProposalShape = Literal["student_t", "normal"]


class ImportanceOptions(SamplerOptions):
    """Options of ``importance``."""

    warmup: Annotated[int, Field(ge=0, le=0, description="None: there are no chains that move.")] = 0
    samples: Samples = 1000
    proposal: Annotated[
        ProposalShape, Field(description="What is drawn from, of the covariance's width: with heavy tails or without.")
    ] = "student_t"
    degrees_of_freedom: Annotated[int, Field(ge=1, le=100, description="Of Student's t: fewer have heavier tails.")] = 5

    def chain_count(self, free: int) -> int:  # noqa: ARG002
        """One: draws follow no order."""
        return 1


IMPORTANCE = MethodDescription(
    name="importance",
    description="Draws about the best fit by its covariance, weighted to the posterior; k-hat says whether they hold.",
    options=ImportanceOptions,
    calls=lambda options, free: Calls(values=options.samples, equations=1),  # noqa: ARG005
)
