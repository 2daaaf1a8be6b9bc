"""Plots and previews of a result, drawn in the sandbox, and the picture of a running fit's residual.

A plot is drawn when it is asked for; one without choices of a reader's is kept beside the result, and beside it, as
``…/fit-r.png.json``, its size and hash: a picture that is not as it was drawn is drawn anew.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Concatenate, ParamSpec

import structlog

from app.domain import fits
from app.domain.results import StoredFile, file_of, files_of, fit_with_result, stored_file
from app.domain.sandbox_refusals import sandbox_refusals
from app.domain.temporary_files import own_disk, temporary_folder
from app.domain.verified_files import fault_of_stored
from app.errors import NoPicture, NoSuchPlot, NotFound, RequestFaulty
from app.lifetime.services import Services
from app.sandbox import file_products
from fitting.spec.documents import Fault
from fitting.spec.plots import (
    PLOT_FORMATS,
    PLOTS,
    ChoiceInvalid,
    PlotChoices,
    PlotUnavailable,
    plots_of,
    read_choices,
)
from jobs.storage.blobs import BlobMissing, live_residual, result_folder
from jobs.storage.schema import FitRecord
from jobs.storage.stored_files import described

P = ParamSpec("P")
_MARK = ".json"
"""What the key of a picture's size and hash ends with, behind the picture's own."""

_WHY = {
    "stages": "has no stages: nothing was varied",
    "chains": "has no chains, since none of its stages is a sampler",
}


def find_plot(
    services: Services,
    owner: str,
    fit_id: str,
    name: str,
    *,
    image: str | None,
    parameters: str | None,
    truth: str | None,
) -> StoredFile | bytes:
    """A plot as a file; one of a reader's own choices is drawn anew each time.

    `name` is kind and format, such as ``corner.png``. Raises NotFound, NoSuchPlot, NotFinished, RequestFaulty, or
    Unavailable where it could not be drawn.
    """
    kind, _, format_ = name.rpartition(".")
    if kind not in PLOTS or format_ not in PLOT_FORMATS:
        known = f"there are {', '.join(PLOTS)}, as {', '.join(PLOT_FORMATS)}"
        raise NotFound(f"There is no plot {name[:80]!r}; {known}.")
    try:
        choices = read_choices(PLOTS[kind], image, parameters, truth)
    except ChoiceInvalid as error:
        raise _faulty(error) from error
    record = fit_with_result(services, owner, fit_id)
    has = plots_of(stage["method"] for stage in record.request["stages"])
    if kind not in has:
        needs = PLOTS[kind].needs
        assert needs is not None
        raise NoSuchPlot(f"The fit {fit_id} {_WHY[needs]}; it has the plots {', '.join(has)}.", plots=list(has))
    chosen = replace(choices, image=fits.image_of(record, choices.image)[1])
    folder = result_folder(record.id, record.attempt)
    key = f"{folder}/plots/{kind}-{chosen.image}.{format_}"
    found = _kept(services, key) if chosen.plain else None
    if found is not None:
        return found
    try:
        content = _draw(services, record, _files(record, kind, chosen), file_products.draw, kind, format_, chosen)
    except PlotUnavailable as error:
        raise NoSuchPlot(f"The fit {fit_id} {error}.") from error
    except ChoiceInvalid as error:
        raise _faulty(error) from error
    return _keep(services, key, content) if chosen.plain else content


def find_preview(services: Services, owner: str, fit_id: str, image: str, plane: str) -> StoredFile:
    """A plane of an image as PNG, ``component/NAME`` among them; drawn once. Raises as `find_plot` does."""
    record = fit_with_result(services, owner, fit_id)
    folder = result_folder(record.id, record.attempt)
    image_folder = f"images/{fits.image_of(record, image)[1]}"
    if file_of(services, record, f"{image_folder}/{plane}.fits") is None:
        raise NotFound(f"The fit {fit_id} has no plane {plane[:80]!r} of the image {image!r}.")
    key = f"{folder}/previews/{image}/{plane}.png"
    found = _kept(services, key)
    if found is None:
        files = {f"{image_folder}/{name}.fits" for name in ("data", "model", "normalized_residual", plane)}
        found = _keep(services, key, _draw(services, record, files, file_products.draw_preview, image, plane))
    return found


def find_live_residual(services: Services, owner: str, fit_id: str, image: str | None) -> bytes:
    """The latest picture of an image's residual, PNG; the first image's where none is named.

    Raises NotFound, or NoPicture where the fit does not run or none is made yet.
    """
    record = fits.get(services, owner, fit_id)
    place, _ = fits.image_of(record, image)
    if record.state != "running":
        raise NoPicture(f"The fit {fit_id} is {record.state}: its residual is shown while it runs.")
    try:
        return services.blobs.read(live_residual(record.id, record.attempt, place))
    except BlobMissing as error:
        raise NoPicture(f"The fit {fit_id} has no picture of its residual yet.") from error


def _files(record: FitRecord, kind: str, choices: PlotChoices) -> set[str]:
    """The files of a result that a plot is drawn from."""
    plot = PLOTS[kind]
    planes = list(plot.planes)
    if plot.components:
        planes += [f"component/{component['name']}" for component in record.request["components"]]
    names = {*plot.documents, *(f"images/{choices.image}/{plane}.fits" for plane in planes)}
    return names | {"parameters.json"} if choices.truth else names


def _draw(
    services: Services,
    record: FitRecord,
    names: Iterable[str],
    function: Callable[Concatenate[Mapping[str, Path], Path, P], bytes],
    *args: P.args,
    **kwargs: P.kwargs,
) -> bytes:
    """Have the sandbox draw from those of a result's files that are there. Raises Unavailable."""
    with ExitStack() as stack:
        work = stack.enter_context(temporary_folder(services.receiving_folder))
        files = files_of(services, record, names, stack)
        shelf = work / "result"
        shelf.mkdir()
        with sandbox_refusals("The plot"):
            return services.sandbox.call(function, files, shelf, *args, **kwargs)


def _kept(services: Services, key: str) -> StoredFile | None:
    """A picture that was kept, where it is as it was drawn."""
    try:
        known = json.loads(services.blobs.read(key + _MARK))
        fault = fault_of_stored(services.blobs, key, {"size": int(known["size"]), "sha256": str(known["sha256"])})
    except (BlobMissing, ValueError, TypeError, KeyError):  # none, or from before there were marks, or a damaged one
        return None
    if fault is not None:
        structlog.get_logger("photfit.app").warning("a picture is drawn anew", file=key, fault=fault)
        return None
    return stored_file(services, key)


def _keep(services: Services, key: str, content: bytes) -> StoredFile:
    with temporary_folder(services.receiving_folder) as work:
        path, mark = work / "picture", work / "mark"
        with own_disk():
            path.write_bytes(content)
            mark.write_text(json.dumps(described(path)), encoding="ascii")
        services.blobs.put_file(key, path)
        services.blobs.put_file(key + _MARK, mark)
    found = stored_file(services, key)
    assert found is not None
    return found


def _faulty(error: ChoiceInvalid) -> RequestFaulty:
    return RequestFaulty([Fault(f"query.{error.option}", error.message, error.expected)])
