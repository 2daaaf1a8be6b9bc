"""What there is to look at while a fit runs."""

from app.domain import fits
from app.problems import NoPicture, NotFound
from app.services import Services
from jobs.blob_keys import live_residual
from jobs.blobs import BlobMissing
from jobs.schema import FitRecord


def residual(services: Services, owner: str, fit_id: str, image: str | None) -> bytes:
    """The latest picture of an image's residual, PNG; the first image's where none is named.

    Raises NotFound, or NoPicture where the fit does not run or none is made yet.
    """
    record = fits.get(services, owner, fit_id)
    place = _place(record, image)
    if record.state != "running":
        raise NoPicture(f"The fit {fit_id} is {record.state}: its residual is shown while it runs.")
    try:
        return services.blobs.read(live_residual(record.id, record.attempt, place))
    except BlobMissing as error:
        raise NoPicture(f"The fit {fit_id} has no picture of its residual yet.") from error


def _place(record: FitRecord, image: str | None) -> int:
    """Which of the request's images is meant. Raises NotFound."""
    names: list[str] = [spec["name"] for spec in record.request["images"]]
    if image is not None and image not in names:
        raise NotFound(f"The fit {record.id} has no image {image[:80]!r}; it has {', '.join(names)}.")
    return 0 if image is None else names.index(image)
