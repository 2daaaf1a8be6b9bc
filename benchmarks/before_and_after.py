"""Speed beside the code before: `python -m benchmarks.before_and_after CHECKOUT` asks two checkouts in turn, in pairs.

A row counts as slower where even the lower end of the 95 % interval of its ratio, after over before, is above
`SLOWER`: a machine that others use is noisy, and one pair says nothing.
"""

import argparse
import json
import math
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import mean, median, stdev

from rich.console import Console
from rich.table import Table
from scipy import stats

from benchmarks.contestant import ROOT, Contestant
from benchmarks.examples import NAMES, Example, load, near_optimum

SLOWER = 1.03
"""Ratio above which a row is slower: what seven pairs on a quiet machine with two cores can tell apart from noise."""
RESULTS = ROOT / "benchmarks" / "results" / "before_and_after.json"


@dataclass(frozen=True)
class Row:
    """One action on one example, and how often it is repeated on either side of a pair."""

    example: str
    action: str
    repeats: int


QUESTIONS = (("model", 60), ("value_and_gradient", 60), ("normal_equations", 40), ("lm", 8))
METHODS = (
    ("iterative_components", 2),
    ("iterative_parameters", 1),
    ("gradient", 1),
    ("nuts", 1),
    ("hmc", 1),
    ("metropolis", 1),
)
ROWS = (
    *(Row(example, action, repeats) for example in NAMES for action, repeats in QUESTIONS),
    *(Row(NAMES[0], action, repeats) for action, repeats in METHODS),
)


@dataclass(frozen=True)
class Compared:
    """What the pairs of a row say.

    Attributes:
        before_s, after_s: medians over the pairs, seconds.
        ratio: geometric mean of after over before.
        low, high: its 95 % interval, by Student's t of the pairs' logarithms.
        pairs: how many.
    """

    example: str
    action: str
    before_s: float
    after_s: float
    ratio: float
    low: float
    high: float
    pairs: int

    @property
    def slower(self) -> bool:
        """Whether the code is slower than before, as far as these pairs can tell."""
        return self.low > SLOWER


def compared(row: Row, before: Sequence[float], after: Sequence[float]) -> Compared:
    """The interval of the ratio from pairs of seconds."""
    logs = [math.log(new / old) for old, new in zip(before, after, strict=True)]
    half = float(stats.t.ppf(0.975, len(logs) - 1)) * stdev(logs) / math.sqrt(len(logs))
    middle = mean(logs)
    interval = (math.exp(middle - half), math.exp(middle + half))
    return Compared(row.example, row.action, median(before), median(after), math.exp(middle), *interval, len(logs))


def _points(row: Row, example: Example, number: int) -> list[dict[str, float]]:
    if row.action in ("model", "value_and_gradient", "normal_equations"):
        return near_optimum(example, row.repeats, seed=3000 + number)
    start = example.optimum if row.action in ("nuts", "hmc", "metropolis") else example.start
    return [start] * row.repeats


def run_rows(before: Contestant, after: Contestant, pairs: int) -> Iterator[Compared]:
    """Every row; who begins alternates."""
    for row in ROWS:
        example = load(row.example)
        for contestant in (before, after):
            contestant.measure(row.example, row.action, _points(row, example, -1)[:2])
        seconds: dict[str, list[float]] = {"before": [], "after": []}
        for number in range(pairs):
            sides = [("before", before), ("after", after)]
            for side, contestant in sides if number % 2 == 0 else sides[::-1]:
                took, _ = contestant.measure(row.example, row.action, _points(row, example, number))
                seconds[side].append(median(took))
        yield compared(row, seconds["before"], seconds["after"])


def _report(rows: Sequence[Compared]) -> None:
    table = Table(title="After over before")
    for column in ("example", "action", "before", "after", "ratio", "95 %", ""):
        table.add_column(column)
    for row in rows:
        interval = f"{row.low:.3f} … {row.high:.3f}"
        before, after = (f"{1e3 * seconds:.3g} ms" for seconds in (row.before_s, row.after_s))
        table.add_row(
            row.example, row.action, before, after, f"{row.ratio:.3f}", interval, "SLOWER" if row.slower else ""
        )
    Console(width=120).print(table)


def main() -> int:
    """Measure, print, write; 1 where a row is slower."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, help="a checkout of the code before")
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        sides = []
        for side, root in (("before", arguments.before.resolve()), ("after", ROOT)):
            folder = Path(scratch) / side
            folder.mkdir()
            contestant = Contestant("photfit", Path(sys.executable), arguments.threads, folder, root)
            sides.append(stack.enter_context(contestant))
            contestant.greet()
        rows = list(run_rows(*sides, arguments.pairs))
    _report(rows)
    document = {
        "date": date.today().isoformat(),
        "cores": os.cpu_count(),
        "threads": arguments.threads,
        "rows": [asdict(row) | {"slower": row.slower} for row in rows],
    }
    RESULTS.write_text(json.dumps(document, indent=2) + "\n")
    return int(any(row.slower for row in rows))


if __name__ == "__main__":
    sys.exit(main())
