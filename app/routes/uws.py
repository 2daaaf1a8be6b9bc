"""/uws/fits: the IVOA's Universal Worker Service 1.1, for clients of the Virtual Observatory."""

from contextlib import nullcontext
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from vo_models.uws.types import ExecutionPhase

from app.dependencies import AskerDep, OwnerDep, ServicesDep
from app.domain import uws
from app.lifetime.services import Services
from app.presenting import uws_xml
from app.presenting.uws_xml import ROOT
from app.routes.bodies import read_parameters
from app.routes.openapi import text, xml
from app.routes.request_bodies import UWS_REQUEST, uws_form

router = APIRouter(prefix=ROOT, tags=["UWS"], max_body_size=17 << 20)

Form = Annotated[dict[str, str], Depends(read_parameters)]
_SEE_OTHER: dict[int | str, dict[str, Any]] = {303: {"description": "Done; `Location` is the job, or the list"}}
Phases = Annotated[list[ExecutionPhase] | None, Query(alias="PHASE", description="Only jobs in these phases.")]
After = Annotated[
    str | None,
    Query(
        alias="AFTER",
        description="Only jobs made after this time, UTC where it names no zone.",
        json_schema_extra={"format": "date-time"},
    ),
]
Last = Annotated[int | None, Query(alias="LAST", ge=1, le=10_000, description="Only the latest so many.")]
Wait = Annotated[
    float, Query(alias="WAIT", ge=-1, allow_inf_nan=False, description="Seconds to wait for another phase; -1: long.")
]
WaitPhase = Annotated[
    ExecutionPhase | None, Query(alias="PHASE", description="Wait only where the job is in this phase.")
]


@router.get("", summary="The jobs", responses=xml("Jobs, newest first"), response_class=Response)
def list_jobs(
    request: Request,
    services: ServicesDep,
    asker: AskerDep,
    owner: OwnerDep,
    phase: Phases = None,
    after: After = None,
    last: Last = None,
) -> Response:
    """Jobs that were made here; fits asked for at `/v1/fits` are not among them."""
    jobs = uws.list_jobs(services, owner, phase or [], after, last)
    return _xml(uws_xml.jobs_document(jobs, _base(request, services), _name(asker.key_id, asker.name)))


@router.post(
    "",
    status_code=303,
    summary="Make a job",
    openapi_extra=uws_form(REQUEST=UWS_REQUEST, RUNID="my first", PHASE="RUN"),
    responses=_SEE_OTHER,
    response_class=Response,
)
async def create_job(services: ServicesDep, owner: OwnerDep, form: Form) -> Response:
    """`REQUEST` is the JSON of a request as for `POST /v1/fits`, with uploads for its files; `PHASE=RUN` runs it at
    once, `RUNID` is a word of yours.
    """
    return _see(await run_in_threadpool(uws.create, services, owner, form))


@router.get("/{job_id}", summary="One job", responses=xml("The job"), response_class=Response)
async def get_job(
    job_id: str,
    request: Request,
    services: ServicesDep,
    asker: AskerDep,
    owner: OwnerDep,
    wait: Wait = 0,
    phase: WaitPhase = None,
) -> Response:
    """Phase, times, parameters and results. With `WAIT`, answers when the phase is another one, or after a minute."""
    with services.streams.one_more(owner) if wait else nullcontext():
        job = await uws.wait_for_change(services, owner, job_id, phase.value if phase else None, wait)
    quote = await run_in_threadpool(uws.expected_end, services, owner, job)
    return _xml(uws_xml.job_document(job, _base(request, services), _name(asker.key_id, asker.name), quote))


@router.post(
    "/{job_id}",
    status_code=303,
    summary="Delete a job, by a form",
    openapi_extra=uws_form(ACTION="DELETE"),
    responses=_SEE_OTHER,
    response_class=Response,
)
async def act_on_job(job_id: str, services: ServicesDep, owner: OwnerDep, form: Form) -> Response:
    """`ACTION=DELETE`, for clients that cannot send DELETE."""
    uws.require_value(form, "ACTION", "DELETE")
    await run_in_threadpool(uws.delete, services, owner, job_id)
    return _see(None)


@router.delete("/{job_id}", status_code=303, summary="Delete a job", responses=_SEE_OTHER, response_class=Response)
def delete_job(job_id: str, services: ServicesDep, owner: OwnerDep) -> Response:
    """Forget a job: its fit is cancelled where it runs, deleted with its results where it is finished."""
    uws.delete(services, owner, job_id)
    return _see(None)


@router.get("/{job_id}/phase", summary="A job's phase", responses=text("The phase"), response_class=Response)
def get_phase(job_id: str, services: ServicesDep, owner: OwnerDep) -> Response:
    """One word."""
    return _text(uws.phase_of(uws.get(services, owner, job_id)).value)


@router.post(
    "/{job_id}/phase",
    status_code=303,
    summary="Run or abort a job",
    openapi_extra=uws_form(PHASE="ABORT"),
    responses=_SEE_OTHER,
    response_class=Response,
)
async def set_phase(job_id: str, services: ServicesDep, owner: OwnerDep, form: Form) -> Response:
    """`PHASE=RUN` or `PHASE=ABORT`."""
    await run_in_threadpool(uws.set_phase, services, owner, job_id, form.get("PHASE", ""))
    return _see(job_id)


@router.get(
    "/{job_id}/executionduration",
    summary="Seconds that a job may run",
    responses=text("Seconds; 0 for any"),
    response_class=Response,
)
def get_execution_duration(job_id: str, services: ServicesDep, owner: OwnerDep) -> Response:
    """0 where there is no limit."""
    return _text(str(uws.get(services, owner, job_id).record.execution_duration))


@router.post(
    "/{job_id}/executionduration",
    status_code=303,
    summary="Set how long a job may run",
    openapi_extra=uws_form(EXECUTIONDURATION="600"),
    responses=_SEE_OTHER,
    response_class=Response,
)
async def set_execution_duration(job_id: str, services: ServicesDep, owner: OwnerDep, form: Form) -> Response:
    """Seconds, 0 for any number; as long as the job waits."""
    value = form.get("EXECUTIONDURATION", "")
    await run_in_threadpool(uws.set_execution_duration, services, owner, job_id, value)
    return _see(job_id)


@router.get(
    "/{job_id}/destruction", summary="When a job is forgotten", responses=text("A time"), response_class=Response
)
def get_destruction(job_id: str, services: ServicesDep, owner: OwnerDep) -> Response:
    """A time in UTC."""
    return _text(f"{uws.get(services, owner, job_id).record.destruction:%Y-%m-%dT%H:%M:%SZ}")


@router.post(
    "/{job_id}/destruction",
    status_code=303,
    summary="Set when a job is forgotten",
    openapi_extra=uws_form(DESTRUCTION="2099-12-31T00:00:00Z"),
    responses=_SEE_OTHER,
    response_class=Response,
)
async def set_destruction(job_id: str, services: ServicesDep, owner: OwnerDep, form: Form) -> Response:
    """A time in ISO 8601, UTC where it names no zone."""
    await run_in_threadpool(uws.set_destruction, services, owner, job_id, form.get("DESTRUCTION", ""))
    return _see(job_id)


@router.get(
    "/{job_id}/quote",
    summary="When a job is expected to end",
    responses=text("A time, or nothing"),
    response_class=Response,
)
def get_quote(job_id: str, services: ServicesDep, owner: OwnerDep) -> Response:
    """Of a pending job, were it told to run now, and of a queued one by the forecast; of one that runs by its progress.
    Empty where it is not known.
    """
    quote = uws.expected_end(services, owner, uws.get(services, owner, job_id))
    return _text("" if quote is None else f"{quote:%Y-%m-%dT%H:%M:%SZ}")


@router.get(
    "/{job_id}/owner", summary="Whose job it is", responses=text("The account, or nothing"), response_class=Response
)
def get_job_owner(job_id: str, services: ServicesDep, asker: AskerDep, owner: OwnerDep) -> Response:
    """Empty where the service has no accounts."""
    uws.get(services, owner, job_id)
    return _text(_name(asker.key_id, asker.name) or "")


@router.get(
    "/{job_id}/error", summary="Why a job failed", responses=text("The reason, or nothing"), response_class=Response
)
def get_error(job_id: str, services: ServicesDep, owner: OwnerDep) -> Response:
    """Empty where it did not."""
    fit = uws.get(services, owner, job_id).fit
    return _text(f"{fit.error['title']}. {fit.error['detail']}" if fit and fit.error else "")


@router.get("/{job_id}/parameters", summary="A job's parameters", responses=xml("Parameters"), response_class=Response)
def get_job_parameters(job_id: str, services: ServicesDep, owner: OwnerDep) -> Response:
    """The request, as JSON in XML."""
    return _xml(uws_xml.parameters_document(uws.get(services, owner, job_id)))


@router.post(
    "/{job_id}/parameters",
    status_code=303,
    summary="Change a job's parameters",
    openapi_extra=uws_form(REQUEST=UWS_REQUEST),
    responses=_SEE_OTHER,
    response_class=Response,
)
async def set_job_parameters(job_id: str, services: ServicesDep, owner: OwnerDep, form: Form) -> Response:
    """Another request, as long as the job waits."""
    await run_in_threadpool(uws.set_parameters, services, owner, job_id, form)
    return _see(job_id)


@router.get("/{job_id}/results", summary="Where a job's results are", responses=xml("Results"), response_class=Response)
def get_job_results(job_id: str, request: Request, services: ServicesDep, owner: OwnerDep) -> Response:
    """Addresses of its parameters, covariance, chains, images and plots; none before it is completed."""
    return _xml(uws_xml.results_document(uws.get(services, owner, job_id), _base(request, services)))


def _base(request: Request, services: Services) -> str:
    """The service's address: the public one, else that of the request."""
    return services.settings.public_url or str(request.base_url).rstrip("/")


def _name(key_id: str | None, name: str) -> str | None:
    """Whose job it is in the documents: nobody's, in a service without accounts."""
    return None if key_id is None else name


def _xml(content: bytes) -> Response:
    return Response(content, media_type="application/xml")


def _text(content: str) -> Response:
    return Response(content, media_type="text/plain; charset=utf-8")


def _see(job_id: str | None) -> Response:
    return Response(status_code=303, headers={"Location": ROOT if job_id is None else f"{ROOT}/{job_id}"})
