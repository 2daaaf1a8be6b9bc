"""The amplitude of an Airy disc, h(v) = 2 J_1(v)/v, and J_2(v)/v² = −h′(v)/2v.

torch's own Bessel functions are off by 4e-7 beyond 5, which would show in derivatives, and slow. Up to `_TABLE_END`
h is a Taylor polynomial about the nearest of many points, which gives its slope, too; beyond, Hankel's asymptotic
expansion (DLMF 10.17.3).
"""

import math
from functools import cache
from math import factorial

import numpy as np
import torch
from torch import Tensor

from fitting.profiles.cached_tensors import cached_tensors

_PER_UNIT = 64
"""Points of the table in a unit of v, of five terms each: the next is (1/128)^5 / 5! of the fifth derivative, 2e-13."""
_TABLE_END = 256.0
"""v up to where the table goes: there Hankel's six terms err by 1e-14."""
_NODES = 192
"""Nodes of Gauss–Chebyshev quadrature, exact to degree 383: beyond it cos(vt) has less than rounding (J_384(256) =
1e-38).
"""
_HANKEL_TERMS = 6
"""The first that is left out, a_k / v^k for k = 6, is 1e-14 at the end of the table."""


def airy_amplitude(argument: Tensor) -> Tensor:
    """h at arguments that are not negative."""
    if _all_near(argument):
        return _by_table(argument)
    near = argument <= _TABLE_END
    value = torch.empty_like(argument)
    value[near], value[~near] = _by_table(argument[near]), _by_expansion(argument[~near])[0]
    return value


def airy_amplitude_and_fall(argument: Tensor) -> tuple[Tensor, Tensor]:
    """h and −h′/2v at arguments that are positive."""
    if _all_near(argument):
        return _with_fall(argument)
    near = argument <= _TABLE_END
    value, fall = torch.empty_like(argument), torch.empty_like(argument)
    value[near], fall[near] = _with_fall(argument[near])
    value[~near], fall[~near] = _by_expansion(argument[~near])
    return value, fall


def _all_near(argument: Tensor) -> bool:
    return not argument.numel() or bool(argument.amax() <= _TABLE_END)


@cached_tensors
def _table(device: torch.device) -> Tensor:
    """Taylor coefficients of h at the table's points, (terms, points).

    From h = 4/π ∫ (1 − t²)^½ cos(vt) dt over 0 … 1 (DLMF 10.9.4) by the positive nodes of Gauss–Chebyshev quadrature.
    """
    angle = np.pi * np.arange(1, _NODES // 2 + 1) / (_NODES + 1)
    node, weight = np.cos(angle), 4.0 / (_NODES + 1) * np.sin(angle) ** 2
    phase = np.arange(_TABLE_END * _PER_UNIT + 1)[:, None] / _PER_UNIT * node
    waves = np.cos(phase), np.sin(phase)
    signs = (1.0, -1.0, -1.0, 1.0, 1.0)
    terms = [waves[term % 2] @ (sign / factorial(term) * weight * node**term) for term, sign in enumerate(signs)]
    # At zero odd derivatives are none, and rounding would be felt when divided by v.
    terms[1][0] = terms[3][0] = 0.0
    return torch.as_tensor(np.stack(terms), device=device)


def _by_table(argument: Tensor) -> Tensor:
    place, offset = _beside(argument)
    *lower, last = _table(argument.device)
    value, term = last.index_select(0, place), torch.empty_like(offset)
    for row in reversed(lower):
        torch.index_select(row, 0, place, out=term)
        torch.addcmul(term, value, offset, out=value)
    return value.view_as(argument)


def _with_fall(argument: Tensor) -> tuple[Tensor, Tensor]:
    place, offset = _beside(argument)
    *lower, last = _table(argument.device)
    value, slope, term = last.index_select(0, place), torch.zeros_like(offset), torch.empty_like(offset)
    for row in reversed(lower):
        torch.addcmul(value, slope, offset, out=slope)
        torch.index_select(row, 0, place, out=term)
        torch.addcmul(term, value, offset, out=value)
    return value.view_as(argument), slope.view_as(argument).div_(argument).mul_(-0.5)


def _beside(argument: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest point of the table and the offset from it, (arguments,)."""
    argument = argument.flatten()
    place = (argument * _PER_UNIT).round_()
    return place.long(), torch.add(argument, place, alpha=-1.0 / _PER_UNIT)


def _by_expansion(argument: Tensor) -> tuple[Tensor, Tensor]:
    """h and −h′/2v = (h − J_0)/v²."""
    inverse = argument.reciprocal()
    phase = argument - 0.25 * math.pi
    sine, cosine = phase.sin(), phase.cos()
    root = (inverse * (2.0 / math.pi)).sqrt()
    even_0, odd_0 = _series(0, inverse)
    even_1, odd_1 = _series(1, inverse)
    bessel_0, bessel_1 = root * (even_0 * cosine - odd_0 * sine), root * (even_1 * sine + odd_1 * cosine)
    value = 2.0 * bessel_1 * inverse
    return value, (value - bessel_0) * inverse**2


def _series(order: int, inverse: Tensor) -> tuple[Tensor, Tensor]:
    """The even and the odd terms of Hankel's expansion at 1/v."""
    found = [torch.zeros_like(inverse), torch.zeros_like(inverse)]
    for k, term in enumerate(_hankel(order)):
        found[k % 2] = found[k % 2] + term * inverse**k
    return found[0], found[1]


@cache
def _hankel(order: int) -> tuple[float, ...]:
    """a_k of DLMF 10.17.1, with the signs that they have in the expansion."""
    found, term = [], 1.0
    for k in range(_HANKEL_TERMS):
        found.append(term * (-1.0) ** (k // 2))
        term *= (4.0 * order**2 - (2.0 * k + 1.0) ** 2) / (8.0 * (k + 1))
    return tuple(found)
