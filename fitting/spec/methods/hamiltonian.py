"""``nuts`` and ``hmc``: Hamiltonian Monte Carlo."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fitting.spec.methods.method_description import Calls, MethodDescription
from fitting.spec.methods.samplers import ChainOptions, Dispersion, MetricField, TargetAccept, Warmup

_TREE = 7.0
"""Gradients of a draw of the No-U-Turn sampler, in whitened coordinates: a tree of depth three."""


Kernel = Literal["photfit", "pyro"]
KernelField = Annotated[
    Kernel,
    Field(
        description="Whose trajectories: photfit's own, or those of Pyro's kernel of this name on the same posterior, "
        "a second opinion by another implementation, chain by chain, and begun anew where it is cut off."
    ),
]


class _HamiltonianOptions(ChainOptions):
    """What both take: whose trajectories."""

    @property
    def needs_pyro(self) -> bool:
        """Whether the trajectories are Pyro's."""
        return getattr(self, "kernel", "photfit") == "pyro"


class NutsOptions(_HamiltonianOptions):
    """Options of ``nuts``, the No-U-Turn sampler."""

    target_accept: TargetAccept = 0.8
    max_tree_depth: Annotated[int, Field(ge=1, le=15, description="A trajectory doubles at most so often.")] = 10
    metric: MetricField = "covariance"
    adapt_mass: Annotated[bool, Field(description="Learn the diagonal mass matrix in warm-up as well.")] = False
    dispersion: Dispersion = 1.0
    kernel: KernelField = "photfit"


class HmcOptions(_HamiltonianOptions):
    """Options of ``hmc``, Hamiltonian Monte Carlo with a given number of leapfrog steps."""

    warmup: Warmup = 200
    step_size: Annotated[
        float | None,
        Field(gt=0.0, le=1e6, description="In the metric's coordinates; left out, warm-up finds it."),
    ] = None
    leapfrog_steps: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            description="Gradients of each draw. With the covariance's metric and a step size found in warm-up, at "
            "most so many: a trajectory that has made its quarter turn ends.",
        ),
    ] = 20
    target_accept: TargetAccept = 0.8
    metric: MetricField = "covariance"
    adapt_mass: Annotated[bool, Field(description="Learn the diagonal mass matrix in warm-up as well.")] = False
    dispersion: Dispersion = 1.0
    kernel: KernelField = "photfit"


NUTS = MethodDescription(
    name="nuts",
    description="The No-U-Turn sampler: the posterior from few, nearly independent draws.",
    options=NutsOptions,
    calls=lambda options, free: Calls(gradients=_TREE * options.moves(free)),
)
HMC = MethodDescription(
    name="hmc",
    description="Hamiltonian Monte Carlo with a fixed number of leapfrog steps.",
    options=HmcOptions,
    calls=lambda options, free: Calls(gradients=options.leapfrog_steps * options.moves(free)),
)
