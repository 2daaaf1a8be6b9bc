"""A real `photfit serve` process, started, watched and ended by a test."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

READY_SECONDS = 90.0
STOP_SECONDS = 45.0


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return when the condition holds; fail, saying what was waited for, when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@dataclass
class Service:
    """A running service: its process and what it has printed."""

    process: subprocess.Popen[str]
    url: str
    data_directory: Path
    lines: list[str] = field(default_factory=list)

    def family(self) -> list[psutil.Process]:
        """Every living process that it started, and theirs."""
        try:
            return [child for child in psutil.Process(self.process.pid).children(recursive=True) if alive(child)]
        except psutil.NoSuchProcess:
            return []

    def child(self, *words: str) -> psutil.Process:
        """Its own child whose command line ends with these words."""
        for process in psutil.Process(self.process.pid).children():
            # One that is ended between being seen and being asked is none of them.
            with contextlib.suppress(psutil.NoSuchProcess):
                if alive(process) and tuple(process.cmdline()[-len(words) :]) == words:
                    return process
        raise LookupError(f"no child runs {' '.join(words)}")

    def printed(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def output(self) -> str:
        return "".join(self.lines)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Signal it and wait for its end; gives its exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


def serve_command(port: int, data_directory: Path, quick_workers: int = 0) -> list[str]:
    command = [sys.executable, "-m", "photfit", "serve", "--port", str(port), "--data-dir", str(data_directory)]
    return [*command, "--quick-workers", str(quick_workers)]


@contextlib.contextmanager
def serving(data_directory: Path, quick_workers: int = 0) -> Iterator[Service]:
    """A service on a free port; whatever is left of it at the end is killed."""
    port = free_port()
    process = subprocess.Popen(
        serve_command(port, data_directory, quick_workers),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
    )
    service = Service(process, f"http://127.0.0.1:{port}", data_directory)
    reader = threading.Thread(target=_read, args=(process, service.lines), daemon=True)
    reader.start()
    try:
        wait_for(
            lambda: service.printed("photfit is ready") or process.poll() is not None, READY_SECONDS, "photfit is ready"
        )
        assert process.poll() is None, service.output()
        yield service
    finally:
        family = service.family()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        for left in [*family, *service.family()]:
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()
        process.kill()
        process.wait()
        reader.join(5)


def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)  # noqa: PERF402 - each is seen as soon as it is there
