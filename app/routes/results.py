"""/v1/fits/{id}/parameters, covariance, chains, images, bundle.zip …: what came out of a fit."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.dependencies import OwnerDep, ServicesDep
from app.domain import bundle, result_formats, results
from app.domain.results import StoredFile
from app.lifetime.services import Services
from app.models.results import ChainsDocument, CovarianceDocument, ParametersDocument, ProvenanceDocument
from app.presenting.file_responses import converted_response, file_response, streamed_response
from app.presenting.media_types import CHAINS_TYPES, TABLE_TYPES
from app.routes.openapi import CHAINS_FORMATS, binary, ranged_file
from app.routes.openapi import tables as table_responses
from app.sandbox.file_products import TableKind

router = APIRouter(prefix="/fits/{fit_id}", tags=["results"])

Plane = Annotated[str, Path(pattern="^(data|model|residual|normalized_residual)$", description="Which plane.")]


@router.get(
    "/parameters",
    summary="Best-fit parameters",
    response_model=ParametersDocument,
    responses=table_responses("csv", "ecsv", "fits", "votable", "latex"),
)
def get_parameters(
    request: Request,
    fit_id: str,
    services: ServicesDep,
    owner: OwnerDep,
    format: Annotated[  # noqa: A002
        result_formats.ParametersFormat, Query(description="JSON has all; the others are one table of values.")
    ] = "json",
) -> Response:
    """Values and uncertainties, derived values, χ² and how each stage went. 409 where the fit has no result."""
    found = results.find(services, owner, fit_id, "parameters.json")
    return _document_or_table(request, services, found, "parameters", format)


@router.get(
    "/covariance",
    summary="Covariance of the parameters",
    response_model=CovarianceDocument,
    responses=table_responses("csv", "ecsv", "fits", "votable"),
)
def get_covariance(
    request: Request,
    fit_id: str,
    services: ServicesDep,
    owner: OwnerDep,
    format: Annotated[  # noqa: A002
        result_formats.CovarianceFormat, Query(description="JSON has the correlations too; the others are the matrix.")
    ] = "json",
) -> Response:
    """(JᵀWJ)⁻¹ at the optimum, in the parameters as reported, with the correlations."""
    found = results.find(services, owner, fit_id, "covariance.json")
    return _document_or_table(request, services, found, "covariance", format)


@router.get("/best-fit", summary="The request at the optimum")
def get_best_fit(fit_id: str, services: ServicesDep, owner: OwnerDep) -> dict[str, object]:
    """The request with every parameter at its best value, and all else as it was asked for: to go on from there, as
    `POST …/rerun?from=best` does, or to render. Its files are upload ids. 409 where the fit has no result.
    """
    return results.best_fit_of(services, owner, fit_id)


@router.get("/chains", summary="Chains of a sampler", response_model=ChainsDocument, responses=CHAINS_FORMATS)
def get_chains(
    request: Request,
    fit_id: str,
    services: ServicesDep,
    owner: OwnerDep,
    format: Annotated[result_formats.ChainsFormat, Query(description="netcdf is an ArviZ InferenceData.")] = "json",  # noqa: A002
    thin: Annotated[int, Query(ge=1, description="Give every so-manieth draw of each chain.")] = 1,
    parameters: Annotated[str | None, Query(description="Names, separated by commas.", examples=["a.x,a.y"])] = None,
) -> Response:
    """Draws of the last stage that sampled, and their diagnostics. 404 where none did."""
    names = None if parameters is None else tuple(name.strip() for name in parameters.split(","))
    wanted = result_formats.ChainsChoice(format, thin, names)
    found = result_formats.find_chains(services, owner, fit_id)
    if wanted.stored_as_it_is:
        return file_response(request, found, CHAINS_TYPES[format], f"{fit_id}.nc")
    return converted_response(
        request,
        result_formats.chains_etag(found, wanted),
        lambda: result_formats.convert_chains(services, found, wanted),
        CHAINS_TYPES[format],
    )


@router.get("/provenance", summary="How the result was made", response_model=ProvenanceDocument)
def get_provenance(request: Request, fit_id: str, services: ServicesDep, owner: OwnerDep) -> Response:
    """Versions, device, number type, seed, SHA-256 of the request and of every file, and the request itself."""
    return file_response(request, results.find(services, owner, fit_id, "provenance.json"), "application/json")


@router.get(
    "/bundle.zip",
    summary="Everything in one archive",
    responses=binary("application/zip", "A zip archive"),
    response_class=Response,
)
def get_bundle(
    request: Request,
    fit_id: str,
    services: ServicesDep,
    owner: OwnerDep,
    inputs: Annotated[bool, Query(description="Whether the uploaded files go along.")] = True,
) -> Response:
    """Request, results, images, plots and input files, with a README that says how one command makes the fit again.

    The archive is made as it is sent, so that its length is not known before.
    """
    found = bundle.find(services, owner, fit_id, inputs=inputs)
    return streamed_response(
        request, found.etag, lambda: bundle.chunks(services, found), "application/zip", found.filename
    )


@router.get("/request", summary="The request")
def get_request(fit_id: str, services: ServicesDep, owner: OwnerDep) -> dict[str, object]:
    """The request as it was accepted; its files are upload ids."""
    return results.request_of(services, owner, fit_id)


@router.get("/log", summary="The run's log", responses=ranged_file("text/plain", "The log"), response_class=Response)
def get_log(request: Request, fit_id: str, services: ServicesDep, owner: OwnerDep) -> Response:
    """What the run had to say, line by line."""
    return file_response(request, results.find_log(services, owner, fit_id), "text/plain; charset=utf-8")


@router.get(
    "/images/{image}/component/{component}.fits",
    summary="The light of one component",
    responses=ranged_file("application/fits", "A FITS image"),
    response_class=Response,
)
def get_component(
    request: Request, fit_id: str, image: str, component: str, services: ServicesDep, owner: OwnerDep
) -> Response:
    """One component's part of the model, blurred by the PSF as in the model."""
    found = results.find(services, owner, fit_id, f"images/{image}/component/{component}.fits")
    return file_response(request, found, "application/fits", f"{image}-{component}.fits")


@router.get(
    "/images/{image}/{plane}.fits",
    summary="Data, model or residual as FITS",
    responses=ranged_file("application/fits", "A FITS image"),
    response_class=Response,
)
def get_image(
    request: Request, fit_id: str, image: str, plane: Plane, services: ServicesDep, owner: OwnerDep
) -> Response:
    """A plane of one image: the data as fitted, the model, data − model, or that divided by σ."""
    found = results.find(services, owner, fit_id, f"images/{image}/{plane}.fits")
    return file_response(request, found, "application/fits", f"{image}-{plane}.fits")


def _document_or_table(
    request: Request, services: Services, found: StoredFile, kind: TableKind, format_: str
) -> Response:
    if format_ == "json":
        return file_response(request, found, "application/json")
    etag = result_formats.table_etag(found, format_)
    return converted_response(
        request, etag, lambda: result_formats.convert_table(services, found, kind, format_), TABLE_TYPES[format_]
    )
