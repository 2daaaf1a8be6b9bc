"""Hamiltonian samplers: the methods `nuts` (Hoffman & Gelman 2014) and `hmc` (Neal 2011, arXiv:1206.1901).

They move z, where θ = θ₀ + F z is whitened by the covariance at the start, so that a unit mass matrix suits. The
potential is −ln p of the posterior's reflected continuation (see `posterior`). All chains move side by side: what their
trajectories ask at one time is one batch.

`"kernel": "pyro"` moves them by Pyro's kernels instead (`pyro_kernels`).

Why photfit has trajectories of its own, and what they gain: decision 0018.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch

from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult, SamplerResult
from fitting.methods.samplers.chain_store import Shelf, State
from fitting.methods.samplers.leapfrog import (
    DIVERGENT_RISE,
    Arrival,
    Flow,
    FreeMotion,
    HarmonicMotion,
    Leapfrog,
    LeapfrogAnswer,
    Motion,
    Point,
    acceptance,
    side_by_side,
)
from fitting.methods.samplers.nuts_trajectory import nuts_trajectory
from fitting.methods.samplers.posterior import Density, Target
from fitting.methods.samplers.pyro_kernels import PyroChains
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
from fitting.methods.samplers.warmup import LearntScales, StepSize, first_step_size
from fitting.methods.samplers.whitening import Whitening
from fitting.spec.methods import HmcOptions, NutsOptions

_QUARTER = 0.5 * math.pi
"""Time that leads round by a quarter in whitened coordinates, to an independent draw."""
_LONGEST_NUTS_STEP = 1.4
"""With its variation a little less than a quarter turn: longer ones might turn between two points without being seen
to. Decision 0018 has what steps of 0.9, 1.2 and 1.5 do to the moments of a normal posterior."""
_WARMUP_DOUBLINGS = 6
"""Doublings of a trajectory of warm-up in coordinates whitened by the covariance, where a quarter turn, 1.6, is all
that is asked for. 63 steps fall short of it only with steps below 0.025, as from a start in a needle. That slows what
warm-up learns there, by draw and not by gradient: decision 0018 has what was seen."""
_EARLY_DOUBLINGS = 8
"""The same in other coordinates, whose scales warm-up has to find; as PyMC's `early_max_treedepth`."""
_LONGEST_HMC_STEP = 0.25 * _QUARTER
"""A sixteenth of a turn (decision 0018): four steps see the potential on their way, too; with fewer, draws in the tails
would be refused more often."""
_JITTER = 0.1
"""Share by which step sizes vary after warm-up, so that no trajectory resonates (Neal 2011, section 3.2); chosen by
hand."""
_LEAST_WARMUP = 10
"""Trajectories without which no step size is learnt: t₀ of dual averaging (`warmup`)."""


def run_nuts(
    problem: Target,
    start: MinimizerResult,
    options: NutsOptions,
    report: StageReport,
    *,
    seed: int | None = None,
    shelf: Shelf | None = None,
) -> SamplerResult:
    """Sample by the No-U-Turn sampler."""
    pyro = options.kernel == "pyro"
    run = begin_sampling("nuts", problem, start, options, report, seed=seed, shelf=None if pyro else shelf)
    chains = PyroChains(run, options) if pyro else NutsChains(run, options)
    return run_walkers(run, chains, options.warmup)


def run_hmc(
    problem: Target,
    start: MinimizerResult,
    options: HmcOptions,
    report: StageReport,
    *,
    seed: int | None = None,
    shelf: Shelf | None = None,
) -> SamplerResult:
    """Sample by Hamiltonian Monte Carlo with a fixed number of leapfrog steps."""
    pyro = options.kernel == "pyro"
    run = begin_sampling("hmc", problem, start, options, report, seed=seed, shelf=None if pyro else shelf)
    chains = PyroChains(run, options) if pyro else HmcChains(run, options)
    return run_walkers(run, chains, options.warmup)


class _HamiltonianChains(ABC):
    """Chains whose draws end trajectories: z, what is known there, and the step size, which all share.

    Args:
        run: theirs.
        options: theirs.
        guess: a step size to begin the search for the first with.
        longest: no step is longer.
        cautious: nor longer than this once a trajectory of warm-up has diverged.
        fixed: the step size, where it is not to be learnt.
    """

    def __init__(
        self,
        run: Sampling,
        options: NutsOptions | HmcOptions,
        guess: float,
        longest: float,
        cautious: float,
        fixed: float | None,
    ) -> None:
        self.count = options.chains
        self._posterior = run.posterior
        self._generator = torch.Generator().manual_seed(derived_seed(run.seed, "walkers"))
        self._metric: Whitening = metric_coordinates(run, options.metric)
        self._motion: Motion = HarmonicMotion() if options.metric == "covariance" else FreeMotion()
        begin_at = dispersed_starts(run, options.chains, options.dispersion, self._generator)
        self._z = torch.linalg.solve(self._metric.factor, (begin_at - self._metric.centre).mT).mT.numpy()
        self._answers: Sequence[LeapfrogAnswer] = ()
        self._guessed_step, self._longest_step, self._cautious_step = guess, longest, cautious
        self._target = options.target_accept
        self._learns = fixed is None and options.warmup >= _LEAST_WARMUP
        first = fixed or guess
        self._step_size = StepSize.starting_at(first, self._target, max(longest, first))
        scaled = options.warmup if options.adapt_mass else 0
        self._scales = LearntScales(scaled, run.start.theta.shape[1])
        self._warm_steps = 0

    def step(self, adapting: bool) -> ChainMove:
        """One draw of every chain; before the first, evaluate where they are and look for a step size."""
        if not self._answers:
            self._answers = self._ask(self._z)
            if self._learns:
                self._find_step_size()
        flows = [self._trajectory(self._with_momentum(place), adapting) for place in range(self.count)]
        ends = side_by_side(flows, self._ask)
        self._z = np.stack([end.point.z for end in ends])
        self._answers = [end.point.answer for end in ends]
        accepted = np.array([end.acceptance for end in ends])
        if adapting:
            self._learn(float(accepted.mean()), any(end.diverged for end in ends))
        return ChainMove(
            self._posterior.fold(self._metric.theta(torch.from_numpy(self._z)))[0],
            self._density(),
            torch.from_numpy(accepted),
            energy=torch.tensor([end.energy for end in ends], dtype=torch.float64),
            divergent=torch.tensor([end.diverged for end in ends]),
        )

    @abstractmethod
    def _trajectory(self, start: Point, adapting: bool) -> Flow[Arrival]:
        """A chain's way from a start to its next draw."""

    def _find_step_size(self) -> None:
        first = first_step_size(self._guessed_step, self._longest_step, self._acceptance_of)
        self._step_size = StepSize.starting_at(first, self._target, self._longest_step)

    def _acceptance_of(self, step: float) -> float:
        """Mean acceptance of a single step of this size from where the chains are."""
        leapfrog = Leapfrog(self._motion, step)
        starts = [self._with_momentum(place) for place in range(self.count)]
        ends = side_by_side([leapfrog(start, 1) for start in starts], self._ask)
        pairs = zip(starts, ends, strict=True)
        return float(np.mean([acceptance(end.energy - start.energy) for start, end in pairs]))

    def _with_momentum(self, place: int) -> Point:
        r = torch.randn(self._z.shape[1], generator=self._generator, dtype=torch.float64).numpy()
        return Point(self._z[place], r, self._answers[place])

    def _uniform(self) -> float:
        return float(torch.rand((), generator=self._generator, dtype=torch.float64))

    def _ask(self, z: np.ndarray) -> list[LeapfrogAnswer]:
        """The potential, its gradient by z and χ² at z (batch, free)."""
        density, by_theta = self._posterior.mirrored_density(self._metric.theta(torch.from_numpy(z)))
        gradients = -self._metric.gradient(by_theta).numpy()
        return [
            LeapfrogAnswer(-log_density, gradient, chi2)
            for log_density, gradient, chi2 in zip(
                density.log_density.tolist(), gradients, density.chi2.tolist(), strict=True
            )
        ]

    def _density(self) -> Density:
        numbers = torch.tensor([(-answer.potential, answer.chi2) for answer in self._answers], dtype=torch.float64)
        return Density(*numbers.unbind(-1))

    def _learn(self, accepted: float, diverged: bool) -> None:
        """Warm-up: the step size, and the coordinates' scales."""
        if diverged and self._cautious_step < self._longest_step:
            self._longest_step = self._cautious_step
            self._step_size = StepSize.starting_at(self._longest_step, self._target, self._longest_step)
        if self._learns:
            self._step_size = self._step_size.after(accepted)
        scales = self._scales.see(self._warm_steps, self._z)
        self._warm_steps += 1
        if scales is None:
            return
        self._metric = Whitening(self._metric.centre, self._metric.factor * torch.from_numpy(scales))
        self._z = self._z / scales
        self._answers = [answer._replace(gradient=answer.gradient * scales) for answer in self._answers]
        if self._learns:
            self._find_step_size()

    def _next_step_size(self, adapting: bool) -> float:
        """The step size of the next trajectory."""
        return self._step_size.current if adapting else self._step_size.final

    def _leapfrog(self, step: float, adapting: bool) -> Leapfrog:
        """The step of the next trajectory, varied once warm-up is over."""
        variation = 1.0 if adapting else 1.0 + _JITTER * (2.0 * self._uniform() - 1.0)
        return Leapfrog(self._motion, step * variation)

    def step_sizes(self) -> np.ndarray:
        """ε after warm-up, (chains,)."""
        return np.full(self.count, self._step_size.final)

    def state(self) -> State:
        """For a checkpoint: the chains, the potential there, the metric, what warm-up has learnt, the generator."""
        return {
            "z": self._z,
            **self._density().state(),
            "gradient": np.stack([answer.gradient for answer in self._answers]),
            **self._metric.state(),
            "step_size": self._step_size.state(),
            **self._scales.state(),
            "warm": np.asarray(self._warm_steps),
            "generator": generator_state(self._generator),
        }

    def restore(self, state: State) -> None:
        """The reverse of `state`."""
        self._z, self._metric = state["z"], Whitening.from_state(state)
        numbers = zip(state["log_density"].tolist(), state["gradient"], state["chi2"].tolist(), strict=True)
        self._answers = [LeapfrogAnswer(-log_density, gradient, chi2) for log_density, gradient, chi2 in numbers]
        self._step_size = StepSize.from_state(state["step_size"])
        self._longest_step = min(self._longest_step, self._step_size.longest)
        self._scales.restore(state)
        self._warm_steps = int(state["warm"])
        self._generator.set_state(torch.from_numpy(state["generator"]))


class NutsChains(_HamiltonianChains):
    """Chains of the No-U-Turn sampler."""

    def __init__(self, run: Sampling, options: NutsOptions) -> None:
        self._doublings = options.max_tree_depth
        whitened = options.metric == "covariance"
        self._warmup_doublings = min(self._doublings, _WARMUP_DOUBLINGS if whitened else _EARLY_DOUBLINGS)
        longest = _LONGEST_NUTS_STEP if whitened else math.inf
        super().__init__(run, options, 0.5 * _QUARTER, longest, longest, None)

    def _trajectory(self, start: Point, adapting: bool) -> Flow[Arrival]:
        doublings = self._warmup_doublings if adapting else self._doublings
        leapfrog = self._leapfrog(self._next_step_size(adapting), adapting)
        return nuts_trajectory(start, leapfrog, doublings, self._uniform)


class HmcChains(_HamiltonianChains):
    """Chains whose trajectories have a fixed number of steps, or fewer where fewer reach as far.

    In whitened coordinates a quarter turn leads to independent draws and a full turn back to the start. No trajectory
    is longer than a quarter turn there, and where the step that was learnt gets so far in fewer steps, none takes more.
    A trajectory of warm-up that diverges shows a posterior that bends too sharply for that: then all steps are taken.
    """

    def __init__(self, run: Sampling, options: HmcOptions) -> None:
        self._most = options.leapfrog_steps
        turns, share = options.metric == "covariance", _QUARTER / options.leapfrog_steps
        self._arrives = turns and options.step_size is None
        longest = max(_LONGEST_HMC_STEP, share) if turns else math.inf
        super().__init__(run, options, share, longest, share if self._arrives else longest, options.step_size)

    def _trajectory(self, start: Point, adapting: bool) -> Flow[Arrival]:
        steps, step = self._most, self._next_step_size(adapting)
        if self._arrives:
            steps = min(steps, math.ceil(_QUARTER / step))
            step = min(step, _QUARTER / steps)
        return hmc_trajectory(start, self._leapfrog(step, adapting), steps, self._uniform())


def hmc_trajectory(start: Point, leapfrog: Leapfrog, steps: int, threshold: float) -> Flow[Arrival]:
    """So many steps from `start`, accepted where the acceptance is above the threshold."""
    point = start
    for _ in range(steps):
        point = yield from leapfrog(point, 1)
    rise = point.energy - start.energy
    chance = acceptance(rise)
    return Arrival(point if threshold < chance else start, chance, not rise < DIVERGENT_RISE, start.energy)
