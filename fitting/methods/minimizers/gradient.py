"""Gradient descent by any optimizer of torch, in scaled parameters: the method `gradient`.

The gradient of χ² is photfit's own (`Problem.value_and_gradient`): no autograd graph is built. Steps are kept inside
the limits by projection and to a length at which the model is still like itself; the best θ met is what is returned.
A search that has reached its minimum, as the normal equations there see it, ends before its last step.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer, lr_scheduler

from fitting.methods.minimizers.ending import distance_left, search_result, unmoved_result
from fitting.methods.minimizers.levenberg_marquardt import TRY
from fitting.methods.minimizers.scaling import ScaledProblem
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult
from fitting.problem import Problem
from fitting.spec.counts import counted
from fitting.spec.methods import OPTIMIZERS, GradientOptions

_FIT_DEFAULTS: dict[str, dict[str, Any]] = {
    "adamw": {"weight_decay": 0.0},
    "asgd": {"lambd": 0.0},
    "lbfgs": {"line_search_fn": "strong_wolfe", "tolerance_grad": 1e-12, "tolerance_change": 1e-15},
}
"""Where torch's defaults suit networks but not fits: a decay pulls parameters towards their start."""

_LINE_SEARCHING = frozenset({"lbfgs"})
"""Optimizers that bound their steps themselves and learn from them, so that steps must stay as they are."""

_CHECK_INTERVAL = 50
"""Steps between two looks at whether the minimum is reached, chosen by hand: a look costs the normal equations."""
_SLOW_FALL = 1e-3
"""Relative fall of χ² between two looks up to which the normal equations are worth their price; chosen by hand."""
_ARRIVAL_DISTANCE = 1e-3
"""Squared distance to the minimum, in standard deviations, at which no more steps are taken: a tenth of `NEAR`, so
that a search that stops there counts as converged."""


def gradient(
    problem: Problem, start: MinimizerResult, options: GradientOptions, report: StageReport
) -> MinimizerResult:
    """Minimize χ² by an optimizer of torch.

    Args:
        problem: what is minimized.
        start: where from; its equations, at its θ, set the scale.
        options: optimizer, learning rate, schedule, scaling and when to stop.
        report: called with (step, most steps, χ², the best θ) before each evaluation; may raise.
    """
    if not torch.isfinite(start.equations.matrix).all():
        return unmoved_result(start, f"the model is not finite at the start: {TRY}")
    descent = _Descent(ScaledProblem.at(problem, start, options.scaling), start, options, report)
    why = descent.run()
    return search_result(
        problem,
        start,
        descent.best,
        iterations=len(descent.history) - 1,
        evaluations=descent.evaluations,
        history=tuple(descent.history),
        why=why,
    )


class _Descent:
    """A search under way: the optimizer, its variable u, and the best θ so far."""

    def __init__(
        self, scaled: ScaledProblem, start: MinimizerResult, options: GradientOptions, report: StageReport
    ) -> None:
        self._scaled = scaled
        self._options = options
        self._report = report
        self._u = torch.zeros_like(start.theta[0], requires_grad=True)
        self._optimizer = build_optimizer([self._u], options)
        self._schedule = build_schedule(self._optimizer, options)
        self.best = start.theta
        self._lowest = float(start.equations.chi2)
        self._lowest_before = self._lowest
        self.history = [self._lowest]
        self.evaluations = 0
        self._quiet_steps = 0

    def run(self) -> str:
        """Step until something ends it; says what."""
        for step in range(self._options.steps):
            before = self._u.detach().clone()
            loss = self._optimizer.step(self._closure(step))
            chi2 = float(loss) * 2.0 * self._scaled.chi2
            if not (math.isfinite(chi2) and torch.isfinite(self._u).all()):
                return f"stopped at step {step + 1}, where the model is not finite: use a lower learning_rate"
            self.history.append(chi2)
            if self._options.optimizer not in _LINE_SEARCHING:
                with torch.no_grad():
                    self._u.copy_(self._scaled.shorten_step(before, self._u.detach()))
            self._change_learning_rate(float(loss))
            if step % _CHECK_INTERVAL == _CHECK_INTERVAL - 1 and self._is_at_minimum():
                return "stopped at the minimum"
            if self._options.patience and self._quiet_steps >= self._options.patience:
                return f"stopped after {counted(self._options.patience, 'step')} that did not lower chi-squared"
        self._closure(self._options.steps)()
        return f"stopped after {counted(self._options.steps, 'step')}"

    def _is_at_minimum(self) -> bool:
        """Whether the best θ is at a minimum, by the normal equations there; asked only once χ² falls slowly."""
        slow = self._lowest > (1.0 - _SLOW_FALL) * self._lowest_before
        self._lowest_before = self._lowest
        if not slow:
            return False
        self.evaluations += 1
        problem = self._scaled.problem
        return distance_left(problem, self.best, problem.normal_equations(self.best)) <= _ARRIVAL_DISTANCE

    def _closure(self, step: int) -> Callable[[], float]:
        """What torch's optimizers ask for: evaluates at u, sets its gradient, and remembers the best."""

        def evaluate() -> float:
            self._report(step, self._options.steps, self.history[-1], self.best)
            loss, slope = self._scaled.loss_and_gradient(self._u.detach())
            self._u.grad = slope
            self.evaluations += 1
            chi2 = loss * 2.0 * self._scaled.chi2
            fell = chi2 < self._lowest * (1.0 - self._options.tolerance)
            self._quiet_steps = 0 if fell else self._quiet_steps + 1
            if chi2 < self._lowest:
                self._lowest, self.best = chi2, self._scaled.theta(self._u.detach())
            return loss

        return evaluate

    def _change_learning_rate(self, loss: float) -> None:
        if isinstance(self._schedule, lr_scheduler.ReduceLROnPlateau):
            self._schedule.step(loss)
        elif self._schedule is not None:
            self._schedule.step()


def build_optimizer(parameters: list[Tensor], options: GradientOptions) -> Optimizer:
    """The optimizer that the options name, over these parameters."""
    description = OPTIMIZERS[options.optimizer]
    settings = _FIT_DEFAULTS.get(options.optimizer, {}) | _with_tuples(options.optimizer_options)
    rate = options.learning_rate or description.learning_rate
    optimizer: Optimizer = getattr(torch.optim, description.torch_name)(parameters, lr=rate, **settings)
    return optimizer


def build_schedule(optimizer: Optimizer, options: GradientOptions) -> lr_scheduler.LRScheduler | None:
    """The learning-rate schedule that the options name, over all their steps; None for a constant rate."""
    steps = options.steps
    builders: dict[str, tuple[Callable[..., lr_scheduler.LRScheduler], dict[str, Any]]] = {
        "cosine": (lr_scheduler.CosineAnnealingLR, {"T_max": steps}),
        "cosine_restarts": (lr_scheduler.CosineAnnealingWarmRestarts, {"T_0": max(1, steps // 4)}),
        "onecycle": (
            lr_scheduler.OneCycleLR,
            # One more than is stepped: torch refuses the step after the last.
            {
                "max_lr": optimizer.param_groups[0]["lr"],
                "total_steps": steps + 1,
                "cycle_momentum": "betas" in optimizer.defaults or bool(optimizer.defaults.get("momentum")),
            },
        ),
        "exponential": (lr_scheduler.ExponentialLR, {"gamma": 1e-3 ** (1.0 / steps)}),
        "linear": (lr_scheduler.LinearLR, {"start_factor": 1.0, "end_factor": 0.0, "total_iters": steps}),
        "polynomial": (lr_scheduler.PolynomialLR, {"total_iters": steps, "power": 2.0}),
        "step": (lr_scheduler.StepLR, {"step_size": max(1, steps // 3)}),
        "plateau": (lr_scheduler.ReduceLROnPlateau, {"factor": 0.5}),
    }
    if options.schedule == "constant" or options.optimizer in _LINE_SEARCHING:
        return None
    build, settings = builders[options.schedule]
    return build(optimizer, **(settings | _with_tuples(options.schedule_options)))


def _with_tuples(options: dict[str, Any]) -> dict[str, Any]:
    """JSON's lists as the tuples that torch wants."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
