"""One target, fuzzed in this process until its time is over or something is found.

    python -m tests.fuzz.one_target fits corpus-folder seconds artifact-folder [seed]

By atheris (coverage-guided) where it is installed, else by seeded mutations of what is in the corpus.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import random
import sys
import time
from pathlib import Path

from tests.fuzz.mutations import mutate
from tests.fuzz.targets import SLOW_SECONDS, TARGETS, Target

MOST_BYTES = 65536
"""Of an input: structures are small, and long inputs take the time of many short ones."""
MOST_MEMORY = 3072
"""MiB of the process."""


def main() -> None:
    """Fuzz; ends with an exit code that is not 0 where something was found, which then lies in the artifact folder."""
    name, corpus, seconds, artifacts = sys.argv[1:5]
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    target = TARGETS[name]
    try:
        import atheris
    except ImportError:
        _by_chance(target, Path(corpus), float(seconds), Path(artifacts), seed)
        return
    with atheris.instrument_imports(include=list(target.modules)):
        for module in target.modules:
            importlib.import_module(module)
        for seed_input in target.seeds():
            target.call(seed_input)  # what is imported late is imported now, and instrumented

    def call(content: bytes) -> None:
        target.call(content)

    options = [
        f"-max_total_time={seconds}",
        f"-timeout={SLOW_SECONDS}",
        f"-rss_limit_mb={MOST_MEMORY}",
        f"-max_len={MOST_BYTES}",
        f"-artifact_prefix={artifacts}/",
        f"-seed={seed}",
        "-print_final_stats=1",
        "-len_control=0",
    ]
    atheris.Setup([sys.argv[0], *options, corpus], call)
    atheris.Fuzz()


def _by_chance(target: Target, corpus: Path, seconds: float, artifacts: Path, seed: int) -> None:
    generator = random.Random(seed)
    inputs = [path.read_bytes() for path in sorted(corpus.iterdir())]
    deadline, count = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        content = mutate(generator.choice(inputs), inputs, generator)
        artifact = artifacts / f"chance-{seed}-{count}"
        artifact.write_bytes(content)
        faulthandler.dump_traceback_later(SLOW_SECONDS, exit=True)
        target.call(content)
        faulthandler.cancel_dump_traceback_later()
        os.unlink(artifact)
        count += 1
    print(f"stat::number_of_executed_units: {count}")


if __name__ == "__main__":
    main()
