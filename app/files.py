"""Stored files as HTTP responses: ranges where the store is a folder, 304 everywhere."""

from collections.abc import Callable, Iterator

from fastapi import Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES

from app.domain.chains import ConvertedFile
from app.domain.results import StoredFile
from app.entity_tags import is_known
from jobs.blobs import FolderBlobs

PACKED_TYPES = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES,
    "application/fits",
    "application/pdf",
    "application/vnd.apache.parquet",
    "application/x-netcdf",
)
"""Content types that are not compressed on the way: they are packed already, or asked for in parts."""

_SMALL = 1 << 20


def file_response(request: Request, file: StoredFile, media_type: str, filename: str | None = None) -> Response:
    """Hand out a file byte for byte; 304 where the client has it already. `filename` is what a browser saves it as."""
    return _unless_known(request, file.etag, lambda: _whole(file, media_type), filename)


def bytes_response(content: bytes, media_type: str) -> Response:
    """Hand out what was made for this request alone."""
    return Response(content, headers={"Cache-Control": "private, no-store"}, media_type=media_type)


def converted_response(request: Request, etag: str, convert: Callable[[], ConvertedFile], media_type: str) -> Response:
    """Stream what `convert` makes; 304, and nothing made, where the client has it already."""

    def streamed() -> Response:
        made = convert()
        return StreamingResponse(made.chunks(), headers={"Content-Length": str(made.size)}, media_type=media_type)

    return _unless_known(request, etag, streamed)


def made_response(request: Request, etag: str, make: Callable[[], bytes], media_type: str) -> Response:
    """Hand out what `make` makes; 304, and nothing made, where the client has it already."""
    return _unless_known(request, etag, lambda: Response(make(), media_type=media_type))


def streamed_response(
    request: Request, etag: str, chunks: Callable[[], Iterator[bytes]], media_type: str, filename: str
) -> Response:
    """Stream what `chunks` makes as it is made; 304, and nothing made, where the client has it already."""
    return _unless_known(request, etag, lambda: StreamingResponse(chunks(), media_type=media_type), filename)


def _whole(file: StoredFile, media_type: str) -> Response:
    if isinstance(file.blobs, FolderBlobs):
        with file.blobs.local(file.key) as path:
            return FileResponse(path, media_type=media_type)
    if file.size <= _SMALL:
        return Response(file.blobs.read(file.key), media_type=media_type)
    return StreamingResponse(
        file.blobs.chunks(file.key), headers={"Content-Length": str(file.size)}, media_type=media_type
    )


def _unless_known(request: Request, etag: str, give: Callable[[], Response], filename: str | None = None) -> Response:
    """What `give` gives, tagged; 304, and nothing given, where the client says that it has what the tag stands for."""
    known = is_known(etag, request.headers.get("if-none-match"))
    response = Response(status_code=304) if known else give()
    response.headers.update({"ETag": etag, "Cache-Control": "private, no-cache"})
    if filename is not None:
        response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
