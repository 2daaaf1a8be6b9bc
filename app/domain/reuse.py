"""Earlier results of the same request on the same files."""

import orjson

from app.lifetime.services import Services
from fitting import __version__
from jobs.storage import records
from jobs.storage.blobs import BlobMissing, result_folder
from jobs.storage.schema import FitRecord


def earlier_result(services: Services, owner: str, request_sha256: str) -> FitRecord | None:
    """The owner's newest fit with this hash whose result is there and was made by this version of photfit, or None."""
    record = records.succeeded_with(services.engine, owner, request_sha256)
    if record is None:
        return None
    try:
        content = services.blobs.read(f"{result_folder(record.id, record.attempt)}/provenance.json")
    except BlobMissing:
        return None
    return record if orjson.loads(content)["photfit"] == __version__ else None
