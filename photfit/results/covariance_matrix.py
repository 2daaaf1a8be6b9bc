"""Covariance matrix: a NumPy array that knows what its rows are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


class CovarianceMatrix(np.ndarray[tuple[int, int], np.dtype[np.float64]]):
    """A covariance matrix, (parameters, parameters), in the products of the parameters' units.

    A NumPy array that knows what its rows are; of a part, or of what arithmetic makes of it, the names are empty.

    Attributes:
        names: of the parameters, in the order of the rows: those that were free, not at a limit, and determined.
    """

    names: tuple[str, ...] = ()

    @classmethod
    def named(cls, names: Iterable[str], matrix: Any) -> CovarianceMatrix:
        """A matrix with its names."""
        listed = tuple(names)
        found = np.asarray(matrix, dtype=np.float64).reshape(len(listed), len(listed)).view(cls)
        found.names = listed
        return found

    @property
    def correlation(self) -> NDArray[np.float64]:
        """Correlations, (parameters, parameters)."""
        matrix = np.asarray(self)
        sigma = np.sqrt(np.diagonal(matrix))
        return np.asarray(matrix / np.outer(sigma, sigma))

    def of(self, *names: str) -> CovarianceMatrix:
        """The covariance of some parameters, in the order given. Raises KeyError where it has not one of them."""
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise KeyError(f"the covariance does not have {', '.join(unknown)}; it has {', '.join(self.names)}")
        places = [self.names.index(name) for name in names]
        return type(self).named(names, np.asarray(self)[np.ix_(places, places)])
