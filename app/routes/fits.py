"""/v1/fits: asked for, watched, named, cancelled, deleted, repeated."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from app.dependencies import OwnerDep, ServicesDep
from app.domain import fit_changes, fits, reruns
from app.domain.dry_run import plan_fit
from app.domain.submission import Submission, submit_fit
from app.http.entity_tags import is_known
from app.http.request_parameters import LONGEST_WAIT, preferred_wait
from app.lifetime.queue_board import Place
from app.lifetime.services import Services
from app.models.fits import Fit, FitList, FitPlan
from app.presenting.fits import address_of_fit, etag_of, link_next, present_fit, present_line, present_plan
from app.routes.bodies import read_patch, read_submission
from app.routes.parameters import States, Wait
from app.routes.request_bodies import CHANGES_BODY, FIT_BODY, PATCH_BODY
from jobs.storage.records import FitFilter
from jobs.storage.schema import FINAL_STATES, FitRecord, State

router = APIRouter(prefix="/fits", tags=["fits"])

Key = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="A word of your choice: the same one again gives the first job.",
        examples=["night-7-field-12"],
    ),
]
Preference = Annotated[
    str | None,
    Header(
        max_length=255,
        description="`wait=N`: answer with the finished fit where it is finished within N seconds (at most "
        f"{LONGEST_WAIT:g}).",
        examples=["wait=10"],
    ),
]
StartFrom = Annotated[
    reruns.Start,
    Query(
        alias="from",
        description="`best` begins where the fit ended, as its best-fit.json has it; `request` where that one began.",
    ),
]
DryRun = Annotated[bool, Query(description="Say what the request would do, and do nothing.")]
StateFilter = Annotated[
    list[State] | None, Query(description="Only fits in this state; repeat it for several.", examples=[["running"]])
]
NameFilter = Annotated[str | None, Query(max_length=200, description="Only fits of exactly this name.")]
LabelFilter = Annotated[
    list[Annotated[str, Field(min_length=1)]],
    Query(
        default_factory=list,
        max_length=32,
        description="Only fits with this label; repeat it for several.",
        examples=[["run 7"]],
    ),
]
Search = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        description="Only fits with each of these words in name, labels or id, in whatever case and order.",
        examples=["abell"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=200, description="From the address of the next page.")]


@router.post(
    "",
    status_code=202,
    summary="Ask for a fit",
    openapi_extra=FIT_BODY,
    responses={200: {"description": "The finished fit, or with `dry_run` the plan", "model": Fit | FitPlan}},
)
async def create_fit(
    request: Request,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    idempotency_key: Key = None,
    prefer: Preference = None,
    dry_run: DryRun = False,
) -> Fit | FitPlan:
    """Check a request against its images and queue it. Everything that is wrong with it is told at once (422, with the
    JSON path of each fault), and then nothing is stored.

    With `Prefer: wait=N` the answer is the finished fit (200) where it is finished within N seconds. With
    `"reuse": true` in the request it is the newest fit (200) of the same request on the same files, where one has
    succeeded under this version of photfit; names, labels and the like do not count. With `dry_run` it is what the
    request would do (200), completed and with its needs, and nothing is stored.
    """
    async with read_submission(request, services.receiving_folder, idempotency_key) as submission:
        if dry_run:
            response.status_code = 200
            return present_plan(await run_in_threadpool(plan_fit, services, owner, submission))
        fit, place = await run_in_threadpool(_submit, services, owner, submission)
    return await _answer(services, fit, place, prefer, response)


def _submit(services: Services, owner: str, submission: Submission) -> tuple[FitRecord, Place | None]:
    """A fit and its place, in one turn of a thread: on a busy machine each turn waits for its own."""
    fit = submit_fit(services, owner, submission)
    return fit, services.board.place(fit)


def _look(services: Services, owner: str, fit_id: str) -> tuple[FitRecord, Place | None]:
    """A fit and its place now, in one turn of a thread."""
    fit = fits.get(services, owner, fit_id)
    return fit, services.board.place(fit)


@router.get("", summary="The fits, newest first")
def list_fits(
    request: Request,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    label: LabelFilter,
    state: StateFilter = None,
    name: NameFilter = None,
    search: Search = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> FitList:
    """A page of the fits that meet every condition, each in brief; the `Link` header and `next` lead to the following
    one.
    """
    wanted = FitFilter(frozenset(state or ()), name, tuple(label), search)
    page = fits.list_page(services, owner, limit, cursor, wanted)
    return FitList(
        fits=[present_line(fit, services.board.place(fit)) for fit in page.items],
        next=link_next(request, response, page.cursor),
    )


@router.get("/{fit_id}", summary="One fit", responses={304: {"description": "Unchanged since the `ETag` given"}})
async def get_fit(
    fit_id: str,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    wait: Wait = 0,
    state: States = None,
    if_none_match: Annotated[
        str | None, Header(description="The ETag of an answer that you have: 304 where it holds.", examples=['"7"'])
    ] = None,
) -> Fit:
    """State and progress. With `wait`, answers when the fit is in one of the states given, or can no longer be, or when
    the seconds are over, whichever comes first.
    """
    if wait:
        with services.streams.one_more(owner):
            fit = await fit_changes.wait_for_state(services, owner, fit_id, frozenset(state or FINAL_STATES), wait)
        place = await run_in_threadpool(services.board.place, fit)
    else:
        fit, place = await run_in_threadpool(_look, services, owner, fit_id)
    etag = etag_of(fit, place)
    response.headers.update({"ETag": etag, "Cache-Control": "no-cache"})
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers=dict(response.headers))  # type: ignore[return-value]
    if fit.state not in FINAL_STATES:
        response.headers["Retry-After"] = "1"
    return present_fit(fit, place)


@router.post("/{fit_id}/cancel", status_code=202, summary="Cancel a fit")
def cancel_fit(fit_id: str, response: Response, services: ServicesDep, owner: OwnerDep) -> Fit:
    """A queued fit is cancelled at once, a running one within an iteration; one that is finished answers 409."""
    fit = fits.cancel(services, owner, fit_id)
    response.headers["Location"] = address_of_fit(fit.id)
    return present_fit(fit)


@router.patch("/{fit_id}", summary="Rename or label a fit", openapi_extra=CHANGES_BODY)
async def change_fit(fit_id: str, request: Request, services: ServicesDep, owner: OwnerDep) -> Fit:
    """Give a fit another name or other labels, in whatever state it is; what the body leaves out stays as it is."""
    patch = await read_patch(request)
    fit = await run_in_threadpool(fits.change, services, owner, fit_id, patch.document)
    return present_fit(fit, await run_in_threadpool(services.board.place, fit))


@router.post(
    "/{fit_id}/rerun",
    status_code=202,
    summary="Ask for the same fit again",
    openapi_extra=PATCH_BODY,
    responses={200: {"description": "The finished fit", "model": Fit}},
)
async def rerun_fit(
    fit_id: str,
    request: Request,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    idempotency_key: Key = None,
    prefer: Preference = None,
    start: StartFrom = "request",
) -> Fit:
    """A new fit of the same request and files, but for what the body changes: a JSON merge patch (RFC 7396), in which
    null removes a member and a list replaces a list whole. What comes of it is checked like any other request.
    """
    patch = await read_patch(request)
    fit = await run_in_threadpool(reruns.rerun, services, owner, fit_id, patch, idempotency_key, start)
    place = await run_in_threadpool(services.board.place, fit)
    return await _answer(services, fit, place, prefer, response)


@router.delete("/{fit_id}", status_code=204, summary="Delete a fit")
def delete_fit(fit_id: str, services: ServicesDep, owner: OwnerDep) -> None:
    """Delete a fit and its results. A queued one is cancelled first; a running one answers 409: cancel it."""
    fits.delete(services, owner, fit_id)


async def _answer(
    services: Services, fit: FitRecord, place: Place | None, prefer: str | None, response: Response
) -> Fit:
    """202, or 200 where the fit is finished already or as soon as the client prefers to wait for."""
    seconds = preferred_wait(prefer)
    if seconds and not services.streams.is_full(fit.owner):  # a preference, and no reason to refuse what is done
        with services.streams.one_more(fit.owner):
            fit = await fit_changes.wait_for_state(services, fit.owner, fit.id, FINAL_STATES, seconds)
        place = await run_in_threadpool(services.board.place, fit)
        response.headers["Preference-Applied"] = f"wait={seconds:g}"
    response.status_code = 200 if fit.state in FINAL_STATES else 202
    response.headers["Location"] = address_of_fit(fit.id)
    return present_fit(fit, place)
