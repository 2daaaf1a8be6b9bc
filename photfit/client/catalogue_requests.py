"""Requests of catalogues from Python: tables and files that are here, to be sent, and answers as tables of astropy."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fitting.spec.catalogues import CatalogueRequest, parse_catalogue
from photfit.client.request_uploads import UPLOAD_PREFIX
from photfit.results.libraries import library

_TABLE = "objects.ecsv"
"""What a table that is no file is called when it is sent."""


@dataclass(frozen=True)
class AskedCatalogue:
    """A catalogue whose files are still here.

    Attributes:
        request: it names files by path.
        files: where each is, by the name that the request has.
        table: the object table's bytes, where it is no file.
    """

    request: CatalogueRequest
    files: Mapping[str, Path]
    table: bytes | None

    def document(self, uploads: Mapping[str, str]) -> dict[str, Any]:
        """The request as JSON with uploads in the places of files."""
        return self.request.with_references(uploads).document()


def asked_catalogue(
    table: Any,
    images: Path | str | Mapping[str, Path | str] | None,
    template: Mapping[str, Any],
    more: Mapping[str, Any],
) -> AskedCatalogue:
    """A catalogue of a table here.

    Args:
        table: a file, a list of rows, or a table of astropy.
        images: an archive or a cube that rows name planes of; or files by the names that the template has.
        template: a fit request with columns.
        more: other members of the request.

    Raises:
        RequestInvalid: the request has faults.
        FileNotFoundError: a file is not there.
    """
    content: bytes | None = None
    objects: Any
    if isinstance(table, str | Path):
        objects = {"path": str(table)}
    elif isinstance(table, Sequence):
        objects = {"rows": [dict(row) for row in table]}
    else:
        text = io.StringIO()
        table.write(text, format="ascii.ecsv")
        content, objects = text.getvalue().encode(), {"path": _TABLE}
    places = {str(name): Path(path) for name, path in images.items()} if isinstance(images, Mapping) else {}
    archive = {} if images is None or isinstance(images, Mapping) else {"files": {"path": str(images)}}
    request = parse_catalogue({"objects": objects, **archive, "template": dict(template), **more})
    files = {}
    for _, reference in request.references():
        name = reference.file
        if name.startswith(UPLOAD_PREFIX) or (content is not None and name == _TABLE):
            continue
        files[name] = places.get(name, Path(name))
        if not files[name].is_file():
            raise FileNotFoundError(f"there is no file {files[name]}")
    return AskedCatalogue(request, files, content)


def as_table(content: bytes) -> Any:
    """An answer in ECSV as a QTable of astropy. Raises LibraryMissing."""
    table = library("astropy.table", "client.catalogue", "astropy")
    return table.QTable.read(io.BytesIO(content), format="ascii.ecsv")
