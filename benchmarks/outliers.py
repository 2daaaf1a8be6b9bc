"""`python -m benchmarks.outliers`: the outliers of results/calibration.json, looked at one by one.

Of each the rise of χ² from where its fit ended to the truth is added. Where the likelihood is right, the rise is a draw
from the χ² distribution of eight degrees of freedom, however skewed the likelihood is by single parameters; a fit that
is caught in a wrong minimum, or wrong itself, shows as a rise that is negative or far too large.
"""

import json
from pathlib import Path
from typing import Any

import torch
from scipy.stats import chi2

from benchmarks.calibration import drawn_again, request_for
from benchmarks.contestant import ROOT
from benchmarks.simulated_galaxies import SKY
from fitting.problem import Problem
from fitting.run import run

PARAMETERS = 8


def main() -> None:
    """Look, print and write."""
    torch.set_num_threads(1)
    path = Path(ROOT) / "benchmarks" / "results" / "calibration.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for row in document["outliers"]:
        row |= looked_at(document["seed"], row["number"])
        chance = 100.0 * chi2.sf(row["rise_to_truth"], PARAMETERS)
        far = {name: f"{pull:.1f}" for name, pull in row["pulls"].items() if abs(pull) > 3.0}
        print(f"{row['number']:5} S/N {row['signal_to_noise']:.0f}, n {row['truth']['g.n']:.1f}: {far}", end="  ")
        print(f"rise {row['rise_to_truth']:.1f}, which {chance:.2g} % exceed; from the truth {row['from_truth']:+.1e}")
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def looked_at(seed: int, number: int) -> dict[str, Any]:
    """The rise of χ² from the fit to the truth, and how much higher than the fit one from the truth ends."""
    galaxy, image, start = drawn_again(seed, number)
    truth = request_for(galaxy.parameters, SKY)
    least, again = run(start, [image]).chi2, run(truth, [image]).chi2
    problem = Problem(truth, [image])
    return {"rise_to_truth": float(problem.value(problem.start())) - least, "from_truth": again - least}


if __name__ == "__main__":
    main()
