"""The table of model choices in the documentation is the one that was measured."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
KINDS = {"sersic": "one Sérsic", "bulge_disc": "bulge + disc", "companion": "with a companion"}


def test_the_guides_table_of_choices_is_the_measured_one() -> None:
    measured = json.loads((ROOT / "benchmarks" / "results" / "model_choice.json").read_text())["rows"]
    guide = (ROOT / "docs" / "how-to" / "fit-many.md").read_text()
    for row in measured:
        assert row["objects"] == 40
        assert row["ended_above_truth"] in (0, None)
        low, high = row["signal_to_noise"]
        counts = [row[by][model] for by in ("bic", "aic") for model in ("sersic", "bulge_disc")]
        cells = (KINDS[row["kind"]], f"{low:g} to {high:g}", *counts, row["no_model_fits"])
        assert f"| {' | '.join(map(str, cells))} |" in guide
