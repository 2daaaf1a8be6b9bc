"""Children end when they should, and so do theirs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from photfit.processes import Child

SLEEPER = "import time; time.sleep(300)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(300)"
)
PARENT = (
    f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]); "
    "print(child.pid, flush=True); child.wait()"
)


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def python(code: str, log: Path | None = None) -> Child:
    return Child("child", [sys.executable, "-c", code], log=log)


def test_a_child_that_is_asked_ends() -> None:
    child = python(SLEEPER)
    child.start()
    child.ask_to_stop()
    child.wait_for_end(10)
    assert child.exit_code() == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = python(STUBBORN, log)
    child.start()
    wait_for(lambda: log.exists() and log.read_text() == "ready\n")
    child.ask_to_stop()
    child.wait_for_end(0.1)
    assert child.exit_code() == -signal.SIGKILL


def test_the_children_of_a_killed_child_go_with_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = python(PARENT, log)
    child.start()
    wait_for(lambda: log.exists() and log.read_text().endswith("\n"))
    grandchild = int(log.read_text())
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.clear()
    wait_for(lambda: gone(grandchild))


def test_the_environment_is_added_to_the_parents(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "import os; print(os.environ['PHOTFIT_ADDED'], 'PATH' in os.environ)"
    child = Child("child", [sys.executable, "-c", code], {"PHOTFIT_ADDED": "yes"}, log=log)
    child.start()
    child.wait_for_end(20)
    assert log.read_text() == "yes True\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals children of a killed parent")
def test_a_child_ends_when_its_parent_is_killed() -> None:
    code = (
        "import sys; from photfit.processes import Child; "
        f"c = Child('c', [sys.executable, '-c', {SLEEPER!r}]); c.start(); print(c.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        wait_for(lambda: gone(child))
