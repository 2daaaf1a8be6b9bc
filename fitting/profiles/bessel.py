"""J_0 and J_1 to rounding: torch's own are off by 4e-7 beyond 5, which would show in derivatives.

Up to `_TABLE_END` by Taylor polynomials about the nearest of many points, whose coefficients SciPy gives; beyond by
torch's asymptotic series, which is good there.
"""

from functools import cache
from math import factorial

import numpy as np
import torch
from scipy.special import jvp
from torch import Tensor

_STEP = 0.125
_TABLE_END = 64.0
_TERMS = 9


@cache
def _table(order: int, device: torch.device) -> Tensor:
    """Taylor coefficients of J_order, (terms, points)."""
    points = np.arange(0.0, _TABLE_END + _STEP, _STEP)
    terms = [jvp(order, points, term) / factorial(term) for term in range(_TERMS)]
    return torch.as_tensor(np.stack(terms), device=device)


def bessel_j(order: int, argument: Tensor) -> Tensor:
    """J_0 or J_1 of arguments that are not negative."""
    inside = argument.clamp(max=_TABLE_END)
    place = (inside / _STEP).round()
    offset = inside - place * _STEP
    coefficients = _table(order, argument.device)[:, place.long()]
    value = coefficients[-1]
    for term in range(_TERMS - 2, -1, -1):
        value = value * offset + coefficients[term]
    far = torch.special.bessel_j0(argument) if order == 0 else torch.special.bessel_j1(argument)
    return torch.where(argument <= _TABLE_END, value, far)
