"""Engine: where this process meets it, for commands and for Python alike."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from photfit.results import LibraryMissing

if TYPE_CHECKING:
    from fitting.methods.progress import Progress
    from fitting.results import FitResult
    from fitting.spec import FitRequest


class NothingKept(RuntimeError):
    """The fit was stopped before there was anything to keep."""


@contextlib.contextmanager
def engine_present() -> Iterator[None]:
    """While inside, a library that is not installed becomes a message that says how to get it."""
    try:
        yield
    except ImportError as error:
        raise LibraryMissing(f"this needs {error.name} here: pip install 'photfit[worker]'", name=error.name) from error


def run_request(
    request: FitRequest,
    locate: Callable[[str], Path],
    report: Callable[[Progress], None],
    stop: Callable[[], bool] = lambda: False,
) -> FitResult:
    """The result of a request, its first values found.

    Args:
        request: any.
        locate: path of a file that it names.
        report: called with the engine's progress.
        stop: asked at each report whether the fit should end with what it has found.

    Raises:
        LibraryMissing: the engine, or something that it needs, is not installed.
        RequestInvalid: the request, or one of its files, has faults.
        UserFault: it cannot be carried out otherwise.
        NothingKept: it was stopped before there was anything to keep.
        OutOfMemory: this machine's memory does not suffice.
    """
    with engine_present():
        from fitting.first_values import complete_request
        from fitting.inputs import load_images
        from fitting.methods.progress import Interrupted, StopAndKeep
        from fitting.render import compiled
        from fitting.run import run

    if any(stage.method != "lm" for stage in request.stages):
        # It takes half a second, ten times what `lm` takes of a small image.
        compiled.load()

    def tell(progress: Progress) -> None:
        report(progress)
        if stop():
            raise Interrupted

    images = load_images(request, locate)
    complete = complete_request(request, images)
    try:
        return run(complete, images, device=request.device, report=tell)
    except StopAndKeep as stopped:
        raise NothingKept(f"{stopped.why} before there was anything to keep") from stopped
