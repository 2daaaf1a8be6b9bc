"""Request uploads: requests whose files are here, made into requests whose files the service holds, each sent once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fitting.spec import Fault, FitRequest, ImageSpec, RequestInvalid, parse_request
from photfit.answers import Upload
from photfit.client.exchange import Steps, Work
from photfit.client.service_errors import Refused
from photfit.image_inputs import fetch_url, gather_images, gather_request, is_url, name_in_url
from photfit.model import Component, Constraint, Stage, request_document

UPLOAD_PREFIX = "upl_"
"""What ids of uploads begin with."""
_OF_THE_IMAGE = frozenset(ImageSpec.model_fields) - {"data", "name"}
_FETCH_REFUSALS = frozenset({403, 404, 405, 415, 422})
"""Statuses with which a service says that it does not fetch from there."""

Identity = tuple[str | int, ...]
"""By what a file is known again: of a path its place, size and time; of bytes their hash."""


@dataclass(frozen=True)
class AskedRequest:
    """A sound request with the bytes of files that it names and that are nowhere yet."""

    request: FitRequest
    files: Mapping[str, bytes]


class RequestUploads:
    """The files that a client has sent, so that it sends none twice.

    Args:
        upload, upload_bytes, fetch: the operations that bring a file to the service.
    """

    def __init__(
        self,
        upload: Callable[[Path], Steps[Upload]],
        upload_bytes: Callable[[bytes, str], Steps[Upload]],
        fetch: Callable[[str], Steps[Upload]],
    ) -> None:
        self._upload = upload
        self._upload_bytes = upload_bytes
        self._fetch = fetch
        self._sent: dict[Identity, str] = {}

    def request_of(
        self,
        image: Any,
        components: Sequence[Component | Mapping[str, Any]] | Component | None,
        *,
        stages: Sequence[Stage | Mapping[str, Any] | str] | Stage | str | None = None,
        constraints: Sequence[Constraint | Mapping[str, Any]] = (),
        **given: Any,
    ) -> AskedRequest:
        """The request that is asked for, and what of its files is in memory.

        Raises:
            RequestInvalid: it has faults, a file that is not there among them.
            TypeError, ValueError: something is given that is no image.
        """
        if components is None:
            if not isinstance(image, Mapping):
                raise TypeError("components are missing: give such as [Sersic('g'), FlatSky('sky')]")
            if stages is not None or constraints:
                raise TypeError("stages and constraints stand in the request itself, where a whole one is given")
            document, files = gather_request({**image, **given})
        else:
            of_image = {key: value for key, value in given.items() if key in _OF_THE_IMAGE}
            of_request = {key: value for key, value in given.items() if key not in _OF_THE_IMAGE}
            inputs = gather_images(image, **of_image)
            document = request_document(inputs.images, components, stages=stages, constraints=constraints, **of_request)
            files = inputs.files
        request = parse_request(document)
        faults = [
            Fault(place, f"there is no file {reference.file}")
            for place, reference in request.references()
            if not reference.file.startswith(UPLOAD_PREFIX)
            and reference.file not in files
            and not is_url(reference.file)
            and not _path(reference.file).is_file()
        ]
        if faults:
            raise RequestInvalid(faults)
        return AskedRequest(request, files)

    def sent(self, asked: AskedRequest, *, trust: bool) -> Steps[tuple[dict[str, Any], bool]]:
        """The request with ids of uploads, and whether one of them was remembered instead of sent.

        With `trust` a file that was sent before is not sent again; without, all are, since the service may have
        dropped it.
        """
        remembered = False
        named: dict[str, str] = {}
        for _, reference in asked.request.references():
            name = reference.file
            if name in named or name.startswith(UPLOAD_PREFIX):
                continue
            content = asked.files.get(name)
            identity = yield from _identity(name, content)
            if trust and identity in self._sent:
                remembered = True
            else:
                self._sent[identity] = (yield from self._send(name, content)).id
            named[name] = self._sent[identity]
        return asked.request.with_references(named).document(), remembered

    def _send(self, name: str, content: bytes | None) -> Steps[Upload]:
        if content is not None:
            return (yield from self._upload_bytes(content, name))
        if not is_url(name):
            return (yield from self._upload(_path(name)))
        try:
            return (yield from self._fetch(name))
        except Refused as error:
            if error.status not in _FETCH_REFUSALS:
                raise
        # The service fetches from hosts of its settings alone; this machine may reach others.
        found = yield Work(lambda: fetch_url(name))
        return (yield from self._upload_bytes(found, name_in_url(name)))


def _identity(name: str, content: bytes | None) -> Steps[Identity]:
    if content is not None:
        return ("bytes", (yield Work(lambda: hashlib.sha256(content).hexdigest())))
    if is_url(name):
        return ("url", name)
    state = _path(name).stat()
    return ("path", str(_path(name).resolve()), state.st_size, state.st_mtime_ns)


def _path(name: str) -> Path:
    return Path(name).expanduser()
