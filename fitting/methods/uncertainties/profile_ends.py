"""One end of an interval, as the search for it learns: Newton's method on the root of the rise of χ², in a bracket."""

import math
from dataclasses import dataclass
from typing import Final

from torch import Tensor

from fitting.methods.minimizers.ending import NEAR

OPEN: Final = "open"
FOUND: Final = "found"
LIMIT: Final = "limit"
DEEPER: Final = "deeper"
NONE: Final = "none"

_NEWTON = 0.01
"""Once the root of the rise is this near 1, one more step of Newton's method needs no refit to confirm it: what is left
is of the order of its square times the skew, below 1e-4 of the interval."""
_SMALLEST_RISE = 1e-4
"""Below this a rise says nothing of its slope."""


@dataclass
class End:
    """One end of one parameter's interval.

    Attributes:
        place, sign: of the parameter in θ, and the direction of the end.
        trial: distance in θ from the optimum to be tried next; where the end was found, the end's.
        limit: distance of the parameter's limit.
        farthest: distance beyond which there is no sense in looking: half a turn.
        state: whether it is under way, or how it ended.
        rise: of χ² above its least at the last trial.
        why: there is no end, where there is none.
    """

    place: int
    sign: float
    trial: float
    limit: float
    farthest: float
    state: str
    rise: float
    why: str
    _inside: float
    _outside: float
    _from: float
    _theta: Tensor
    _tangent: Tensor

    @classmethod
    def begun(  # noqa: PLR0913 - what an end starts from, once
        cls,
        place: int,
        sign: float,
        first: float,
        limit: float,
        farthest: float,
        longest: float,
        theta: Tensor,
        tangent: Tensor,
    ) -> "End":
        """An end before its first refit.

        Args:
            first: distance at which the curvature at the optimum promises a rise of 1; infinite where there is none.
            limit, farthest: as in the attributes.
            longest: the most that the first trial may go.
            theta, tangent: the optimum, and how it moves with the parameter, (free,).
        """
        end = cls(
            place,
            sign,
            min(first, longest, limit, farthest),
            limit,
            farthest,
            state=OPEN,
            rise=0.0,
            why="it was not found within so many refits",
            _inside=0.0,
            _outside=math.inf,
            _from=0.0,
            _theta=theta,
            _tangent=tangent,
        )
        if limit == 0.0:
            end.state, end.trial = LIMIT, 0.0
        elif not math.isfinite(first):
            end.state, end.why = NONE, "the data do not determine it"
        return end

    def start(self) -> Tensor:
        """θ (free,) from which the refit at the trial begins: on the tangent at the last one's end."""
        return self._theta + self.sign * (self.trial - self._from) * self._tangent

    def learn(self, rise: float, slope: float, theta: Tensor, tangent: Tensor) -> None:
        """Take the refit at the trial, and choose the next.

        Args:
            rise: of χ² above its least; NaN where the refit failed.
            slope: of the rise by the distance.
            theta, tangent: where the refit ended, and how it moves with the parameter, (free,).
        """
        self.rise = rise
        if math.isnan(rise):
            self._outside = self.trial
            self.trial = self._middle()
        elif rise < -NEAR:
            self.state = DEEPER
        elif rise < 1.0 and self.trial >= self.limit:
            self.state = LIMIT
        elif rise < 1.0 and self.trial >= self.farthest:
            self.state, self.why = NONE, "chi-squared rises by less than 1 over half a turn"
        else:
            self._from, self._theta, self._tangent = self.trial, theta, tangent
            self._narrow(rise, slope)

    def _narrow(self, rise: float, slope: float) -> None:
        here, newton = self.trial, self._newton(rise, slope)
        if rise < 1.0:
            self._inside = here
        else:
            self._outside = here
        if newton is not None and abs(math.sqrt(rise) - 1.0) <= _NEWTON:
            self.state, self.trial = FOUND, min(newton, self.limit)
        elif newton is not None and self._inside < newton < min(self._outside, 2.0 * here + 1e-300):
            self.trial = min(newton, self.limit, self.farthest)
        else:
            self.trial = self._middle()

    def _newton(self, rise: float, slope: float) -> float | None:
        """The distance at which the root of the rise is 1, by its slope; None where that says nothing."""
        if rise < _SMALLEST_RISE or slope <= 0.0:
            return None
        root = math.sqrt(rise)
        return self.trial + (1.0 - root) * 2.0 * root / slope

    def _middle(self) -> float:
        """Half-way into the bracket, or twice as far where it is open."""
        if math.isinf(self._outside):
            return min(2.0 * self.trial, self.limit, self.farthest)
        return 0.5 * (self._inside + self._outside)
