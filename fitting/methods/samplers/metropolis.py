"""Random-walk Metropolis, the method `metropolis`: all chains are one batch.

Proposals are normal with the start's covariance, (2.38²/d) scaled (Roberts, Gelman & Gilks 1997, Ann. Appl. Probab. 7,
110). In warm-up the scale follows the acceptance by Robbins and Monro's rule; then it stays as it is.

Where warm-up finds that the quadratic approximation holds, moves are *screened*: `thin` moves are made on the
approximation, which costs next to nothing, and where they arrive is accepted or refused with

    α = min(1, p(θ')/p(θ) · s(θ)/s(θ')),

s the approximate density (Liu 2001, Monte Carlo Strategies in Scientific Computing, section 9.4.3; Christen & Fox 2005,
J. Comput. Graph. Stat. 14, 795, for thin = 1). This leaves p exactly invariant, however poor the approximation; a poor
one would only be slow, which is why it is tested first.
"""

import math

import numpy as np
import torch
from torch import Tensor

from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult, SamplerResult
from fitting.methods.samplers.chain_store import Shelf, State
from fitting.methods.samplers.posterior import Density, Posterior, Target
from fitting.methods.samplers.sampling import (
    ChainMove,
    Sampling,
    begin_sampling,
    derived_seed,
    dispersed_starts,
    generator_state,
    metric_coordinates,
    run_walkers,
)
from fitting.methods.samplers.screening import Screening, Surrogate
from fitting.methods.samplers.whitening import Whitening
from fitting.spec.methods import MetropolisOptions

_BEST_ACCEPTANCE = 0.234
"""Acceptance at which a random walk in many dimensions mixes best (Roberts, Gelman & Gilks 1997)."""
_OPTIMAL_SCALE = 2.38
"""Length of a proposal, times √d, in standard deviations, that leads to it (the same)."""


def run_metropolis(
    problem: Target,
    start: MinimizerResult,
    options: MetropolisOptions,
    report: StageReport,
    *,
    seed: int | None = None,
    shelf: Shelf | None = None,
) -> SamplerResult:
    """Sample by the random walk."""
    run = begin_sampling("metropolis", problem, start, options, report, seed=seed, shelf=shelf)
    return run_walkers(run, RandomWalk(run, options), options.warmup)


class RandomWalk:
    """The walkers: θ (chains, free) and the scale of their proposals."""

    def __init__(self, run: Sampling, options: MetropolisOptions) -> None:
        self.count = options.chains
        self._posterior: Posterior = run.posterior
        self._generator = torch.Generator().manual_seed(derived_seed(run.seed, "walkers"))
        self._metric: Whitening = metric_coordinates(run, options.metric)
        self._thin = options.thin
        self._adapt = options.adapt
        free = run.start.theta.shape[1]
        self._scale = options.step_scale * _OPTIMAL_SCALE / math.sqrt(free)
        surrogate = Surrogate(run.posterior, run.start.equations, run.start.theta)
        self._screening = Screening(surrogate, options.warmup if options.screen else 0)
        self._theta = dispersed_starts(run, options.chains, options.dispersion, self._generator)
        self._density: Density | None = None
        self._steps = 0

    def step(self, adapting: bool) -> ChainMove:
        """One draw: `thin` moves; in warm-up, where no draw is kept, one."""
        density = self._posterior.density(self._theta) if self._density is None else self._density
        if self._screening.active:
            theta, density, accepted, tried = self._screening.step(
                self._posterior, self._theta, density, self._on_surrogate, self._generator
            )
        else:
            theta, density, accepted = self._plain(self._theta, density, 1 if adapting else self._thin)
            tried = accepted
        self._theta, self._density = theta, density
        if adapting:
            self._steps += 1
            if self._adapt:
                rate = min(1.0, 3.0 / self._steps**0.6)
                self._scale *= math.exp((float(tried.mean()) - _BEST_ACCEPTANCE) * rate)
            self._screening.learn(self._theta, density)
        return ChainMove(theta, density, accepted)

    def _plain(self, theta: Tensor, density: Density, moves: int) -> tuple[Tensor, Density, Tensor]:
        """Moves that are judged by the posterior itself, one by one."""
        total = torch.zeros(self.count, dtype=torch.float64)
        for _ in range(moves):
            trial = self._proposal(theta)
            there = self._posterior.density(trial)
            chance = (there.log_density - density.log_density).exp().clamp_max(1.0).nan_to_num(nan=0.0)
            taken = self._uniform() < chance
            theta = torch.where(taken[:, None], trial, theta)
            density = density.replace_where(taken, there)
            total += chance
        return theta, density, total / moves

    def _on_surrogate(self, surrogate: Surrogate, theta: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """`thin` moves judged by the approximation: θ, its density at the start and the end, acceptance (chains,)."""
        first = here = surrogate(theta)
        total = torch.zeros(self.count, dtype=torch.float64)
        for _ in range(self._thin):
            trial = self._proposal(theta)
            there = surrogate(trial)
            chance = (there - here).exp().clamp_max(1.0)
            taken = self._uniform() < chance
            theta = torch.where(taken[:, None], trial, theta)
            here = torch.where(taken, there, here)
            total += chance
        return theta, first, here, total / self._thin

    def _proposal(self, theta: Tensor) -> Tensor:
        z = torch.randn(theta.shape, generator=self._generator, dtype=torch.float64)
        return theta + self._scale * (z @ self._metric.factor.mT)

    def _uniform(self) -> Tensor:
        return torch.rand(self.count, generator=self._generator, dtype=torch.float64)

    def step_sizes(self) -> np.ndarray:
        """Scale of the proposals in the metric's units, (chains,)."""
        return np.full(self.count, self._scale)

    def state(self) -> State:
        """For a checkpoint: the chains, their density, the metric, scale and generator, what screening has learnt."""
        assert self._density is not None
        return {
            "theta": self._theta.numpy(),
            **self._density.state(),
            **self._metric.state(),
            "scale": np.asarray(self._scale),
            "steps": np.asarray(self._steps),
            "generator": generator_state(self._generator),
            **self._screening.state(),
        }

    def restore(self, state: State) -> None:
        """The reverse of `state`."""
        self._theta = torch.from_numpy(state["theta"])
        self._density, self._metric = Density.from_state(state), Whitening.from_state(state)
        self._scale, self._steps = float(state["scale"]), int(state["steps"])
        self._generator.set_state(torch.from_numpy(state["generator"]))
        self._screening.restore(state)
