"""Request files: fitted and drawn in this process, as `photfit fit` and `photfit render` do."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fitting.faults import OutOfMemory, UserFault
from fitting.spec import METHODS, FitRequest, Notice, RequestInvalid
from fitting.spec.plots import PlotUnavailable, plots_of
from photfit.failures import CommandFailure, UserMistake, describe_faults
from photfit.local.engine import NothingKept, run_request
from photfit.output_folder import OutputFolder, keep_elsewhere
from photfit.request_changes import RequestChanges
from photfit.results import LibraryMissing
from photfit.submission import locate_from, read_request

if TYPE_CHECKING:
    from fitting.methods.progress import Progress
    from fitting.results import FitResult, InputFile


@dataclass(frozen=True)
class LocalFit:
    """What a local fit made: the `/parameters` document, and what a careful reader should know.

    Attributes:
        name: the request's, or its file's.
        parameters: the document.
        notices: of the result.
        output: where its files are.
        failure: why it did not come to its end, and what was kept; None where it did. A `UserMistake` where the user
            can put it right.
    """

    name: str
    parameters: dict[str, Any]
    notices: tuple[Notice, ...]
    output: Path
    failure: CommandFailure | None = None


def fit_here(
    request_file: Path,
    output: Path,
    report: Callable[[Progress], None],
    *,
    stop: Callable[[], bool] = lambda: False,
    overwrite: bool = False,
    changes: RequestChanges | None = None,
) -> LocalFit:
    """Carry out a request and write `parameters.json`, `covariance.json`, images and plots below `output`.

    The folder is tried before the work, and results of an earlier fit in it give way only where `overwrite` says so.
    Should it take no files after all, the results go to a temporary folder, which the failure names.

    Args:
        request_file: the request.
        output: the folder.
        report: called with the engine's progress.
        stop: asked at each report whether the fit should end with what it has found.
        overwrite: whether results of an earlier fit give way.
        changes: of the request, before it is read.

    Raises UserMistake where the request or one of its files has faults, or the folder does not take results.
    """
    request = read_request(request_file, changes)
    named = {plane.file for _, plane in request.references()}
    spare = [request_file, *(locate_from(request_file.parent, name) for name in named)]
    folder = OutputFolder.tried(output, overwrite=overwrite, spare=spare)
    try:
        result = _run(request, request_file, report, stop)
    except BaseException:
        folder.leave()
        raise

    from fitting.results import parameters_document, with_origin

    result = with_origin(result, request, _input_files(request, request_file.parent))
    failure = _failure_of(result)
    try:
        with folder.filling() as place:
            undrawn = _write_files(result, place, seen_from_folder(named, request_file.parent, output))
    except OSError as error:
        output = keep_elsewhere()
        undrawn = _write_files(result, output, seen_from_folder(named, request_file.parent, output))
        why = error.strerror or error
        failure = CommandFailure(f"{folder.path} took no results after all ({why}): they are in {output}")
    return LocalFit(
        request.name or request_file.stem, parameters_document(result), (*result.notices, *undrawn), output, failure
    )


def _failure_of(result: FitResult) -> CommandFailure | None:
    """Why a fit did not come to its end, with what was kept of it."""
    if result.stopped is None:
        return None
    kind = UserMistake if isinstance(result.failure, UserFault) else CommandFailure
    return kind(f"{result.stopped}; kept is what had been found")


def _write_files(result: FitResult, place: Path, files: Mapping[str, str]) -> list[Notice]:
    """All files of a result, and of what it failed of the traceback, at the end of its log.

    Returns what there is to say of plots that could not be drawn.
    """
    from fitting.results import write_result

    write_result(result, place, files)
    if result.failure is not None:
        with (place / "log.txt").open("a", encoding="utf-8") as log:
            log.writelines(traceback.format_exception(result.failure))
    return _draw_plots(result, place)


def seen_from_folder(names: Iterable[str], before: Path, after: Path) -> dict[str, str]:
    """What files of a request in the folder `before` are called in one that lies in `after`."""
    return {
        name: os.path.relpath((before / name).resolve(), after.resolve())
        for name in names
        if not Path(name).expanduser().is_absolute()
    }


def render_here(request_file: Path, output: Path) -> list[Path]:
    """Write the model image at the request's parameters: `model.fits`, or `IMAGE/model.fits` where it has several.

    The request's stages are left out. Raises UserMistake as `fit_here` does.
    """
    request = read_request(request_file).model_copy(update={"stages": ()})
    place = OutputFolder.tried(output, overwrite=True)
    try:
        result = _run(request, request_file, lambda _: None)
    except BaseException:
        place.leave()
        raise

    from fitting.results import write_result

    written = []
    with tempfile.TemporaryDirectory() as folder:
        write_result(result, Path(folder))
        for image in request.images:
            target = (output if len(request.images) == 1 else output / image.name) / "model.fits"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(folder, "images", image.name, "model.fits"), target)
            written.append(target)
    return written


def _input_files(request: FitRequest, folder: Path) -> list[InputFile]:
    """Name, size and hash of each file of a request."""
    from fitting.results import InputFile

    files = []
    for name in sorted({reference.file for _, reference in request.references()}):
        path = locate_from(folder, name)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        files.append(InputFile(name, path.name, sha256, path.stat().st_size))
    return files


def _draw_plots(result: FitResult, output: Path) -> list[Notice]:
    """Every plot that the fit has by the stages that it came to, below its files; notices of those that failed."""
    from fitting.plots import draw_plot

    folder = output / "plots"
    folder.mkdir(exist_ok=True)
    undrawn: list[Notice] = []
    methods = [stage.method for stage in result.stages]
    for name in plots_of(method for method in methods if result.sampled is not None or not METHODS[method].samples):
        # Some of what a plot needs shows only in the result: an object within the image, a parameter that was free.
        try:
            (folder / f"{name}.png").write_bytes(draw_plot(output, name))
        except PlotUnavailable:
            continue
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - a picture that fails must not take the numbers with it
            undrawn.append(Notice("plot-not-drawn", f"the plot {name} could not be drawn: {error}", f"plot {name}"))
    return undrawn


def _run(
    request: FitRequest,
    request_file: Path,
    report: Callable[[Progress], None],
    stop: Callable[[], bool] = lambda: False,
) -> FitResult:
    """The result of a request whose files count from its own folder; what goes wrong as failures of a command."""
    try:
        return run_request(request, partial(locate_from, request_file.parent), report, stop)
    except RequestInvalid as error:
        raise UserMistake(f"{request_file} has faults:\n{describe_faults(error.faults)}") from error
    except UserFault as error:
        raise UserMistake(f"{request_file}: {error}") from error
    except NothingKept as error:
        raise CommandFailure(str(error)) from error
    except LibraryMissing as error:
        raise UserMistake(str(error)) from error
    except OutOfMemory as error:
        raise CommandFailure(f"this machine's memory does not suffice: {error}") from error
