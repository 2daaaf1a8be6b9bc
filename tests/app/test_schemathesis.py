"""Schemathesis against the live service, with every check: what the OpenAPI document promises is kept."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.conftest import ROOT, Service

pytestmark = pytest.mark.slow


def test_schemathesis_finds_nothing(service: Service, tmp_path: Path) -> None:
    command = [
        Path(sys.executable).with_name("schemathesis"),
        "run",
        f"{service.client.base_url}/openapi.json",
        *("--checks", "all", "--seed", "1", "--max-examples", "10", "--max-time", "150"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure", "--no-shrink"),
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=380)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2000:]
