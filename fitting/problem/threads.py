"""Threads of torch for a question of a problem: one where its images are small.

Why it is so: decision 0011.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import torch

ONE_THREAD_PIXELS = 40_000
"""Pixels of all images up to which one thread draws them: 200 × 200 (decision 0011)."""


class _HasPixels(Protocol):
    """What knows how many pixels it draws."""

    pixels: int


Asked = TypeVar("Asked", bound=_HasPixels)
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


@contextmanager
def threads_for(pixels: int) -> Iterator[None]:
    """One thread for small images of so many pixels: they gain nothing from more, and lose much where other processes
    want the cores.
    """
    before = torch.get_num_threads()
    if before == 1 or pixels > ONE_THREAD_PIXELS:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def question(
    answer: Callable[Concatenate[Asked, Arguments], Answer],
) -> Callable[Concatenate[Asked, Arguments], Answer]:
    """A question of a problem, answered without autograd, and in one thread where the problem is small, whoever asks
    it: a fit, or a program that has torch's own number of threads.
    """

    @wraps(answer)
    def asked(problem: Asked, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        with torch.no_grad(), threads_for(problem.pixels):
            return answer(problem, *args, **kwargs)

    return asked
