"""Sampling: what all samplers share, their start, report, checkpoints and end.

    run = begin_sampling("mala", problem, start, options, report, seed=1, shelf=shelf)
    result = run_walkers(run, LangevinChains(run, options), options.warmup)

A checkpoint is `Sampling.state` (what is said of the run) beside `Walkers.state` (all that the next step depends on: θ
or z, its density and gradient, the metric, step sizes, the generator), written by
`fitting.methods.samplers.chain_store.ChainStore`. So a run that was killed goes on with the draws it would have had.
"""

import hashlib
import time
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from fitting.chains import Chains
from fitting.memory_faults import memory_faults
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult, SamplerResult, SamplingStopped
from fitting.methods.samplers.chain_store import ChainStore, Shelf, State
from fitting.methods.samplers.posterior import Density, Posterior, Target
from fitting.methods.samplers.whitening import Whitening, walls_as_scales, whitening
from fitting.problem import Equations, Problem
from fitting.problem.freed_memory import MemoryTidier
from fitting.spec.methods import Metric, SamplerOptions

_PULSE_SECONDS = 0.1
"""Seconds between two reports, at least; chosen by hand: a reader sees no more, and a report costs a message."""
_HISTORY = 200
"""Entries of the history of χ²; chosen by hand, about as many as a plot has pixels to tell apart."""


@dataclass
class BestPoint:
    """The point of lowest χ² so far."""

    theta: Tensor
    chi2: float

    def see(self, theta: Tensor, chi2: Tensor) -> None:
        """Look at points (batch, free) with their χ² (batch,)."""
        place = int(chi2.argmin())
        if float(chi2[place]) < self.chi2:
            self.theta, self.chi2 = theta[place : place + 1].clone(), float(chi2[place])


@dataclass
class Sampling:
    """One run of a sampler.

    Attributes:
        target, posterior: what is sampled.
        start: where the stage began, θ (1, free), with its equations.
        seed: every random number follows from it.
        total: moves of each chain, warm-up included.
        report: called with (move, total, χ², the first chain's latest θ), ten times a second at most; may raise.
        store: where the draws go.
        best: the point of lowest χ² so far.
        latest: where the first chain is, θ (1, free).
    """

    target: Target
    posterior: Posterior
    start: MinimizerResult
    seed: int
    total: int
    report: StageReport
    store: ChainStore
    best: BestPoint
    latest: Tensor
    iteration: int = 0
    history: list[float] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)
    earlier_seconds: float = 0.0
    _last_report: float = -1.0
    tidy: MemoryTidier = field(default_factory=MemoryTidier)

    def tell(self) -> None:
        """Report, if the last report is not too fresh."""
        now = time.perf_counter()
        if now - self._last_report >= _PULSE_SECONDS:
            self._last_report = now
            chi2 = self.history[-1] if self.history else self.best.chi2
            self.report(self.iteration, self.total, chi2, self.latest)

    def count_move(self, theta: Tensor, chi2: Tensor) -> None:
        """Count one move to θ (batch, free) with χ² (batch,)."""
        self.iteration += 1
        self.best.see(theta, chi2)
        self.latest = theta[:1]
        if self.iteration % max(1, self.total // _HISTORY) == 0:
            self.history.append(float(chi2.mean()))
        self.tell()

    @property
    def seconds(self) -> float:
        """Time spent, over all attempts."""
        return self.earlier_seconds + time.perf_counter() - self.began

    def state(self) -> State:
        """What a checkpoint needs of the run."""
        return {
            "run_iteration": np.asarray(self.iteration),
            "run_evaluations": np.asarray(self.posterior.evaluations),
            "run_seconds": np.asarray(self.seconds),
            "run_history": np.asarray(self.history),
            "run_best": self.best.theta.numpy(),
            "run_best_chi2": np.asarray(self.best.chi2),
        }

    def resume(self) -> State | None:
        """The sampler's state at the last checkpoint, the run's own taken back; None at a first attempt."""
        state = self.store.resume()
        if state is not None:
            self.iteration = int(state["run_iteration"])
            self.posterior.evaluations = int(state["run_evaluations"])
            self.earlier_seconds = float(state["run_seconds"])
            self.history = state["run_history"].tolist()
            self.best = BestPoint(torch.from_numpy(state["run_best"]), float(state["run_best_chi2"]))
            self.latest = self.best.theta
        return state


def begin_sampling(
    method: str,
    target: Target,
    start: MinimizerResult,
    options: SamplerOptions,
    report: StageReport,
    *,
    seed: int | None,
    shelf: Shelf | None,
) -> Sampling:
    """The run of `method` from a stage's start.

    Args:
        seed: the request's where none is given.
    """
    if seed is None:
        assert isinstance(target, Problem)
        seed = target.request.seed
    posterior = Posterior.of(target, start.theta)
    seed = derived_seed(seed, method)
    chains = options.chain_count(len(target.names))
    total = options.warmup + options.samples
    store = ChainStore(target.names, chains, options.samples, shelf, _fingerprint(method, target, options, seed))
    best = BestPoint(start.theta.cpu().clone(), float(start.equations.chi2))
    run = Sampling(target, posterior, start, seed, total, report, store, best, best.theta)
    posterior.pulse = run.tell
    return run


def derived_seed(seed: int, *parts: object) -> int:
    """A seed of its own for each chain, method …, 63 bits."""
    digest = hashlib.sha256(repr((seed, *parts)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def _fingerprint(method: str, target: Target, options: SamplerOptions, seed: int) -> str:
    limits = [target.lower.tolist(), target.upper.tolist()]
    pixels = getattr(target, "pixels", 0)
    parts = (method, target.names, limits, pixels, options.model_dump_json(), seed)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def metric_coordinates(run: Sampling, metric: Metric) -> Whitening:
    """The metric's coordinates at the stage's start."""
    start = run.start.theta
    equations = walls_as_scales(run.start.equations, start, run.target.lower, run.target.upper)
    scale = run.target.step_scale(start) if isinstance(run.target, Problem) else torch.full((start.shape[1],), np.inf)
    return whitening(equations, start, metric, scale)


def dispersed_starts(run: Sampling, chains: int, dispersion: float, generator: torch.Generator) -> Tensor:
    """Starts θ (chains, free), normal about the stage's start with its covariance, reflected into the limits."""
    spread = metric_coordinates(run, "covariance")
    z = torch.randn((chains, run.start.theta.shape[1]), generator=generator, dtype=torch.float64)
    return run.posterior.fold(spread.theta(dispersion * z))[0]


@dataclass(frozen=True)
class ChainMove:
    """Where chains arrived.

    Attributes:
        theta: (chains, free), inside the limits.
        density: there.
        acceptance: probability of each move, (chains,).
        energy: H at the start of each trajectory, (chains,); None where there are no trajectories.
        divergent: whether each left the energy surface, (chains,); None likewise.
    """

    theta: Tensor
    density: Density
    acceptance: Tensor
    energy: Tensor | None = None
    divergent: Tensor | None = None

    def columns(self) -> dict[str, np.ndarray]:
        """What is kept with the draws."""
        columns = {"log_posterior": -0.5 * self.density.chi2, "acceptance": self.acceptance}
        further = {"energy": self.energy, "divergent": self.divergent}
        return {name: column.numpy() for name, column in (columns | further).items() if column is not None}


class Walkers(Protocol):
    """Chains that move together, as one batch."""

    count: int

    def step(self, adapting: bool) -> ChainMove:
        """Move each once."""

    def step_sizes(self) -> np.ndarray:
        """(chains,)."""

    def state(self) -> State:
        """Everything that the next step depends on."""

    def restore(self, state: State) -> None:
        """The reverse of `state`."""


def run_walkers(run: Sampling, walkers: Walkers, warmup: int) -> SamplerResult:
    """Move walkers from where they are, or from the last checkpoint, to the end."""
    state = run.resume()
    if state is not None:
        walkers.restore(state)
    try:
        with memory_faults():
            _move_walkers(run, walkers, warmup)
    except Exception as cause:
        raise SamplingStopped(cause, lambda why: _partial_result(run, walkers.step_sizes(), why)) from cause
    run.store.save(run.state() | walkers.state())
    result = _result(run, walkers.step_sizes())
    run.report(run.iteration, run.total, float(result.equations.chi2), result.theta)
    return result


def _move_walkers(run: Sampling, walkers: Walkers, warmup: int) -> None:
    chains = np.arange(walkers.count)
    while run.iteration < run.total:
        adapting = run.iteration < warmup
        moved = walkers.step(adapting)
        run.count_move(moved.theta, moved.density.chi2)
        if not adapting:
            run.store.add(chains, moved.columns(), run.posterior.draws(moved.theta).numpy())
        run.store.tick(lambda: run.state() | walkers.state())
        run.tidy()


def _partial_result(run: Sampling, step_size: np.ndarray, why: str) -> MinimizerResult:
    """What a run has that was stopped: its draws, or before the first one the best point.

    Args:
        why: it was stopped, in a few words.
    """
    draw_count = run.store.draw_count
    if not draw_count:
        theta, equations = _best_point(run)
        history = (float(run.start.equations.chi2), float(equations.chi2))
        message = f"not converged: {why} before the first draw"
        return MinimizerResult(theta, equations, run.iteration, run.posterior.evaluations, False, message, history)
    result = _result(run, step_size)
    message = f"not converged: {why} after {draw_count} of {run.store.samples} draws; {result.message}"
    return replace(result, converged=False, message=message)


def _best_point(run: Sampling) -> tuple[Tensor, Equations]:
    """The point of lowest χ², and its equations."""
    theta, equations = run.start.theta, run.start.equations
    if run.best.chi2 < float(equations.chi2):
        theta = run.best.theta.to(theta.device)
        equations = run.target.normal_equations(theta)
    return theta, equations


def _result(run: Sampling, step_size: np.ndarray) -> SamplerResult:
    """The result: chains as far as they go, the best point, and whether the diagnostics let the chains be trusted.

    Args:
        step_size: of each chain, (chain,).
    """
    # Not at the top: ArviZ takes half a second to load, which a run that only minimizes should not wait for.
    from fitting.chains import diagnose

    store = run.store
    divergent = store.column_or_none("divergent")
    chains = Chains(
        store.names,
        store.draws.copy(),
        store.column("log_posterior").copy(),
        store.column("acceptance").copy(),
        None if divergent is None else divergent > 0.0,
        store.column_or_none("energy"),
        step_size,
        run.seconds,
    )
    diagnostics = diagnose(chains)
    theta, equations = _best_point(run)
    return SamplerResult(
        theta,
        equations,
        run.iteration,
        run.posterior.evaluations,
        diagnostics.trustworthy,
        diagnostics.summary,
        tuple(run.history),
        chains,
        diagnostics,
    )


def generator_state(generator: torch.Generator) -> np.ndarray:
    """The state of a generator as an array."""
    return generator.get_state().numpy()
