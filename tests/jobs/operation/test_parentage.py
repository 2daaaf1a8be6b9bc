"""No process outlives the one that started it, whatever it is doing."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

BUSY_CHILD = """
import os, sys
from jobs.operation.parentage import end_with_parent
end_with_parent(os.getppid())
print("begun", flush=True)
sum(range(10**12))  # one call that never lets another thread have its turn
"""
WATCHED = """
import os, signal, time
import jobs.operation.parentage as parentage
parentage._PATIENCE_SECONDS = parentage._LOOK_SECONDS = 0.2
signal.signal(signal.SIGTERM, signal.SIG_IGN)
parentage.watch_supervisor()
print("begun", flush=True)
time.sleep(600)
"""
PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, text=True,
                         start_new_session=True, env={**os.environ, **({"PHOTFIT_SUPERVISOR": str(os.getpid())}
                         if sys.argv[2] == "told" else {})})
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


def started(child: str, told: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, child, told], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    return parent, psutil.Process(int(parent.stdout.readline()))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel has no such call")
def test_a_child_that_computes_ends_with_its_parent() -> None:
    parent, child = started(BUSY_CHILD, "untold")
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    assert psutil.wait_procs([child], timeout=10)[0] == [child]


def test_what_a_supervisor_started_ends_after_it() -> None:
    parent, child = started(WATCHED, "told")
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    assert psutil.wait_procs([child], timeout=10)[0] == [child]


def test_what_was_started_by_hand_outlives_its_shell() -> None:
    parent, child = started(WATCHED, "untold")
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    end = time.monotonic() + 1.5
    while time.monotonic() < end and child.is_running():
        time.sleep(0.05)
    assert child.is_running()
    os.kill(child.pid, signal.SIGKILL)
