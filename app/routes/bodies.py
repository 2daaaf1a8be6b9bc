"""Bodies of requests, read: raw files, forms with files, JSON."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from app.domain.fits import Patch
from app.domain.submission import Submission
from app.domain.temporary_files import ReceivedFile, receive_file, temporary_folder
from app.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType

REQUEST_PART = "request"
_JSON_LIMIT = 16 << 20
"""Bytes of a request as JSON. Chosen by hand: some ten thousand components."""
_MOST_FILES = 64
"""Files of a form. Chosen by hand: data, variance, mask and PSF of sixteen images."""
_CHUNK = 1 << 20
"""Bytes of a form's file that are read at once: as `app.domain.temporary_files` writes them."""


def content_type(request: Request) -> str:
    """The body's content type without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_file(request: Request, folder: Path, filename: str | None) -> ReceivedFile:
    """The one file of a body: the body itself, or the file of a form."""
    if content_type(request) != "multipart/form-data":
        return await receive_file(request.stream(), folder, filename or "")
    async with request.form(max_files=1, max_fields=8) as form:
        for part in form.values():
            if isinstance(part, UploadFile):
                return await receive_file(_chunks(part), folder, filename or part.filename or "")
    raise MalformedBody(
        "The form holds no file; send it as a part with a filename, such as curl's -F file=@image.fits."
    )


@asynccontextmanager
async def read_submission(request: Request, parent: Path, key: str | None) -> AsyncIterator[Submission]:
    """A request for a fit: JSON, or a form with the JSON in its part `request` and files in the others, which lie below
    `parent` while the context lasts.
    """
    kind = content_type(request)
    if kind == "multipart/form-data":
        with temporary_folder(parent) as folder:
            yield await _read_form(request, folder, key)
        return
    if kind == "application/json":
        body = await _read_limited(request)
        yield Submission(_parse_json(body), {}, key, hashlib.sha256(body).hexdigest())
        return
    raise UnsupportedMediaType(
        f"The body's content type is {kind or 'missing'}; a fit is asked for with application/json, "
        "or with multipart/form-data where its files come along."
    )


async def read_document(request: Request) -> object:
    """A body of JSON; an empty one stands for an object without members."""
    return _document(request, await _read_limited(request), ("application/json",))


async def read_patch(request: Request) -> Patch:
    """A body that is a JSON merge patch; an empty one changes nothing."""
    body = await _read_limited(request)
    document = _document(request, body, ("application/merge-patch+json", "application/json"))
    return Patch(document, hashlib.sha256(body).hexdigest())


def _document(request: Request, body: bytes, kinds: tuple[str, ...]) -> object:
    if not body:
        return {}
    kind = content_type(request)
    if kind not in kinds:
        raise UnsupportedMediaType(f"The body's content type is {kind or 'missing'}; it takes {' or '.join(kinds)}.")
    return _parse_json(body)


async def read_parameters(request: Request) -> dict[str, str]:
    """Parameters of a form, by their names in upper case; where one comes twice, the last counts. No body is none."""
    if request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
        return {}
    if content_type(request) not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise UnsupportedMediaType(
            f"The body's content type is {content_type(request) or 'missing'}; it takes a form "
            "(application/x-www-form-urlencoded or multipart/form-data)."
        )
    try:
        async with request.form(max_fields=32, max_part_size=_JSON_LIMIT) as form:
            return {name.upper(): value for name, value in form.multi_items() if isinstance(value, str)}
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise MalformedBody(f"The form cannot be read: {error.detail}") from error


async def _read_form(request: Request, folder: Path, key: str | None) -> Submission:
    try:
        async with request.form(max_files=_MOST_FILES, max_fields=8, max_part_size=_JSON_LIMIT) as form:
            text = await _request_part(form)
            files = await _files(form, folder)
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise MalformedBody(f"The form cannot be read: {error.detail}") from error
    digest = hashlib.sha256(text)
    # The order of parts and the boundary between them may differ when the same form is sent again.
    for name, file in sorted(files.items()):
        digest.update(f"\0{name}\0{file.sha256}".encode())
    return Submission(_parse_json(text), files, key, digest.hexdigest())


async def _request_part(form: FormData) -> bytes:
    parts = form.getlist(REQUEST_PART)
    if len(parts) != 1:
        raise MalformedBody(f"The form has {len(parts)} parts named `request`; it needs one, which holds the JSON.")
    part = parts[0]
    return part.encode() if isinstance(part, str) else await part.read(_JSON_LIMIT + 1)


async def _files(form: FormData, folder: Path) -> dict[str, ReceivedFile]:
    """Every file of the form under each name that a request may call it by: its part's name and its filename."""
    found: list[tuple[str, ReceivedFile]] = []
    for name, part in form.multi_items():
        if name == REQUEST_PART:
            continue
        if not isinstance(part, UploadFile):
            raise MalformedBody(f"The part {name[:80]!r} is no file; beside `request`, a form holds files only.")
        received = await receive_file(_chunks(part), folder, part.filename or name)
        found += [(name, received), (received.filename, received)]
    # A name that stands for different files, such as the part name of curl's repeated -F file=@…, names none of them.
    contents: dict[str, set[str]] = {}
    for name, received in found:
        contents.setdefault(name, set()).add(received.sha256)
    return {name: received for name, received in found if len(contents[name]) == 1}


async def _chunks(part: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await part.read(_CHUNK):
        yield chunk


async def _read_limited(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _JSON_LIMIT:
            raise BodyTooLarge(f"A request as JSON may hold {_JSON_LIMIT >> 20} MiB.", limit_bytes=_JSON_LIMIT)
    return bytes(body)


def _parse_json(text: bytes) -> object:
    if len(text) > _JSON_LIMIT:
        raise BodyTooLarge(f"A request as JSON may hold {_JSON_LIMIT >> 20} MiB.", limit_bytes=_JSON_LIMIT)
    try:
        document: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(
            f"The request is not JSON: {error.msg} at line {error.lineno}, column {error.colno}. "
            "JSON has no NaN and no Infinity."
        ) from error
    return document
