"""Stored files as HTTP responses: ranges where the store is a folder, 304 everywhere."""

from collections.abc import Callable, Iterator

from fastapi import Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES

from app.domain.chains import ConvertedFile
from app.domain.results import StoredFile
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
    headers = {"ETag": file.etag, "Cache-Control": "private, no-cache"}
    if filename is not None:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    if _known(request, file.etag):
        return Response(status_code=304, headers=headers)
    if isinstance(file.blobs, FolderBlobs):
        with file.blobs.local(file.key) as path:
            return FileResponse(path, headers=headers, media_type=media_type)
    if file.size <= _SMALL:
        return Response(file.blobs.read(file.key), headers=headers, media_type=media_type)
    headers["Content-Length"] = str(file.size)
    return StreamingResponse(file.blobs.chunks(file.key), headers=headers, media_type=media_type)


def bytes_response(content: bytes, media_type: str) -> Response:
    """Hand out what was made for this request alone."""
    return Response(content, headers={"Cache-Control": "private, no-store"}, media_type=media_type)


def converted_response(request: Request, etag: str, convert: Callable[[], ConvertedFile], media_type: str) -> Response:
    """Stream what `convert` makes; 304, and nothing made, where the client has it already."""
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if _known(request, etag):
        return Response(status_code=304, headers=headers)
    made = convert()
    headers["Content-Length"] = str(made.size)
    return StreamingResponse(made.chunks(), headers=headers, media_type=media_type)


def made_response(request: Request, etag: str, make: Callable[[], bytes], media_type: str) -> Response:
    """Hand out what `make` makes; 304, and nothing made, where the client has it already."""
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if _known(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(make(), headers=headers, media_type=media_type)


def streamed_response(
    request: Request, etag: str, chunks: Callable[[], Iterator[bytes]], media_type: str, filename: str
) -> Response:
    """Stream what `chunks` makes as it is made; 304, and nothing made, where the client has it already."""
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'attachment; filename="{filename}"',
    }
    if _known(request, etag.removeprefix("W/")):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(chunks(), headers=headers, media_type=media_type)


def _known(request: Request, etag: str) -> bool:
    """Whether the client says that it has what the tag stands for."""
    given = request.headers.get("if-none-match", "")
    return etag in (tag.strip().removeprefix("W/") for tag in given.split(","))
