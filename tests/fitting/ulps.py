"""Equality as arithmetic promises it: the same sums in another order differ by a few units in the last place.

Which order a sum is taken in depends on the width of the processor's vectors and on the number of threads. The same
bits are promised only for the same call, made twice.
"""

import numpy as np
import numpy.typing as npt

FEW = 32
"""Units in the last place of the largest value: half a dozen operations, and sums over some thousand pixels."""


def assert_few_ulps(got: npt.ArrayLike, expected: npt.ArrayLike) -> None:
    """That arrays of one shape agree to `FEW` units in the last place of the largest expected value."""
    one, other = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    assert one.shape == other.shape
    np.testing.assert_allclose(one, other, rtol=0.0, atol=FEW * np.spacing(np.abs(other).max(initial=0.0)))
