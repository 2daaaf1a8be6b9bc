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


def too_many_crashes(crashes: int, death: str = "") -> dict[str, Any]:
    """The process that ran the fit died so often; `death` says how the last time, such as "was ended by SIGKILL"."""
    how = f" The last one {death}." if death else ""
    hint = " That is how a machine ends what takes more memory than it has." if "SIGKILL" in death else ""
    detail = (
        f"{crashes} processes died while they ran this fit.{how}{hint} Use a smaller window or fewer components, and "
        "run it again."
    )
    return problem("The fit ended its worker", detail)


def too_many_setbacks(setbacks: int) -> dict[str, Any]:
    """So many attempts in a row were lost or given back, and none got further."""
    detail = (
        f"{setbacks} attempts in a row came to nothing: their workers were stopped, or were not heard of again, and "
        "nobody saw why. Run the fit again; where that repeats itself, its workers' logs say more."
    )
    return problem("The fit's workers went away", detail)


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
