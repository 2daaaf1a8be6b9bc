"""The affine-invariant ensemble, the method `ensemble`: the stretch move of Goodman & Weare.

A walker x moves along the line to another walker x_j of the other half of the ensemble, to y = x_j + Z (x − x_j) with
density ∝ 1/√Z on 1/a … a (Goodman & Weare 2010, Comm. App. Math. Comp. Sci. 5, 65, equation 9), and is accepted with
min(1, Z^{d−1} p(y)/p(x)) (equation 7). One half moves as one batch while the other stands (Foreman-Mackey et al. 2013,
PASP 125, 306). Moves are screened as in `metropolis`.
"""

import numpy as np
import torch
from torch import Tensor

from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult, SamplerResult
from fitting.methods.samplers.chain_store import Shelf, State
from fitting.methods.samplers.posterior import Density, Target
from fitting.methods.samplers.sampling import (
    ChainMove,
    Sampling,
    begin_sampling,
    derived_seed,
    dispersed_starts,
    generator_state,
    run_walkers,
)
from fitting.methods.samplers.screening import Screening, Surrogate
from fitting.spec.methods import EnsembleOptions


def run_ensemble(
    problem: Target,
    start: MinimizerResult,
    options: EnsembleOptions,
    report: StageReport,
    *,
    seed: int | None = None,
    shelf: Shelf | None = None,
) -> SamplerResult:
    """Sample by the stretch move; each walker is reported as a chain."""
    run = begin_sampling("ensemble", problem, start, options, report, seed=seed, shelf=shelf)
    return run_walkers(run, StretchEnsemble(run, options, options.chain_count(len(problem.names))), options.warmup)


class StretchEnsemble:
    """The walkers: θ (walkers, free), in two halves."""

    def __init__(self, run: Sampling, options: EnsembleOptions, walkers: int) -> None:
        self.count = walkers
        self._posterior = run.posterior
        self._generator = torch.Generator().manual_seed(derived_seed(run.seed, "walkers"))
        self._stretch = options.stretch
        self._thin = options.thin
        surrogate = Surrogate(run.posterior, run.start.equations, run.start.theta)
        self._screening = Screening(surrogate, options.warmup if options.screen else 0)
        self._theta = dispersed_starts(run, walkers, options.dispersion, self._generator)
        self._density: Density | None = None

    def step(self, adapting: bool) -> ChainMove:
        """One draw of every walker: both halves in turn, `thin` times; in warm-up once."""
        if self._density is None:
            self._density = self._posterior.density(self._theta)
        screened = self._screening.active
        moves = 1 if screened or adapting else self._thin
        accepted = torch.zeros(self.count, dtype=torch.float64)
        half = self.count // 2
        for _ in range(moves):
            for moving, standing in ((slice(0, half), slice(half, None)), (slice(half, None), slice(0, half))):
                accepted[moving] += self._move(moving, self._theta[standing], screened)
        if adapting:
            self._screening.learn(self._theta, self._density)
        return ChainMove(self._theta, self._density, accepted / moves)

    def _move(self, moving: slice, standing: Tensor, screened: bool) -> Tensor:
        """Move one half against the other: acceptance probabilities (walkers / 2,)."""
        assert self._density is not None
        theta = self._theta[moving]
        density = Density(self._density.log_density[moving], self._density.chi2[moving])
        if screened:

            def inner(surrogate: Surrogate, here: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
                return self._on_surrogate(surrogate, here, standing)

            theta, density, accepted, _ = self._screening.step(self._posterior, theta, density, inner, self._generator)
        else:
            trial, gain = self._proposal(theta, standing)
            there = self._posterior.density(trial)
            accepted = (gain + there.log_density - density.log_density).exp().clamp_max(1.0).nan_to_num(nan=0.0)
            taken = self._uniform(len(theta)) < accepted
            theta, density = torch.where(taken[:, None], trial, theta), density.replace_where(taken, there)
        everyone, log_density, chi2 = self._theta.clone(), self._density.log_density.clone(), self._density.chi2.clone()
        everyone[moving], log_density[moving], chi2[moving] = theta, density.log_density, density.chi2
        self._theta, self._density = everyone, Density(log_density, chi2)
        return accepted

    def _on_surrogate(
        self, surrogate: Surrogate, theta: Tensor, standing: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """`thin` stretches judged by the approximation: θ, its density at the start and the end, acceptance."""
        first = here = surrogate(theta)
        total = torch.zeros(len(theta), dtype=torch.float64)
        for _ in range(self._thin):
            trial, gain = self._proposal(theta, standing)
            there = surrogate(trial)
            chance = (gain + there - here).exp().clamp_max(1.0).nan_to_num(nan=0.0)
            taken = self._uniform(len(theta)) < chance
            theta = torch.where(taken[:, None], trial, theta)
            here = torch.where(taken, there, here)
            total += chance
        return theta, first, here, total / self._thin

    def _proposal(self, theta: Tensor, standing: Tensor) -> tuple[Tensor, Tensor]:
        """Stretched points and (d − 1) ln Z, (walkers / 2,)."""
        count, free = theta.shape
        stretch = ((self._stretch - 1.0) * self._uniform(count) + 1.0).square() / self._stretch
        partner = standing[torch.randint(len(standing), (count,), generator=self._generator)]
        return partner + stretch[:, None] * (theta - partner), (free - 1) * stretch.log()

    def _uniform(self, count: int) -> Tensor:
        return torch.rand(count, generator=self._generator, dtype=torch.float64)

    def step_sizes(self) -> np.ndarray:
        """The largest stretch, (walkers,)."""
        return np.full(self.count, self._stretch)

    def state(self) -> State:
        """For a checkpoint: the walkers, their density, the generator, and what screening has learnt."""
        assert self._density is not None
        return {
            "theta": self._theta.numpy(),
            **self._density.state(),
            "generator": generator_state(self._generator),
            **self._screening.state(),
        }

    def restore(self, state: State) -> None:
        """The reverse of `state`."""
        self._theta = torch.from_numpy(state["theta"])
        self._density = Density.from_state(state)
        self._generator.set_state(torch.from_numpy(state["generator"]))
        self._screening.restore(state)
