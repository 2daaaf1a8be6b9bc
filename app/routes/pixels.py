"""Pixels of planes as plain arrays (.npy) of uploads and results, and where they are on the sky."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.dependencies import OwnerDep, ServicesDep
from app.domain import planes
from app.models.pixels import Header, RecognisedPlanes, SkyMap
from app.presenting.file_responses import converted_response
from app.routes.openapi import binary

router = APIRouter(tags=["pixels"])

Hdu = Annotated[
    str | None, Query(max_length=80, description="Number or EXTNAME; the first image where it is left out.")
]
Number = Annotated[
    int | None, Query(alias="plane", ge=0, le=999_999, description="Which plane of a cube, counted from 0.")
]
Factor = Annotated[int, Query(alias="bin", ge=1, le=256, description="Average blocks of so many pixels a side.")]
Plane = Annotated[str, Path(pattern="^(data|model|residual|normalized_residual)$", description="Which plane.")]

_NPY = "application/x-npy"
_ARRAY = binary(_NPY, "A NumPy array, (height, width), little-endian float32")


@router.get("/uploads/{upload_id}/planes", summary="Which HDU is which plane")
def recognise_planes(upload_id: str, services: ServicesDep, owner: OwnerDep) -> RecognisedPlanes:
    """Data, variance, mask and PSF of a file, recognised as `propose` does: by header and shape."""
    return RecognisedPlanes.model_validate(planes.recognise(services, owner, upload_id))


@router.get(
    "/uploads/{upload_id}/pixels.npy",
    summary="Pixels of an uploaded plane",
    responses=_ARRAY,
    response_class=Response,
)
def get_upload_pixels(
    request: Request,
    upload_id: str,
    services: ServicesDep,
    owner: OwnerDep,
    hdu: Hdu = None,
    number: Number = None,
    factor: Factor = 1,
) -> Response:
    """One plane as an array, averaged over blocks where `bin` says so (NaN where a block has no finite pixel)."""
    return _array(request, services, planes.of_upload(services, owner, upload_id, hdu, factor, number))


@router.get("/uploads/{upload_id}/sky", summary="Where the pixels are on the sky")
def get_sky_map(
    upload_id: str, services: ServicesDep, owner: OwnerDep, hdu: Hdu = None, number: Number = None
) -> SkyMap | None:
    """Polynomials from pixels to the sky, good to a small part of a pixel; `null` where the header does not say."""
    found = planes.sky_map(services, planes.of_upload(services, owner, upload_id, hdu, number=number))
    return None if found is None else SkyMap.model_validate(found)


@router.get("/uploads/{upload_id}/header", summary="The header of an image")
def get_header(
    upload_id: str, services: ServicesDep, owner: OwnerDep, hdu: Hdu = None, number: Number = None
) -> Header:
    """Its cards, keyword, value and comment, in the order that they stand in the file."""
    plane = planes.of_upload(services, owner, upload_id, hdu, number=number)
    return Header.model_validate({"cards": planes.header_cards(services, plane)})


@router.get(
    "/fits/{fit_id}/images/{image}/component/{component}.npy",
    summary="Pixels of one component's light",
    responses=_ARRAY,
    response_class=Response,
)
def get_component_pixels(
    request: Request,
    fit_id: str,
    image: str,
    component: str,
    services: ServicesDep,
    owner: OwnerDep,
    factor: Factor = 1,
) -> Response:
    """One component's part of the model as an array."""
    plane = planes.of_result(services, owner, fit_id, image, f"component/{component}", factor)
    return _array(request, services, plane)


@router.get(
    "/fits/{fit_id}/images/{image}/{plane}.npy",
    summary="Pixels of data, model or residual",
    responses=_ARRAY,
    response_class=Response,
)
def get_result_pixels(
    request: Request, fit_id: str, image: str, plane: Plane, services: ServicesDep, owner: OwnerDep, factor: Factor = 1
) -> Response:
    """A plane of one image as an array: the data as fitted, the model, data − model, or that divided by σ."""
    return _array(request, services, planes.of_result(services, owner, fit_id, image, plane, factor))


def _array(request: Request, services: ServicesDep, plane: planes.StoredPlane) -> Response:
    return converted_response(request, plane.etag, lambda: planes.pixels(services, plane), _NPY)
