"""Langevin steps, the method `mala`: Metropolis-adjusted (Roberts & Tweedie 1996, Bernoulli 2, 341), as one batch.

In the metric's coordinates z a chain proposes z' = z + ε²/2 ∇ln p(z) + ε ξ with normal ξ, and is accepted by the ratio
of p times that of the proposals. Warm-up steers ε to the acceptance 0.574 (Roberts & Rosenthal 1998, J. R. Stat. Soc.
B 60, 255). Limits reflect (see `posterior`).
"""

import math

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
    metric_coordinates,
    run_walkers,
)
from fitting.methods.samplers.whitening import Whitening
from fitting.spec.methods import MalaOptions


def run_mala(
    problem: Target,
    start: MinimizerResult,
    options: MalaOptions,
    report: StageReport,
    *,
    seed: int | None = None,
    shelf: Shelf | None = None,
) -> SamplerResult:
    """Sample by Langevin steps."""
    run = begin_sampling("mala", problem, start, options, report, seed=seed, shelf=shelf)
    return run_walkers(run, LangevinChains(run, options), options.warmup)


class LangevinChains:
    """The chains: z (chains, free), their gradients, and ε."""

    def __init__(self, run: Sampling, options: MalaOptions) -> None:
        self.count = options.chains
        self._posterior = run.posterior
        self._generator = torch.Generator().manual_seed(derived_seed(run.seed, "walkers"))
        self._metric = metric_coordinates(run, options.metric)
        self._adapt = options.step_size is None
        free = run.start.theta.shape[1]
        self._epsilon = options.step_size or 1.2 * free ** (-1.0 / 6.0)
        self._target = options.target_accept
        self._thin = options.thin
        begin_at = dispersed_starts(run, options.chains, options.dispersion, self._generator)
        self._z = torch.linalg.solve(self._metric.factor, (begin_at - self._metric.centre).mT).mT
        self._density: Density | None = None
        self._gradient = torch.zeros_like(self._z)
        self._steps = 0

    def step(self, adapting: bool) -> ChainMove:
        """One draw: `thin` moves; in warm-up one."""
        if self._density is None:
            self._density, self._gradient = self._evaluate(self._z)
        moves = 1 if adapting else self._thin
        accepted = sum(self._move() for _ in range(moves)) / moves
        assert isinstance(accepted, Tensor)
        if adapting and self._adapt:
            self._steps += 1
            rate = min(1.0, 3.0 / self._steps**0.6)
            self._epsilon *= math.exp(rate * (float(accepted.mean()) - self._target))
        return ChainMove(self._posterior.fold(self._metric.theta(self._z))[0], self._density, accepted)

    def _move(self) -> Tensor:
        """One move of all chains: acceptance probabilities (chains,)."""
        assert self._density is not None
        noise = torch.randn(self._z.shape, generator=self._generator, dtype=torch.float64)
        trial = self._z + 0.5 * self._epsilon**2 * self._gradient + self._epsilon * noise
        there, gradient = self._evaluate(trial)
        back = (self._z - trial - 0.5 * self._epsilon**2 * gradient) / self._epsilon
        ratio = there.log_density - self._density.log_density + 0.5 * (noise.square() - back.square()).sum(-1)
        chance = ratio.exp().clamp_max(1.0).nan_to_num(nan=0.0)
        taken = torch.rand(self.count, generator=self._generator, dtype=torch.float64) < chance
        self._z = torch.where(taken[:, None], trial, self._z)
        self._gradient = torch.where(taken[:, None], gradient, self._gradient)
        self._density = self._density.replace_where(taken, there)
        return chance

    def _evaluate(self, z: Tensor) -> tuple[Density, Tensor]:
        """ln p of the continuation and its gradient by z."""
        density, by_theta = self._posterior.mirrored_density(self._metric.theta(z))
        return density, self._metric.gradient(by_theta)

    def step_sizes(self) -> np.ndarray:
        """ε, (chains,)."""
        return np.full(self.count, self._epsilon)

    def state(self) -> State:
        """For a checkpoint: the chains, their density and gradient, the metric, ε, and the generator."""
        assert self._density is not None
        return {
            "z": self._z.numpy(),
            "gradient": self._gradient.numpy(),
            **self._density.state(),
            **self._metric.state(),
            "epsilon": np.asarray(self._epsilon),
            "steps": np.asarray(self._steps),
            "generator": generator_state(self._generator),
        }

    def restore(self, state: State) -> None:
        """The reverse of `state`."""
        self._z, self._gradient = torch.from_numpy(state["z"]), torch.from_numpy(state["gradient"])
        self._density, self._metric = Density.from_state(state), Whitening.from_state(state)
        self._epsilon, self._steps = float(state["epsilon"]), int(state["steps"])
        self._generator.set_state(torch.from_numpy(state["generator"]))
