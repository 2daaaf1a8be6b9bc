"""`make fuzz`: every target for a share of the time, each in a process of its own; what is found lies in a folder.

python -m tests.fuzz --seconds 3600 --targets fits asdf npz request expressions
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.targets import ROOT, TARGETS, Target

GRACE_SECONDS = 90
"""For imports, and for a last input that takes its time."""


def main() -> None:
    """Fuzz, print a table, and exit 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="for all targets together")
    parser.add_argument("--targets", nargs="+", default=list(TARGETS), choices=list(TARGETS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=ROOT / ".fuzz", help="corpus, and what is found")
    options = parser.parse_args()
    how = "atheris" if importlib.util.find_spec("atheris") else "seeded mutations (atheris is not installed)"
    print(f"by {how}, {options.seconds:.0f} s, seed {options.seed}\n\n| target | seconds | inputs | found |")
    print("|---|---|---|---|", flush=True)
    share, anything = options.seconds / len(options.targets), False
    for name in options.targets:
        found, count, spent = _fuzz(TARGETS[name], options.folder, share, options.seed)
        print(f"| {name} | {spent:.0f} | {count} | {len(found)} |", flush=True)
        for text in found:
            print(f"\n{text}\n", file=sys.stderr)
        anything = anything or bool(found)
    sys.exit(1 if anything else 0)


def _fuzz(target: Target, folder: Path, seconds: float, seed: int) -> tuple[list[str], int, float]:
    """What was found, how many inputs were tried, how long it took. It goes on after each that is found."""
    corpus, artifacts = folder / "corpus" / target.name, folder / "found" / target.name
    for made in (corpus, artifacts):
        made.mkdir(parents=True, exist_ok=True)
    for content in (*target.seeds(), *target.found()):
        (corpus / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)
    begun, found, count = time.monotonic(), [], 0
    while (left := seconds - (time.monotonic() - begun)) > 1 and len(found) < 10:
        before = set(artifacts.iterdir())
        arguments = [target.name, str(corpus), str(int(left) or 1), str(artifacts), str(seed + len(found))]
        try:
            run = subprocess.run(
                [sys.executable, "-m", "tests.fuzz.one_target", *arguments],
                cwd=ROOT,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                errors="replace",
                timeout=left + GRACE_SECONDS,
            )
            code, output = run.returncode, run.stdout + run.stderr
        except subprocess.TimeoutExpired as error:
            code, output = -1, f"did not end\n{error.stderr!r}"
        counted = re.findall(r"number_of_executed_units: *(\d+)", output) or re.findall(r"^#(\d+)", output, re.M)
        count += int(counted[-1]) if counted else 0
        if code == 0:
            break
        new = ", ".join(str(path) for path in sorted(set(artifacts.iterdir()) - before))
        found.append(f"{target.name}: {new or 'nothing was written'} (exit code {code})\n{_end_of(output)}")
    return found, count, time.monotonic() - begun


def _end_of(output: str) -> str:
    """What was raised, or the last lines."""
    place = output.rfind("Uncaught Python exception")
    return output[place : place + 3000] if place >= 0 else output[-2000:]


if __name__ == "__main__":
    main()
