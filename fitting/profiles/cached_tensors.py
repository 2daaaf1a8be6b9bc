"""A cache of tensors that are made once for all evaluations."""

from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar

import torch

Arguments = ParamSpec("Arguments")
Tensors = TypeVar("Tensors")


def cached_tensors(function: Callable[Arguments, Tensors]) -> Callable[Arguments, Tensors]:
    """Remember tensors by their arguments. Autograd may use them, though inference mode first asked for them."""

    @cache
    def cached_function(*arguments: Arguments.args, **named: Arguments.kwargs) -> Tensors:
        with torch.inference_mode(False):
            return function(*arguments, **named)

    return cached_function  # type: ignore[return-value]  # a cache takes only what can be hashed
