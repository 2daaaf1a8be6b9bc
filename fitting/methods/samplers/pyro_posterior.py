"""Posterior for Pyro (Bingham et al. 2019, JMLR 20, 28): photfit's density as a function that torch differentiates.

Pyro is loaded when a stage asks for it. What it keeps for the whole process, handlers, parameters and torch's random
numbers, is left as it was; so that no other fit comes between, the questions of a problem are answered at once, also
in a batch (`AnsweredAlone`).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from fitting.faults import UserFault
from fitting.methods.samplers.posterior import Posterior, Target
from fitting.problem import NormalEquations, Problem
from fitting.spec import StageSpec
from fitting.spec.methods import SamplerOptions


def refuse_without_pyro(stages: Iterable[StageSpec]) -> None:
    """Nothing, where Pyro is there or no stage asks for it.

    Raises:
        UserFault: a stage asks for it, and it is not installed.
    """
    for number, stage in enumerate(stages, 1):
        asks = isinstance(stage.options, SamplerOptions) and stage.options.needs_pyro
        if asks and find_spec("pyro") is None:
            way_on = "leave kernel out for photfit's own" if stage.method != "svi" else "run importance or nuts"
            raise UserFault(
                f"stage {number}, {stage.method}, asks for Pyro, which is not installed where fits run: "
                f"pip install pyro-ppl there, or {way_on}"
            )


class AnsweredAlone:
    """A problem that answers by itself, also where fits of a batch ask together: Pyro's state is the process's."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.names, self.lower, self.upper = target.names, target.lower, target.upper

    def value(self, theta: Tensor) -> Tensor:
        """See `Target`."""
        if isinstance(self._target, Problem):
            return Problem.value(self._target, theta)
        return self._target.value(theta)

    def value_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """See `Target`."""
        if isinstance(self._target, Problem):
            return Problem.value_and_gradient(self._target, theta)
        return self._target.value_and_gradient(theta)

    def normal_equations(self, theta: Tensor) -> NormalEquations:
        """See `Target`."""
        if isinstance(self._target, Problem):
            return Problem.normal_equations(self._target, theta)
        return self._target.normal_equations(theta)


class _LogDensity(torch.autograd.Function):
    """ln p of θ (batch, free), with the gradient that the posterior works out itself: (batch,)."""

    @staticmethod
    def forward(context: Any, theta: Tensor, posterior: Posterior) -> Tensor:
        with torch.inference_mode():
            density, gradient = posterior.mirrored_density(theta.detach())
        context.save_for_backward(gradient.clone())
        return density.log_density.clone()

    @staticmethod
    def backward(context: Any, *by_value: Tensor) -> tuple[Tensor, None]:
        (gradient,) = context.saved_tensors
        return by_value[0][:, None] * gradient, None


def log_density(theta: Tensor, posterior: Posterior) -> Tensor:
    """ln p of the reflected continuation at θ (batch, free), which torch differentiates: (batch,)."""
    apply: Any = _LogDensity.apply  # torch does not say what it takes
    value: Tensor = apply(theta, posterior)
    return value


class OwnRandomNumbers:
    """Random numbers of a run's own in the place of torch's, which go on afterwards as if nothing had been."""

    def __init__(self, seed: int) -> None:
        self._state = torch.Generator().manual_seed(seed).get_state()

    @contextmanager
    def drawn(self) -> Iterator[None]:
        """While this lasts, whoever asks torch draws from these; derivatives are recorded."""
        with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
            torch.random.set_rng_state(self._state)
            yield
            self._state = torch.random.get_rng_state()
