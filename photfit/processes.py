"""Child processes that never outlive the program that started them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
"""Of prctl(2), from <linux/prctl.h>."""
_POLL_SECONDS = 0.02
"""Seconds between looks whether a process has ended, chosen by hand."""


def _signal_with_parent() -> None:
    """In the child, before exec: ask Linux for SIGTERM when the parent is gone, however it went.

    Elsewhere there is no such call; there, the next `photfit serve` on the same data directory ends what was left.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


@dataclass
class Child:
    """A command that runs as the leader of its own process group, so that it can be ended with all its children.

    Its own group also keeps a terminal's Ctrl-C from it: the program that started it decides the order of the end.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, or None before the first start."""
        return None if self.process is None else self.process.pid

    def start(self) -> None:
        """Run the command, with its output appended to `log` (or shared with this program where there is none)."""
        with contextlib.ExitStack() as stack:
            output: IO[bytes] | None = None if self.log is None else stack.enter_context(self.log.open("ab"))
            self.process = subprocess.Popen(  # noqa: S603 - commands are photfit's own lists of words, with no shell
                self.command,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_signal_with_parent,
            )

    def running(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def exit_code(self) -> int | None:
        """How it ended: its exit code, minus the signal's number where one killed it; None while it runs."""
        return None if self.process is None else self.process.poll()

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process, not to its children: it knows how to end them."""
        if self.process is not None and self.running():
            self.process.terminate()

    def wait_for_end(self, patience: float) -> None:
        """Wait up to `patience` seconds for its end, then send SIGKILL to whatever is left of its group."""
        deadline = time.monotonic() + patience
        while self.running() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        self.clear()

    def clear(self) -> None:
        """SIGKILL to every process of the group: to the leader, and to children that it left behind."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
