"""The stages of a request, each starting where the last ended, and what each leaves for the result."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from fitting.chains import Chains
from fitting.methods import METHOD_RUNNERS, Surroundings
from fitting.methods.bootstrap import BootstrapResult
from fitting.methods.levenberg_marquardt import MinimizerResult
from fitting.methods.progress import Report, TimeIsUp
from fitting.methods.sampler_result import SamplerResult
from fitting.methods.sampling import derived_seed
from fitting.methods.shelf import Compartment, Shelf
from fitting.problem import Problem
from fitting.results.result import History, SampledChains, StageRecord
from fitting.telling import Telling, felt_tiles

_MOST_HISTORY = 1000
_DRAWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Outcome:
    """Where the stages ended.

    Attributes:
        end: of the last stage, or the start where there is none.
        records: of every stage.
        sampled: of the last stage that sampled.
        stopped: which stage was stopped before its end, so that the outcome is that of those before it; else None.
        bootstrap: standard deviation over resampled images of every row of the table, of the last stage that did that.
    """

    end: MinimizerResult
    records: tuple[StageRecord, ...] = ()
    sampled: SampledChains | None = None
    bootstrap: Tensor | None = None
    stopped: str | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against using each stage's chains, in sentences."""
        return tuple(
            f"{record.method}: {fault}"
            for record in self.records
            if record.diagnostics is not None and not record.diagnostics["trustworthy"]
            for fault in record.diagnostics["sentences"]
        )


def run_stages(problem: Problem, report: Report, shelf: Shelf | None = None) -> Outcome:
    """Run the stages of the problem's request.

    Args:
        problem: the request's own.
        report: called at least once an iteration, and between the tiles of a large image; may raise `Cancelled`, which
            comes through, or `TimeIsUp`, which comes through where no stage has ended.
        shelf: where samplers keep checkpoints, from which the same request goes on.
    """
    telling = Telling(problem, report)
    with felt_tiles(problem, telling.again):
        outcome = Outcome(_at(problem, problem.start()))
        for number, stage in enumerate(problem.request.stages):
            try:
                outcome = _stage(problem, number, outcome, telling, shelf)
            except TimeIsUp:
                if not outcome.records:
                    raise
                return replace(outcome, stopped=f"stage {number + 1}, {stage.method}, was stopped before its end")
    return outcome


def _at(problem: Problem, theta: Tensor) -> MinimizerResult:
    """θ as the end of no search at all: what a request without stages asks for."""
    equations = problem.normal_equations(theta)
    return MinimizerResult(theta, equations, 0, 0, True, "the model at the given parameters", (float(equations.chi2),))


def _stage(problem: Problem, number: int, before: Outcome, telling: Telling, shelf: Shelf | None) -> Outcome:
    stage = problem.request.stages[number]
    began = time.perf_counter()
    start = before.end
    surroundings = Surroundings(
        telling.of_stage(number),
        derived_seed(problem.request.seed, "stage", number),
        None if shelf is None else Compartment(shelf, f"stage-{number}"),
    )
    end = METHOD_RUNNERS[stage.method](problem, start, stage.options, surroundings)
    canonical = problem.canonical(end.theta)
    if not torch.equal(canonical, end.theta):
        end = replace(end, theta=canonical, equations=problem.normal_equations(canonical))
    freedom = max(problem.degrees_of_freedom, 1)
    record = StageRecord(
        stage.method,
        end.iterations,
        end.evaluations,
        time.perf_counter() - began,
        (float(start.equations.chi2) / freedom, float(end.equations.chi2) / freedom),
        end.converged,
        end.message,
        _history(end),
        end.diagnostics.document() if isinstance(end, SamplerResult) else None,
    )
    after = replace(before, end=end, records=(*before.records, record))
    if isinstance(end, SamplerResult):
        return replace(after, sampled=SampledChains(stage.method, end.chains, end.diagnostics.document()))
    if isinstance(end, BootstrapResult):
        return replace(after, bootstrap=end.covariance(problem).diagonal().sqrt())
    return after


def _history(end: MinimizerResult) -> History:
    """χ² over a stage, thinned: against its steps, or where a sampler kept only some, spread over its moves."""
    chi2 = end.chi2_history
    kept = np.unique(np.linspace(0, len(chi2) - 1, min(len(chi2), _MOST_HISTORY)).round().astype(int)).tolist()
    stride = end.iterations / max(len(chi2), 1) if isinstance(end, SamplerResult) else 1.0
    return History(tuple(round(stride * place) for place in kept), tuple(chi2[place] for place in kept))


def quantiles(problem: Problem, chains: Chains, at: Sequence[float]) -> np.ndarray:
    """Posterior quantiles of every row of the table, linked ones included: (quantiles, rows)."""
    draws = torch.from_numpy(chains.draws.reshape(-1, len(problem.names)))
    places = [problem.table.index[name] for name in problem.names]
    parts = []
    for part in draws.split(_DRAWS_AT_ONCE):
        physical = torch.zeros((len(part), len(problem.table)), dtype=torch.float64)
        physical[:, places] = part
        parts.append(problem.parameters.values(problem.parameters.theta_of(physical.to(problem.device))).physical.cpu())
    values = torch.cat(parts)
    values[:, places] = draws
    return np.quantile(values.numpy(), at, axis=0)
