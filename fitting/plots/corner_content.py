"""Corner content: what a corner plot shows of some parameters, and how far its cells reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_REACH = 2.8
"""Half range of a cell in standard deviations."""
_TRUTH_REACH = 2.0
"""A true value further from the middle than so many half ranges is pointed at rather than shown."""


@dataclass(frozen=True)
class CornerContent:
    """What a corner plot shows of n parameters.

    Attributes:
        names, units: n each.
        values: best fit, (n,).
        covariance: (n, n), NaN in rows and columns that it has not; None where there is none at all.
        draws: of all chains, (draws, n); None where there are none.
        truth: (n,), NaN where it is not known.
        title: of the figure.
        note: a line below it, such as which parameters are left out.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Array
    covariance: Array | None
    draws: Array | None
    truth: Array
    title: str = ""
    note: str = ""

    @property
    def sigma(self) -> Array:
        """Standard deviations by the covariance, NaN where there is none."""
        if self.covariance is None:
            return np.full(len(self.names), np.nan)
        return np.asarray(np.sqrt(np.diagonal(self.covariance)), dtype=np.float64)

    def bounds(self) -> tuple[Array, Array]:
        """The range of each parameter's cells."""
        spans = [(self.values - _REACH * self.sigma, self.values + _REACH * self.sigma)]
        if self.draws is not None:
            low, high = np.quantile(self.draws, [0.001, 0.999], axis=0)
            spans.append((low - 0.08 * (high - low), high + 0.08 * (high - low)))
        low = np.nanmin(np.stack([span[0] for span in spans] + [self.values]), axis=0)
        high = np.nanmax(np.stack([span[1] for span in spans] + [self.values]), axis=0)
        least = np.maximum(1e-9 * np.abs(self.values), 1e-300)
        low, high = np.minimum(low, self.values - least), np.maximum(high, self.values + least)
        middle, half = (low + high) / 2, (high - low) / 2
        near = np.abs(self.truth - middle) < _TRUTH_REACH * half  # NaN is not near
        low = np.where(near, np.minimum(low, self.truth - 0.15 * half), low)
        high = np.where(near, np.maximum(high, self.truth + 0.15 * half), high)
        return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)


def content_of(  # noqa: PLR0913 - the sources of a corner plot, each of which may be missing
    names: Sequence[str],
    units: Mapping[str, str],
    values: Mapping[str, float],
    covariance: tuple[Sequence[str], Array] | None,
    draws: tuple[Sequence[str], Array] | None,
    truth: Mapping[str, float],
    title: str = "",
    note: str = "",
) -> CornerContent:
    """The content for some parameters, each source in its own order."""
    return CornerContent(
        tuple(names),
        tuple(units[name] for name in names),
        np.array([values[name] for name in names], dtype=np.float64),
        None if covariance is None else _submatrix(covariance[1], covariance[0], names),
        None if draws is None else draws[1][:, [list(draws[0]).index(name) for name in names]],
        np.array([truth.get(name, np.nan) for name in names], dtype=np.float64),
        title,
        note,
    )


def _submatrix(matrix: Array, order: Sequence[str], names: Sequence[str]) -> Array:
    """Rows and columns of some names, NaN for those that the matrix has not."""
    places = [list(order).index(name) if name in order else -1 for name in names]
    there = np.array([place >= 0 for place in places])
    submatrix = np.full((len(names), len(names)), np.nan)
    rows = [place for place in places if place >= 0]
    submatrix[np.ix_(there, there)] = np.asarray(matrix)[np.ix_(rows, rows)]
    return submatrix
