"""Normal equations at one θ: χ², JᵀWr and JᵀWJ, made at once or when they are asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from torch import Tensor


class Equations(Protocol):
    """The objective (batch,), JᵀWr (batch, free), minus half its gradient, and JᵀWJ (batch, free, free), half its
    curvature, at one θ; priors included.
    """

    @property
    def chi2(self) -> Tensor:
        """The objective, −2 ln L − 2 ln π, (batch,)."""
        ...

    @property
    def gradient(self) -> Tensor:
        """JᵀWr, minus half the objective's gradient by θ, (batch, free)."""
        ...

    @property
    def matrix(self) -> Tensor:
        """JᵀWJ, half the objective's curvature, (batch, free, free)."""
        ...


@dataclass(frozen=True)
class NormalEquations:
    """`Equations` that have been made."""

    chi2: Tensor
    gradient: Tensor
    matrix: Tensor


class LazyEquations:
    """`Equations` that are made when more than χ² is asked for; of a thousand parameters they take minutes.

    Args:
        value: χ² (batch,).
        whole: the equations.
    """

    def __init__(self, value: Callable[[], Tensor], whole: Callable[[], NormalEquations]) -> None:
        self._value = value
        self._make_equations = whole

    @cached_property
    def _equations(self) -> NormalEquations:
        return self._make_equations()

    @cached_property
    def _chi2(self) -> Tensor:
        return self._value()

    @property
    def chi2(self) -> Tensor:
        """(batch,)."""
        return self._equations.chi2 if "_equations" in self.__dict__ else self._chi2

    @property
    def gradient(self) -> Tensor:
        """(batch, free)."""
        return self._equations.gradient

    @property
    def matrix(self) -> Tensor:
        """(batch, free, free)."""
        return self._equations.matrix
