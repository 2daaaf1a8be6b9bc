"""Covariance of the parameters as reported, what the data leave open, and intervals of the profile of χ²."""

from dataclasses import dataclass

import numpy as np

from fitting.methods.results import MinimizerResult
from fitting.methods.uncertainties.profile_intervals import Interval
from fitting.problem import Problem
from fitting.spec import TableParameter

_SINGULAR = 1e-13
"""Eigenvalues of the scaled JᵀWJ below this times the largest count as zero: float64 cannot tell."""
_SHARE = 0.05
"""Weight in such an eigenvector from which a parameter counts as part of the degeneracy."""


@dataclass(frozen=True)
class Covariance:
    """(JᵀWJ)⁻¹ in reported units.

    Attributes:
        names: free parameters that are neither at a limit nor undetermined, in order.
        matrix: (names, names).
        of_all: covariance of every row of the table (parameters, parameters); rows of what is fixed are zero.
        condition_number: of JᵀWJ scaled to unit diagonal; infinite where it is singular.
        at_limit: free parameters that ended at a limit.
        undetermined: free parameters that the data do not determine.
        sensitivity: derivatives of every row of the table by θ, each in units in which JᵀWJ has unit diagonal,
            (parameters, free); zero for θ at a limit.
        open_directions: orthonormal directions in those units along which χ² does not change, (free, directions).
    """

    names: tuple[str, ...]
    matrix: np.ndarray
    of_all: np.ndarray
    condition_number: float
    at_limit: tuple[str, ...]
    undetermined: tuple[str, ...]
    sensitivity: np.ndarray
    open_directions: np.ndarray

    def sigma(self, slope: np.ndarray) -> float | None:
        """Uncertainty of a quantity with these derivatives by the table's rows, (parameters,).

        None where nothing in it is free, and where the data leave it open: the flux of one of two components that lie
        on each other is open, the sum of both is not.
        """
        along = slope @ self.sensitivity
        length = float(np.abs(along).max(initial=0.0))
        if length == 0.0:
            return None
        along = along / length
        if ((along @ self.open_directions) ** 2 > _SHARE * (along @ along)).any():
            return None
        variance = float(slope @ self.of_all @ slope)
        return float(np.sqrt(variance)) if variance > 0.0 else None

    @property
    def correlation(self) -> np.ndarray:
        """Correlation coefficients, (names, names)."""
        sigma = np.sqrt(np.diagonal(self.matrix))
        return self.matrix / np.outer(sigma, sigma)


def covariance_at(problem: Problem, end: MinimizerResult) -> Covariance:
    """The covariance where a minimizer ended."""
    theta = end.theta[0].cpu().numpy()
    matrix = end.equations.matrix[0].cpu().numpy()
    jacobian = problem.parameters.values(end.theta).jacobian[0].cpu().numpy()
    names = np.array(problem.names)
    low, high = problem.lower.cpu().numpy(), problem.upper.cpu().numpy()
    at_limit = (theta <= low + 1e-9) | (theta >= high - 1e-9)
    inverse, open_, condition, scale, directions = _inverse(matrix, ~at_limit)
    kept = ~at_limit & ~open_
    rows = [problem.table.index[name] for name in names[kept].tolist()]
    of_all = jacobian @ inverse @ jacobian.T
    return Covariance(
        tuple(names[kept].tolist()),
        of_all[np.ix_(rows, rows)],
        of_all,
        condition,
        tuple(names[at_limit].tolist()),
        tuple(names[open_].tolist()),
        jacobian * scale,
        directions,
    )


def _inverse(matrix: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, np.ndarray, np.ndarray]:
    """Inverse over the used rows (zero elsewhere), which rows are undetermined, the scaled condition number, the scale
    (zero where not used, one where nothing is felt), and the open directions.
    """
    inverse = np.zeros_like(matrix)
    undetermined = np.zeros(len(matrix), dtype=bool)
    felt = used & (np.diagonal(matrix) > 0.0) & np.isfinite(np.diagonal(matrix))
    undetermined[used & ~felt] = True
    scales = used.astype(float)
    unfelt = np.eye(len(matrix))[:, undetermined]
    if not felt.any():
        return inverse, undetermined, np.inf, scales, unfelt
    scale = scales[felt] = 1.0 / np.sqrt(np.diagonal(matrix)[felt])
    eigenvalues, vectors = np.linalg.eigh(matrix[np.ix_(felt, felt)] * np.outer(scale, scale))
    singular = eigenvalues <= _SINGULAR * eigenvalues[-1]
    undetermined[np.flatnonzero(felt)[(vectors[:, singular] ** 2 > _SHARE).any(axis=1)]] = True
    directions = np.zeros((len(matrix), int(singular.sum())))
    directions[felt] = vectors[:, singular]
    kept = vectors[:, ~singular] * scale[:, None]
    inverse[np.ix_(felt, felt)] = (kept / eigenvalues[~singular]) @ kept.T
    condition = np.inf if singular.any() or undetermined.any() else float(eigenvalues[-1] / eigenvalues[0])
    return inverse, undetermined, condition, scales, np.hstack((directions, unfelt))


Ends = tuple[float | None, float | None]
"""Lower and upper end; None where there is none."""


def reported_interval(row: TableParameter, value: float, interval: Interval | None) -> Ends | None:
    """Both ends on the branch of the reported value: of an angle near 0 or the period one may lie beyond that.

    Args:
        row: the parameter's.
        value: as the fit has it, on the interval's own branch.
        interval: None where none was asked for.
    """
    if interval is None:
        return None
    turns = row.as_reported(value) - value
    lower, upper = (None if end is None else end + turns for end in (interval.lower, interval.upper))
    return lower, upper


def scaled_interval(row: TableParameter, value: float, interval: Ends, scatter: float) -> Ends:
    """The interval of a reported value with its distances times √χ²ᵣ, the `scatter`, and inside the limits."""
    lower, upper = (None if end is None else value + (end - value) * scatter for end in interval)
    if lower is not None and row.min is not None:
        lower = max(lower, row.min)
    if upper is not None and row.max is not None:
        upper = min(upper, row.max)
    return lower, upper
