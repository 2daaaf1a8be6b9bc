"""The documentation's notebooks run, and find what their problem's reference says."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import nbformat
import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
TUTORIALS = DOCS / "tutorials"
NOTEBOOKS = sorted(TUTORIALS.glob("*.ipynb"))
SEVEN = TUTORIALS / "5-seven-fitters.ipynb"
MINIMIZERS = ("lm", "iterative_components", "iterative_parameters", "gradient")
SAMPLERS = ("nuts, 20 + 100", "nuts, 4 × (200 + 800)", "hmc, 20 + 200", "metropolis, 5000")
run = runpy.run_path(str(DOCS / "run_notebooks.py"))["run"]
REPORT = "import json as _json; print('REPORT' + _json.dumps(rows))"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_shows_no_error_and_no_place_of_its_author(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    assert outputs, "run `make notebooks`"
    printed = json.dumps([output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs])
    assert not re.search(r"/(home|root|tmp|Users|work)/", printed)


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """What each fit of the seven fitters left, and all that was printed."""
    notebook = nbformat.read(SEVEN, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(REPORT))
    # Beside the original, since it looks for the examples above itself.
    copy = TUTORIALS / f".{tmp_path_factory.mktemp('seven').name}.ipynb"
    nbformat.write(notebook, copy)
    try:
        done = run(copy)
    finally:
        copy.unlink()
    printed = "".join(output.get("text", "") for cell in done.cells for output in cell.get("outputs", []))
    return json.loads(printed.rpartition("REPORT")[2]), printed


@pytest.mark.slow
@pytest.mark.timeout(900)
class TestSevenFitters:
    def test_all_are_there(self, seven: tuple[dict[str, Any], str]) -> None:
        assert list(seven[0]) == [*MINIMIZERS, *SAMPLERS]

    @pytest.mark.parametrize("title", MINIMIZERS)
    def test_minimizers_end_at_the_known_minimum(self, seven: tuple[dict[str, Any], str], title: str) -> None:
        # Two in a million: the same tolerance as the promise of the seed problem.
        assert seven[0][title]["chi2_reduced"] == pytest.approx(1.012412, abs=2e-6)
        assert seven[0][title]["stage"]["converged"]

    def test_values_and_covariance_are_the_references(self, seven: tuple[dict[str, Any], str]) -> None:
        found = re.search(r"values: at most ([\d.]+) sigma off; covariance: at most ([\d.]+) off", seven[1])
        assert found is not None
        assert float(found[1]) < 0.02
        assert float(found[2]) < 0.01

    def test_four_chains_of_nuts_agree_and_the_short_runs_say_that_they_do_not(
        self, seven: tuple[dict[str, Any], str]
    ) -> None:
        long = seven[0][SAMPLERS[1]]["stage"]
        diagnostics = long["diagnostics"]
        assert long["converged"]
        assert max(diagnostics["r_hat"].values()) < 1.01
        assert min(*diagnostics["ess_bulk"].values(), *diagnostics["ess_tail"].values()) > 400
        for title in (SAMPLERS[0], SAMPLERS[2], SAMPLERS[3]):
            assert not seven[0][title]["stage"]["converged"], title

    @pytest.mark.parametrize(
        ("title", "least", "most"),
        # Of NUTS and HMC 0.8 is aimed at, and short trajectories take more; of a random walk in 22 dimensions 0.234.
        [(SAMPLERS[1], 0.7, 1.0), (SAMPLERS[2], 0.7, 1.0), (SAMPLERS[3], 0.1, 0.4)],
    )
    def test_acceptance_is_what_each_kind_of_sampler_works_at(
        self, seven: tuple[dict[str, Any], str], title: str, least: float, most: float
    ) -> None:
        rates = seven[0][title]["stage"]["diagnostics"]["acceptance"]
        assert all(least <= rate <= most for rate in (rates if isinstance(rates, list) else [rates]))
