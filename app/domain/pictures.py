"""Pictures of uploads: drawn in the sandbox when asked for, kept nowhere."""

from app.domain import uploads
from app.domain.looking import look
from app.errors import RequestFaulty
from app.http.entity_tags import strong_tag
from app.lifetime.services import Services
from app.sandbox import file_products
from fitting.spec import Fault
from fitting.spec.images.pictures import PictureChoices
from jobs.storage.schema import UploadRecord
from jobs.storage.uploads import blob_key


def etag(upload: UploadRecord, choices: PictureChoices) -> str:
    """A strong entity tag of a picture: the same bytes under the same choices give the same picture."""
    return strong_tag(upload.sha256, choices)


def find_upload(services: Services, owner: str, upload_id: str) -> UploadRecord:
    """The upload that is to be shown. Raises NotFound."""
    return uploads.get(services, owner, upload_id)


def draw(services: Services, upload: UploadRecord, choices: PictureChoices) -> bytes:
    """An upload's plane as PNG. Raises RequestFaulty for a choice that it cannot be drawn with, Unavailable."""
    drawn = look(services, services.blobs, blob_key(upload.sha256), file_products.draw_upload, choices)
    if isinstance(drawn, Fault):
        raise RequestFaulty([drawn])
    return drawn
