"""What pulls (value − truth)/uncertainty are expected to average to, to the first order in the noise that shows at all.

A maximum-likelihood estimate is unbiased, and its uncertainty independent of its error, only to lowest order. To the
next, for Gaussian noise of known variance, with A = JᵀWJ at the truth, C = A⁻¹ and ∂ₘ the derivative by parameter m,

    E[θ̂ⱼ − θⱼ] = −½ Σ Cⱼₖ Cₗₘ Gₖₗₘ,   Gₖₗₘ = Σ W ∂ₖm ∂ₗ∂ₘm = ½ (∂ₘAₖₗ + ∂ₗAₖₘ − ∂ₖAₗₘ)

(Box 1971, J. R. Stat. Soc. B 33, 171; Cox & Snell 1968, ibid. 30, 248, equation 20). The sums over pixels of second
derivatives are the Christoffel symbols of the metric A. And the uncertainty σⱼ = √Cⱼⱼ is taken where the fit ended,
which a mean of pulls feels by −E[(θ̂ⱼ − θⱼ) δσⱼ]/σⱼ² = −Σ Cⱼₖ ∂ₖ ln σⱼ / σⱼ. Both go with 1/(signal-to-noise).
"""

import numpy as np
import torch

from fitting.problem import Problem

_STEP = 1e-3
"""Of the differences, in uncertainties; their error goes with the square."""


def expected_pulls(problem: Problem) -> dict[str, float]:
    """Expected mean of the pulls of free parameters at the request's values, taken as the truth, by name."""
    truth = problem.start()
    to_reported = _slopes(problem, truth)[0]
    matrix = _matrices(problem, truth)[0]
    steps = _STEP * np.sqrt(np.diagonal(np.linalg.inv(matrix)))
    offsets = torch.from_numpy(np.diag(steps / to_reported))
    above, below = (_matrices(problem, truth + sign * offsets) for sign in (1.0, -1.0))
    derivatives = (above - below) / (2.0 * steps[:, None, None])
    found = bias_over_uncertainty(matrix, derivatives) + change_of_uncertainty(matrix, derivatives)
    return dict(zip(problem.names, found.tolist(), strict=True))


def bias_over_uncertainty(matrix: np.ndarray, derivatives: np.ndarray) -> np.ndarray:
    """E[θ̂ − θ]/σ from A (parameters, parameters) and its derivatives, [m, k, l] = ∂ₘAₖₗ: (parameters,)."""
    covariance = np.linalg.inv(matrix)
    sums = np.einsum("lm,mkl->k", covariance, derivatives) - 0.5 * np.einsum("lm,klm->k", covariance, derivatives)
    return np.asarray(-0.5 * covariance @ sums / np.sqrt(np.diagonal(covariance)))


def change_of_uncertainty(matrix: np.ndarray, derivatives: np.ndarray) -> np.ndarray:
    """−E[(θ̂ − θ) δσ]/σ² from the same: (parameters,)."""
    covariance = np.linalg.inv(matrix)
    variance = np.diagonal(covariance)
    of_variances = -np.einsum("jk,mkl,lj->mj", covariance, derivatives, covariance)
    return np.asarray(-np.einsum("jm,mj->j", covariance, of_variances) / (2.0 * variance**1.5))


def _matrices(problem: Problem, theta: torch.Tensor) -> np.ndarray:
    """JᵀWJ by the free parameters as reported, (batch, free, free)."""
    slopes = _slopes(problem, theta)
    matrices = problem.normal_equations(theta).matrix.numpy()
    return np.asarray(matrices / (slopes[:, :, None] * slopes[:, None, :]))


def _slopes(problem: Problem, theta: torch.Tensor) -> np.ndarray:
    """Derivatives of the free parameters as reported by θ, of which each depends on its own alone: (batch, free)."""
    rows = [problem.table.index[name] for name in problem.names]
    return np.diagonal(problem.parameters.values(theta).jacobian[:, rows].numpy(), axis1=1, axis2=2)
