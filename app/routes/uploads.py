"""/v1/uploads: image files that requests name by id, their pictures, and proposals made from them."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.dependencies import OwnerDep, ServicesDep
from app.domain import planes, request_proposals, upload_fetch, uploads
from app.domain.temporary_files import temporary_folder
from app.models.proposals import Proposal
from app.models.uploads import Upload, UploadList
from app.presenting.file_responses import made_response
from app.presenting.fits import link_next, present_upload
from app.routes.bodies import content_type, read_document, read_file
from app.routes.openapi import pictures as picture_responses
from app.routes.request_bodies import FILE_BODY, PROPOSAL_BODY
from fitting.spec.handling import FetchSpec
from fitting.spec.plots import DEFAULT_SIZE, LARGEST_SIZE, PictureChoices, Stretch
from fitting.spec.validation import read_document as parse_document

router = APIRouter(prefix="/uploads", tags=["uploads"])

Filename = Annotated[str | None, Query(max_length=255, description="What the file is called.")]
FilenameHeader = Annotated[str | None, Header(max_length=255, description="The same, as a header.")]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=200, description="From the address of the next page.")]
Hdu = Annotated[
    str | None,
    Query(
        max_length=80,
        description="Number from 0, or EXTNAME; by default HDU 0 or the first that holds an image.",
        examples=["1", "DATA"],
    ),
]
StretchChoice = Annotated[
    Stretch, Query(description="From value to brightness; `zscale` is linear between the levels that IRAF would take.")
]
Level = Annotated[
    float | None,
    Query(allow_inf_nan=False, description="Cut level, in the file's units; by default such that 0.5 % are beyond."),
]
_KNOWN: dict[int | str, dict[str, Any]] = {200: {"description": "The first upload of the same bytes", "model": Upload}}


@router.put(
    "",
    status_code=201,
    summary="Upload a file",
    openapi_extra=FILE_BODY,
    responses=_KNOWN,
    operation_id="put_upload",
)
@router.post("", status_code=201, summary="Upload a file", openapi_extra=FILE_BODY, responses=_KNOWN)
async def create_upload(
    request: Request,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    filename: Filename = None,
    x_filename: FilenameHeader = None,
) -> Upload:
    """Store an image file, FITS (plain, fpacked, or packed by gzip, bzip2 or xz), `.npy`, `.npz`, ASDF, TIFF or a grey
    PNG: as the body, as the one file of a form, or by its URL, as JSON, where the service fetches from that host.

    The file is read as it comes; one that holds no image is refused. The same bytes are kept once: 200 and the first
    upload where they are there already.
    """
    with temporary_folder(services.receiving_folder) as folder:
        if content_type(request) == "application/json":
            wanted = parse_document(FetchSpec, await read_document(request))
            received = await upload_fetch.fetch(services, wanted, folder)
        else:
            received = await read_file(request, folder, filename or x_filename)
        upload, created = await run_in_threadpool(uploads.store, services, owner, received)
    answer = present_upload(upload)
    response.status_code = 201 if created else 200
    response.headers["Location"] = answer.links["self"]
    return answer


@router.get("", summary="The uploads, newest first")
def list_uploads(
    request: Request,
    response: Response,
    services: ServicesDep,
    owner: OwnerDep,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> UploadList:
    """A page of uploads; the `Link` header and `next` lead to the following one."""
    page = uploads.list_page(services, owner, limit, cursor)
    return UploadList(
        uploads=[present_upload(upload) for upload in page.items], next=link_next(request, response, page.cursor)
    )


@router.get("/{upload_id}", summary="One upload")
def get_upload(upload_id: str, services: ServicesDep, owner: OwnerDep) -> Upload:
    """What the file is called, how large it is and what is in it."""
    return present_upload(uploads.get(services, owner, upload_id))


@router.delete("/{upload_id}", status_code=204, summary="Delete an upload")
def delete_upload(upload_id: str, services: ServicesDep, owner: OwnerDep) -> None:
    """Delete an upload that no unfinished fit needs; 409 otherwise. Results of finished fits stay."""
    uploads.delete(services, owner, upload_id)


@router.post("/{upload_id}/propose", summary="Propose a request for an image", openapi_extra=PROPOSAL_BODY)
async def propose_request(upload_id: str, request: Request, services: ServicesDep, owner: OwnerDep) -> Proposal:
    """Find the sources of an uploaded image and answer with a request whose first values a fit can start from.

    Planes that the file holds (variance, mask, PSF) are recognised by what its header says where the body does not give
    them. With `positions`, a `catalogue` or a `segmentation`, those sources are measured and no others looked for.
    """
    document = await read_document(request)
    return Proposal.model_validate(
        await run_in_threadpool(request_proposals.propose, services, owner, upload_id, document), strict=False
    )


@router.get(
    "/{upload_id}/preview.png",
    summary="An image of an upload as a picture",
    responses=picture_responses("image/png"),
    response_class=Response,
)
def get_preview_of_upload(
    request: Request,
    upload_id: str,
    services: ServicesDep,
    owner: OwnerDep,
    hdu: Hdu = None,
    number: Annotated[
        int | None, Query(alias="plane", ge=0, le=999_999, description="Which plane of a cube, counted from 0.")
    ] = None,
    stretch: StretchChoice = "asinh",
    low: Level = None,
    high: Level = None,
    colormap: Annotated[
        str, Query(max_length=40, description="One of matplotlib's colour maps.", examples=["magma"])
    ] = "gray",
    size: Annotated[
        int, Query(ge=16, le=LARGEST_SIZE, description="Most pixels of the picture's longer side.")
    ] = DEFAULT_SIZE,
) -> Response:
    """The pixels in colour, y upwards, without axes; those that are no numbers are grey.

    A larger image is averaged over squares of k × k pixels, k = ⌈longer side / size⌉; a smaller one is shown pixel by
    pixel. 422 where the HDU holds no image, or a choice cannot be drawn.
    """
    upload = uploads.get(services, owner, upload_id)
    plane = int(hdu) if hdu is not None and hdu.isascii() and hdu.isdigit() else hdu
    choices = PictureChoices(plane, stretch, low, high, colormap, size, number)
    return made_response(
        request,
        planes.picture_etag(upload, choices),
        lambda: planes.draw_picture(services, upload, choices),
        "image/png",
    )
