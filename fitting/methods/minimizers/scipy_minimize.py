"""SciPy's minimizers, the method `scipy`: any of `scipy.optimize.minimize`, in scaled parameters.

The gradient and the curvature are photfit's. Methods that take bounds get them where the scaling keeps parameters
apart; everywhere else limits are kept by projection. Methods that take a Hessian get the Gauss-Newton one.
"""

import warnings
from typing import Any

import numpy as np
import torch
from scipy.optimize import Bounds, OptimizeResult, minimize
from torch import Tensor

from fitting.methods.minimizers.ending import search_result, unmoved_result
from fitting.methods.minimizers.levenberg_marquardt import TRY
from fitting.methods.minimizers.scaling import ScaledProblem
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult
from fitting.problem import Problem
from fitting.spec.methods import ScipyOptions

_WITHOUT_GRADIENT = frozenset({"nelder-mead", "powell", "cobyla", "cobyqa"})
_WITH_HESSIAN = frozenset({"newton-cg", "trust-constr", "dogleg", "trust-ncg", "trust-exact", "trust-krylov"})
_WITH_BOUNDS = frozenset({"nelder-mead", "powell", "l-bfgs-b", "tnc", "slsqp", "trust-constr", "cobyla", "cobyqa"})
_TOLERANCES: dict[str, tuple[str, ...]] = {
    "nelder-mead": ("xatol", "fatol"),
    "powell": ("xtol", "ftol"),
    "cg": ("gtol",),
    "bfgs": ("gtol",),
    "newton-cg": ("xtol",),
    "l-bfgs-b": ("ftol", "gtol"),
    "tnc": ("ftol", "gtol", "xtol"),
    "cobyla": ("tol",),
    "cobyqa": ("final_tr_radius",),
    "slsqp": ("ftol",),
    "trust-constr": ("gtol", "xtol"),
    "dogleg": ("gtol",),
    "trust-ncg": ("gtol",),
    "trust-exact": ("gtol",),
    "trust-krylov": ("gtol",),
}
_ITERATIONS_OPTION = {"tnc": "maxfun"}
_OPTIONS: dict[str, dict[str, Any]] = {
    "l-bfgs-b": {"maxcor": 30, "maxfun": 10_000_000},
    "nelder-mead": {"adaptive": True},
    "cobyla": {"rhobeg": 0.05},
    "cobyqa": {"initial_tr_radius": 0.05},
    "trust-constr": {"initial_tr_radius": 0.1},
}

_INFINITE_LOSS = 1e10
"""The loss, χ²/(2χ²₀) and 1/2 at the start, where the model is not finite, and where a method asks for what is no
number (trust-krylov at a minimum): far above any that is one, and small enough to take differences of."""


def scipy_minimize(
    problem: Problem, start: MinimizerResult, options: ScipyOptions, report: StageReport
) -> MinimizerResult:
    """Minimize χ² by a method of SciPy.

    Args:
        problem: what is minimized.
        start: where from; its equations, at its θ, set the scale.
        options: method, most iterations, tolerance, scaling.
        report: called with (iteration, most iterations, χ², θ) before each evaluation; may raise.
    """
    if not torch.isfinite(start.equations.matrix).all():
        return unmoved_result(start, f"the model is not finite at the start: {TRY}")
    search = _Search(ScaledProblem.at(problem, start, options.scaling), start, options, report)
    found = search.run()
    return search_result(
        problem,
        start,
        search.best,
        iterations=search.iterations,
        evaluations=search.evaluations,
        history=tuple(search.history),
        why=f"{options.solver} stopped: {str(found.message).strip().rstrip('.').lower()}",
    )


class _Search:
    """A search under way: what SciPy calls, and the best θ so far."""

    def __init__(
        self, scaled: ScaledProblem, start: MinimizerResult, options: ScipyOptions, report: StageReport
    ) -> None:
        self._scaled = scaled
        self._options = options
        self._report = report
        self.best = start.theta
        self.lowest = float(start.equations.chi2)
        self.history = [self.lowest]
        self.iterations = 0
        self.evaluations = 0

    def run(self) -> OptimizeResult:
        """Hand over to SciPy."""
        solver = self._options.solver
        keys: dict[str, Any] = dict.fromkeys(_TOLERANCES[solver], self._options.tolerance)
        keys[_ITERATIONS_OPTION.get(solver, "maxiter")] = self._options.max_iterations
        keys |= _OPTIONS.get(solver, {})
        with_gradient = solver not in _WITHOUT_GRADIENT
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # each is said again in the result's message
            return minimize(
                self._value_and_gradient if with_gradient else self._value,
                np.zeros(len(self.best[0])),
                method=solver,
                jac=with_gradient or None,
                hess=self._hessian if solver in _WITH_HESSIAN else None,
                bounds=self._bounds() if solver in _WITH_BOUNDS else None,
                callback=self._step,
                options=keys,
            )

    def _bounds(self) -> Bounds | None:
        """Limits in u; None where the scaling mixes parameters, so that limits are no box in u."""
        unit = self._scaled.unit.diagonal()
        if not torch.equal(torch.diag(unit), self._scaled.unit):
            return None
        problem = self._scaled.problem
        low, high = ((limit - self._scaled.start[0]) / unit for limit in (problem.lower, problem.upper))
        if bool((torch.isinf(low) & torch.isinf(high)).all()):
            return None
        return Bounds(low.cpu().numpy(), high.cpu().numpy())

    def _value(self, x: np.ndarray) -> float:
        u = self._tensor(x)
        if not bool(torch.isfinite(u).all()):
            return _INFINITE_LOSS
        return self._record(u, self._scaled.loss(u))

    def _value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        u = self._tensor(x)
        if not bool(torch.isfinite(u).all()):
            return _INFINITE_LOSS, np.zeros(len(x))
        loss, slope = self._scaled.loss_and_gradient(u)
        return self._record(u, loss), slope.cpu().numpy()

    def _hessian(self, x: np.ndarray) -> np.ndarray:
        u = self._tensor(x)
        if not bool(torch.isfinite(u).all()):
            return np.eye(len(x))
        self.evaluations += 1
        return self._scaled.hessian(u).cpu().numpy()

    def _tensor(self, x: np.ndarray) -> Tensor:
        self._report(self.iterations, self._options.max_iterations, self.lowest, self.best)
        return torch.as_tensor(np.array(x, dtype=float), device=self._scaled.start.device)

    def _record(self, u: Tensor, loss: float) -> float:
        self.evaluations += 1
        chi2 = loss * 2.0 * self._scaled.chi2
        if chi2 < self.lowest:
            self.lowest, self.best = chi2, self._scaled.theta(u)
        return loss if np.isfinite(loss) else _INFINITE_LOSS

    def _step(self, *_: object) -> None:
        self.iterations += 1
        self.history.append(self.lowest)
