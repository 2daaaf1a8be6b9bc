"""Options that samplers share: how many draws, of how many chains, moving in which coordinates."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import Field

from fitting.spec.documents import Document

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


class SamplerOptions(Document):
    """What every sampler's options say: how many draws, and of how many chains."""

    warmup: Warmup = 500
    samples: Samples = 1000

    @property
    def needs_pyro(self) -> bool:
        """Whether these options ask for the library Pyro, which is loaded only then."""
        return False

    @abstractmethod
    def chain_count(self, free: int) -> int:
        """How many chains there will be, for so many free parameters."""

    def moves(self, free: int, thin: int = 1) -> float:
        """Moves of all chains together, those of warm-up and the ``thin - 1`` between two kept draws included."""
        return float(self.chain_count(free) * (self.warmup + self.samples * thin))


class ChainOptions(SamplerOptions):
    """Options of samplers whose chains know nothing of each other."""

    chains: ChainCount = 4

    def chain_count(self, free: int) -> int:  # noqa: ARG002
        """As asked for."""
        return self.chains
