"""Programs that are started again whenever they end, as a supervisor would."""

import os
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


class KeptProgram:
    """A process that is started again whenever it ends, until `wanted` is false.

    Args:
        arguments, environment: of the process; the environment beside this one's.
        log: what it prints is added to it.
        pause: seconds before it is started again.
    """

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path, pause: float = 0.0) -> None:
        self.arguments, self.environment, self.log, self.pause = arguments, environment, log, pause
        self.wanted = True
        self.starts = 0
        self._start()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _start(self) -> None:
        self.starts += 1
        with self.log.open("ab") as log:
            self.handle = subprocess.Popen(
                self.arguments,
                env={**os.environ, **self.environment},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _watch(self) -> None:
        while self.wanted:
            self.handle.wait()
            if self.wanted:
                time.sleep(self.pause)
                self._start()
