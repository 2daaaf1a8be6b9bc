"""``mala``: the Metropolis-adjusted Langevin algorithm."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fitting.spec.methods.method_description import Calls, MethodDescription
from fitting.spec.methods.samplers import ChainOptions, Dispersion, MetricField, Samples, TargetAccept, Thin, Warmup


class MalaOptions(ChainOptions):
    """Options of ``mala``, the Metropolis-adjusted Langevin algorithm."""

    warmup: Warmup = 300
    samples: Samples = 2000
    step_size: Annotated[
        float | None,
        Field(gt=0.0, le=1e6, description="In the metric's coordinates; left out, warm-up finds it."),
    ] = None
    target_accept: TargetAccept = 0.574
    thin: Thin = 1
    metric: MetricField = "covariance"
    dispersion: Dispersion = 1.0


MALA = MethodDescription(
    name="mala",
    description="The Metropolis-adjusted Langevin algorithm: a random walk that follows the gradient.",
    options=MalaOptions,
    calls=lambda options, free: Calls(gradients=options.moves(free, options.thin)),
)
