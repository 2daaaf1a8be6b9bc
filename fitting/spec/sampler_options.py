"""Options of the samplers: what a stage may say beside its method's name."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import Field
from pydantic_core import InitErrorDetails

from fitting.spec.documents import Document, detail

Metric = Literal["covariance", "diagonal", "identity"]

Warmup = Annotated[int, Field(ge=0, le=1_000_000, description="Steps of each chain before draws are kept.")]
Samples = Annotated[int, Field(ge=1, le=10_000_000, description="Draws kept of each chain.")]
ChainCount = Annotated[int, Field(ge=1, le=1024, description="Independent chains; four or more show disagreement.")]
MetricField = Annotated[
    Metric,
    Field(
        description="Coordinates to move in: whitened by the covariance at the start, by its diagonal, or as they are."
    ),
]
Dispersion = Annotated[
    float,
    Field(ge=0.0, le=100.0, description="Spread of the chains' starts around the stage's start, in its sigmas."),
]
TargetAccept = Annotated[float, Field(gt=0.0, lt=1.0, description="Mean acceptance that warm-up aims at.")]
Thin = Annotated[int, Field(ge=1, le=100_000, description="Moves from one kept draw to the next.")]
Screen = Annotated[
    bool,
    Field(description="Try moves on the quadratic approximation first, where warm-up finds that it holds; exact."),
]


_FEWEST_WALKERS = 32


class SamplerOptions(Document):
    """What every sampler's options say: how many draws, and of how many chains."""

    warmup: Warmup = 500
    samples: Samples = 1000

    @abstractmethod
    def chain_count(self, free: int) -> int:
        """How many chains there will be, for so many free parameters."""


class ChainOptions(SamplerOptions):
    """Options of samplers whose chains know nothing of each other."""

    chains: ChainCount = 4

    def chain_count(self, free: int) -> int:  # noqa: ARG002
        """As asked for."""
        return self.chains


class NutsOptions(ChainOptions):
    """Options of ``nuts``, the No-U-Turn sampler."""

    target_accept: TargetAccept = 0.8
    max_tree_depth: Annotated[int, Field(ge=1, le=15, description="A trajectory doubles at most so often.")] = 10
    metric: MetricField = "covariance"
    adapt_mass: Annotated[bool, Field(description="Learn the diagonal mass matrix in warm-up as well.")] = False
    dispersion: Dispersion = 1.0


class HmcOptions(ChainOptions):
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
