"""Catalogues, from records to what the outside sees."""

from datetime import UTC, datetime
from typing import Any, cast

from app.domain.catalogues import CatalogueOutlook, CatalogueStanding, RowStanding
from app.models.catalogues import Catalogue, CatalogueForecast, CatalogueLinks, CatalogueRow, CatalogueRows
from app.models.notices import NoticeModel
from app.presenting.fits import present_place
from app.presenting.problems import present_problem
from fitting.spec.catalogues import decode_flags
from fitting.spec.notices import sentences
from jobs.storage.schema import State


def address_of_catalogue(catalogue_id: str) -> str:
    """Where a catalogue is."""
    return f"/v1/catalogues/{catalogue_id}"


def present_catalogue(standing: CatalogueStanding) -> Catalogue:
    """A catalogue as the outside sees it."""
    record, counts = standing.record, standing.counts
    end = record.finished_at or datetime.now(UTC)
    took = 0.0 if record.started_at is None else (end - record.started_at).total_seconds()
    rate = counts.done / took if took > 0.0 and counts.done else None
    left = counts.total - counts.done
    address = address_of_catalogue(record.id)
    return Catalogue(
        id=record.id,
        name=record.name,
        labels=list(record.labels),
        state=cast(State, record.state),
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        device=record.device,
        queue=record.queue,
        rows=CatalogueRows(
            total=counts.total,
            waiting=counts.waiting,
            running=counts.running,
            fitted=counts.fitted,
            flagged=counts.flagged,
            failed=counts.failed,
        ),
        rate=rate,
        eta_seconds=None if rate is None or record.finished_at is not None else left / rate,
        retries=len(record.retries),
        error=present_problem(record.error, address),
        warnings=list(sentences(record.notices)),
        notices=[NoticeModel(code=item.code, sentence=item.sentence, where=item.where) for item in record.notices],
        links=CatalogueLinks(
            self=address,
            request=f"{address}/request",
            events=f"{address}/events",
            cancel=f"{address}/cancel",
            retry=f"{address}/retry",
            rerun=f"{address}/rerun",
            table=f"{address}/table",
            row=f"{address}/rows/{{n}}",
        ),
    )


def present_forecast(found: CatalogueOutlook) -> CatalogueForecast:
    """What a catalogue would do, as the outside sees it."""
    check = found.found.check
    return CatalogueForecast(
        rows=check.rows,
        parts=found.parts,
        shapes=list(check.shapes),
        estimated_memory_bytes=found.memory,
        estimated_seconds=found.found.row_seconds * check.rows,
        queue=present_place(found.place),
        row=check.row,
        requests={name: request.document() for name, request in check.completed.items()},
        columns=[item["name"] for item in check.parameters],
        warnings=list(check.messages),
    )


def present_row(standing: RowStanding) -> CatalogueRow:
    """A row as the outside sees it."""
    values: dict[str, Any] | None = None if standing.values is None else dict(standing.values)
    by_model = {name: request.document() for name, request in standing.requests.items()}
    chosen = "" if values is None else values.get("model") or ""
    return CatalogueRow(
        row=standing.number,
        done=values is not None,
        flags=[] if values is None else list(decode_flags(values["flags"] or 0)),
        message=standing.message or None if values is None else values.get("message"),
        values=values,
        request=by_model.get(chosen, next(iter(by_model.values()), None)),
        requests=by_model,
    )


def etag_of_catalogue(standing: CatalogueStanding) -> str:
    """The weak entity tag of a catalogue: its version, and how many rows are done."""
    return f'W/"{standing.record.version}-{standing.counts.done}"'
