"""What callers are told where the sandbox brings no answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.errors import ServiceProblem, Unavailable
from app.sandbox.pool import SandboxBusy, SandboxError


@contextmanager
def sandbox_refusals(subject: str, refusal: Callable[[str], ServiceProblem] | None = None) -> Iterator[None]:
    """Turn the errors of a call into the sandbox into problems that the outside is told.

    Args:
        subject: what was looked at, as a sentence begins.
        refusal: the problem for why there is no answer, where that may lie in what was sent. Else, and where every
            child is taken, Unavailable.
    """
    try:
        yield
    except SandboxError as error:
        if refusal is None or isinstance(error, SandboxBusy):
            raise Unavailable(f"{subject} {error}.") from error
        raise refusal(str(error)) from error
