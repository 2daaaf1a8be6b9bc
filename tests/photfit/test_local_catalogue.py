"""`photfit catalogue`: a table of objects in, a table of fits out, stopped and gone on with, and never lost a row."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from astropy.table import Table
from click.testing import CliRunner, Result

from fitting.spec.catalogues import decode_flags
from photfit import local_catalogue
from photfit.cli import main
from photfit.local_catalogue import CatalogueProgress, Stopped, fit_catalogue_here
from tests.fitting.catalogues.scenes import document, write_field


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def ask(folder: Path, rows: int = 4, **more: Any) -> Path:
    """A field and a request of it, with so many rows."""
    table = write_field(folder)
    Table(rows=[dict(table[number % 4]) | {"id": number} for number in range(rows)]).write(folder / "many.csv")
    path = folder / "request.json"
    path.write_text(json.dumps(document(objects="many.csv", **more)))
    return path


def nothing(_: CatalogueProgress) -> None:
    """A report that nobody reads."""


def test_a_table_is_written_and_its_parts_are_gone(tmp_path: Path) -> None:
    result = run("catalogue", ask(tmp_path), "-o", tmp_path / "out.ecsv", "--processes", "1")
    assert result.exit_code == 0, result.output
    assert "4 rows, 0 without a fit" in result.output
    table = Table.read(tmp_path / "out.ecsv", format="ascii.ecsv")
    assert list(table["id"]) == [0, 1, 2, 3]
    assert table["g_flux"].tolist() == pytest.approx([2000.0] * 4, abs=100.0)
    assert not (tmp_path / "out.ecsv.parts").exists()


def test_what_is_wrong_is_told_by_path_and_costs_nothing(tmp_path: Path) -> None:
    path = ask(tmp_path)
    written = json.loads(path.read_text())
    written["template"]["components"][1]["parameters"]["n"] = {"column": "sersic"}
    path.write_text(json.dumps(written))
    result = run("catalogue", path, "-o", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert "$.template.components[1].parameters.n: names a column 'sersic'" in result.output
    assert run("catalogue", path, "-o", tmp_path / "out.tab").exit_code == 2
    (tmp_path / "there.csv").write_text("mine")
    assert run("catalogue", path, "-o", tmp_path / "there.csv").exit_code == 2
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_a_stopped_run_goes_on_with_what_was_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, output = ask(tmp_path, 40), tmp_path / "out.parquet"
    reports: list[int] = []

    def report(at: CatalogueProgress) -> None:
        reports.append(at.done)

    with pytest.raises(Stopped, match="of 40 rows done"):
        fit_catalogue_here(path, output, report, stop=lambda: bool(reports and reports[-1] >= 16), processes=1)
    assert list((tmp_path / "out.parquet.parts").glob("part-*"))
    assert 16 <= reports[-1] < 40
    monkeypatch.setattr(local_catalogue, "_FIRST_PART", 8)
    progress = fit_catalogue_here(path, output, nothing, processes=1)
    assert (progress.kept, progress.done) == (reports[-1], 40)
    assert pyarrow.parquet.read_table(output).column("id").to_pylist() == list(range(40))


@pytest.mark.slow
def test_parts_of_another_request_are_not_mixed_in(tmp_path: Path) -> None:
    path, output = ask(tmp_path, 40), tmp_path / "out.parquet"
    with pytest.raises(Stopped):
        fit_catalogue_here(path, output, nothing, stop=lambda: True, processes=1)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"seed": 7}))
    result = run("catalogue", path, "-o", output)
    assert result.exit_code == 2
    assert "parts of another request" in result.output
    assert run("catalogue", path, "-o", output, "--overwrite", "--processes", "1").exit_code == 0


@pytest.mark.slow
def test_a_row_that_ends_its_process_is_found_and_flagged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, output = ask(tmp_path, 20), tmp_path / "out.parquet"
    monkeypatch.setattr(local_catalogue, "_fit_part_here", _fit_poisoned)
    progress = fit_catalogue_here(path, output, nothing, processes=2)
    table = pyarrow.parquet.read_table(output).to_pylist()
    assert [row["id"] for row in table] == list(range(20))
    assert [row["id"] for row in table if "crashed" in decode_flags(row["flags"])] == [13]
    assert table[13]["g_x"] is None
    assert "alone" in table[13]["message"]
    assert (progress.done, progress.failed) == (20, 1)


def _fit_poisoned(part: tuple[int, int]) -> float:
    """As a part is fitted, but that one row ends the process."""
    if part[0] <= 13 < part[1]:
        os._exit(11)
    return _FIT(part)


_FIT = local_catalogue._fit_part_here
