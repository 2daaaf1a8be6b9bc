"""Setbacks: attempts that came to nothing by nobody's fault that is known, how long a fit waits after them, and an end.

A worker that was stopped, a machine that lost its power, a lease that ran out unheard of: none says anything about the
fit, so that none is held against it (docs/decisions/0033-what-is-held-against-a-fit.md). But what comes again and again
costs a worker each time: after a few in a row a fit waits, ever longer, and after many it fails.
"""

MOST_SETBACKS = 20
"""Attempts in a row that may come to nothing. Chosen by hand: an evening of restarts, or of a fit that takes whole
machines with it."""
MOST_TROUBLES = 10
"""Attempts in a row that may meet a part of the service that does not answer. Chosen by hand: with the pauses between
them, eight minutes of trouble."""
_FREE_SETBACKS = 3
"""Setbacks in a row without a pause. Chosen by hand: a machine is restarted once or twice, not ten times."""
_FIRST_PAUSE_SECONDS = 1.0
"""Seconds of the first pause; the next ones double. Chosen by hand."""
_LONGEST_PAUSE_SECONDS = 300.0
"""Seconds: the doubling ends here. Chosen by hand, below `jobs.queues.turns.LONGEST_DUE_SECONDS`."""


def pause_after_setbacks(setbacks: int) -> float:
    """Seconds that a fit waits after so many setbacks in a row."""
    return pause_after_troubles(setbacks - _FREE_SETBACKS)


def pause_after_troubles(troubles: int) -> float:
    """Seconds that a fit waits after so many attempts in a row that met passing trouble."""
    if troubles <= 0:
        return 0.0
    return float(min(_FIRST_PAUSE_SECONDS * 2.0 ** min(troubles - 1, 30), _LONGEST_PAUSE_SECONDS))
