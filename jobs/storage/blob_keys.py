"""Names of blobs."""

import re

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,254}\Z")


class BlobMissing(KeyError):
    """No blob has this key."""


def checked_key(key: str) -> str:
    """The key, where each part of it is a plain name; raises ValueError. No key leads out of the store."""
    if not all(_SEGMENT.match(segment) for segment in key.split("/")):
        raise ValueError(f"{key!r} is not a key of a blob")
    return key


def result_folder(fit_id: str, attempt: int) -> str:
    """Key prefix of one attempt's results."""
    return f"fits/{fit_id}/{attempt}"


def live_folder(fit_id: str, attempt: int) -> str:
    """Key prefix of what is there to look at while an attempt runs."""
    return f"{result_folder(fit_id, attempt)}/live"


def live_residual(fit_id: str, attempt: int, image: int) -> str:
    """Key of the residual's picture while an attempt runs; `image` is a place in the request, from 0."""
    return f"{live_folder(fit_id, attempt)}/residual-{image}.png"


def checkpoint_folder(fit_id: str) -> str:
    """Key prefix of what a running fit keeps for its next attempt."""
    return f"fits/{fit_id}/checkpoints"
