"""The table of a fit's life, read from where it stands: `jobs.lifecycle.transitions`."""

from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from jobs.lifecycle import transitions
from jobs.storage.schema import FINAL_STATES, FitRecord

ABSENT = "–"
"""Where there is no record: not yet, or no more."""


@dataclass(frozen=True)
class Row:
    """One event: from which states a function leads to which, and who calls it."""

    event: str
    before: tuple[str, ...]
    after: str
    function: str
    callers: tuple[str, ...]

    @classmethod
    def read(cls, line: str) -> "Row":
        """A line of the table."""
        event, before, after, function, callers = (cell.strip() for cell in line.strip("|").split("|"))
        states = tuple(sorted(FINAL_STATES)) if before == "final" else tuple(before.split(", "))
        return cls(event, states, after, function, tuple(callers.split(", ")))

    def changes(self) -> set[tuple[str, str, str]]:
        """Function, from and to, for every state that it begins in."""
        return {(self.function, state, state if self.after == "as before" else self.after) for state in self.before}


_LINES = [line for line in (transitions.__doc__ or "").splitlines() if line.startswith("|")]
TABLE = "\n".join(_LINES)
ROWS = tuple(Row.read(line) for line in _LINES[2:])
CHANGES = set().union(*(row.changes() for row in ROWS))


def state_with_flag(engine: Engine, fit_id: str) -> str:
    """A fit's state as the table has it: with a star where a running one is asked to stop, – where it is deleted."""
    with Session(engine) as session:
        record = session.scalar(select(FitRecord).where(FitRecord.id == fit_id))
    if record is None:
        return ABSENT
    flagged = record.state == "running" and record.cancel_requested_at is not None
    return f"{record.state}*" if flagged else record.state
