"""The fitting methods on the seed problem, photfit and AstroPhot, each fit whole or scaled from a part of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from benchmarks.contestant import Contestant, ContestantFailed
from benchmarks.examples import Example, Values

OURS = "photfit"


@dataclass(frozen=True)
class Row:
    """One method.

    Attributes:
        action: as the contestants name it.
        what: for readers.
        start: optimisers begin where the tutorial does, samplers at the optimum.
        contestants: who can answer.
    """

    action: str
    what: str
    start: Literal["tutorial", "optimum"]
    contestants: tuple[str, ...] = ("photfit", "astrophot")


ROWS = (
    Row("iterative_components", "iterative_components", "tutorial"),
    Row("iterative_parameters", "iterative_parameters, 2 chunks", "tutorial"),
    Row("gradient", "gradient, 1000 steps of Adam", "tutorial"),
    Row("best_fit", "the best fit, as each does it", "tutorial", ("photfit", "pysersic")),
    Row("nuts", "nuts, 20 + 100", "optimum", ("photfit", "astrophot", "pysersic")),
    Row("hmc", "hmc, 20 + 200, up to 20 leapfrogs", "optimum"),
    Row("metropolis", "metropolis, 5000 by ten walkers", "optimum", ("photfit",)),
    Row("gradient_tutorial", "gradient, Adam, rate 5e-3, all 1000 steps", "tutorial", ("photfit",)),
    Row("hmc_tutorial", "hmc, 20 + 200, step 0.1, all 20 leapfrogs", "optimum", ("photfit",)),
    Row("metropolis_tutorial", "metropolis, 5000 by one chain", "optimum", ("photfit",)),
)


def run_methods(example: Example, contestants: Sequence[Contestant], repeats: int) -> dict[str, dict[str, Any]]:
    """Every row: action → contestant → seconds, ratio to photfit's, and what the fit reached.

    photfit runs `repeats` times. A peer runs once; what it says of its own run may be ``scale``, by which its seconds
    are multiplied since it ran only a part, and ``note``, which says which part.
    """
    return {row.action: _run_row(row, example, contestants, repeats) for row in ROWS}


def _run_row(row: Row, example: Example, contestants: Sequence[Contestant], repeats: int) -> dict[str, Any]:
    point: Values = example.start if row.start == "tutorial" else example.optimum
    table: dict[str, Any] = {}
    for contestant in contestants:
        if contestant.name not in row.contestants:
            continue
        count = repeats if contestant.name == OURS else 1
        try:
            seconds, facts = contestant.measure(example.name, row.action, [point] * count)
        except ContestantFailed as failure:
            table[contestant.name] = {"error": str(failure)}
            continue
        scale = float(facts[-1].get("scale", 1.0))
        table[contestant.name] = {
            "median_s": scale * median(seconds),
            "minimum_s": scale * min(seconds),
            "repeats": count,
            "last": facts[-1],
        }
    ours = table.get(OURS, {}).get("median_s")
    for entry in table.values():
        if "median_s" in entry:
            entry["ratio_to_photfit"] = entry["median_s"] / ours if ours else None
    return table
