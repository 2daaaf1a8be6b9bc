"""Request document: a request as JSON, from objects or plain dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Documented(Protocol):
    """An object that becomes JSON of a request: a component, a parameter, a stage."""

    def document(self) -> Any:
        """The JSON."""
        ...


def as_document(value: Any) -> Any:
    """A value as JSON of a request: objects by their `document`, containers member by member, all else as it is."""
    if isinstance(value, Documented):
        return value.document()
    if isinstance(value, Mapping):
        return {key: as_document(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_document(item) for item in value]
    return value


def request_document(
    images: Sequence[Mapping[str, Any]],
    components: Sequence[Documented | Mapping[str, Any]],
    *,
    stages: Sequence[Documented | Mapping[str, Any] | str] | None = None,
    **members: Any,
) -> dict[str, Any]:
    """A request as JSON.

    Args:
        images: as a request has them: names of files, or ids of uploads, in the place of what was given.
        components: of the model, in order.
        stages: run in order; a name alone is a method with its usual options. None means ``lm``, an empty list the
            model at the values given.
        members: of the request beside those, such as ``name``, ``seed``, ``constraints`` or ``noise``; None is left
            out.
    """
    run = ["lm"] if stages is None else stages
    return {
        "images": [as_document(image) for image in images],
        "components": [as_document(component) for component in components],
        "stages": [{"method": stage} if isinstance(stage, str) else as_document(stage) for stage in run],
        **{key: as_document(value) for key, value in members.items() if value is not None},
    }
