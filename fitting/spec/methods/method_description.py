"""Method as a request and a forecast know it: its options, and what it asks of the problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from fitting.spec.documents import Document
from fitting.spec.methods.samplers import SamplerOptions

Options = TypeVar("Options", bound=Document)


@dataclass(frozen=True)
class Calls:
    """How often a stage asks the problem for its value, its gradient and its normal equations."""

    values: float = 0.0
    gradients: float = 0.0
    equations: float = 0.0


@dataclass(frozen=True)
class MethodDescription(Generic[Options]):
    """A fitting method.

    Attributes:
        name: as in a stage's ``method``.
        description: one sentence.
        options: model of the stage's other keys, with their defaults.
        calls: what it asks of a problem, of its options and the number of free parameters, in a usual case. What a
            minimizer needs depends on the data, so these are rough.
    """

    name: str
    description: str
    options: type[Options]
    calls: Callable[[Options, int], Calls]

    @property
    def samples(self) -> bool:
        """Whether it draws chains."""
        return issubclass(self.options, SamplerOptions)
