"""Parameters and covariance as tables: converted in the sandbox, kept nowhere."""

from typing import Literal

from app.domain.chains import ConvertedFile
from app.domain.results import StoredFile
from app.domain.temporary_files import temporary_folder
from app.errors import Unavailable
from app.http.entity_tags import strong_tag
from app.lifetime.services import Services
from app.sandbox import file_products
from app.sandbox.pool import SandboxError

ParametersFormat = Literal["json", "csv", "ecsv", "fits", "votable", "latex"]
CovarianceFormat = Literal["json", "csv", "ecsv", "fits", "votable"]


def etag(found: StoredFile, format_: str) -> str:
    """A strong entity tag of a stored document in a format."""
    return strong_tag(found.key, format_)


def convert(services: Services, found: StoredFile, kind: file_products.TableKind, format_: str) -> ConvertedFile:
    """A stored document as a table. Raises Unavailable where none could look."""
    with temporary_folder(services.receiving_folder) as folder, found.blobs.local(found.key) as source:
        target = folder / "table"
        try:
            services.sandbox.call(file_products.convert_document, source, target, kind, format_)
        except SandboxError as error:
            raise Unavailable(f"The table {error}.") from error
        return ConvertedFile.opened(target)
