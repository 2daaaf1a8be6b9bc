"""Methods of fitting: one file each, and the table that names them.

Where to start, and which file answers which question: README.md beside this file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from fitting.methods.minimizers.gradient import gradient
from fitting.methods.minimizers.iterative_components import iterative_components
from fitting.methods.minimizers.iterative_parameters import iterative_parameters
from fitting.methods.minimizers.restarts import lm_with_restarts
from fitting.methods.minimizers.scipy_minimize import scipy_minimize
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult, SamplerResult
from fitting.methods.samplers import Shelf
from fitting.methods.samplers.ensemble import run_ensemble
from fitting.methods.samplers.hamiltonian import run_hmc, run_nuts
from fitting.methods.samplers.importance import run_importance
from fitting.methods.samplers.mala import run_mala
from fitting.methods.samplers.metropolis import run_metropolis
from fitting.methods.samplers.variational import run_svi
from fitting.methods.uncertainties.bootstrap import bootstrap
from fitting.methods.uncertainties.profile_intervals import with_intervals
from fitting.problem import Problem


@dataclass(frozen=True)
class Surroundings:
    """What a stage is given beside its problem, its start and its options.

    Attributes:
        report: see `StageReport`.
        seed: of everything random in this stage.
        shelf: where a sampler keeps its checkpoints, if anywhere.
    """

    report: StageReport
    seed: int
    shelf: Shelf | None


class Runner(Protocol):
    """A method: where a stage ends that began at a start with known normal equations."""

    def __call__(
        self, problem: Problem, start: MinimizerResult, options: Any, surroundings: Surroundings
    ) -> MinimizerResult:
        """Where the stage ends; `options` are the method's own model of `fitting.spec`."""
        ...


def _minimizer(method: Callable[..., MinimizerResult]) -> Runner:
    """A search for a minimum, with the intervals around it where its options ask for them."""
    return _resampler(with_intervals(method))


def _resampler(method: Callable[..., MinimizerResult]) -> Runner:
    """A method that needs nothing but a report."""

    def run(problem: Problem, start: MinimizerResult, options: Any, surroundings: Surroundings) -> MinimizerResult:
        return method(problem, start, options, surroundings.report)

    return run


def _sampler(method: Callable[..., SamplerResult]) -> Runner:
    """A method whose draws follow from the stage's seed, and survive it on its shelf."""

    def run(problem: Problem, start: MinimizerResult, options: Any, surroundings: Surroundings) -> SamplerResult:
        return method(problem, start, options, surroundings.report, seed=surroundings.seed, shelf=surroundings.shelf)

    return run


METHOD_RUNNERS: dict[str, Runner] = {
    "lm": _minimizer(lm_with_restarts),
    "iterative_components": _minimizer(iterative_components),
    "iterative_parameters": _minimizer(iterative_parameters),
    "gradient": _minimizer(gradient),
    "scipy": _minimizer(scipy_minimize),
    "nuts": _sampler(run_nuts),
    "hmc": _sampler(run_hmc),
    "metropolis": _sampler(run_metropolis),
    "ensemble": _sampler(run_ensemble),
    "mala": _sampler(run_mala),
    "importance": _sampler(run_importance),
    "svi": _sampler(run_svi),
    "bootstrap": _resampler(bootstrap),
}
"""How each method of a request's stages is run, by its name there.

::

    stage = problem.request.stages[0]
    surroundings = Surroundings(report, seed=1, shelf=None)
    end = METHOD_RUNNERS[stage.method](problem, start, stage.options, surroundings)

`start` is a `MinimizerResult`; so is the end, from which the next stage starts. A new method is one line here: a
`_minimizer` of (problem, start, options, report), or a `_sampler`, of seed and shelf as well.
"""
