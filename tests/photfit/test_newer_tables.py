"""A database of a newer photfit: one sentence from each program that meets it, and no traceback."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from jobs.settings import Settings
from jobs.storage.database import NOT_STARTED, connect, migrate
from photfit import supervisor
from photfit.cli import main
from photfit.failures import CommandFailure
from photfit.processes import Child
from photfit.supervisor import ServeOptions, Supervisor


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The folder of a service whose tables are newer."""
    engine = connect(Settings(data_dir=tmp_path))
    migrate(engine)
    engine.dispose()
    with sqlite3.connect(tmp_path / "photfit.sqlite") as database:
        database.execute("update alembic_version set version_num = '9999'")
    return tmp_path


@pytest.mark.parametrize("program", ["app", "worker"])
def test_a_program_says_it_and_ends(newer: Path, program: str) -> None:
    environment = {**os.environ, "PHOTFIT_DATA_DIR": str(newer)}
    done = subprocess.run(
        [sys.executable, "-m", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == NOT_STARTED
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert "the database was made by a newer photfit: its tables have version 9999" in line


def test_the_doctor_says_it(newer: Path) -> None:
    done = CliRunner().invoke(main, ["doctor", "--data-dir", str(newer)], env={"COLUMNS": "400"})
    assert "made by a newer photfit" in done.output
    assert "the next start brings them up" not in done.output


def test_serve_ends_at_once_where_a_part_cannot_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int] = []

    def start_all(self: Supervisor) -> None:
        starts.append(1)
        self._add(Child("worker 1", [sys.executable, "-c", f"raise SystemExit({NOT_STARTED})"]), "worker")

    monkeypatch.setattr(Supervisor, "_start_all", start_all)
    monkeypatch.setattr(supervisor, "is_ready", lambda _url: False)
    monkeypatch.setattr(supervisor, "check_port", lambda _options: None)
    with pytest.raises(CommandFailure, match="worker 1 cannot start; its message is above"):
        Supervisor(ServeOptions("127.0.0.1", 1, tmp_path, 1), lambda _url: None).run()
