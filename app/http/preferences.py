"""What a client prefers (RFC 7240): to wait a while for the finished fit rather than be told that it is queued."""

import re

LONGEST_WAIT = 60.0
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,9})\"?\s*(?=$|[,;])", re.IGNORECASE)


def preferred_wait(prefer: str | None) -> float:
    """Seconds to wait, at most `LONGEST_WAIT`; 0 where the header names none, or none that can be read."""
    found = None if prefer is None else _WAIT.search(prefer)
    return 0.0 if found is None else min(float(found[1]), LONGEST_WAIT)
