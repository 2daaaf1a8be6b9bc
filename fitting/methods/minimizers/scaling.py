"""Scaled parameters for methods that know only gradients: θ = θ₀ + A u, with A from the normal equations at the start.

`curvature`: one unit of u is the move of one parameter that, taken alone, would change χ² by its whole value at the
start. `covariance`: A = √χ²₀ L⁻ᵀ with H = L Lᵀ, so that the same holds in every direction at once (whitening). Each
unit is kept below a few of the parameter's natural step scales, as if a weak prior stood beside the data: where the
start is far off, the data may say nothing yet. Limits are kept by projection, and what the data do not feel stays.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.methods.minimizers.levenberg_marquardt import felt_parameters
from fitting.methods.results import MinimizerResult
from fitting.problem import Problem
from fitting.spec.methods import Scaling

_LONGEST_UNIT = 10.0
"""Step scales (`Problem.step_scale`) beyond which a unit of u does not go: the weak prior, chosen by hand."""
_LONGEST_STEP = 2.0
"""Step scales by which one step may move a parameter, as in `levenberg_marquardt`."""
_FARTHEST = 20.0
"""Step scales from the start beyond which no model is rendered: ten e-folds of a radius, where line searches that
extrapolate would ask for galaxies larger than any image; chosen by hand."""


@dataclass(frozen=True)
class ScaledProblem:
    """χ²/(2χ²₀) as a function of u (free,); u = 0 is the start.

    Attributes:
        problem: what is minimized.
        start: θ₀, (1, free).
        unit: A, (free, free).
        inverse: A⁻¹.
        natural: step scales at the start, (free,).
        chi2: χ²₀.
        moving: which parameters the data feel at the start, (free,); the others stay there.
    """

    problem: Problem
    start: Tensor
    unit: Tensor
    inverse: Tensor
    natural: Tensor
    chi2: float
    moving: Tensor

    @classmethod
    def at(cls, problem: Problem, start: MinimizerResult, scaling: Scaling) -> "ScaledProblem":
        """Scaled parameters around a start."""
        chi2 = max(float(start.equations.chi2), 1e-300)
        matrix = start.equations.matrix[0] / chi2
        natural = problem.step_scale(start.theta)
        matrix = matrix + torch.diag((_LONGEST_UNIT * natural) ** -2.0)
        diagonal = matrix.diagonal()
        diagonal = torch.where(diagonal > 0.0, diagonal, torch.ones_like(diagonal))
        if scaling == "none":
            unit = torch.eye(len(diagonal), dtype=diagonal.dtype, device=diagonal.device)
        elif scaling == "curvature":
            unit = torch.diag(diagonal.rsqrt())
        else:
            unit = _whitening(matrix, diagonal.rsqrt())
        return cls(
            problem,
            start.theta,
            unit,
            torch.linalg.inv(unit),
            natural,
            chi2,
            felt_parameters(problem, start.theta, start.equations),
        )

    def theta(self, u: Tensor) -> Tensor:
        """θ (1, free) at u, projected into the limits and to where the model can still be rendered."""
        theta = self.start + torch.where(self.moving, self.unit @ u, 0.0)
        far = _FARTHEST * self.natural
        theta = torch.minimum(torch.maximum(theta, self.start - far), self.start + far)
        return torch.minimum(torch.maximum(theta, self.problem.lower), self.problem.upper)

    def u(self, theta: Tensor) -> Tensor:
        """The inverse of `theta` inside the limits: (free,)."""
        return self.inverse @ (theta - self.start)[0]

    def shorten_step(self, before: Tensor, after: Tensor) -> Tensor:
        """The end of a step from u to u, cut to a length that the model's curvature allows, inside the limits."""
        old, new = self.theta(before), self.theta(after)
        longest = float(((new - old).abs() / self.natural).max())
        return self.u(old + (new - old) * min(1.0, _LONGEST_STEP / max(longest, 1e-300)))

    def loss(self, u: Tensor) -> float:
        """χ²/(2χ²₀)."""
        return float(self.problem.value(self.theta(u))) / (2.0 * self.chi2)

    def loss_and_gradient(self, u: Tensor) -> tuple[float, Tensor]:
        """χ²/(2χ²₀) and its gradient by u, (free,)."""
        chi2, gradient = self.problem.value_and_gradient(self.theta(u))
        return float(chi2) / (2.0 * self.chi2), (torch.where(self.moving, gradient[0], 0.0) @ self.unit) / (
            2.0 * self.chi2
        )

    def hessian(self, u: Tensor) -> Tensor:
        """The Gauss-Newton Hessian of the loss by u, (free, free)."""
        matrix = self.problem.normal_equations(self.theta(u)).matrix[0]
        unit = torch.where(self.moving[:, None], self.unit, 0.0)
        return unit.T @ matrix @ unit / self.chi2


def _whitening(matrix: Tensor, scale: Tensor) -> Tensor:
    """A with Aᵀ H A = 1, H scaled to unit diagonal first and lifted, from 1e-12 up, until it has a Cholesky factor."""
    scaled = matrix * scale * scale[:, None]
    scaled.diagonal().fill_(1.0)
    lift = 1e-12
    factor, failed = torch.linalg.cholesky_ex(scaled)
    while failed:
        scaled.diagonal().add_(lift)
        lift *= 10.0
        factor, failed = torch.linalg.cholesky_ex(scaled)
    return scale[:, None] * torch.linalg.inv(factor).T
