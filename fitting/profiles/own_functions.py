"""Functions of one's own in formulas, that cannot be written as one: of torch's tensors, or of NumPy's arrays.

They are differentiated by torch where torch knows how, else by differences.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from fitting.spec import Dual
from fitting.spec.expressions.duals import chain

_SAME = 1e-9
"""Relative difference of what should be equal; rounding alone is a millionth of it."""
_SLOPES_APART = 1e-6
"""Relative difference of a derivative from differences above which it is none."""
_STEP = 1e-3
"""Step of differences, of the argument: with a rule of fourth order they are exact to 1e-12. Of zero it is this."""
_RULE = ((-2, 1.0 / 12.0), (-1, -8.0 / 12.0), (1, 8.0 / 12.0), (2, -1.0 / 12.0))
"""Steps and weights of the first derivative, to fourth order (Abramowitz & Stegun 1964, 25.3.6)."""
_PLACES = (0.7, 0.31)
"""First argument at which a function is tried, and from one to the next: any would do."""


class OwnElementwise:
    """A function of arrays, element by element, as `fitting.spec.expressions.own_functions.OwnFunction`.

    Args:
        function: of tensors that all have one shape.
    """

    def __init__(self, function: Callable[..., Tensor]) -> None:
        self._function = function

    def __call__(self, arguments: Sequence[Dual], /) -> Dual:
        tensors = torch.broadcast_tensors(*(torch.as_tensor(each.value, dtype=torch.float64) for each in arguments))
        varied = [place for place, each in enumerate(arguments) if each.gradient is not None]
        if not varied:
            return Dual(_as_given(self._function(*tensors), arguments))
        # What is drawn is drawn in inference mode (decision 0025), in which nothing is recorded.
        with torch.inference_mode(False), torch.enable_grad():
            inputs = [each.detach().clone().requires_grad_(place in varied) for place, each in enumerate(tensors)]
            found = self._function(*inputs)
            leaves = [inputs[place] for place in varied]
            slopes = torch.autograd.grad(found, leaves, torch.ones_like(found), allow_unused=True)
        pairs = [(slope, arguments[at]) for slope, at in zip(slopes, varied, strict=True) if slope is not None]
        return chain(
            _as_given(found.detach(), arguments), *((_as_given(slope, arguments), each) for slope, each in pairs)
        )


def own_elementwise(function: Callable[..., Any], units: Sequence[str]) -> OwnElementwise | str:
    """A function of the radius and of parameters as formulas take it; or why it is no brightness, found by trying.

    Args:
        function: of torch's tensors or of NumPy's arrays.
        units: of the parameters: ``pixel``, ``1/pixel``, ``data/pixel``, or nothing of a pure number.
    """
    faults = []
    for make in (_of_tensors, _of_tensors_by_differences, _of_arrays_by_differences):
        own = OwnElementwise(make(function))
        fault = _fault_of(own, units)
        if fault is None:
            return own
        faults.append(fault)
    return next((fault for fault in faults if not fault.startswith("it fails")), faults[-1])


def _of_tensors(function: Callable[..., Any]) -> Callable[..., Tensor]:
    return lambda *tensors: torch.as_tensor(function(*tensors), dtype=torch.float64).expand(tensors[0].shape)


def _of_tensors_by_differences(function: Callable[..., Any]) -> Callable[..., Tensor]:
    apply: Callable[..., Tensor] = _ByDifferences.apply
    return lambda *tensors: apply(_of_tensors(function), *tensors)


def _of_arrays_by_differences(function: Callable[..., Any]) -> Callable[..., Tensor]:
    def of_arrays(*tensors: Tensor) -> Tensor:
        found = torch.as_tensor(function(*(each.detach().cpu().numpy() for each in tensors)), dtype=torch.float64)
        return found.to(tensors[0].device).expand(tensors[0].shape)

    apply: Callable[..., Tensor] = _ByDifferences.apply
    return lambda *tensors: apply(of_arrays, *tensors)


class _ByDifferences(torch.autograd.Function):
    """A function element by element whose derivatives are differences."""

    @staticmethod
    def forward(context: Any, function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
        context.save_for_backward(*tensors)
        context.function = function
        return function(*tensors).clone()

    @staticmethod
    def backward(context: Any, *given: Tensor) -> Any:
        (weight,) = given
        tensors = context.saved_tensors
        slopes: list[Tensor | None] = [None]
        for place, needed in enumerate(context.needs_input_grad[1:]):
            if not needed:
                slopes.append(None)
                continue
            at = tensors[place]
            step = torch.where(at == 0.0, _STEP, _STEP * at)
            moved = (
                share * context.function(*tensors[:place], at + number * step, *tensors[place + 1 :])
                for number, share in _RULE
            )
            slopes.append(weight * sum(moved) / step)
        return tuple(slopes)


def _fault_of(own: OwnElementwise, units: Sequence[str]) -> str | None:
    """Why a function is no brightness; None where it is one."""
    values = [_PLACES[0] + _PLACES[1] * place for place in range(len(units) + 1)]
    longer = [2.0, *({"pixel": 2.0, "1/pixel": 0.5}.get(unit, 1.0) for unit in units)]
    brighter = [1.0, *(3.0 if unit == "data/pixel" else 1.0 for unit in units)]
    nothing = [1.0] * len(values)

    def at(factors: Sequence[float]) -> float:
        return float(own([Dual(value * factor) for value, factor in zip(values, factors, strict=True)]).value)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # as where NumPy takes tensors for arrays, and asks not to
            several = own([Dual(torch.full((3,), value, dtype=torch.float64)) for value in values]).value
            alone, stretched, raised = at(nothing), at(longer), at(brighter)
            slopes = [
                (own([Dual(value, 1.0 if number == place else None) for number, value in enumerate(values)]).gradient,
                 sum(share * at([1.0 + (number == place) * steps * _STEP for number in range(len(values))])
                     for steps, share in _RULE) / (_STEP * values[place]))
                for place in range(len(values))
            ]  # fmt: skip
    except Exception as error:  # noqa: BLE001 - whatever somebody's function does
        return f"it fails with arrays ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
    if not torch.allclose(several, torch.full((3,), alone, dtype=torch.float64)):
        return "it does not work element by element"
    if abs(stretched - alone) > _SAME * abs(alone):
        return "its value changes where the radius and all lengths are twice as long: say which parameters are lengths"
    if abs(raised - 3.0 * alone) > 3.0 * _SAME * abs(alone):
        return "its value does not grow with its brightnesses: say which parameters are brightnesses"
    most = max(abs(slope) for _, slope in slopes)
    if any(abs((found or 0.0) - slope) > _SLOPES_APART * most for found, slope in slopes):
        return "it fails to give its derivatives"
    return None


def _as_given(found: Tensor, arguments: Sequence[Dual]) -> Tensor | float:
    """A Python number where all arguments are."""
    return found if any(isinstance(each.value, Tensor) for each in arguments) else float(found)
