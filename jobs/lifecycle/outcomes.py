"""Outcomes of a fit, and why one failed, as problems (RFC 9457): what API, workers and reconciler have to say alike.

out_of_time("Kept is what it had found: …")["kept"]   # True: a failed fit may have results (`has_result`)
"""

from typing import Any, Literal

Outcome = Literal["succeeded", "failed", "cancelled"]
"""The final states."""

_RESULTS_MEMBER = "kept"
"""Member of a problem that says that a failed fit has results: what it had found when it was stopped."""


def problem(title: str, detail: str, status: int = 500, kind: str = "about:blank") -> dict[str, Any]:
    """A problem; `kind` is its type."""
    return {"type": kind, "title": title, "status": status, "detail": detail}


def too_many_crashes(workers: int) -> dict[str, Any]:
    """So many workers died of the fit."""
    detail = (
        f"{workers} workers died while running this fit, probably for lack of memory: use a smaller "
        "window or fewer components, and run it again."
    )
    return problem("The fit ended its worker", detail)


def out_of_time(found: str = "") -> dict[str, Any]:
    """The fit took longer than it may; `found` says what it kept."""
    detail = "The fit took longer than it may: give it more seconds in `limits`, fewer stages or a smaller window."
    over = problem("Out of time", detail, 422, "urn:photfit:problem:out-of-time")
    return with_kept(over, found) if found else over


def with_kept(failure: dict[str, Any], found: str) -> dict[str, Any]:
    """The problem of a fit that failed and has results all the same; `found` says which, in a sentence."""
    return failure | {"detail": f"{failure['detail']} {found}".strip(), _RESULTS_MEMBER: True}


def has_result(state: str, error: dict[str, Any] | None, result_bytes: int = 0) -> bool:
    """Whether a fit's results can be had: it has succeeded, or failed or was cancelled and kept what it had found.

    Args:
        state: the fit's.
        error: why it failed.
        result_bytes: what its result's files take.
    """
    if state == "cancelled":
        return result_bytes > 0
    return state == "succeeded" or (state == "failed" and error is not None and bool(error.get(_RESULTS_MEMBER)))
