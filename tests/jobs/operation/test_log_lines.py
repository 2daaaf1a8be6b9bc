"""Every line that a process writes is a line of its log, in JSON, whoever wrote it."""

import json
import subprocess
import sys

PROGRAM = """
import logging, threading, warnings
from jobs.operation.logs import configure_logging
configure_logging()
logging.getLogger("a.library").warning("of a library's own\\nin two lines")
warnings.warn("resource_tracker: process died unexpectedly, relaunching.")

def fail():
    raise ValueError("in a thread")

thread = threading.Thread(target=fail, name="teller")
thread.start()
thread.join()

class Gone:
    def __del__(self):
        raise ValueError("where nobody can catch it")

Gone()
raise RuntimeError("at the end")
"""


def test_warnings_and_exceptions_that_nobody_catches_are_lines_of_the_log() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    library, warning, thread, ignored, end = map(json.loads, done.stderr.splitlines())
    assert library["event"] == "of a library's own\nin two lines"
    assert (warning["level"], warning["logger"]) == ("warning", "py.warnings")
    assert "relaunching" in warning["event"]
    assert "teller" in thread["event"]
    assert "in a thread" in thread["exception"]
    assert "where nobody can catch it" in ignored["exception"]
    assert (end["level"], end["event"]) == ("critical", "the process ends by an exception")
    assert "RuntimeError: at the end" in end["exception"]
