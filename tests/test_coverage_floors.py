"""What is told when a package falls below the share of its branches that tests must run."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests import coverage_floors


def told(monkeypatch: pytest.MonkeyPatch, folder: Path, floors: str) -> int:
    summary = {"covered_lines": 80, "num_statements": 100, "covered_branches": 10, "num_branches": 20}
    measured, file = folder / "coverage.json", folder / "floors.toml"
    measured.write_text(
        json.dumps({"files": {"fitting/render/radial/radial_plan.py": {"summary": summary}}}), encoding="utf-8"
    )
    file.write_text(floors, encoding="utf-8")
    monkeypatch.setattr(coverage_floors, "MEASURED", measured)
    monkeypatch.setattr(coverage_floors, "FLOORS", file)
    return coverage_floors.main()


@pytest.mark.parametrize(("floor", "status"), [(75, 0), (76, 1)])
def test_lines_and_branches_count_alike(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, floor: int, status: int
) -> None:
    assert told(monkeypatch, tmp_path, f"fitting = {floor}") == status


def test_a_folder_in_which_nothing_was_measured_is_below_its_floor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert told(monkeypatch, tmp_path, 'fitting = 50\n"fitting/rendering" = 50') == 1


def test_every_package_has_a_floor() -> None:
    packages = {page.parent.name for page in coverage_floors.ROOT.glob("*/py.typed")}
    floors = tomllib.loads(coverage_floors.FLOORS.read_text(encoding="utf-8"))
    assert packages | {"app", "fitting", "jobs", "photfit", "worker"} <= set(floors)
    assert all((coverage_floors.ROOT / folder).is_dir() for folder in floors)
