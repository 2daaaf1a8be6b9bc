"""Progress: what a method tells its caller while it runs, and how the caller stops it."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from fitting.problem.iterate import Iterate


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
        iterate: the parameters and the residual at present, worked out when they are asked for.
    """

    stage: int
    stages: int
    method: str
    fraction: float
    iteration: int
    chi2_reduced: float
    message: str = ""
    iterate: Iterate | None = None


class Cancelled(Exception):
    """Raised out of the progress callback to stop a fit; the method lets it through."""


class StopAndKeep(Cancelled):
    """Raised out of the progress callback to stop a fit and keep what it has found so far.

    Attributes:
        why: in a few words, for messages.
    """

    why = "stopped"


class TimeIsUp(StopAndKeep):
    """The fit has taken the time that it may take."""

    why = "out of time"


class Interrupted(StopAndKeep):
    """Whoever asked for the fit wants it to end."""

    why = "cancelled"


StageReport = Callable[[int, int, float, Tensor], None]
"""Called by a method with (iteration, most iterations, χ², θ); may raise `Cancelled`.

θ (1, free) is the best so far of a method that minimizes, and the first chain's latest of one that samples. It is
never written to afterwards.
"""

Report = Callable[[Progress], None]
"""Called at least once an iteration; may raise `Cancelled`."""


def ignore(_: Progress) -> None:
    """A report that nobody reads."""
