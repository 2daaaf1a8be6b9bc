"""What a method tells its caller while it runs, and how the caller stops it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """A snapshot of a running fit.

    Attributes:
        stage: index of the running stage, from 0.
        stages: how many there are.
        method: name of the running stage's method.
        fraction: share of the whole fit that is done, 0 … 1; an estimate for methods that stop when they converge.
        iteration: of the running stage, from 0.
        chi2_reduced: χ² per degree of freedom at present.
        message: one line for people.
    """

    stage: int
    stages: int
    method: str
    fraction: float
    iteration: int
    chi2_reduced: float
    message: str = ""


class Cancelled(Exception):
    """Raised out of the progress callback to stop a fit; the method lets it through."""


class TimeIsUp(Cancelled):
    """Raised out of the progress callback to stop a fit and keep what its finished stages found."""


StageReport = Callable[[int, int, float], None]
"""Called by a method with (iteration, most iterations, χ²); may raise `Cancelled`."""

Report = Callable[[Progress], None]
"""Called at least once an iteration; may raise `Cancelled`."""


def ignore(_: Progress) -> None:
    """A report that nobody reads."""
