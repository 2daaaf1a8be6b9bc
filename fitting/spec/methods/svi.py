"""``svi``: stochastic variational inference."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fitting.spec.methods.method_description import Calls, MethodDescription
from fitting.spec.methods.samplers import SamplerOptions, Samples

GuideShape = Literal["multivariate_normal", "normalizing_flow"]


class SviOptions(SamplerOptions):
    """Options of ``svi``."""

    warmup: Annotated[int, Field(ge=0, le=0, description="None: there are no chains that move.")] = 0
    samples: Samples = 1000
    guide: Annotated[
        GuideShape,
        Field(description="Family of distributions: normal in all parameters, or one bent by autoregressive networks."),
    ] = "multivariate_normal"
    flows: Annotated[int, Field(ge=1, le=16, description="Networks of a normalizing flow, one after the other.")] = 2
    steps: Annotated[int, Field(ge=1, le=1_000_000, description="Steps of the optimizer, Adam.")] = 1000
    particles: Annotated[int, Field(ge=1, le=1024, description="Draws of the guide that each step averages over.")] = 4
    learning_rate: Annotated[
        float, Field(gt=0.0, le=1.0, description="Of the first step; that of the last is a hundredth of it.")
    ] = 0.02
    weighted: Annotated[
        bool,
        Field(
            description="Weight the draws to the posterior, as ``importance`` does; false leaves those of the guide."
        ),
    ] = True

    @property
    def needs_pyro(self) -> bool:
        """Always: the guides and their fit are Pyro's."""
        return True

    def chain_count(self, free: int) -> int:  # noqa: ARG002
        """One: draws follow no order."""
        return 1


SVI = MethodDescription(
    name="svi",
    description="Variational inference by Pyro: a normal distribution or a flow, fitted to the posterior.",
    options=SviOptions,
    calls=lambda options, free: Calls(  # noqa: ARG005
        values=options.samples, gradients=options.steps * options.particles, equations=1
    ),
)
