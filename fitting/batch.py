"""Batches: one model fitted to many objects, each with images of its own.

::

    requests = [parse_request(document) for document in documents]
    images = [load_images(request, locate) for request in requests]
    for end in fit_batch(requests, images):
        print(end.error if isinstance(end, FailedFit) else end.parameters)

Each object's answer is the one that it has alone; what goes wrong with one costs the others nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fitting.faults import PassingFault
from fitting.first_values import complete_request
from fitting.inputs import ImageData
from fitting.methods.progress import Cancelled
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest


@dataclass(frozen=True)
class FailedFit:
    """An object without a result.

    Attributes:
        error: why; a `fitting.faults.UserFault` where the request or its images are, else a fault of photfit.
    """

    error: Exception


def _ignore(_done: int) -> None:
    """A report that nobody reads."""


def fit_batch(
    requests: Sequence[FitRequest],
    images: Sequence[Sequence[ImageData]],
    *,
    device: str = "cpu",
    report: Callable[[int], None] = _ignore,
) -> list[FitResult | FailedFit]:
    """Fit many objects.

    Args:
        requests: one an object; parameters that are left out are found in the object's own pixels.
        images: of each object, as `fitting.inputs.load_images` gives them.
        device: as in `fitting.run.run`.
        report: called with how many objects have ended, each time that there are more; may raise
            `fitting.methods.progress.Cancelled`, which comes through.

    Returns:
        Of each object its result, or why it has none, in the order of the requests.

    Raises:
        PassingFault: something that is needed does not answer just now.
    """
    ends: list[FitResult | FailedFit] = []
    for request, planes in zip(requests, images, strict=True):
        ends.append(_fit_one(request, planes, device))
        report(len(ends))
    return ends


def _fit_one(request: FitRequest, images: Sequence[ImageData], device: str) -> FitResult | FailedFit:
    try:
        return run(complete_request(request, images), images, device=device)
    except (PassingFault, Cancelled):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is one object's
        return FailedFit(error)
