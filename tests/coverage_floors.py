"""Holds what ``coverage json`` measured to ``coverage_floors.toml``: ``python -m tests.coverage_floors``."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ROOT / "tests" / "coverage_floors.toml"
MEASURED = ROOT / ".coverage-data" / "coverage.json"
SLACK = 3.0
"""Per cent above its floor from which a folder's floor is due to rise: more than tests vary between machines."""


@dataclass(frozen=True)
class Share:
    """What the tests run of a folder: lines and branches together, as coverage counts them."""

    folder: str
    run: int
    all: int
    floor: float

    @property
    def per_cent(self) -> float:
        """Of a hundred lines and branches, how many are run."""
        return 100 * self.run / self.all if self.all else 0.0


def shares(files: Mapping[str, Any], floors: Mapping[str, float]) -> Iterable[Share]:
    """The share of each folder with a floor; a file counts in every such folder that it lies under."""
    for folder, floor in sorted(floors.items()):
        summaries = [
            file["summary"] for name, file in files.items() if name.replace("\\", "/").startswith(f"{folder}/")
        ]
        run = sum(summary["covered_lines"] + summary["covered_branches"] for summary in summaries)
        yield Share(
            folder, run, sum(summary["num_statements"] + summary["num_branches"] for summary in summaries), floor
        )


def main() -> int:
    """Prints a line for each floor; 1 where a folder is below its own."""
    files = json.loads(MEASURED.read_text(encoding="utf-8"))["files"]
    below = 0
    for share in shares(files, tomllib.loads(FLOORS.read_text(encoding="utf-8"))):
        said = ""
        if share.per_cent < share.floor:
            below, said = below + 1, ": below its floor"
        elif share.per_cent > share.floor + SLACK:
            said = ": its floor can rise"
        print(f"{share.folder:24} {share.per_cent:6.2f} % of {share.all:6}, floor {share.floor:g} %{said}")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
