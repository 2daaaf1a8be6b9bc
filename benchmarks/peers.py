"""The peers' own environment, `.bench-venv`: made on the first run, kept for the next ones."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ENVIRONMENT = Path(__file__).resolve().parents[1] / ".bench-venv"
STEPS = (("torch==2.13.0", "numpy"), ("astrophot==0.18.0", "pyro-ppl==1.9.1"), ("pyimfit==1.1",), ("pysersic==0.1.5",))
"""What is installed, a command each: torch first, so that AstroPhot takes the same as photfit."""
_INSTALL_SECONDS = 1200.0


@dataclass(frozen=True)
class Peers:
    """The environment's Python, and what could not be installed: requirement → the last line of pip's account."""

    python: Path
    failures: dict[str, str] = field(default_factory=dict)


def prepare(environment: Path = ENVIRONMENT) -> Peers:
    """Make the environment where it is not there yet; a package that does not install is reported and left out."""
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        (environment / ".gitignore").write_text("*\n")
    present = _installed(python)
    failures: dict[str, str] = {}
    for step in STEPS:
        if not all(_satisfied(requirement, present) for requirement in step):
            print(f"installing {' '.join(step)} into {environment.name} …", flush=True)
            failures |= _install(python, step)
    return Peers(python, failures)


def _installed(python: Path) -> dict[str, str]:
    listing = subprocess.run(
        [str(python), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
        text=True,
    )
    return {package["name"].lower(): package["version"] for package in json.loads(listing.stdout)}


def _satisfied(requirement: str, present: dict[str, str]) -> bool:
    name, _, wanted = requirement.partition("==")
    version = present.get(name)
    return version is not None and (not wanted or version.split("+")[0] == wanted)


def _install(python: Path, step: tuple[str, ...]) -> dict[str, str]:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *step]
    try:
        finished = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        return {" ".join(step): f"not installed within {_INSTALL_SECONDS:g} s"}
    if finished.returncode == 0:
        return {}
    lines = finished.stderr.strip().splitlines() or ["pip failed without a word"]
    return {" ".join(step): lines[-1]}
