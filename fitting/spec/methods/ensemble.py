"""``ensemble``: walkers with the affine-invariant stretch move."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_core import InitErrorDetails

from fitting.spec.documents import detail
from fitting.spec.methods.method_description import Calls, MethodDescription
from fitting.spec.methods.samplers import Dispersion, SamplerOptions, Screen, Thin

_FEWEST_WALKERS = 32
"""Walkers where a request gives no number, at least; chosen by hand: many are better than few."""


class EnsembleOptions(SamplerOptions):
    """Options of ``ensemble``, the affine-invariant stretch move."""

    walkers: Annotated[
        int | None,
        Field(ge=4, le=4096, description="An even number above twice the free parameters; left out, photfit chooses."),
    ] = None
    stretch: Annotated[float, Field(gt=1.0, le=100.0, description="Largest stretch of a move, a.")] = 2.0
    thin: Thin = 1
    screen: Screen = True
    dispersion: Dispersion = 1.0

    def chain_count(self, free: int) -> int:
        """Walkers: as asked for, or enough to span the free parameters."""
        return self.walkers or max(_FEWEST_WALKERS, 2 * free + 2)

    def too_few_walkers(self, free: int) -> list[InitErrorDetails]:
        """The fault of an ensemble that cannot span `free` parameters, or cannot be halved."""
        least = max(4, 2 * free)
        if self.walkers is None or (self.walkers >= least and self.walkers % 2 == 0):
            return []
        message = f"{self.walkers} walkers do not suit {free} free parameters"
        return [detail(("walkers",), message, f"an even number, {least} or more")]


ENSEMBLE = MethodDescription(
    name="ensemble",
    description="The affine-invariant ensemble of walkers with the stretch move, as emcee has it.",
    options=EnsembleOptions,
    calls=lambda options, free: Calls(values=options.moves(free, options.thin)),
)
