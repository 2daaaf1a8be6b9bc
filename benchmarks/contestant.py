"""A contestant as the benchmark sees it: a process that is asked one question at a time."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.examples import Values

ROOT = Path(__file__).resolve().parents[1]
_START_SECONDS = 120.0
_ANSWER_SECONDS = 600.0


class ContestantFailed(Exception):
    """A contestant ended, answered with an error, or did not answer in time."""


class Contestant:
    """Runs `benchmarks.contestants.NAME` with `python`; use as a context manager.

    Args:
        name: of the module.
        python: the interpreter whose environment holds the program.
        threads: how many it may use.
        scratch: folder where it runs and writes its log, NAME.log.
        root: the checkout whose contestants are run, and whose code where the contestant is photfit.
    """

    def __init__(self, name: str, python: Path, threads: int, scratch: Path, root: Path = ROOT) -> None:
        self.name = name
        self.versions: dict[str, str] = {}
        self._log = (scratch / f"{name}.log").open("wb")
        count = str(threads)
        self._process = subprocess.Popen(
            [str(python), "-m", f"benchmarks.contestants.{name}"],
            cwd=scratch,
            env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Contestant:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(5)
        self._log.close()

    def greet(self) -> None:
        """Wait until it is there, and learn its versions."""
        self.versions = self._answer(_START_SECONDS)["versions"]

    def measure(self, example: str, action: str, points: Sequence[Values]) -> tuple[list[float], list[dict[str, Any]]]:
        """Seconds and facts of an action at each point. Raises ContestantFailed."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"example": example, "action": action, "points": list(points)}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise ContestantFailed(f"{self.name} has ended; {self._log.name} says why") from error
        answer = self._answer(_ANSWER_SECONDS)
        return answer["seconds"], answer["facts"]

    def _answer(self, seconds: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise ContestantFailed(f"{self.name} did not answer within {seconds:g} s") from None
        if not line:
            raise ContestantFailed(f"{self.name} has ended; {self._log.name} says why")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ContestantFailed(f"{self.name}: {answer['error']}")
        return answer

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):  # Some libraries print a line when they are imported for the first time.
                self._lines.put(line)
        self._lines.put("")
