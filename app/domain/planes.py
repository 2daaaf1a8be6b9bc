"""Planes to look at: pixels as arrays, pictures, where they are on the sky, which HDU is which. All in the sandbox."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from app.domain import results, uploads
from app.domain.sandbox_refusals import sandbox_refusals
from app.domain.temporary_files import ConvertedFile, temporary_folder
from app.errors import FileUnreadable, NotFound, RequestFaulty
from app.http.entity_tags import strong_tag
from app.lifetime.services import Services
from app.sandbox import file_products, upload_checks
from fitting.spec import Fault
from fitting.spec.plots import PictureChoices
from jobs.storage.blobs import BlobMissing, BlobStore
from jobs.storage.schema import UploadRecord
from jobs.storage.uploads import blob_key

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class StoredPlane:
    """A plane of a stored file: an HDU's number or name, or None for the first image; `number` of a plane in a cube;
    `factor` is pixels to a block.
    """

    blobs: BlobStore
    key: str
    hdu: int | str | None = None
    factor: int = 1
    number: int | None = None

    @property
    def etag(self) -> str:
        """A strong entity tag: stored files never change."""
        return strong_tag(
            self.key, repr(self.hdu), *(() if self.number is None else (f"plane {self.number}",)), self.factor
        )


def of_upload(
    services: Services, owner: str, upload_id: str, hdu: str | None, factor: int = 1, number: int | None = None
) -> StoredPlane:
    """A plane of an upload. Raises NotFound, UploadBytesGone or UploadBytesDamaged."""
    record = uploads.get(services, owner, upload_id)
    key = blob_key(record.sha256)
    uploads.require_whole(services, record)
    return StoredPlane(services.blobs, key, int(hdu) if hdu is not None and hdu.isdigit() else hdu, factor, number)


def of_result(services: Services, owner: str, fit_id: str, image: str, plane: str, factor: int) -> StoredPlane:
    """A plane of a fit's result, ``component/NAME`` among them. Raises NotFound, or NotFinished before the end."""
    found = results.find(services, owner, fit_id, f"images/{image}/{plane}.fits")
    return StoredPlane(found.blobs, found.key, None, factor)


def pixels(services: Services, plane: StoredPlane) -> ConvertedFile:
    """The pixels as .npy: little-endian float32. Raises RequestFaulty where the file has no such plane."""
    with temporary_folder(services.receiving_folder) as folder:
        target = folder / "pixels.npy"
        fault = _read_blob(
            services, plane.blobs, plane.key, file_products.write_pixels, plane.hdu, plane.number, plane.factor, target
        )
        if fault is not None:
            raise RequestFaulty([fault])
        return ConvertedFile.open_at(target)


def header_cards(services: Services, plane: StoredPlane) -> list[dict[str, Any]]:
    """The cards of the plane's header. Raises RequestFaulty where the file has no such plane."""
    found = _read_blob(services, plane.blobs, plane.key, file_products.header_cards, plane.hdu, plane.number)
    if isinstance(found, Fault):
        raise RequestFaulty([found])
    return found


def sky_map(services: Services, plane: StoredPlane) -> dict[str, Any] | None:
    """From the plane's pixels to the sky, or None. Raises RequestFaulty where the file has no such plane."""
    found = _read_blob(services, plane.blobs, plane.key, file_products.sky_map, plane.hdu, plane.number)
    if isinstance(found, Fault):
        raise RequestFaulty([found])
    return found


def recognise(services: Services, owner: str, upload_id: str) -> dict[str, Any]:
    """Which HDU of an upload is which plane. Raises NotFound."""
    description = uploads.get(services, owner, upload_id).description
    with sandbox_refusals("The file"):
        return services.sandbox.call(upload_checks.recognise_planes, description)


def picture_etag(upload: UploadRecord, choices: PictureChoices) -> str:
    """A strong entity tag of a picture: the same bytes under the same choices give the same picture."""
    return strong_tag(upload.sha256, choices)


def draw_picture(services: Services, upload: UploadRecord, choices: PictureChoices) -> bytes:
    """An upload's plane as PNG. Raises RequestFaulty for a choice that it cannot be drawn with, Unavailable."""
    uploads.require_whole(services, upload)
    drawn = _read_blob(services, services.blobs, blob_key(upload.sha256), file_products.draw_upload, choices)
    if isinstance(drawn, Fault):
        raise RequestFaulty([drawn])
    return drawn


def _read_blob(
    services: Services,
    blobs: BlobStore,
    key: str,
    function: Callable[Concatenate[Path, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """The sandbox's answer to a function of `app.sandbox.file_products` that reads a blob.

    Raises:
        Unavailable: where the sandbox has no child for it.
        FileUnreadable: where it takes too much.
        NotFound: where it is deleted meanwhile.
    """
    with ExitStack() as stack:
        try:
            path = stack.enter_context(blobs.local(key))
        except BlobMissing as error:
            raise NotFound("The file has just been deleted.") from error
        with sandbox_refusals("The file", lambda why: FileUnreadable(f"The file {why}.", expected="a smaller image")):
            found = services.sandbox.call(function, path, *args, **kwargs)
    if isinstance(found, Fault) and blobs.size(key) is None:  # its file went before it was opened
        raise NotFound("The file has just been deleted.")
    return found
