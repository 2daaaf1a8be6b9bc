"""``bootstrap``: refits of resampled pixels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fitting.spec.documents import Document
from fitting.spec.methods.method_description import Calls, MethodDescription


class BootstrapOptions(Document):
    """Options of ``bootstrap``."""

    samples: Annotated[int, Field(ge=2, le=100_000, description="Resampled images that are fitted.")] = 50
    max_iterations: Annotated[int, Field(ge=1, le=10_000, description="Most steps of each refit.")] = 30
    seed: Annotated[int | None, Field(ge=0, lt=2**63, description="Of the resampling; the request's if left out.")] = (
        None
    )


BOOTSTRAP = MethodDescription(
    name="bootstrap",
    description="Refits of resampled pixels: uncertainties that trust neither the variances nor the model.",
    options=BootstrapOptions,
    calls=lambda options, _: Calls(equations=options.samples * 5.0),
)
