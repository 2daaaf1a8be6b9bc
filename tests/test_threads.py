"""How threads wait, as OpenMP's own library tells it."""

import os
import re
import subprocess
import sys

import pytest


def wait_policy(program: str, **environment: str) -> set[str]:
    """The policies that OpenMP libraries show when they are loaded by a Python program."""
    inherited = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env={**inherited, "OMP_DISPLAY_ENV": "TRUE", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(re.findall(r"OMP_WAIT_POLICY ?= ?'(\w+)'", shown.stderr))


@pytest.mark.parametrize(
    "program", ["import fitting.run", "from photfit.local.engine import engine_present as here\nimport torch"]
)
def test_threads_of_a_local_fit_wait_without_spinning(program: str) -> None:
    found = wait_policy(program)
    if not found:
        pytest.skip("torch's OpenMP shows no settings here")
    assert found == {"PASSIVE"}


def test_what_the_environment_says_of_waiting_stays() -> None:
    assert wait_policy("import fitting.run", OMP_WAIT_POLICY="ACTIVE") <= {"ACTIVE"}
