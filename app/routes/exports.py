"""/v1/fits/{id}/export: a result as other programs have it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from app.dependencies import OwnerDep, ServicesDep
from app.domain import exports
from app.domain.exports import ExportChoice
from app.models.exports import Exported
from app.presenting.file_responses import converted_response
from app.presenting.media_types import EXPORT_TYPES
from app.routes.openapi import binary

router = APIRouter(prefix="/fits/{fit_id}/export", tags=["results"])

Format = Annotated[
    Literal["galfit", "imgblock", "imfit", "ds9", "casa", "regions", "script", "latex"],
    Query(
        description="`galfit`: a feedme to restart from, with its constraints. `imgblock`: GALFIT's image block. "
        "`imfit`: a best-fit file. `ds9`, `casa`, `regions`: region files, the last a FITS table. `script`: Python "
        "that repeats the fit. `latex`: a table."
    ),
]
ImageName = Annotated[
    str | None, Query(max_length=64, description="Which image, where there are several; the first where none is named.")
]


@router.get("", summary="The result in another program's format")
def describe_export(
    fit_id: str,
    services: ServicesDep,
    owner: OwnerDep,
    format: Format,  # noqa: A002
    image: ImageName = None,
) -> Exported:
    """The files of the export with their addresses, and of each part of the request what it was written as, or why it
    was not. 409 where the fit has no result, 422 where the format cannot hold it.
    """
    found = exports.describe(services, owner, fit_id, ExportChoice(format, image))
    return Exported.model_validate(found, strict=False)


@router.get(
    "/{name}",
    summary="A file of an export",
    responses=binary("application/octet-stream", "The file"),
    response_class=Response,
)
def get_export(
    request: Request,
    fit_id: str,
    name: Annotated[str, Path(max_length=80, description="As the export calls it.", examples=["galfit.feedme"])],
    services: ServicesDep,
    owner: OwnerDep,
    format: Format,  # noqa: A002
    image: ImageName = None,
) -> Response:
    """One of the files that `GET …/export` lists for the same format and image."""
    choice = ExportChoice(format, image)
    return converted_response(
        request,
        exports.file_tag(services, owner, fit_id, choice, name),
        lambda: exports.make_file(services, owner, fit_id, choice, name),
        EXPORT_TYPES[format],
    )
