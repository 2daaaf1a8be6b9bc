"""Elementary functions for compiled loops: exponential and logarithm without calls or branches, so that a compiler
makes vectors of them. Each to two units in the last place (tests/fitting/render/compiled/test_elementary.py).
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

VECTORS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
"""How loops are compiled: products and sums may become one operation, nothing else about numbers is given up."""
SUMS: dict[str, Any] = VECTORS | {"fastmath": {"contract", "reassoc", "nsz"}}
"""How sums over points are compiled: in any order."""

_SHIFT = 1.5 * 2.0**52
"""Added to a number below 2^51, its nearest whole number stands in the last bits of the sum."""
_SHIFT_BITS = int(np.float64(_SHIFT).view(np.int64))
"""Its bits."""
_LN2_HIGH = 6.93147180369123816490e-01
"""ln 2 but for its last bits: whole multiples of it are exact (FreeBSD's `e_log.c`)."""
_LN2_LOW = 1.90821492927058770002e-10
"""What is missing to ln 2."""
_LEAST = -708.0
"""Below this an exponential is no ordinary number of float64."""
_LARGEST = 709.0
"""Above this it is infinite."""
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
"""The bits of √½."""
_MANTISSA = 52
"""Bits of a float64 behind its exponent."""
_ONE_BITS = 1023 << _MANTISSA
"""The bits of one."""
_FACTORIALS = tuple(1.0 / math.factorial(power) for power in range(14))
"""1/k!, k from 0 to 13."""


def _bits(_context: Any, _value: Any) -> Any:
    return types.int64(types.float64), lambda _c, builder, _s, args: builder.bitcast(args[0], ir.IntType(64))


def _number(_context: Any, _bits: Any) -> Any:
    return types.float64(types.int64), lambda _c, builder, _s, args: builder.bitcast(args[0], ir.DoubleType())


_as_bits: Any = intrinsic(_bits)
"""The bits of a float64 as an int64."""
_as_number: Any = intrinsic(_number)
"""The float64 that has these bits."""


@njit(**VECTORS)
def exponential(x: float) -> float:
    """e^x: x = k ln 2 + r with |r| ≤ ½ ln 2, and Taylor's series of e^r to its 13th power. Below −708
    it is zero, above 709 e^709."""
    nothing = x < _LEAST
    x = _LEAST if nothing else x
    x = _LARGEST if x > _LARGEST else x
    shifted = x * 1.4426950408889634 + _SHIFT
    k = shifted - _SHIFT
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    f = _FACTORIALS
    high = f[8] + r * (f[9] + r * (f[10] + r * (f[11] + r * (f[12] + r * f[13]))))
    series = 1.0 + r * (1.0 + r * (f[2] + r * (f[3] + r * (f[4] + r * (f[5] + r * (f[6] + r * (f[7] + r * high)))))))
    power = series * _as_number((_as_bits(shifted) << _MANTISSA) + _ONE_BITS)
    return 0.0 if nothing else power


@njit(**VECTORS)
def logarithm(x: float) -> float:
    """ln x of an ordinary number above zero, as FreeBSD's `e_log.c` makes it (Sun Microsystems 1993): x = 2^k (1 + f)
    and ln (1 + f) = f − f²/2 + s (f²/2 + R(s²)), s = f/(2 + f), R a minimax polynomial.
    """
    bits = _as_bits(x)
    exponent = (bits - _ROOT_HALF_BITS) >> _MANTISSA
    f = _as_number(bits - (exponent << _MANTISSA)) - 1.0
    k = _as_number(exponent + _SHIFT_BITS) - _SHIFT
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332))
    odd = 0.6666666666666735130 + w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591))
    half = 0.5 * f * f
    return k * _LN2_HIGH - ((half - (s * (half + even + z * odd) + k * _LN2_LOW)) - f)
