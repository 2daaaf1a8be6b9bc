"""J_0 and J_1 to 1e-13: torch's own are off by 4e-7 beyond 5, which would show in derivatives, and slow.

Up to `_TABLE_END` by Taylor polynomials about the nearest of many points, whose coefficients SciPy gives; beyond by
Hankel's asymptotic expansion (DLMF 10.17.3).
"""

import math
from functools import cache
from math import factorial

import numpy as np
import torch
from scipy.special import jvp
from torch import Tensor

_STEP = 0.125
_TABLE_END = 32.0
_TERMS = 9
_HANKEL_TERMS = 10
"""The first that is left out, a_k / x^k for k = 10, is 1e-13 at the end of the table."""


@cache
def _table(order: int, device: torch.device) -> Tensor:
    """Taylor coefficients of J_order, (terms, points)."""
    points = np.arange(0.0, _TABLE_END + _STEP, _STEP)
    terms = [jvp(order, points, term) / factorial(term) for term in range(_TERMS)]
    return torch.as_tensor(np.stack(terms), device=device)


@cache
def _hankel(order: int) -> tuple[float, ...]:
    """a_k of DLMF 10.17.1, with the signs that they have in the expansion."""
    found, term = [], 1.0
    for k in range(_HANKEL_TERMS):
        found.append(term * (-1.0) ** (k // 2))
        term *= (4.0 * order**2 - (2.0 * k + 1.0) ** 2) / (8.0 * (k + 1))
    return tuple(found)


def bessel_j(order: int, argument: Tensor) -> Tensor:
    """J_0 or J_1 of arguments that are not negative."""
    near = argument <= _TABLE_END
    if bool(near.all()):
        return _by_table(order, argument)
    value = _by_expansion(order, argument.clamp(min=_TABLE_END))
    value[near] = _by_table(order, argument[near])
    return value


def _by_table(order: int, argument: Tensor) -> Tensor:
    place = (argument / _STEP).round()
    offset = argument - place * _STEP
    coefficients = _table(order, argument.device)[:, place.long()]
    value = coefficients[-1].clone()
    for term in range(_TERMS - 2, -1, -1):
        value.mul_(offset).add_(coefficients[term])
    return value


def _by_expansion(order: int, argument: Tensor) -> Tensor:
    inverse = argument.reciprocal()
    square = inverse * inverse
    even, odd = (_polynomial(_hankel(order)[first::2], square) for first in (0, 1))
    phase = argument - (0.5 * order + 0.25) * math.pi
    wave = phase.cos().mul_(even).sub_(odd.mul_(inverse).mul_(phase.sin()))
    return wave.mul_(inverse.mul_(2.0 / math.pi).sqrt_())


def _polynomial(coefficients: tuple[float, ...], argument: Tensor) -> Tensor:
    value = torch.full_like(argument, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value.mul_(argument).add_(coefficient)
    return value
