"""What a release uploads: a source distribution and a wheel, made, read as a registry reads them, and installed."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def run(*words: str | Path, folder: Path = ROOT) -> str:
    """What a command prints; AssertionError with all of it where it fails."""
    done = subprocess.run([str(word) for word in words], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that is made of it."""
    folder = tmp_path_factory.mktemp("dist")
    clone = tmp_path_factory.mktemp("clone") / "photfit"
    run("git", "clone", "--quiet", ROOT, clone)
    run(sys.executable, "-m", "build", "--outdir", folder, clone)
    return folder


def test_a_registry_can_show_them(built: Path) -> None:
    assert {path.suffix for path in built.iterdir()} == {".gz", ".whl"}
    told = run(sys.executable, "-m", "twine", "check", "--strict", *sorted(built.iterdir()))
    assert told.count("PASSED") == 2


def test_the_sdist_holds_what_a_packager_needs(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "constraints.txt", "tests/blocks.py"} <= inside


def test_the_wheel_holds_the_packages_alone(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        roots = {name.split("/")[0] for name in archive.namelist()}
    packages = {name for name in roots if not name.endswith(".dist-info")}
    assert packages == {"app", "fitting", "jobs", "photfit", "worker"}


def test_the_wheel_is_installed_and_answers(built: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "environment")
    python = tmp_path / "environment" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "--constraint", ROOT / "constraints.txt", next(built.glob("*.whl")), folder=tmp_path)
    version = run(tmp_path / "environment" / "bin" / "photfit", "--version", folder=tmp_path)
    assert next(built.glob("*.whl")).name.split("-")[1] in version
    assert "sersic" in run(tmp_path / "environment" / "bin" / "photfit", "profiles", folder=tmp_path)
