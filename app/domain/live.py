"""What there is to look at while a fit runs."""

from app.domain import fits
from app.errors import NoPicture
from app.lifetime.services import Services
from jobs.storage.blobs import BlobMissing, live_residual


def residual(services: Services, owner: str, fit_id: str, image: str | None) -> bytes:
    """The latest picture of an image's residual, PNG; the first image's where none is named.

    Raises NotFound, or NoPicture where the fit does not run or none is made yet.
    """
    record = fits.get(services, owner, fit_id)
    place, _ = fits.image_of(record, image)
    if record.state != "running":
        raise NoPicture(f"The fit {fit_id} is {record.state}: its residual is shown while it runs.")
    try:
        return services.blobs.read(live_residual(record.id, record.attempt, place))
    except BlobMissing as error:
        raise NoPicture(f"The fit {fit_id} has no picture of its residual yet.") from error
