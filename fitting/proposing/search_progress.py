"""Progress of a search for sources: which step it is at, and how much of that is done.

How many rounds and sources there will be is not known before they are there, so that no share of the whole is told:
what is counted is counted within a step.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

SearchStep = Literal["reading", "defects", "detecting", "measuring", "refining", "structure", "models", "writing"]
"""Steps of a search: of the image's planes, of bad pixels, then in each round of what stands out, its first values, all
sources in turn, arms and rings that are none, bulges and discs; and of the request."""


@dataclass(frozen=True)
class SearchProgress:
    """How far a search for sources is.

    Attributes:
        step: what is done now.
        round: of looking for sources in what is left, from 1; 0 before the first.
        done, total: sources of this step; both 0 of a step that is not counted.
        sources: drawn so far, of this round's and all before.
    """

    step: SearchStep
    round: int = 0
    done: int = 0
    total: int = 0
    sources: int = 0


SearchReport = Callable[[SearchProgress], None]
"""What is told of progress; it may raise, which ends the search."""


@dataclass
class SearchReporter:
    """Tells the steps of one search."""

    report: SearchReport | None = None
    round: int = field(default=0, init=False)
    sources: int = field(default=0, init=False)

    def tell(self, step: SearchStep, done: int = 0, total: int = 0) -> None:
        """A step begins, or so much of it is done."""
        if self.report is not None:
            self.report(SearchProgress(step, self.round, done, total, self.sources))
