"""Batches: one model fitted to many objects, each with images of its own.

::

    requests = [parse_request(document) for document in documents]
    images = [load_images(request, locate) for request in requests]
    for end in fit_batch(requests, images):
        print(end.error if isinstance(end, FailedFit) else end.parameters)

Each object's answer is the one that it has alone; what goes wrong with one costs the others nothing.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch

from fitting.batch.meeting import MetProblem, meet
from fitting.faults import PassingFault
from fitting.first_values import complete_request
from fitting.inputs import ImageData
from fitting.memory_faults import memory_faults
from fitting.methods.progress import Cancelled
from fitting.problem import threads_for
from fitting.results import FitResult
from fitting.run import run_problem, torch_device
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
        report: called with how many objects have ended, again and again; may raise
            `fitting.methods.progress.Cancelled`, which comes through.

    Returns:
        Of each object its result, or why it has none, in the order of the requests.

    Raises:
        PassingFault: something that is needed does not answer just now.
    """
    torch.manual_seed(0)
    place = torch_device(device)
    ends: dict[int, FitResult | FailedFit] = {}
    fits = [partial(_fit, *each, place) for each in zip(requests, images, strict=True)]
    pixels = max((sum(image.data.size for image in planes) for planes in images), default=0)
    with threads_for(pixels), _nothing_old_looked_through():
        for end in meet(fits, lambda: report(len(ends))):
            if isinstance(end.result, PassingFault | Cancelled):
                raise end.result
            ends[end.number] = FailedFit(end.result) if isinstance(end.result, Exception) else end.result
    report(len(ends))
    return [ends[number] for number in range(len(requests))]


@contextmanager
def _nothing_old_looked_through() -> Iterator[None]:
    """While this lasts, Python's collector of garbage passes over what there is already, libraries above all: going
    through it again and again took a fifth of a batch's time.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _fit(request: FitRequest, images: Sequence[ImageData], device: torch.device) -> FitResult:
    """One object's, as `fitting.run.run` does it, but for the evaluations, which it leaves to the meeting."""
    with memory_faults():
        return run_problem(MetProblem(complete_request(request, images), images, device), images)
