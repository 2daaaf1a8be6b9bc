"""Covariance of the parameters as reported, what the data leave open, and intervals of the profile of χ²."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fitting.methods.minimizers import felt_parameters
from fitting.methods.results import MinimizerResult
from fitting.methods.uncertainties import Interval
from fitting.problem import Problem
from fitting.spec import TableParameter

_SINGULAR = 1e-13
"""Eigenvalues of the scaled JᵀWJ below this times the largest count as zero: float64 cannot tell."""
_SHARE = 0.05
"""Weight in such an eigenvector from which a parameter counts as part of the degeneracy."""
_FARTHEST = 100.0
"""Step scales: a direction along which χ² rises by 1 only beyond them (50 e-folds, 1500 degrees) is open, too."""


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
        unfelt: those of them that change χ² nowhere near, and that a fit leaves alone.
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
    unfelt: tuple[str, ...]
    sensitivity: np.ndarray
    open_directions: np.ndarray

    def sigma(self, slope: np.ndarray) -> float | None:
        """Uncertainty of a quantity with these derivatives by the table's rows, (parameters,).

        None where nothing in it is free, and where the data leave it open: the flux of one of two components that lie
        on each other is open, the sum of both is not.
        """
        rows = np.flatnonzero(slope)
        slope = slope[rows]
        along = slope @ self.sensitivity[rows]
        length = float(np.abs(along).max(initial=0.0))
        if length == 0.0:
            return None
        along = along / length
        if ((along @ self.open_directions) ** 2 > _SHARE * (along @ along)).any():
            return None
        variance = float(slope @ self.of_all[np.ix_(rows, rows)] @ slope)
        return float(np.sqrt(variance)) if variance > 0.0 else None

    def sigmas(self) -> list[float | None]:
        """Uncertainty of each row of the table, as `sigma` tells that of one quantity: all of them at once."""
        lengths = np.abs(self.sensitivity).max(axis=1, initial=0.0)
        along = self.sensitivity / np.where(lengths > 0.0, lengths, 1.0)[:, None]
        shares = (along @ self.open_directions) ** 2
        determined = (lengths > 0.0) & ~(shares > _SHARE * (along**2).sum(axis=1)[:, None]).any(axis=1)
        variances = np.diagonal(self.of_all)
        pairs = zip(determined.tolist(), variances.tolist(), strict=True)
        return [math.sqrt(variance) if known and variance > 0.0 else None for known, variance in pairs]

    @property
    def correlation(self) -> np.ndarray:
        """Correlation coefficients, (names, names)."""
        sigma = np.sqrt(np.diagonal(self.matrix))
        return self.matrix / np.outer(sigma, sigma)


@dataclass(frozen=True)
class OnlyLight:
    """A component of which the data tell the total flux alone, and nothing of how shape and amplitude make it up.

    Attributes:
        amplitude: name of its amplitude.
        shape: names of its free parameters beside position and amplitude.
        flux_slope: derivatives of its total flux by the table's rows, (parameters,); None where it has no total.
    """

    amplitude: str
    shape: tuple[str, ...]
    flux_slope: np.ndarray | None


def covariance_at(
    problem: Problem, end: MinimizerResult, held: frozenset[str] = frozenset(), only_light: Sequence[OnlyLight] = ()
) -> Covariance:
    """The covariance where a minimizer ended, of all but the parameters that are `held`.

    Of components of which the data tell the flux alone, that has the uncertainty that it has with the shape as given;
    shape and amplitude have none, nor has anything else that depends on them.
    """
    held = held.union(*(item.shape for item in only_light))
    theta = end.theta[0].cpu().numpy()
    matrix = end.equations.matrix[0].cpu().numpy()
    jacobian = problem.parameters.values(end.theta).jacobian[0].cpu().numpy()
    names = np.array(problem.names)
    low, high = problem.lower.cpu().numpy(), problem.upper.cpu().numpy()
    at_limit = (theta <= low + 1e-9) | (theta >= high - 1e-9)
    at_limit &= ~np.isin(names, list(held))
    unfelt = ~at_limit & ~felt_parameters(problem, end.theta, end.equations).cpu().numpy() | np.isin(names, list(held))
    steps = problem.step_scale(end.theta).cpu().numpy()
    known = ~unfelt if enough_data(problem, end, int((~unfelt & ~at_limit).sum())) else np.zeros_like(unfelt)
    inverse, open_, condition, scale, directions = _inverse(matrix, ~at_limit, known, steps)
    amplitudes = ~at_limit & np.isin(names, [item.amplitude for item in only_light])
    open_, unfelt = open_ | amplitudes, unfelt | amplitudes
    for item in only_light:
        directions = _but_for_flux(directions, item, names, jacobian * scale)
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
        tuple(names[unfelt].tolist()),
        jacobian * scale,
        directions,
    )


def _but_for_flux(directions: np.ndarray, item: OnlyLight, names: np.ndarray, sensitivity: np.ndarray) -> np.ndarray:
    """The open directions (free, directions), with those of a shape replaced by all that leave the flux as it is."""
    shape = np.isin(names, item.shape)
    directions[shape] = 0.0
    own = np.flatnonzero(shape | (names == item.amplitude))
    flux = np.zeros(len(own)) if item.flux_slope is None else item.flux_slope @ sensitivity[:, own]
    length = float(np.linalg.norm(flux))
    level = np.eye(len(own)) if not 0.0 < length < np.inf else np.linalg.svd(flux[None] / length)[2][1:].T
    others = np.zeros((len(names), level.shape[1]))
    others[own] = level
    return np.hstack((directions, others))


def enough_data(problem: Problem, end: MinimizerResult, free: int) -> bool:
    """Whether there are as many pixels and priors as free parameters; with fewer, none of them is determined."""
    if free <= problem.pixels:
        return True
    priors = problem.priors.matrix(problem.parameters.values(end.theta))[0].cpu().numpy()
    rows = np.flatnonzero(priors.any(axis=1))  # symmetric: the rest is empty, and of thousands most is
    return bool(free <= problem.pixels + np.linalg.matrix_rank(priors[np.ix_(rows, rows)])) if len(rows) else False


def _inverse(
    matrix: np.ndarray, used: np.ndarray, known: np.ndarray, steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float, np.ndarray, np.ndarray]:
    """Inverse over the used rows (zero elsewhere), which rows are undetermined, the scaled condition number, the scale
    (zero where not used, one where nothing is felt), and the open directions.

    Args:
        matrix: JᵀWJ, (free, free).
        used: which rows are asked for, (free,).
        known: which the data say something of, (free,).
        steps: step scales, (free,).
    """
    inverse = np.zeros_like(matrix)
    undetermined = np.zeros(len(matrix), dtype=bool)
    rows = used & known & (np.diagonal(matrix) > 0.0) & np.isfinite(np.diagonal(matrix))
    undetermined[used & ~rows] = True
    scales = used.astype(float)
    unfelt = np.eye(len(matrix))[:, undetermined]
    if not rows.any():
        return inverse, undetermined, np.inf, scales, unfelt
    scale = scales[rows] = 1.0 / np.sqrt(np.diagonal(matrix)[rows])
    eigenvalues, vectors = np.linalg.eigh(matrix[np.ix_(rows, rows)] * np.outer(scale, scale))
    farthest = np.abs(vectors * (scale / steps[rows])[:, None]).max(axis=0)
    singular = (eigenvalues <= _SINGULAR * eigenvalues[-1]) | (farthest**2 > _FARTHEST**2 * eigenvalues)
    undetermined[np.flatnonzero(rows)[(vectors[:, singular] ** 2 > _SHARE).any(axis=1)]] = True
    directions = np.zeros((len(matrix), int(singular.sum())))
    directions[rows] = vectors[:, singular]
    kept = vectors[:, ~singular] * scale[:, None]
    inverse[np.ix_(rows, rows)] = (kept / eigenvalues[~singular]) @ kept.T
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
