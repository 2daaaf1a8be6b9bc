"""``metropolis``: the random walk."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fitting.spec.methods.method_description import Calls, MethodDescription
from fitting.spec.methods.samplers import ChainOptions, Dispersion, MetricField, Samples, Screen, Thin, Warmup


class MetropolisOptions(ChainOptions):
    """Options of ``metropolis``, the random walk."""

    warmup: Warmup = 1000
    samples: Samples = 5000
    step_scale: Annotated[
        float,
        Field(gt=0.0, le=1e6, description="Length of the proposals in units of 2.38 sigma / sqrt(parameters)."),
    ] = 1.0
    adapt: Annotated[bool, Field(description="Adapt the length of the proposals in warm-up.")] = True
    thin: Thin = 1
    metric: MetricField = "covariance"
    screen: Screen = True
    dispersion: Dispersion = 1.0


METROPOLIS = MethodDescription(
    name="metropolis",
    description="The random walk, with proposals from the covariance: needs no gradient.",
    options=MetropolisOptions,
    calls=lambda options, free: Calls(values=options.moves(free, options.thin)),
)
