"""The seed problem on photfit and its peers, interleaved: every round asks each of them in turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.contestant import Contestant, ContestantFailed
from benchmarks.examples import Example, Values, around_truth, near_optimum

OURS = "photfit"
REACHED = 1.01242
"""χ²ᵣ of a start that ended at the optimum, in exact rendering."""
RIGHT_MINIMUM = 1.02
"""χ²ᵣ below which an end is in the right minimum: the peers' own rendering can cost them 0.002, and the next minimum is
at 17.
"""


@dataclass(frozen=True)
class Test:
    """One action on one example.

    Attributes:
        action: as the contestants name it.
        ours, theirs: repeats in a round, of photfit and of each peer.
        contestants: who can answer.
    """

    action: str
    ours: int
    theirs: int
    contestants: tuple[str, ...]


TESTS = (
    Test("model", 40, 8, ("photfit", "astrophot", "imfit", "pysersic")),
    Test("value_and_gradient", 40, 8, ("photfit", "astrophot", "pysersic")),
    Test("normal_equations", 30, 3, ("photfit", "astrophot")),
    Test("lm", 4, 1, ("photfit", "astrophot", "imfit")),
    Test("run", 4, 0, ("photfit",)),
)


def run_tests(example: Example, contestants: Sequence[Contestant], rounds: int) -> dict[str, dict[str, Any]]:
    """Every test on an example: action → contestant → medians, minima, ratios to photfit's median."""
    return {test.action: _run_test(test, example, contestants, rounds) for test in TESTS}


def _run_test(test: Test, example: Example, contestants: Sequence[Contestant], rounds: int) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {}
    facts: dict[str, dict[str, Any]] = {}
    failures: dict[str, str] = {}
    able = [contestant for contestant in contestants if contestant.name in test.contestants]
    for contestant in able:
        _ask(contestant, example, test, _points(test, example, 1, -1), {}, {}, failures)
    for number in range(rounds):
        for contestant in able:
            count = test.ours if contestant.name == OURS else test.theirs
            points = _points(test, example, count, number)
            _ask(contestant, example, test, points, seconds, facts, failures)
    return _summary(seconds, facts, failures)


def _points(test: Test, example: Example, count: int, number: int) -> list[Values]:
    """Fits start where the tutorial does; all else is asked at points around the optimum, the same for everyone."""
    if test.action in ("lm", "run"):
        return [example.start] * count
    return near_optimum(example, count, seed=1000 + number)


def _ask(
    contestant: Contestant,
    example: Example,
    test: Test,
    points: list[Values],
    seconds: dict[str, list[float]],
    facts: dict[str, dict[str, Any]],
    failures: dict[str, str],
) -> None:
    if contestant.name in failures:
        return
    try:
        took, learnt = contestant.measure(example.name, test.action, points)
    except ContestantFailed as failure:
        failures[contestant.name] = str(failure)
        return
    seconds.setdefault(contestant.name, []).extend(took)
    facts[contestant.name] = learnt[-1]


def _summary(
    seconds: dict[str, list[float]], facts: dict[str, dict[str, Any]], failures: dict[str, str]
) -> dict[str, Any]:
    ours = median(seconds[OURS]) if OURS in seconds else None
    table: dict[str, Any] = {name: {"error": message} for name, message in failures.items()}
    for name, took in seconds.items():
        middle = median(took)
        table[name] = {
            "median_s": middle,
            "minimum_s": min(took),
            "repeats": len(took),
            "ratio_to_photfit": middle / ours if ours else None,
            "last": facts[name],
        }
    return table


def run_starts(example: Example, contestants: Sequence[Contestant], counts: dict[str, int]) -> dict[str, Any]:
    """How many of the starts around the truth end at the optimum, by contestant; all take the same starts in order."""
    starts = around_truth(example, max(counts.values()), seed=2024)
    table: dict[str, Any] = {}
    for contestant in contestants:
        count = counts.get(contestant.name, 0)
        if not count:
            continue
        try:
            seconds, facts = contestant.measure(example.name, "lm", starts[:count])
        except ContestantFailed as failure:
            table[contestant.name] = {"error": str(failure)}
            continue
        ends = [fact["chi2_reduced"] for fact in facts]
        table[contestant.name] = {
            "starts": count,
            "reached": sum(end <= REACHED for end in ends),
            "in_right_minimum": sum(end <= RIGHT_MINIMUM for end in ends),
            "median_s": median(seconds),
            "slowest_s": max(seconds),
            "worst_chi2_reduced": max(ends),
        }
    return table
