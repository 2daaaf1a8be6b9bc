"""What makes two requests the same: everything that the numbers depend on, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fitting.spec.handling import HANDLING
from fitting.spec.request import FitRequest


def request_sha256(request: FitRequest, contents: Mapping[str, str]) -> str:
    """SHA-256, in hexadecimal, of a request and its files.

    It is of the request as JSON, keys sorted and without space between, with each file's own hash in the place of its
    name, however that is written, and without what only says how the fit is called and handled (`HANDLING`).

    Args:
        request: any.
        contents: SHA-256 of each file that the request names.
    """
    document = request.with_references({name: f"sha256:{value}" for name, value in contents.items()}).document()
    plain = {key: value for key, value in document.items() if key not in HANDLING}
    plain["images"] = [{key: _one_form(value) for key, value in image.items()} for image in plain["images"]]
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _one_form(plane: Any) -> Any:
    """A reference to a plane in its one-text form, with what stands beside it."""
    if not isinstance(plane, dict):
        return plane
    for key in ("upload", "path", "image"):
        if key in plane:
            beside = {name: value for name, value in plane.items() if name not in (key, "hdu")}
            file = plane[key] if "hdu" not in plane else f"{plane[key]}[{plane['hdu']}]"
            return {"file": _one_form(file), **beside} if beside else _one_form(file)
    return plane
