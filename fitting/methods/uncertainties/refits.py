"""Refits: many minimizations at once, each from near its minimum, by damped Gauss-Newton steps in one batch.

As `fitting.methods.minimizers.levenberg_marquardt` (Nielsen's damping, limits by projection), for a batch of copies
that differ in their data or in their limits.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from fitting.problem import Equations, NormalEquations

_CONVERGED_DISTANCE = 1e-4
"""Squared distance to a copy's minimum, in standard deviations, at which it is fitted: a hundredth of σ, nothing beside
the spread of copies or an interval."""
_LARGEST_DAMPING = 1e10
"""μ at which a copy is given up, as in `fitting.methods.minimizers.levenberg_marquardt`."""

Evaluate = Callable[[Tensor, Tensor], NormalEquations]
"""The normal equations at θ (chosen, free) of the copies of these numbers, (chosen,)."""


class Refits:
    """The copies under way: θ, equations and damping of each.

    Args:
        evaluate: the copies' normal equations.
        theta: starts, (copies, free), inside the limits.
        equations: of every copy at its start; written to.
        lower, upper: limits, (free,) or (copies, free); equal ones hold a parameter.

    Attributes:
        theta: where each copy is, (copies, free).
        equations: of every copy there.
        done: which copies are fitted, (copies,).
        evaluations: of the model so far, one a copy.
    """

    def __init__(self, evaluate: Evaluate, theta: Tensor, equations: Equations, lower: Tensor, upper: Tensor) -> None:
        copies = len(theta)
        self._evaluate = evaluate
        self._lower, self._upper = lower.expand(theta.shape), upper.expand(theta.shape)
        self.theta = theta.clone()
        self.equations = equations
        self._damping = torch.full((copies,), 1e-6, dtype=torch.float64, device=theta.device)
        self._growth = torch.full_like(self._damping, 2.0)
        self.converged = torch.zeros(copies, dtype=torch.bool, device=theta.device)
        self.evaluations = 1

    def run(self, most: int, report: Callable[[int], None]) -> int:
        """Step every copy until it is done or given up; says how many steps that took.

        Args:
            most: steps of each copy.
            report: called with the step before each; may raise.
        """
        for step in range(most):
            report(step)
            free = self.free()
            newton = damped_steps(self.equations, free, torch.full_like(self._damping, 1e-9))
            self.converged = (self.equations.gradient * newton).sum(-1) <= _CONVERGED_DISTANCE
            moving = (~self.converged & (self._damping <= _LARGEST_DAMPING)).nonzero().flatten()
            if len(moving) == 0:
                return step
            self._step(moving, free)
        return most

    def free(self) -> Tensor:
        """Which parameters of each copy may move, (copies, free)."""
        return movable_parameters(self.theta, self.equations, self._lower, self._upper)

    def take_over(self, copies: Tensor, others: "Refits") -> None:
        """Replace the copies of these numbers by the others, (copies,), where those are fitted and lower."""
        better = others.converged & (others.equations.chi2 < self.equations.chi2[copies])
        self._put(copies[better], others.theta[better], others.equations, better)

    def _step(self, moving: Tensor, free: Tensor) -> None:
        """Try one step of the copies of these numbers, and damp the next by its gain (Nielsen's rule)."""
        equations = self.equations
        here = NormalEquations(equations.chi2[moving], equations.gradient[moving], equations.matrix[moving])
        step = damped_steps(here, free[moving], self._damping[moving])
        trial = self.theta[moving] + step
        trial = torch.minimum(torch.maximum(trial, self._lower[moving]), self._upper[moving])
        there = self._evaluate(trial, moving)
        self.evaluations += len(moving)
        step = trial - self.theta[moving]
        curved = (here.matrix @ step.unsqueeze(-1)).squeeze(-1)
        predicted = (step * (2.0 * here.gradient - curved)).sum(-1)
        actual = here.chi2 - there.chi2
        good = torch.isfinite(there.matrix).flatten(1).all(-1) & (predicted > 0.0) & (actual > 1e-4 * predicted)
        accepted, gain = moving[good], (actual / predicted)[good]
        self._put(accepted, trial[good], there, good)
        shrink = (1.0 - (2.0 * gain.clamp_max(1.0) - 1.0) ** 3).clamp_min(0.1)
        self._damping[accepted] = (self._damping[accepted] * shrink).clamp_min(1e-9)
        self._growth[accepted] = 2.0
        bad = moving[~good]
        self._damping[bad] *= self._growth[bad]
        self._growth[bad] *= 2.0

    def _put(self, copies: Tensor, theta: Tensor, equations: Equations, chosen: Tensor) -> None:
        """Move copies to θ, (copies, free), with the chosen ones of the equations."""
        self.theta[copies] = theta
        for field in ("chi2", "gradient", "matrix"):
            getattr(self.equations, field)[copies] = getattr(equations, field)[chosen]


def movable_parameters(theta: Tensor, equations: Equations, lower: Tensor, upper: Tensor) -> Tensor:
    """Which parameters may move (copies, free): those felt, but not at a limit that the gradient pushes against."""
    gradient = equations.gradient
    pushed = ((theta <= lower) & (gradient < 0.0)) | ((theta >= upper) & (gradient > 0.0))
    return ~pushed & (equations.matrix.diagonal(dim1=-2, dim2=-1) > 0.0)


def damped_steps(equations: Equations, free: Tensor, damping: Tensor) -> Tensor:
    """(H + μ diag H) δ = g for a batch, over each one's free parameters; zero elsewhere, and where H has no factor.

    Args:
        equations: of the batch.
        free: (batch, parameters), which may move.
        damping: μ, (batch,).
    """
    diagonal = equations.matrix.diagonal(dim1=-2, dim2=-1)
    scale = torch.where(free, diagonal.clamp_min(1e-300).rsqrt(), 0.0)
    matrix = equations.matrix * scale.unsqueeze(-1) * scale.unsqueeze(-2)
    matrix.diagonal(dim1=-2, dim2=-1).copy_(1.0 + damping.unsqueeze(-1))
    factor, failed = torch.linalg.cholesky_ex(matrix)
    lift = 1e-10
    while bool(failed.any()) and lift < 1.0:
        matrix.diagonal(dim1=-2, dim2=-1).add_((failed > 0).unsqueeze(-1) * lift)
        lift *= 10.0
        factor, failed = torch.linalg.cholesky_ex(matrix)
    step = torch.cholesky_solve((equations.gradient * scale).unsqueeze(-1), factor).squeeze(-1) * scale
    return torch.where((failed > 0).unsqueeze(-1), 0.0, step)
