"""Parentage: no process of a service outlives the one that started it, whatever it is doing.

    end_with_parent(parent_pid)      # in a child: the kernel kills it as its parent goes
    watch_supervisor()               # in what `photfit serve` started: some seconds to end in good order, then the kill

A supervisor that is killed can end nobody. A child that computes may not come to Python for minutes, so the kernel ends
it (PR_SET_PDEATHSIG of prctl(2)); what first has to give something back watches, in a thread, whose child it is.
"""

import ctypes
import os
import signal
import sys
import threading
import time

SUPERVISOR_VARIABLE = "PHOTFIT_SUPERVISOR"
"""How `photfit serve` tells its children its process id. What is started by hand has none, and outlives its shell."""
_PR_SET_PDEATHSIG = 1
"""Of prctl(2), from <linux/prctl.h>."""
_LOOK_SECONDS = 1.0
"""Seconds between looks at whose child this is. Chosen by hand: a system call that costs nothing."""
_PATIENCE_SECONDS = 8.0
"""Seconds for an end in good order once the supervisor is gone. Chosen by hand: a fit is given back in one, and the
next `photfit serve` on the folder is not kept waiting."""


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process (SIGKILL) as the thread that started it ends, with its process or before.

    Ends it now where `parent` is gone already. Linux alone: elsewhere nothing is done.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def watch_supervisor() -> None:
    """Where a supervisor started this process, watch it in a thread: after it, this process and its children end."""
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    if supervisor is not None and os.getppid() == int(supervisor):
        threading.Thread(target=_watch, args=(int(supervisor),), name="supervisor", daemon=True).start()


def _watch(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(_LOOK_SECONDS)
    time.sleep(_PATIENCE_SECONDS)
    if os.getpgid(0) == os.getpid():  # a group of its own: its children are in it
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
