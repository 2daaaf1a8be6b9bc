"""Files as HTTP responses, stored and made ones: a part where it is asked for (RFC 9110, 14), 304 where it is known."""

from collections.abc import Callable, Iterator
from itertools import chain

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES

from app.domain.results import StoredFile
from app.domain.temporary_files import ConvertedFile
from app.http.entity_tags import is_known
from app.http.request_parameters import wanted_range

PACKED_TYPES = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES,
    "application/fits",
    "application/pdf",
    "application/vnd.apache.parquet",
    "application/x-netcdf",
)
"""Content types that are not compressed on the way: they are packed already, or asked for in parts."""

_SMALL = 1 << 20
"""Bytes up to which a file is read whole, chosen by hand: one piece costs less than a stream of one."""


def file_response(request: Request, file: StoredFile, media_type: str, filename: str | None = None) -> Response:
    """Hand out a file byte for byte, or the part that is asked for (206); 304 where the client has it already.

    Args:
        filename: what a browser saves it as.
    """
    return _unless_known(request, file.etag, lambda: _part(request, file, media_type), filename)


def bytes_response(content: bytes, media_type: str) -> Response:
    """Hand out what was made for this request alone."""
    return Response(content, headers={"Cache-Control": "private, no-store"}, media_type=media_type)


def converted_response(request: Request, etag: str, convert: Callable[[], ConvertedFile], media_type: str) -> Response:
    """Stream what `convert` makes; 304, and nothing made, where the client has it already."""

    def stream() -> Response:
        made = convert()
        return StreamingResponse(made.chunks(), headers={"Content-Length": str(made.size)}, media_type=media_type)

    return _unless_known(request, etag, stream)


def made_response(request: Request, etag: str, make: Callable[[], bytes], media_type: str) -> Response:
    """Hand out what `make` makes; 304, and nothing made, where the client has it already."""
    return _unless_known(request, etag, lambda: Response(make(), media_type=media_type))


def streamed_response(
    request: Request, etag: str, chunks: Callable[[], Iterator[bytes]], media_type: str, filename: str
) -> Response:
    """Stream what `chunks` makes as it is made; 304, and nothing made, where the client has it already."""
    return _unless_known(request, etag, lambda: StreamingResponse(_begun(chunks()), media_type=media_type), filename)


def _part(request: Request, file: StoredFile, media_type: str) -> Response:
    # What the client has a part of may be another file, where it says so (`If-Range`).
    same_file = request.headers.get("if-range", file.etag) == file.etag
    part = wanted_range(request.headers.get("range"), file.size) if same_file else None
    start, stop = part or (0, None)
    length = (file.size if stop is None else stop) - start
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(length)}
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{file.size}"
    status = 200 if part is None else 206
    if length <= _SMALL:
        return Response(file.blobs.read(file.key, start, stop), status, headers, media_type)
    return StreamingResponse(_begun(file.blobs.chunks(file.key, start, stop)), status, headers, media_type)


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, the first one made already: what fails there can still be told, once a stream is on its way
    nothing can.
    """
    first = next(chunks, b"")
    return chain((first,), chunks)


def _unless_known(request: Request, etag: str, give: Callable[[], Response], filename: str | None = None) -> Response:
    """What `give` gives, tagged; 304, and nothing given, where the client says that it has what the tag stands for."""
    known = is_known(etag, request.headers.get("if-none-match"))
    response = Response(status_code=304) if known else give()
    response.headers.update({"ETag": etag, "Cache-Control": "private, no-cache"})
    if filename is not None:
        response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
