"""Gauss–Legendre quadrature over one pixel."""

import numpy as np
import pytest

from fitting.render.pixels import pixel_rule
from fitting.render.radial import ORDERS


@pytest.mark.parametrize("order", ORDERS)
def test_pixel_rule_integrates_what_its_order_promises(order: int) -> None:
    x, y, weights = pixel_rule(order)
    power = 2 * order - 1
    shifted = (x + 0.5) ** power * (y + 0.5) ** (power - 1)
    assert weights @ shifted == pytest.approx(1.0 / (power + 1) / power, rel=1e-11)
    assert weights.sum() == pytest.approx(1.0, abs=1e-14)
    assert np.abs(np.concatenate((x, y))).max() < 0.5
