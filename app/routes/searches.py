"""/v1/searches: searches for sources as jobs: asked for, watched, cancelled, and what each has found."""

from contextlib import nullcontext
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.dependencies import OwnerDep, ServicesDep
from app.domain import searches
from app.http.entity_tags import is_known
from app.http.problem_documents import request_id
from app.lifetime.services import Services
from app.models.proposals import Proposal
from app.models.searches import Search, SearchList
from app.presenting.fits import link_next
from app.presenting.searches import address_of_search, etag_of_search, present_search
from app.routes.bodies import read_document
from app.routes.parameters import States, Wait, wait_for_state
from app.routes.request_bodies import PROPOSAL_BODY
from jobs.storage.schema import FINAL_STATES, SearchRecord, State

router = APIRouter(tags=["searches"])

_LOOK_SECONDS = 0.25
"""Seconds between looks of who waits; chosen by hand: half of what the record is behind at most."""


@router.post(
    "/uploads/{upload_id}/searches",
    status_code=202,
    summary="Search an image for sources",
    openapi_extra=PROPOSAL_BODY,
)
async def create_search(
    upload_id: str, request: Request, response: Response, services: ServicesDep, owner: OwnerDep
) -> Search:
    """Have the sources of an uploaded image looked for as `propose` does, as a job: it goes on whoever waits for it,
    says how far it is, and can be cancelled. The body is that of `propose`; what is wrong with it is told at once.
    """
    document = await read_document(request)
    record = await run_in_threadpool(searches.submit, services, owner, upload_id, document, request_id(request))
    response.headers["Location"] = address_of_search(record.id)
    return await run_in_threadpool(_present, services, record)


@router.get("/searches", summary="The searches, newest first")
def list_searches(
    request: Request,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    state: Annotated[list[State] | None, Query(description="Only those in this state; repeat it for several.")] = None,
    upload: Annotated[str | None, Query(max_length=80, description="Only those of this upload.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 20,
    cursor: Annotated[str | None, Query(max_length=200, description="From the address of the next page.")] = None,
) -> SearchList:
    """A page of the searches; the `Link` header and `next` lead to the following one."""
    page = searches.list_page(services, owner, limit, cursor, frozenset(state or ()), upload)
    return SearchList(
        searches=[_present(services, item) for item in page.items], next=link_next(request, response, page.cursor)
    )


@router.get(
    "/searches/{search_id}",
    summary="One search",
    response_model=Search,
    responses={304: {"description": "Unchanged since the `ETag` given"}},
)
async def get_search(
    search_id: str,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    wait: Wait = 0,
    state: States = None,
    if_none_match: Annotated[str | None, Header(description="The ETag of an answer that you have.")] = None,
) -> Response | Search:
    """State and progress. With `wait`, answers when the search is in one of the states given, or can no longer be, or
    when the seconds are over, whichever comes first.
    """
    wanted = FINAL_STATES | frozenset(state or ())
    with services.streams.one_more(owner) if wait else nullcontext():
        look = partial(searches.get, services, owner, search_id)
        record = await wait_for_state(services, look, wanted, wait, _LOOK_SECONDS)
    found = await run_in_threadpool(_present, services, record)
    etag = etag_of_search(record, found.before)
    response.headers.update({"ETag": etag, "Cache-Control": "no-cache"})
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers=dict(response.headers))
    if record.state not in FINAL_STATES:
        response.headers["Retry-After"] = "1"
    return found


@router.get("/searches/{search_id}/proposal", summary="What a search found")
def get_proposal(search_id: str, services: ServicesDep, owner: OwnerDep) -> Proposal:
    """A request whose first values a fit can start from, and what it was made from, as `propose` answers. 409 where the
    search has not succeeded.
    """
    return Proposal.model_validate(searches.proposal(services, owner, search_id), strict=False)


@router.post("/searches/{search_id}/cancel", status_code=202, summary="Cancel a search")
def cancel_search(search_id: str, response: Response, services: ServicesDep, owner: OwnerDep) -> Search:
    """One that waits is cancelled at once, one that runs within about a second. 409 where it is finished."""
    record = searches.cancel(services, owner, search_id)
    response.headers["Location"] = address_of_search(search_id)
    return _present(services, record)


@router.delete("/searches/{search_id}", status_code=204, summary="Delete a search")
def delete_search(search_id: str, services: ServicesDep, owner: OwnerDep) -> None:
    """Delete a finished search and its proposal; 409 where it waits or runs."""
    searches.delete(services, owner, search_id)


def _present(services: Services, record: SearchRecord) -> Search:
    return present_search(record, searches.count_before(services, record))
