"""Contracts between packages: a bad import that is planted for each of them is refused.

A contract goes by names: where a folder moves and its contract does not, it falls silent. So each is tried.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("fitting", "jobs", "worker", "app", "photfit")
PLANTED = {
    "downwards": ("fitting/faults.py", "import jobs.clock"),
    "app-without-worker": ("app/main.py", "import worker.tasks"),
    "app-without-torch": ("app/domain/submission.py", "import fitting.run"),
    "spec-is-light": ("fitting/spec/request.py", "import numpy"),
    "inputs-without-torch": ("fitting/files/file_reading.py", "import fitting.problem.problem"),
    "files-in-the-sandbox": ("app/domain/submission.py", "import fitting.files.file_reading"),
    "http-knows-no-fits": ("app/http/entity_tags.py", "import app.domain.results"),
    "commands-start-processes": ("photfit/commands/serve.py", "import app.main"),
    "engine-in-one-place": ("photfit/commands/propose.py", "import fitting.proposing.proposal"),
    "client-is-light": ("photfit/client/operations.py", "import numpy"),
    "rooms-of-the-engine": ("fitting/profiles/sersic.py", "import fitting.problem.problem"),
    "no-circles": ("fitting/profiles/radial.py", "import fitting.profiles.sersic"),
}
"""For each contract a module and a line that breaks it."""


def contracts() -> list[str]:
    """The ids of all contracts."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["id"] for contract in document["tool"]["importlinter"]["contracts"]]


def lint(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    """What the linter says of one contract in a copy of the code."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--contract", contract]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and the contracts in a folder of their own."""
    folder = tmp_path_factory.mktemp("code")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("page", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_contract_is_tried() -> None:
    assert sorted(contracts()) == sorted(PLANTED)


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_import_is_refused(contract: str, copied: Path) -> None:
    name, line = PLANTED[contract]
    module = copied / name
    text = module.read_text(encoding="utf-8")
    try:
        module.write_text(f"{text}\n{line}\n", encoding="utf-8")
        refused = lint(copied, contract)
    finally:
        module.write_text(text, encoding="utf-8")
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "BROKEN" in refused.stdout
