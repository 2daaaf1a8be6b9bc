"""Stages of a request, each starting where the last ended, and what each leaves for the result."""

import math
import time
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from fitting.chains import Chains
from fitting.faults import OutOfMemory, PassingFault, UserFault
from fitting.memory_faults import memory_faults
from fitting.methods import METHOD_RUNNERS, Surroundings
from fitting.methods.minimizers import NEAR, State, newton_decrement, unblocked_parameters
from fitting.methods.progress import Cancelled, Report, StopAndKeep
from fitting.methods.results import MinimizerResult, SamplerResult, SamplingStopped
from fitting.methods.samplers import Compartment, Shelf, derived_seed, refuse_without_pyro
from fitting.methods.uncertainties import BootstrapResult, Interval, ProfiledResult
from fitting.model_noise import follows_model, is_renewed, noise_of_model, noise_of_smooth_light
from fitting.problem import Equations, Problem
from fitting.progress_reporter import ProgressReporter, StageTrace, pulse_between_tiles
from fitting.results import History, SampledChains, StageRecord
from fitting.spec import LmOptions, StageSpec
from fitting.spec.counts import counted
from fitting.spec.notices import Notice

_MOST_HISTORY = 1000
"""Entries of a stage's history, at most; chosen by hand: more than a plot tells apart."""
_DRAWS_AT_ONCE = 4096
"""Draws whose linked rows are worked out at once; chosen by hand, bounds memory."""
_MOST_ROUNDS = 6
"""Times that a stage goes on with the noise of its model, at most; two or three serve."""
_UNMOVED = 1e-4
"""Decrease of χ² that other noise promises, below which the minimum is where it was: a hundredth of a σ."""
_DARK = math.log(1e-200)
"""Logarithms below this stand for zero."""


@dataclass(frozen=True)
class Outcome:
    """Where the stages ended.

    Attributes:
        end: of the last stage, or the start where there is none.
        problem: with the noise as it was there.
        renewed: whether noise that follows from the model is that of one that was fitted, or given to be looked at.
        records: of every stage.
        sampled: of the last stage that sampled.
        stopped: which stage was stopped, or failed, before its end, so that the outcome is what it had found; where it
            had hardly begun, what those before it had. Else None.
        failure: what that stage failed of; None where it was stopped.
        not_run: the stages that would have come after it.
        intervals: by free parameter, of the last stage that found some, as long as none found a deeper minimum since.
        of_chains: what speaks against using the chains of each stage that sampled.
        bootstrap: standard deviation over resampled images of every row of the table, of the last stage that did that.
    """

    end: MinimizerResult
    problem: Problem
    records: tuple[StageRecord, ...] = ()
    sampled: SampledChains | None = None
    bootstrap: Tensor | None = None
    stopped: str | None = None
    failure: Exception | None = None
    not_run: tuple[str, ...] = ()
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    chain_notices: tuple[Notice, ...] = ()
    renewed: bool = False

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What speaks against using each stage's chains, what there is to say of intervals, and which stage stopped."""
        of_intervals = tuple(notice for interval in self.intervals.values() for notice in interval.notices)
        notices = [*self.chain_notices, *of_intervals]
        if self.stopped is not None:
            failed = self.failure is not None
            notices.append(Notice("stage-failed", self.stopped) if failed else Notice("stopped-early", self.stopped))
        if self.not_run:
            notices.append(Notice("stages-not-run", f"not run: {'; '.join(self.not_run)}"))
        return tuple(notices)


def run_stages(problem: Problem, report: Report, shelf: Shelf | None = None) -> Outcome:
    """Run the stages of the problem's request.

    Args:
        problem: the request's own.
        report: called at least once an iteration, and between the tiles of a large image; may raise `Cancelled`, which
            comes through, or `StopAndKeep`, which comes through where there is nothing to keep yet.
        shelf: where samplers keep checkpoints, from which the same request goes on.

    Raises:
        UserFault: a stage asks for a library that is not installed.
    """
    refuse_without_pyro(problem.request.stages)
    reporter = ProgressReporter(problem, report)
    plain = problem
    with pulse_between_tiles(problem, reporter.repeat):
        if not problem.request.stages:
            problem, _ = noise_of_model(problem, problem.start())
        elif follows_model(problem):
            problem = noise_of_smooth_light(problem)
        theta = light_dark_components(problem, problem.start()) if problem.request.stages else problem.start()
        at_start = MinimizerResult(
            theta, problem.lazy_equations(theta), 0, 0, True, "the model at the given parameters", ()
        )  # what a request without stages asks for
        outcome = Outcome(at_start, problem, renewed=not problem.request.stages)
        for number in range(len(problem.request.stages)):
            outcome = _run_stage(number, outcome, reporter, shelf)
            if outcome.stopped is not None:
                left = list(enumerate(problem.request.stages))[number + 1 :]
                not_run = tuple(f"stage {place + 1}, {stage.method}" for place, stage in left)
                outcome = replace(outcome, not_run=not_run)
                break
    return replace(outcome, problem=plain.weighted_like(outcome.problem))


def light_dark_components(problem: Problem, theta: Tensor) -> Tensor:
    """θ (1, free) with the light that starts at zero, where its logarithm has no slope, at what suits the data best.

    All such amplitudes are solved for together, as if they were one data unit; none goes below its uncertainty.
    """
    dark = (theta[0] < _DARK).nonzero().flatten()
    if len(dark) == 0:
        return theta
    unit = theta.clone()
    unit[0, dark] = torch.minimum(torch.maximum(torch.zeros(()), problem.lower[dark]), problem.upper[dark])
    equations = problem.normal_equations(unit)
    amplitude = unit[0, dark].exp()
    gradient = equations.gradient[0, dark] / amplitude
    matrix = equations.matrix[0][dark][:, dark] / amplitude / amplitude[:, None]
    if not (torch.isfinite(matrix).all() and torch.isfinite(gradient).all()):
        return theta
    best = amplitude + torch.linalg.pinv(matrix, hermitian=True) @ gradient
    curvature = matrix.diagonal()
    seen = curvature > 0.0
    best = torch.maximum(best, torch.where(seen, curvature, 1.0).rsqrt()).log()
    unit[0, dark] = torch.where(seen, best, theta[0, dark])
    return torch.minimum(torch.maximum(unit, problem.lower), problem.upper)


def _run_stage(number: int, before: Outcome, reporter: ProgressReporter, shelf: Shelf | None) -> Outcome:
    """The outcome after one more stage, or after what there is of it where it is stopped or fails.

    What comes through is trouble that may pass (the whole fit is tried again), a `Cancelled` that keeps nothing, and
    whatever ends a first stage that has nothing to keep.
    """
    problem = before.problem
    stage = problem.request.stages[number]
    began = time.perf_counter()
    surroundings = Surroundings(
        reporter.of_stage(number),
        derived_seed(problem.request.seed, "stage", number),
        None if shelf is None else Compartment(shelf, f"stage-{number}"),
    )
    try:
        with memory_faults():
            end = METHOD_RUNNERS[stage.method](problem, before.end, stage.options, surroundings)
            if isinstance(end, SamplerResult | BootstrapResult) or not follows_model(problem):
                return _outcome_after(problem, stage.method, before, end, began)
            problem, end = _with_noise_of_model(problem, stage, end, surroundings)
            return replace(_outcome_after(problem, stage.method, before, end, began), renewed=True)
    except Exception as raised:  # noqa: BLE001 - whatever it is, what was found before is kept
        cause = raised.cause if isinstance(raised, SamplingStopped) else raised
        if isinstance(cause, PassingFault) or (isinstance(cause, Cancelled) and not isinstance(cause, StopAndKeep)):
            raise cause from raised.__cause__
        reporter.wrap_up()
        name = f"stage {number + 1}, {stage.method}"
        failure = None if isinstance(cause, StopAndKeep) else cause
        stopped = f"{name}, was stopped before its end" if failure is None else f"{name}, {_failed(failure)}"
        kept = before
        # What is left of a stage that failed may be of no use either.
        with nullcontext() if failure is None else suppress(Exception), memory_faults():
            partial = _partial_result(problem, before.end, reporter.trace, raised)
            if partial is not None:
                renewed = before.renewed
                if follows_model(problem) and not isinstance(partial, SamplerResult):
                    problem, renewed = noise_of_model(problem, partial.theta)[0], True
                    partial = replace(partial, equations=problem.lazy_equations(partial.theta))
                kept = replace(_outcome_after(problem, stage.method, before, partial, began), renewed=renewed)
        if not kept.records:
            raise cause from raised.__cause__
        return replace(kept, stopped=stopped, failure=failure)


def _failed(failure: Exception) -> str:
    """How a stage ended, in words that follow its name."""
    if isinstance(failure, UserFault):
        return f"could not be carried out: {failure}"
    if isinstance(failure, OutOfMemory):
        return "failed: the memory did not suffice"
    return f"failed by a fault of photfit ({type(failure).__name__})"


def _with_noise_of_model(
    problem: Problem, stage: StageSpec, end: MinimizerResult, surroundings: Surroundings
) -> tuple[Problem, MinimizerResult]:
    """The problem with the noise of the model that a stage found, and where the stage ends with that.

    It goes on only where that moves the minimum by what counts. Nothing is lost where time is up: what is there then
    is a minimum, with the noise of the model before.
    """
    options = stage.options
    if isinstance(options, LmOptions):
        options = options.model_copy(update={"restarts": 0})
    for _ in range(_MOST_ROUNDS):
        problem, change = noise_of_model(problem, end.theta)
        if not is_renewed(change):
            return problem, replace(end, equations=problem.lazy_equations(end.theta))
        renewed = replace(end, equations=problem.normal_equations(end.theta))
        free = unblocked_parameters(problem, State(end.theta, renewed.equations))
        moved = newton_decrement(renewed.equations, free)
        if not end.converged or (moved < _UNMOVED and not isinstance(end, ProfiledResult)):
            return problem, renewed
        again = METHOD_RUNNERS[stage.method](problem, renewed, options, surroundings)
        end = replace(
            again,
            iterations=end.iterations + again.iterations,
            evaluations=end.evaluations + again.evaluations,
            chi2_history=(*end.chi2_history, *again.chi2_history),
        )
    return problem, end


def _partial_result(
    problem: Problem, start: MinimizerResult, trace: StageTrace, stop: Exception
) -> MinimizerResult | None:
    """What a stage has that was stopped: a sampler's draws, a minimizer's best; None where it had hardly begun."""
    cause = stop.cause if isinstance(stop, SamplingStopped) else stop
    why = cause.why if isinstance(cause, StopAndKeep) else "failed"
    if isinstance(stop, SamplingStopped):
        return stop.partial_result(why)
    if trace.theta is None or (trace.iterations == 0 and not isinstance(cause, StopAndKeep)):
        return None
    theta = trace.theta
    equations: Equations = problem.normal_equations(theta)
    if not float(equations.chi2) <= float(start.equations.chi2):
        theta, equations = start.theta, start.equations
    message = f"not converged: {why} after {counted(trace.iterations, 'iteration')}"
    return MinimizerResult(theta, equations, trace.iterations, trace.reports, False, message, tuple(trace.chi2))


def _outcome_after(problem: Problem, method: str, before: Outcome, end: MinimizerResult, began: float) -> Outcome:
    """The outcome with a stage that began then (a `time.perf_counter`) and ended here."""
    canonical = problem.canonical(end.theta)
    if not torch.equal(canonical, end.theta):
        end = replace(end, theta=canonical, equations=problem.normal_equations(canonical))
    freedom = max(problem.degrees_of_freedom, 1)
    record = StageRecord(
        method,
        end.iterations,
        end.evaluations,
        time.perf_counter() - began,
        (float(before.end.equations.chi2) / freedom, float(end.equations.chi2) / freedom),
        end.converged,
        end.message,
        _history(end),
        end.diagnostics.document() if isinstance(end, SamplerResult) else None,
    )
    lower = float(before.end.equations.chi2) - float(end.equations.chi2) > NEAR
    intervals = {} if lower else before.intervals
    after = replace(before, end=end, problem=problem, records=(*before.records, record), intervals=intervals)
    if isinstance(end, ProfiledResult):
        return replace(after, intervals=end.intervals)
    if isinstance(end, SamplerResult):
        notices = (*before.chain_notices, *_chain_notices(method, len(after.records), end))
        return replace(
            after, sampled=SampledChains(method, end.chains, end.diagnostics.document()), chain_notices=notices
        )
    if isinstance(end, BootstrapResult):
        return replace(after, bootstrap=end.covariance(problem).diagonal().sqrt())
    return after


def _chain_notices(method: str, number: int, end: SamplerResult) -> tuple[Notice, ...]:
    """What speaks against using the chains of a stage, counted from 1."""
    if end.diagnostics.trustworthy:
        return ()
    stage = f"stage {number}, {method}"
    return tuple(
        replace(
            notice,
            sentence=f"{method}: {notice.sentence}",
            where=stage if notice.where is None else f"{stage}, {notice.where}",
        )
        for notice in end.diagnostics.notices
    )


def _history(end: MinimizerResult) -> History:
    """χ² over a stage, thinned: against its steps, or where a sampler kept only some, spread over its moves."""
    chi2 = end.chi2_history
    kept = np.unique(np.linspace(0, len(chi2) - 1, min(len(chi2), _MOST_HISTORY)).round().astype(int)).tolist()
    stride = end.iterations / max(len(chi2), 1) if isinstance(end, SamplerResult) else 1.0
    return History(tuple(round(stride * place) for place in kept), tuple(chi2[place] for place in kept))


def drawn_rows(problem: Problem, chains: Chains) -> Tensor:
    """Draws of every row of the table, linked ones included: (draws, rows)."""
    draws = torch.from_numpy(chains.draws.reshape(-1, len(problem.names)))
    places = [problem.table.index[name] for name in problem.names]
    parts = []
    for part in draws.split(_DRAWS_AT_ONCE):
        physical = torch.zeros((len(part), len(problem.table)), dtype=torch.float64)
        physical[:, places] = part
        parts.append(problem.parameters.values(problem.parameters.theta_of(physical)).physical)
    values = torch.cat(parts)
    values[:, places] = draws
    return values
