"""Fits and uploads, from records to what the outside sees: models, addresses, entity tags, page links."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from fastapi import Request, Response

from app.domain.dry_run import Plan
from app.lifetime.queue_board import Place
from app.models.fits import Fit, FitLinks, FitPlan, FitProgress, LiveResidual, QueuePlace
from app.models.notices import NoticeModel
from app.models.uploads import Upload
from app.presenting.problems import present_problem
from fitting.spec import METHODS, Notice
from fitting.spec.notices import sentences
from fitting.spec.plots import PLANES, plots_of
from jobs.lifecycle.outcomes import has_result
from jobs.storage.schema import FitRecord, State, UploadRecord

_MOST_COMPONENT_LINKS = 500
"""Planes of components that a fit links one by one, at most: 100 kB of an answer. Of more, templates tell."""
_MOST_WARNINGS = 3
"""Warnings of a fit in a list. Chosen by hand: a line or two."""


def address_of_fit(fit_id: str) -> str:
    """Where a fit is."""
    return f"/v1/fits/{fit_id}"


def present_fit(record: FitRecord, place: Place | None = None) -> Fit:
    """A fit as the outside sees it; `place` is where it is in its queue while it is queued."""
    return Fit(
        id=record.id,
        name=record.name,
        labels=list(record.labels),
        state=cast(State, record.state),
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        attempt=record.attempt,
        worker=record.worker,
        device=record.device,
        queue=None if place is None else present_place(place),
        progress=_present_progress(record),
        error=present_problem(record.error, address_of_fit(record.id)),
        warnings=record.warnings,
        notices=_present_notices(record.notices),
        has_result=has_result(record.state, record.error, record.result_bytes),
        links=_links(record),
    )


def present_line(record: FitRecord, place: Place | None = None) -> Fit:
    """A fit as a line of a list: what its own address has at length is left out."""
    fit = present_fit(record, place)
    first = next(iter(fit.links.images), None)
    links = fit.links.model_copy(
        update={key: _of_one_image(getattr(fit.links, key), first) for key in ("images", "previews")}
    )
    brief = dict.fromkeys(("parameters", "parameters_at_start", "residual"))
    progress = None if fit.progress is None else fit.progress.model_copy(update=brief)
    warnings = fit.warnings[:_MOST_WARNINGS]
    if len(fit.warnings) > len(warnings):
        warnings.append(f"{len(fit.warnings) - len(warnings)} more: see {fit.links.self}")
    notices = fit.notices[:_MOST_WARNINGS]
    return fit.model_copy(update={"links": links, "progress": progress, "warnings": warnings, "notices": notices})


def _of_one_image(links: Mapping[str, Mapping[str, str]], image: str | None) -> dict[str, dict[str, str]]:
    return {} if image is None else {image: {plane: links[image][plane] for plane in PLANES}}


def present_place(place: Place) -> QueuePlace:
    """A place in a queue as the outside sees it."""
    return QueuePlace(name=place.queue, position=place.position, estimated_start=place.estimated_start)


def present_plan(found: Plan) -> FitPlan:
    """What a request would do, as the outside sees it."""
    return FitPlan(
        request=found.request.document(),
        n_pixels=found.n_pixels,
        free_parameters=found.n_free,
        stages=[stage.method for stage in found.request.stages],
        estimated_memory_bytes=found.expected_bytes,
        estimated_seconds=found.expected_seconds,
        queue=present_place(found.place),
        warnings=list(sentences(found.notices)),
        notices=_present_notices(found.notices),
    )


def present_upload(record: UploadRecord) -> Upload:
    """An upload as the outside sees it."""
    return Upload(
        id=record.id,
        filename=record.filename,
        size=record.size,
        sha256=record.sha256,
        created_at=record.created_at,
        description=record.description,
        links={"self": f"/v1/uploads/{record.id}"},
    )


def etag_of(record: FitRecord, place: Place | None = None) -> str:
    """The weak entity tag of a fit: its row version, and its position while it is queued."""
    return f'W/"{record.version}"' if place is None else f'W/"{record.version}-{place.position}"'


def link_next(request: Request, response: Response, cursor: str | None) -> str | None:
    """The address of the next page, which also goes into the `Link` header; None on the last page."""
    if cursor is None:
        return None
    url = request.url.include_query_params(cursor=cursor)
    address = f"{url.path}?{url.query}"
    response.headers["Link"] = f'<{address}>; rel="next"'
    return address


def _present_progress(record: FitRecord) -> FitProgress | None:
    if record.progress is None:
        return None
    known = {name: _finite(record.progress[name]) for name in FitProgress.model_fields if name in record.progress}
    return FitProgress.model_validate(known | {"residual": _present_residual(record)})


def _present_residual(record: FitRecord) -> LiveResidual | None:
    made = (record.progress or {}).get("residual")
    if made is None or record.state != "running":
        return None
    address = f"{address_of_fit(record.id)}/progress/residual.png"
    names = [image["name"] for image in record.request["images"]]
    return LiveResidual(
        sequence=made["sequence"],
        made_at=datetime.fromisoformat(made["made_at"]),
        pictures={name: f"{address}?image={name}" for name in names},
    )


def _present_notices(notices: Iterable[Notice]) -> list[NoticeModel]:
    return [NoticeModel(code=notice.code, sentence=notice.sentence, where=notice.where) for notice in notices]


def _finite(value: object) -> object:
    """The value, or None where JSON has no number for it: a fit may pass through an infinite χ²."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _links(record: FitRecord) -> FitLinks:
    address = address_of_fit(record.id)
    images = [image["name"] for image in record.request["images"]]
    methods = [stage["method"] for stage in record.request["stages"]]
    planes = _planes_of(images, record.request["components"])
    samples = any(METHODS[method].samples for method in methods)
    return FitLinks(
        self=address,
        request=f"{address}/request",
        log=f"{address}/log",
        events=f"{address}/events",
        cancel=f"{address}/cancel",
        rerun=f"{address}/rerun",
        parameters=f"{address}/parameters",
        covariance=f"{address}/covariance",
        best_fit=f"{address}/best-fit",
        provenance=f"{address}/provenance",
        bundle=f"{address}/bundle.zip",
        export=f"{address}/export",
        chains=f"{address}/chains" if samples else None,
        plots={name: f"{address}/plots/{name}.png" for name in plots_of(methods)},
        plane=f"{address}/images/{{image}}/{{+plane}}.fits",
        preview=f"{address}/images/{{image}}/{{+plane}}.png",
        images=_plane_links(f"{address}/images", planes, "fits"),
        previews=_plane_links(f"{address}/images", planes, "png"),
    )


def _planes_of(images: Sequence[str], components: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The planes of each image that are linked one by one: without those of components where they would be many."""
    drawn = sum(len(component.get("images") or images) for component in components)
    listed = components if drawn <= _MOST_COMPONENT_LINKS else ()
    planes = {image: list(PLANES) for image in images}
    for component in listed:
        for image in component.get("images") or images:
            planes[image].append(f"component/{component['name']}")
    return planes


def _plane_links(folder: str, planes: Mapping[str, Sequence[str]], suffix: str) -> dict[str, dict[str, str]]:
    return {image: {plane: f"{folder}/{image}/{plane}.{suffix}" for plane in names} for image, names in planes.items()}
