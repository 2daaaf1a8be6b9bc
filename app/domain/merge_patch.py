"""JSON merge patch (RFC 7396): a document changed by another that names only what is to be different."""

from typing import Any

from fitting.spec import Fault, RequestInvalid, json_path
from fitting.spec.validation import MAX_DEPTH


def apply_patch(document: object, patch: object, location: tuple[str, ...] = ()) -> object:
    """`document` with the members of `patch` in the place of its own; null removes one, a list replaces a list whole.

    Raises:
        RequestInvalid: where the patch is nested beyond what a request may be.
    """
    if not isinstance(patch, dict):
        return patch
    if len(location) >= MAX_DEPTH:
        raise RequestInvalid(
            [Fault(json_path(location), f"is nested more than {MAX_DEPTH} deep", "a flatter document")]
        )
    result: dict[str, Any] = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = apply_patch(result.get(key), value, (*location, key))
    return result
