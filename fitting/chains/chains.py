"""Chains of a sampler: the draws, and what the sampler says about each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Chains:
    """Draws of a posterior that is flat in the reported parameters, but for its priors.

    Attributes:
        names: of the free parameters, in the table's order.
        draws: (chain, draw, parameter) in reported units; angles on one branch, so they may leave 0 … 180.
        log_posterior: (chain, draw), the density by the reported parameters, without its constant; −χ²/2 for Gaussian
            noise and flat priors.
        acceptance: acceptance probability of each draw, (chain, draw).
        divergent: whether a draw's trajectory left the energy surface, (chain, draw); None where a sampler has none.
        energy: Hamiltonian at the start of each trajectory, (chain, draw); None where a sampler has none.
        step_size: of each chain after warm-up, in its metric's coordinates, (chain,).
        seconds: time spent, over all attempts.
    """

    names: tuple[str, ...]
    draws: np.ndarray
    log_posterior: np.ndarray
    acceptance: np.ndarray
    divergent: np.ndarray | None
    energy: np.ndarray | None
    step_size: np.ndarray
    seconds: float

    @property
    def divergences(self) -> int:
        """How many trajectories of all chains left the energy surface."""
        return 0 if self.divergent is None else int(self.divergent.sum())

    def thinned(self, step: int) -> Self:
        """Every `step`-th draw of each chain, the first included."""
        return replace(
            self,
            draws=self.draws[:, ::step],
            log_posterior=self.log_posterior[:, ::step],
            acceptance=self.acceptance[:, ::step],
            divergent=None if self.divergent is None else self.divergent[:, ::step],
            energy=None if self.energy is None else self.energy[:, ::step],
        )

    def of_parameters(self, names: Sequence[str]) -> Self:
        """The chains of these parameters alone, in this order. Raises KeyError with the first that it does not have."""
        place = {name: position for position, name in enumerate(self.names)}
        return replace(self, names=tuple(names), draws=self.draws[:, :, [place[name] for name in names]])
