"""UWS 1.1 documents, made by vo-models and pydantic-xml; XML is only ever written here, never parsed."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import orjson
from vo_models.uws.models import (
    ErrorSummary,
    Jobs,
    JobSummary,
    Parameter,
    Parameters,
    ResultReference,
    Results,
    ShortJobDescription,
)
from vo_models.uws.types import ErrorType, ExecutionPhase

from app.domain.uws import phase_of
from app.models.fits import Fit
from app.presenting.fits import present_fit
from app.presenting.media_types import TABLE_TYPES
from jobs.operation.uws import Job
from jobs.storage.schema import FitRecord

ROOT = "/uws/fits"


class FitParameters(Parameters):
    """The one parameter of a job: the JSON of a request."""

    request: Parameter


def job_document(job: Job, base: str, owner_name: str | None, quote: datetime | None) -> bytes:
    """All of a job. `base` is the service's address, `owner_name` None where it has no accounts, `quote` when the job
    is expected to end.
    """
    record, fit = job.record, job.fit
    return _written(
        JobSummary[FitParameters](
            job_id=record.id,
            run_id=record.run_id,
            owner_id=owner_name,
            phase=phase_of(job),
            quote=quote,
            creation_time=record.created_at,
            start_time=fit.started_at if fit else None,
            end_time=fit.finished_at if fit else record.aborted_at,
            execution_duration=record.execution_duration,
            destruction=record.destruction,
            parameters=_parameters(job),
            results=_results(job, base),
            error_summary=_error(fit),
        )
    )


def parameters_document(job: Job) -> bytes:
    """The parameters of a job."""
    return _written(_parameters(job))


def results_document(job: Job, base: str) -> bytes:
    """Where a job's results are; none before it is completed."""
    return _written(_results(job, base))


def jobs_document(jobs: Iterable[Job], base: str, owner_name: str | None) -> bytes:
    """A list of jobs."""
    references = [
        ShortJobDescription(
            job_id=job.record.id,
            href=f"{base}{ROOT}/{job.record.id}",
            phase=phase_of(job),
            run_id=job.record.run_id,
            owner_id=owner_name,
            creation_time=job.record.created_at,
        )
        for job in jobs
    ]
    return _written(Jobs(jobref=references))


def result_addresses(fit: Fit) -> Iterator[tuple[str, str, str]]:
    """Name, content type and address of each result of a fit that has succeeded."""
    links = fit.links
    # Clients look for the table of results under this name.
    yield "result", TABLE_TYPES["votable"], f"{links.parameters}?format=votable"
    yield "parameters", "application/json", links.parameters
    yield "covariance", "application/json", links.covariance
    if links.chains is not None:
        yield "chains", "application/x-netcdf", f"{links.chains}?format=netcdf"
    yield "log", "text/plain", links.log
    for image, planes in links.images.items():
        for plane, address in planes.items():
            if "/" not in plane:
                yield f"{image}-{plane}", "application/fits", address
    for plot, address in links.plots.items():
        yield f"plot-{plot}", "image/png", address


def _parameters(job: Job) -> FitParameters:
    return FitParameters(request=Parameter(id="request", value=orjson.dumps(job.record.request).decode()))


def _results(job: Job, base: str) -> Results:
    if job.fit is None or phase_of(job) is not ExecutionPhase.COMPLETED:
        return Results(results=[])
    return Results(
        results=[
            ResultReference(id=name, href=base + address, mime_type=media_type)
            for name, media_type, address in result_addresses(present_fit(job.fit))
        ]
    )


def _error(fit: FitRecord | None) -> ErrorSummary | None:
    if fit is None or fit.error is None:
        return None
    kind = ErrorType.FATAL if fit.error.get("status", 500) < 500 else ErrorType.TRANSIENT
    return ErrorSummary(message=f"{fit.error['title']}. {fit.error['detail']}", type=kind, has_detail=True)


def _written(model: JobSummary[FitParameters] | Jobs | Parameters | Results) -> bytes:
    written = model.to_xml(encoding="UTF-8", xml_declaration=True, exclude_none=False)
    assert isinstance(written, bytes)
    return written
