"""Intervals of the profile of χ² as results give them."""

from fitting.methods.uncertainties.profile_intervals import Interval
from fitting.spec import TableParameter

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
    turns = row.reported(value) - value
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
