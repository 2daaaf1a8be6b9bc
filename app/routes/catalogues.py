"""/v1/catalogues: one model for many objects: asked for, watched, cancelled, retried, and its table. /v1/flags."""

import time
from collections.abc import AsyncIterator
from contextlib import nullcontext
from functools import partial
from typing import Annotated, Literal

import anyio
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from app.dependencies import OwnerDep, ServicesDep
from app.domain import catalogues
from app.http.entity_tags import is_known, strong_tag
from app.models.catalogues import Catalogue, CatalogueForecast, CatalogueList, CatalogueRow, CatalogueTable, Flag
from app.presenting.catalogues import (
    address_of_catalogue,
    etag_of_catalogue,
    present_catalogue,
    present_forecast,
    present_row,
)
from app.presenting.file_responses import converted_response
from app.presenting.fits import link_next
from app.presenting.media_types import TABLE_TYPES
from app.routes.bodies import read_document, read_patch, read_submission
from app.routes.openapi import tables as table_responses
from app.routes.parameters import States, Wait, wait_for_state
from app.routes.request_bodies import CATALOGUE_BODY, CATALOGUE_PATCH_BODY, CHANGES_BODY, RETRY_BODY
from app.sandbox.catalogue_products import TableChoice
from fitting.spec.catalogues import flags_document
from jobs.storage.schema import FINAL_STATES, State

router = APIRouter(prefix="/catalogues", tags=["catalogues"])
flags_router = APIRouter(tags=["catalogues"])

_LONGEST_STREAM_SECONDS = 600.0
"""Seconds of a stream, as of a fit's (`app.routes.events`)."""
_LOOK_SECONDS = 0.5
"""Seconds between looks of a stream; chosen by hand."""
TableFormat = Literal["json", "csv", "ecsv", "fits", "votable", "parquet"]
Key = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="A word of your choice: the same one again gives the first job."),
]
Names = Annotated[str | None, Query(max_length=4000, description="Names, separated by commas.")]


@router.post(
    "",
    status_code=202,
    summary="Ask for a catalogue",
    openapi_extra=CATALOGUE_BODY,
    responses={200: {"description": "With `dry_run` what it would do", "model": CatalogueForecast}},
)
async def create_catalogue(
    request: Request,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    idempotency_key: Key = None,
    dry_run: Annotated[bool, Query(description="Say what the catalogue would do, and do nothing.")] = False,
) -> Catalogue | CatalogueForecast:
    """Fit one template to every row of a table. Everything that is wrong with the whole is told at once (422, with the
    JSON path of each fault), and then nothing is stored; what is wrong with a row is told in its row of the answer.
    """
    async with read_submission(request, services.receiving_folder, idempotency_key) as submission:
        if dry_run:
            response.status_code = 200
            return present_forecast(await run_in_threadpool(catalogues.forecast, services, owner, submission))
        found = await run_in_threadpool(catalogues.submit, services, owner, submission)
    response.headers["Location"] = address_of_catalogue(found.record.id)
    return present_catalogue(found)


@router.get("", summary="The catalogues, newest first")
def list_catalogues(
    request: Request,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    state: Annotated[list[State] | None, Query(description="Only those in this state; repeat it for several.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 20,
    cursor: Annotated[str | None, Query(max_length=200, description="From the address of the next page.")] = None,
) -> CatalogueList:
    """A page of the catalogues; the `Link` header and `next` lead to the following one."""
    page, standings = catalogues.list_page(services, owner, limit, cursor, frozenset(state or ()))
    return CatalogueList(
        catalogues=[present_catalogue(item) for item in standings], next=link_next(request, response, page.cursor)
    )


@router.get(
    "/{catalogue_id}",
    summary="One catalogue",
    response_model=Catalogue,
    responses={304: {"description": "Unchanged since the `ETag` given"}},
)
async def get_catalogue(
    catalogue_id: str,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    wait: Wait = 0,
    state: States = None,
    if_none_match: Annotated[str | None, Header(description="The ETag of an answer that you have.")] = None,
) -> Response | Catalogue:
    """State, and rows by what has become of them. With `wait`, answers when the catalogue is in one of the states
    given, or can no longer be, or when the seconds are over, whichever comes first.
    """
    wanted = FINAL_STATES | frozenset(state or ())
    with services.streams.one_more(owner) if wait else nullcontext():
        look = partial(catalogues.get, services, owner, catalogue_id)
        await wait_for_state(services, look, wanted, wait, _LOOK_SECONDS)
    found = await run_in_threadpool(catalogues.look, services, owner, catalogue_id)
    etag = etag_of_catalogue(found)
    response.headers.update({"ETag": etag, "Cache-Control": "no-cache"})
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers=dict(response.headers))
    if found.record.state not in FINAL_STATES:
        response.headers["Retry-After"] = "1"
    return present_catalogue(found)


@router.get("/{catalogue_id}/request", summary="The request of a catalogue")
def get_catalogue_request(catalogue_id: str, services: ServicesDep, owner: OwnerDep) -> dict[str, object]:
    """As it was asked for, files as upload ids."""
    return catalogues.get(services, owner, catalogue_id).request


@router.post("/{catalogue_id}/cancel", status_code=202, summary="Cancel a catalogue")
def cancel_catalogue(catalogue_id: str, response: Response, services: ServicesDep, owner: OwnerDep) -> Catalogue:
    """Parts that wait are given up, those that run are stopped; rows that are done stay. 409 where it is finished."""
    found = catalogues.cancel(services, owner, catalogue_id)
    response.headers["Location"] = address_of_catalogue(catalogue_id)
    return present_catalogue(found)


@router.patch("/{catalogue_id}", summary="Rename or label a catalogue", openapi_extra=CHANGES_BODY)
async def change_catalogue(catalogue_id: str, request: Request, services: ServicesDep, owner: OwnerDep) -> Catalogue:
    """Give a catalogue another name or other labels; what the body leaves out stays as it is."""
    patch = await read_patch(request)
    found = await run_in_threadpool(catalogues.change, services, owner, catalogue_id, patch.document)
    return present_catalogue(found)


@router.post("/{catalogue_id}/retry", status_code=202, summary="Fit some rows again", openapi_extra=RETRY_BODY)
async def retry_catalogue(
    catalogue_id: str, request: Request, response: Response, services: ServicesDep, owner: OwnerDep
) -> Catalogue:
    """Rows that failed, or those with any of `flags`, are fitted again, with `changes` (a JSON merge patch of the
    request); the others stay. 409 while the catalogue is not final, and where there is no such row.
    """
    document = await read_document(request)
    found = await run_in_threadpool(catalogues.retry, services, owner, catalogue_id, document)
    response.headers["Location"] = address_of_catalogue(catalogue_id)
    return present_catalogue(found)


@router.post(
    "/{catalogue_id}/rerun",
    status_code=202,
    summary="Ask for the same catalogue again",
    openapi_extra=CATALOGUE_PATCH_BODY,
)
async def rerun_catalogue(
    catalogue_id: str,
    request: Request,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    idempotency_key: Key = None,
) -> Catalogue:
    """A new catalogue of the same request and files, but for what the body changes (a JSON merge patch)."""
    patch = await read_patch(request)
    found = await run_in_threadpool(catalogues.rerun, services, owner, catalogue_id, patch, idempotency_key)
    response.headers["Location"] = address_of_catalogue(found.record.id)
    return present_catalogue(found)


@router.delete("/{catalogue_id}", status_code=204, summary="Delete a catalogue")
def delete_catalogue(catalogue_id: str, services: ServicesDep, owner: OwnerDep) -> None:
    """Delete a catalogue and its table. A queued one is cancelled first; a running one answers 409: cancel it."""
    catalogues.delete(services, owner, catalogue_id)


@router.get(
    "/{catalogue_id}/table",
    summary="The table of a catalogue",
    response_model=CatalogueTable,
    responses=table_responses("csv", "ecsv", "fits", "votable", "parquet"),
)
def get_catalogue_table(
    request: Request,
    response: Response,
    catalogue_id: str,
    services: ServicesDep,
    owner: OwnerDep,
    format: Annotated[  # noqa: A002
        TableFormat, Query(description="JSON comes in pages; the others are the whole as a file.")
    ] = "json",
    columns: Names = None,
    flags: Annotated[
        str | None,
        Query(max_length=1000, description="Only rows with any of these flags, separated by commas; `none`: without."),
    ] = None,
    sort: Annotated[
        str | None, Query(max_length=200, description="A column; with - before it the largest first.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Rows of a page of JSON, at most.")] = 1000,
    cursor: Annotated[int, Query(ge=0, le=2**53, description="From the address of the next page.")] = 0,
) -> Response | CatalogueTable:
    """The rows that are done, in the order of the input: its columns, then parameters with errors, derived values, and
    how good each fit is. It can be read while the catalogue runs.
    """
    record = catalogues.get(services, owner, catalogue_id)
    choice = TableChoice(format, _names(columns), _names(flags), sort or "", cursor, limit)
    if format != "json":
        state = catalogues.look(services, owner, catalogue_id)
        etag = strong_tag(record.id, (state.counts.done, len(record.retries), choice))
        return converted_response(
            request, etag, lambda: catalogues.table_file(services, record, choice), TABLE_TYPES[format]
        )
    page = catalogues.table_page(services, record, choice)
    following = None if page["next"] is None else str(page["next"])
    return CatalogueTable(
        columns=page["columns"],
        rows=page["rows"],
        numbers=page["numbers"],
        next=link_next(request, response, following),
    )


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


@router.get("/{catalogue_id}/rows/{n}", summary="One row of a catalogue")
def get_catalogue_row(
    catalogue_id: str,
    n: Annotated[int, Path(ge=0, le=2**53, description="From 0.")],
    services: ServicesDep,
    owner: OwnerDep,
) -> CatalogueRow:
    """A row of the answer, and its own request: as a fit (`POST /v1/fits`) it gives the same numbers, and covariance,
    images and plots.
    """
    record = catalogues.get(services, owner, catalogue_id)
    return present_row(catalogues.row(services, record, n))


async def _existing(catalogue_id: str, services: ServicesDep, owner: OwnerDep) -> AsyncIterator[str]:
    await run_in_threadpool(catalogues.get, services, owner, catalogue_id)
    with services.streams.one_more(owner):
        yield catalogue_id


@router.get("/{catalogue_id}/events", summary="Progress as server-sent events", response_class=EventSourceResponse)
async def stream_catalogue(
    services: ServicesDep,
    owner: OwnerDep,
    catalogue_id: Annotated[str, Depends(_existing)],
    last_event_id: Annotated[str | None, Header(description="The id of the last event that you have seen.")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """One event `catalogue` for each change, with the catalogue as in `GET /v1/catalogues/{id}`; the last is
    `finished`. A stream ends after ten minutes; a client reconnects with `Last-Event-ID`.
    """
    until, seen = time.monotonic() + _LONGEST_STREAM_SECONDS, last_event_id
    while True:
        found = await run_in_threadpool(catalogues.look, services, owner, catalogue_id)
        final = found.record.state in FINAL_STATES
        mark = f"{found.record.version}-{found.counts.done}"
        if mark != seen or final:
            seen = mark
            yield ServerSentEvent(
                data=present_catalogue(found), event="finished" if final else "catalogue", id=mark, retry=1000
            )
        if final or services.streams.ended or time.monotonic() > until:
            return
        await anyio.sleep(_LOOK_SECONDS)


@flags_router.get("/flags", summary="Flags of rows of catalogues")
def get_flags() -> list[Flag]:
    """Every flag: bit, name, meaning, and what to do about rows that have it."""
    return [Flag.model_validate(each) for each in flags_document()]
