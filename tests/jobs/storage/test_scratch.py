"""What killed processes leave behind is told from what living ones use, and goes."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from jobs.settings import Settings
from jobs.storage.blobs import FolderBlobs
from jobs.storage.database import connect, migrate
from jobs.storage.scratch import PROCESS_PREFIX, scratch_folder, sweep, sweep_process_folders
from photfit.cli import main
from tests.waiting import wait_until

HOLDS = """
import sys, time
from pathlib import Path
from jobs.storage import scratch
scratch.use_process_folder()
import tempfile
tempfile.NamedTemporaryFile(prefix="photfit-result-", delete=False).write(b"x" * 1000)
with scratch.scratch_folder(Path(sys.argv[1]), "receiving-") as folder:
    (folder / "file").write_bytes(b"x")
    print("there", flush=True)
    time.sleep(60)
"""


def test_folders_of_a_process_stay_while_it_lives_and_go_when_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    receiving = tmp_path / "receiving"
    with subprocess.Popen([sys.executable, "-c", HOLDS, receiving], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        assert (sweep(receiving, "receiving-"), sweep_process_folders()) == (0, 0)
        assert len(list(receiving.iterdir())) == len(list(tmp_path.glob(f"{PROCESS_PREFIX}*"))) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (sweep(receiving, "receiving-"), sweep_process_folders()) == (1, 1)
    assert not list(receiving.iterdir())
    assert not list(tmp_path.glob(f"{PROCESS_PREFIX}*"))


def test_a_folder_goes_with_its_use(tmp_path: Path) -> None:
    with scratch_folder(tmp_path, "receiving-") as folder:
        assert sweep(tmp_path, "receiving-") == 0
        assert folder.is_dir()
    assert not folder.exists()


def test_gc_removes_what_a_killed_process_left_half_stored_and_nothing_that_is_being_stored(tmp_path: Path) -> None:
    engine = connect(Settings(data_dir=tmp_path))
    migrate(engine)
    engine.dispose()
    blobs = FolderBlobs(tmp_path / "blobs")
    script = (
        "import os, sys, time\nfrom pathlib import Path\nfrom jobs.storage import blobs\n"
        "blobs.shutil.copyfileobj = lambda *_: (print('there', flush=True), time.sleep(60))\n"
        "blobs.FolderBlobs(Path(sys.argv[1])).put_file('fits/fit_1/1/chains.nc', Path(sys.argv[2]))\n"
    )
    source = tmp_path / "chains"
    source.write_bytes(b"x" * 1000)

    def gc(*options: str) -> str:
        return CliRunner().invoke(main, ["admin", "--data-dir", str(tmp_path), "gc", *options]).stdout

    with subprocess.Popen([sys.executable, "-c", script, blobs.folder, source], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (left,) = wait_until(blobs.litter, 5, "the temporary file")
        assert "0 files" in gc()
        process.kill()
        process.wait()
    assert "1 file," in gc("--dry-run")
    assert left.exists()
    assert "1 file," in gc()
    assert not left.exists()
