"""The demo: examples, fitted through a real service of its own and shown beside their truth."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photfit.answers import FitAnswer
from photfit.client import Client
from photfit.downloads import download_results
from photfit.failures import CommandFailure, UserMistake
from photfit.output_folder import OutputFolder
from photfit.processes import Child
from photfit.submission import submit_file
from photfit.supervisor import is_ready

EXAMPLES: tuple[str, ...] = ("three_galaxies", "three_galaxies_psf", "bulge_disc")
"""The folders of `examples/` that the demo fits: each holds request.json, its images and truth.json."""

_START_SECONDS = 120.0
"""Seconds that the service has to be ready: as `photfit.supervisor` gives it."""
_STOP_SECONDS = 45.0
"""Seconds for its end: beyond all of `photfit.supervisor.STOP_PATIENCE`, one after the other."""
_FIT_SECONDS = 300.0
"""Seconds for each example, which takes a few. Chosen by hand, for slow machines."""
_POLL_SECONDS = 0.1
"""Seconds between looks whether the service is ready, chosen by hand."""


@dataclass(frozen=True)
class ExampleResult:
    """One example's result. `parameters` is None where the fit failed."""

    example: str
    fit: FitAnswer
    parameters: dict[str, Any] | None
    truth: dict[str, float]
    folder: Path

    @property
    def converged(self) -> bool:
        """Whether the fit ended at an optimum."""
        return self.parameters is not None and bool(self.parameters["converged"])


def find_examples(folder: Path | None) -> Path:
    """The folder of examples: the one given, ./examples, or the one beside the source tree."""
    candidates = [folder] if folder else [Path("examples"), Path(__file__).resolve().parent.parent / "examples"]
    for candidate in candidates:
        if (candidate / EXAMPLES[0] / "request.json").is_file():
            return candidate
    raise UserMistake("the examples are not here; run this in photfit's source tree, or name them with --examples")


@contextlib.contextmanager
def service(
    output: Path,
    options: Sequence[str] = ("--no-accounts", "--quick-workers", "0"),
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """A `photfit serve` of its own on a free port, with its state and log below `output`; gives its URL.

    Args:
        output: folder for both.
        options: of the command, beside port and data directory.
        environment: what is added to this program's own.
    """
    url, port = _free_url()
    output.mkdir(parents=True, exist_ok=True)
    log = output / "service.log"
    log.unlink(missing_ok=True)
    data = ["--data-dir", str(output / "service")]
    command = [sys.executable, "-m", "photfit", "serve", "--port", str(port), *options, *data]
    child = Child("photfit serve", command, environment or {}, log=log)
    child.start()
    try:
        _wait_until_ready(child, url, log)
        yield url
    finally:
        child.ask_to_stop()
        child.wait_for_end(_STOP_SECONDS)


def run_examples(examples: Path, output: Path, url: str, show: Callable[[ExampleResult], None]) -> list[ExampleResult]:
    """Submit every example at once, then show and save each as it is finished."""
    with Client(url) as client:
        fits = {name: submit_file(client, examples / name / "request.json") for name in EXAMPLES}
        results = []
        for name, fit in fits.items():
            results.append(_collect(client, client.wait(fit.id, timeout=_FIT_SECONDS), examples / name, output / name))
            show(results[-1])
        return results


def _collect(client: Client, fit: FitAnswer, example: Path, folder: Path) -> ExampleResult:
    truth = json.loads((example / "truth.json").read_text(encoding="utf-8"))["parameters"]
    if fit.state != "succeeded":
        return ExampleResult(example.name, fit, None, truth, folder)
    place = OutputFolder.tried(folder, overwrite=True)
    with place.filling() as filled:
        for _ in download_results(client, fit, filled, truth):
            pass
    return ExampleResult(example.name, fit, client.parameters(fit.id), truth, folder)


def _free_url() -> tuple[str, int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return f"http://127.0.0.1:{port}", port


def _wait_until_ready(child: Child, url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_ready(url):
        if not child.running() or time.monotonic() > deadline:
            raise CommandFailure(f"the service did not start; {log} says why")
        time.sleep(_POLL_SECONDS)
