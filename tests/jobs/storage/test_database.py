"""Migrations, and records of uploads and workers."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError

from fitting.faults import PassingFault
from jobs.faults import DatabaseAway
from jobs.lifecycle import transitions
from jobs.operation import tallies
from jobs.queues import presence
from jobs.settings import Settings
from jobs.storage import records, uploads
from jobs.storage.database import connect, revisions
from jobs.storage.schema import FitRecord, Table
from tests.jobs.conftest import new_fit

ROOT = Path(__file__).parents[2]


def test_the_migrations_make_the_tables_that_the_code_declares(any_engine: Engine) -> None:
    with any_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Table.metadata) == []


@pytest.mark.slow
def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    program = "from jobs.settings import Settings; from jobs.storage.database import *; migrate(connect(Settings()))"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env={"PHOTFIT_DATA_DIR": str(tmp_path), "PATH": "", "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    assert [(child.wait(60), child.stderr.read() if child.stderr else b"") for child in children] == [(0, b"")] * 4


def test_sqlite_keeps_readers_and_a_writer_apart(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("pragma journal_mode")) == "wal"
        assert connection.scalar(text("pragma synchronous")) == 2


@pytest.mark.parametrize("url", ["sqlite:///{folder}/nowhere/a.db", "postgresql://photfit@127.0.0.1:9/photfit"])
def test_a_database_that_is_away_is_passing_trouble(url: str, tmp_path: Path) -> None:
    engine = connect(Settings(data_dir=tmp_path, database_url=url.format(folder=tmp_path)))
    shutil.rmtree(tmp_path / "nowhere", ignore_errors=True)
    with pytest.raises(DatabaseAway) as raised:
        records.get_fit(engine, "local", "fit_none")
    assert isinstance(raised.value, PassingFault)
    engine.dispose()


def test_a_database_that_goes_while_it_is_used_is_passing_trouble(engine: Engine, tmp_path: Path) -> None:
    with connect(Settings(data_dir=tmp_path)).connect() as other:
        other.exec_driver_sql("pragma busy_timeout=1")
        with engine.begin() as connection:
            connection.exec_driver_sql("begin immediate")
            with pytest.raises(DatabaseAway, match="locked"):
                other.exec_driver_sql("begin immediate")


def test_errors_in_what_is_asked_of_a_database_are_none_of_its_trouble(any_engine: Engine) -> None:
    fit = new_fit()
    record = transitions.create(any_engine, fit)
    assert record is not None
    statement = insert(FitRecord).values(
        {column.key: getattr(record, column.key) for column in Table.metadata.tables["fits"].columns}
    )
    with any_engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(statement)


def test_the_same_bytes_are_recorded_once_for_an_owner(any_engine: Engine) -> None:
    file = {"filename": "a.fits", "size": 5, "sha256": "ab" * 32, "description": {"format": "fits"}}
    first, new = uploads.add_upload(any_engine, "local", **file)  # type: ignore[arg-type]
    again, repeated = uploads.add_upload(any_engine, "local", **file)  # type: ignore[arg-type]
    other, _ = uploads.add_upload(any_engine, "other", **file)  # type: ignore[arg-type]
    assert (new, repeated) == (True, False)
    assert first.id == again.id != other.id
    assert uploads.get_upload(any_engine, "other", first.id) is None
    assert set(uploads.get_uploads(any_engine, "local", [first.id, other.id, "upl_none"])) == {first.id}
    assert uploads.remove_upload(any_engine, "local", first.id) is None, "the other owner still needs the bytes"
    assert uploads.remove_upload(any_engine, "local", other.id) is None, "it is not the owner's"
    assert uploads.remove_upload(any_engine, "other", other.id) == uploads.blob_key("ab" * 32)


def test_workers_count_while_they_report_and_are_not_stopping(any_engine: Engine) -> None:
    presence.report(any_engine, "one", ["quick", "cpu"], ["cpu"])
    presence.report(any_engine, "two", ["gpu"], ["cpu", "cuda"])
    assert {worker.id for worker in presence.alive(any_engine)} == {"one", "two"}
    presence.mark_stopping(any_engine, "two")
    presence.report(any_engine, "two", ["gpu"], ["cpu", "cuda"])
    assert presence.is_stopping(any_engine, "two")
    assert {worker.id for worker in presence.alive(any_engine)} == {"one"}
    presence.withdraw(any_engine, "one")
    assert presence.alive(any_engine) == []


def test_settings_come_from_the_environment_with_embedded_defaults(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert settings.database == f"sqlite:///{tmp_path / 'photfit.sqlite'}"
    assert settings.blobs == str(tmp_path / "blobs")
    assert connect(Settings(database_url="postgresql://u@h/d")).url.drivername == "postgresql+psycopg"


def test_what_happened_is_counted_once_for_all_processes(any_engine: Engine) -> None:
    for seconds in (0.05, 0.2, 5000.0, 1e9):
        tallies.add(any_engine, [tallies.event("ended", "succeeded"), *tallies.duration("stage", "lm", seconds)])
    assert tallies.counts(any_engine, "ended") == {"succeeded": 4}
    histogram = tallies.histograms(any_engine, "stage")["lm"]
    counts = dict(histogram.counts)
    assert (counts["0.03"], counts["0.1"], counts["0.3"], counts["3000"]) == (0, 1, 2, 2)
    assert (counts["10000"], counts["+Inf"]) == (3, 4)
    assert histogram.total == 0.05 + 0.2 + 5000.0 + 1e9
    assert tallies.counts(any_engine, "nothing") == {}


def test_queues_say_how_many_wait_and_for_how_long(any_engine: Engine) -> None:
    for queue in ("cpu", "cpu", "gpu"):
        transitions.create(any_engine, new_fit(queue=queue))
    found = {queue.name: queue for queue in records.queues(any_engine)}
    assert (found["cpu"].length, found["gpu"].length) == (2, 1)
    assert 0.0 <= found["gpu"].oldest_seconds <= found["cpu"].oldest_seconds < 60.0
    assert records.count_running(any_engine) == 0


def test_a_database_says_which_version_its_tables_have(any_engine: Engine) -> None:
    found, newest = revisions(any_engine)
    assert found == newest is not None
