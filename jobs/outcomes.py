"""Why a fit failed, as problems (RFC 9457), where API, workers and reconciler have to say the same."""

from typing import Any

KEPT = "kept"
"""Member of a problem that says that a failed fit has results: those of the stages that it finished."""


def out_of_time(found: str = "") -> dict[str, Any]:
    """The fit took longer than it may; `found` says what it kept."""
    detail = "The fit took longer than it may: give it more seconds in `limits`, fewer stages or a smaller window."
    problem: dict[str, Any] = {
        "type": "urn:photfit:problem:out-of-time",
        "title": "Out of time",
        "status": 422,
        "detail": f"{detail} {found}".strip(),
    }
    return problem | {KEPT: True} if found else problem


def has_result(state: str, error: dict[str, Any] | None) -> bool:
    """Whether a fit's results can be had: it has succeeded, or failed and kept what it had found."""
    return state == "succeeded" or (state == "failed" and error is not None and bool(error.get(KEPT)))
