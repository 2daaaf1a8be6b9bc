"""Ellipses as astronomers name them, and what their parameters do to the quadratic form."""

import numpy as np
import pytest
import torch

from fitting.render.radial import GEOMETRY, Axes

PA = torch.tensor([-70.0, 0.0, 11.0, 45.0, 90.0, 133.7], dtype=torch.float64)


def axes_of(q: float, scale: float) -> Axes:
    return Axes.of(torch.full_like(PA, q), PA, torch.full_like(PA, scale))


@pytest.mark.parametrize(("q", "scale"), [(0.3, 7.3), (1.0, 0.9), (1.0 / 0.7, 3.0)])
def test_the_form_is_one_at_the_ends_of_the_axes(q: float, scale: float) -> None:
    xx, xy2, yy = axes_of(q, scale).quadratic.numpy()
    angle = np.radians(PA.numpy())
    for x, y in ((-np.sin(angle), np.cos(angle)), (q * np.cos(angle), q * np.sin(angle))):
        x, y = scale * x, scale * y
        assert xx * x * x + xy2 * x * y + yy * y * y == pytest.approx(1.0, rel=1e-13)


@pytest.mark.parametrize("scale", [0.37, 1.0, 6.0, 41.3])
def test_of_a_round_ellipse_the_angle_has_no_derivative_at_all(scale: float) -> None:
    """A number of rounding instead of zero would be taken for a direction in which to go far."""
    one = torch.ones_like(PA)
    transfer = axes_of(1.0, scale).transfer(one, scale * one, 123.4 * one, 1)
    assert transfer[:, :GEOMETRY, 3].eq(0.0).all()
    assert transfer[:, :GEOMETRY, 2].ne(0.0).any(1).all()
