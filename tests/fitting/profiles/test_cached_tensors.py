"""Tensors that are made once."""

import torch

from fitting.profiles.cached_tensors import cached_tensors


def test_autograd_may_use_what_inference_mode_first_asked_for() -> None:
    asked = []

    @cached_tensors
    def numbers(first: float) -> torch.Tensor:
        asked.append(first)
        return torch.tensor([first, 2.0])

    with torch.inference_mode():
        numbers(3.0)
    leaf = torch.ones(2, requires_grad=True)
    (slope,) = torch.autograd.grad((leaf * numbers(3.0)).sum(), leaf)
    assert slope.tolist() == [3.0, 2.0]
    assert asked == [3.0]
