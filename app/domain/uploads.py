"""Uploads: checked by a child of the sandbox, kept once, listed, deleted."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import structlog

from app.domain import limits
from app.domain.sandbox_refusals import sandbox_refusals
from app.domain.temporary_files import ReceivedFile
from app.domain.verified_files import fault_of_stored
from app.errors import Conflict, FileUnreadable, NotFound, ServiceProblem, UploadBytesDamaged, UploadBytesGone
from app.lifetime.services import Services
from app.sandbox import upload_checks
from fitting.spec import Fault, PlaneReference
from jobs.storage import records, uploads
from jobs.storage.blobs import BlobMissing
from jobs.storage.schema import UploadRecord
from jobs.storage.stored_files import GONE, fault_of
from jobs.storage.uploads import UploadPage, blob_key

READABLE = "files of moderate size, such as FITS, .npy, .npz, ASDF, TIFF or grey PNG"
"""What is expected of a file that the sandbox could not look at."""
_LONGEST_FILENAME = 255
"""Letters: the width of the column `uploads.filename`."""


def store(services: Services, owner: str, received: ReceivedFile) -> tuple[UploadRecord, bool]:
    """Keep a file that holds an image; and whether it is new. Raises FileUnreadable, with nothing kept."""
    return keep(services, owner, received, check_upload(services, received.path))


def check_upload(services: Services, path: Path) -> dict[str, Any]:
    """What is in a file, as JSON. Raises FileUnreadable where it is no image, Unavailable where nobody could look."""
    with sandbox_refusals("The file", lambda why: FileUnreadable(f"The file {why}.", expected=READABLE)):
        found = services.sandbox.call(upload_checks.check_file, path)
    if isinstance(found, Fault):
        place = f"{found.path}: " if found.path else ""
        detail = f"The file cannot be used: {place}{found.message}. Expected: {found.expected}."
        raise FileUnreadable(detail, where=found.path, expected=found.expected or "")
    return found


def keep(
    services: Services, owner: str, received: ReceivedFile, description: dict[str, Any]
) -> tuple[UploadRecord, bool]:
    """Keep a file that was looked at: its bytes once for all, its record once for an owner. Raises QuotaExceeded."""
    if uploads.find_upload(services.engine, owner, received.sha256) is None:
        limits.require_room(services, owner, received.size)
    key = blob_key(received.sha256)
    # What is there may have been damaged: the same bytes again mend it.
    if fault_of(services.blobs, key, {"size": received.size, "sha256": received.sha256}) is not None:
        services.blobs.put_file(key, received.path)
    record, created = uploads.add_upload(
        services.engine,
        owner,
        filename=received.filename[:_LONGEST_FILENAME],
        size=received.size,
        sha256=received.sha256,
        description=description,
    )
    # The last other upload of these bytes may have been deleted, and the bytes with it, since they were found.
    if services.blobs.size(key) is None:
        services.blobs.put_file(key, received.path)
    return record, created


def get(services: Services, owner: str, upload_id: str) -> UploadRecord:
    """The owner's upload. Raises NotFound."""
    record = uploads.get_upload(services.engine, owner, upload_id)
    if record is None:
        raise NotFound(f"There is no upload {upload_id[:80]!r}.")
    return record


def find_named(
    services: Services,
    owner: str,
    named: Sequence[tuple[str, PlaneReference]],
    expected: str,
    beside: Collection[str] = (),
) -> tuple[dict[str, UploadRecord], list[Fault]]:
    """The owner's uploads that a request names, by id, and the faults of names that lead to no bytes.

    Args:
        named: JSON path and reference of each file.
        expected: what a name may be.
        beside: names of files that came along.
    """
    others = [(place, reference.file) for place, reference in named if reference.file not in beside]
    known = uploads.get_uploads(services.engine, owner, {file for _, file in others})
    unfit = {name: fault for name, record in known.items() if (fault := fault_of_bytes(services, record)) is not None}
    faults = [
        Fault(place, f"there is no upload {file[:80]!r}", expected) for place, file in others if file not in known
    ]
    faults += [
        Fault(place, f"the upload {file!r} {unfit[file]}: upload the file again, which mends it", "whole bytes")
        for place, file in others
        if file in unfit
    ]
    return known, faults


def fault_of_bytes(services: Services, record: UploadRecord) -> str | None:
    """What is wrong with an upload's stored bytes, or None where they are those that were uploaded."""
    key = blob_key(record.sha256)
    fault = fault_of_stored(services.blobs, key, {"size": record.size, "sha256": record.sha256})
    if fault is not None:
        structlog.get_logger("photfit.app").error(
            "an upload's bytes are not as they were stored", file=key, fault=fault
        )
    return fault


def require_whole(services: Services, record: UploadRecord) -> None:
    """Raise UploadBytesGone or UploadBytesDamaged where an upload's bytes are not those that were uploaded."""
    fault = fault_of_bytes(services, record)
    if fault is not None:
        raise _bad_bytes(record, fault)


@contextmanager
def local_file(services: Services, record: UploadRecord) -> Iterator[Path]:
    """Where an upload's bytes can be read while the context lasts. Raises UploadBytesGone or UploadBytesDamaged."""
    require_whole(services, record)
    with ExitStack() as stack:
        try:
            path = stack.enter_context(services.blobs.local(blob_key(record.sha256)))
        except BlobMissing as error:
            raise _bad_bytes(record, GONE) from error
        try:
            yield path
        except ServiceProblem as error:
            # What was found wrong with a file that is deleted while it is read says nothing of what was in it.
            if services.blobs.size(blob_key(record.sha256)) is None:
                raise _bad_bytes(record, GONE) from error
            raise


def _bad_bytes(record: UploadRecord, fault: str) -> ServiceProblem:
    kind = UploadBytesGone if fault == GONE else UploadBytesDamaged
    return kind(f"The upload {record.id} {fault}. Upload the file again, which mends it.", upload=record.id)


def list_page(services: Services, owner: str, limit: int, cursor: str | None) -> UploadPage:
    """A page of the owner's uploads, newest first."""
    return uploads.list_uploads(services.engine, owner, limit=limit, cursor=cursor)


def delete(services: Services, owner: str, upload_id: str) -> None:
    """Delete an upload. Raises NotFound, or Conflict where a fit or a search still has to read it."""
    get(services, owner, upload_id)
    user = records.unfinished_fit_with(services.engine, owner, upload_id)
    if user is not None:
        what = "search" if user.startswith("sea_") else "fit"
        message = f"The {what} {user} still needs the upload {upload_id}; wait for it or cancel it."
        raise Conflict(message, fit=user) if what == "fit" else Conflict(message, search=user)
    uploads.remove_upload(services.engine, owner, upload_id, services.blobs.delete)
