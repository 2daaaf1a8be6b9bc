"""Coordinates in which a posterior is round: θ = θ₀ + F z, F Fᵀ the covariance."""

from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.methods.samplers.chain_store import State
from fitting.problem import Equations, NormalEquations
from fitting.spec.methods import Metric

_SMALLEST_EIGENVALUE = 1e-12
"""Share of the largest, of JᵀWJ scaled to unit diagonal; flatter directions count as this flat: a little
above what rounding leaves."""
_WALL_LENGTHS = 3.0
"""A parameter is at a limit where it is within so many of the posterior's scales there: 95 % of exp(−x)."""


@dataclass(frozen=True)
class Whitening:
    """θ = centre + z factorᵀ for z (batch, free): centre (free,), factor (free, free)."""

    centre: Tensor
    factor: Tensor

    def theta(self, z: Tensor) -> Tensor:
        """θ (batch, free) of z (batch, free)."""
        return self.centre + z @ self.factor.mT

    def state(self) -> State:
        """For a checkpoint."""
        return {"centre": self.centre.numpy(), "factor": self.factor.numpy()}

    @classmethod
    def from_state(cls, state: State) -> "Whitening":
        """The reverse of `state`."""
        return cls(torch.from_numpy(state["centre"]), torch.from_numpy(state["factor"]))

    def gradient(self, by_theta: Tensor) -> Tensor:
        """A gradient by z of one by θ, (batch, free) both."""
        return by_theta @ self.factor


def whitening(equations: Equations, centre: Tensor, metric: Metric, longest: Tensor) -> Whitening:
    """Coordinates for a metric.

    Args:
        equations: at the centre; the covariance is the inverse of their matrix.
        centre: θ (1, free).
        metric: "covariance" whitens by all of it, "diagonal" by the sigmas, "identity" leaves θ as it is.
        longest: (free,), no unit of z moves a parameter by more than this; infinite where it may.
    """
    root = covariance_root(equations.matrix[0].cpu())
    if metric == "diagonal":
        root = torch.diag(root.square().sum(1).sqrt())
    elif metric == "identity":
        root = torch.eye(len(root), dtype=torch.float64)
    over = (root.abs() / longest.cpu()[:, None]).amax(0).clamp_min(1.0)
    return Whitening(centre[0].cpu().clone(), root / over)


def walls_as_scales(equations: Equations, theta: Tensor, lower: Tensor, upper: Tensor) -> Equations:
    """Equations at θ (1, free) for coordinates beside limits that the data push against.

    There the posterior falls as exp(−|g| x) from the limit, g = JᵀWr, so that its scale is 1/|g| however wide the
    curvature alone would make it. Such a parameter stands alone, with g² in the place of its curvature; the covariance
    of the others is the one with it held.
    """
    gradient, matrix = equations.gradient[0], equations.matrix[0]
    near = _WALL_LENGTHS / gradient.abs().clamp_min(1e-300)
    against = ((theta[0] - lower <= near) & (gradient < 0.0)) | ((upper - theta[0] <= near) & (gradient > 0.0))
    steep = against & (gradient.square() > matrix.diagonal())
    if not bool(steep.any()):
        return equations
    alone = torch.where(steep[:, None] | steep, 0.0, matrix)
    alone.diagonal().copy_(torch.where(steep, gradient.square(), matrix.diagonal()))
    return NormalEquations(equations.chi2, equations.gradient, alone[None])


def covariance_root(matrix: Tensor) -> Tensor:
    """F with F Fᵀ = matrix⁻¹, columns along the eigenvectors of the matrix scaled to unit diagonal: (free, free)."""
    diagonal = matrix.diagonal()
    scale = torch.where(diagonal > 0.0, diagonal.clamp_min(1e-300).rsqrt(), 1.0)
    scaled = matrix * scale * scale[:, None]
    scaled.diagonal().copy_(torch.ones(len(matrix), dtype=torch.float64))
    eigenvalues, vectors = torch.linalg.eigh(scaled)
    eigenvalues = eigenvalues.clamp_min(_SMALLEST_EIGENVALUE * float(eigenvalues[-1]))
    return scale[:, None] * vectors * eigenvalues.rsqrt()
