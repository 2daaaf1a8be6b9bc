"""Zernike polynomials: Noll's table, and that they are orthonormal over the unit disc."""

import numpy as np
import pytest

from fitting.inputs.basis_images import noll_orders, stamp_polar, zernike

TABLE = {
    1: lambda r, _: np.ones_like(r),
    2: lambda r, t: 2.0 * r * np.cos(t),
    3: lambda r, t: 2.0 * r * np.sin(t),
    4: lambda r, _: np.sqrt(3.0) * (2.0 * r**2 - 1.0),
    5: lambda r, t: np.sqrt(6.0) * r**2 * np.sin(2.0 * t),
    6: lambda r, t: np.sqrt(6.0) * r**2 * np.cos(2.0 * t),
    7: lambda r, t: np.sqrt(8.0) * (3.0 * r**3 - 2.0 * r) * np.sin(t),
    8: lambda r, t: np.sqrt(8.0) * (3.0 * r**3 - 2.0 * r) * np.cos(t),
    9: lambda r, t: np.sqrt(8.0) * r**3 * np.sin(3.0 * t),
    10: lambda r, t: np.sqrt(8.0) * r**3 * np.cos(3.0 * t),
    11: lambda r, _: np.sqrt(5.0) * (6.0 * r**4 - 6.0 * r**2 + 1.0),
    13: lambda r, t: np.sqrt(10.0) * (4.0 * r**4 - 3.0 * r**2) * np.sin(2.0 * t),
    15: lambda r, t: np.sqrt(10.0) * r**4 * np.sin(4.0 * t),
}
"""Noll 1976, table I."""


@pytest.mark.parametrize("term", TABLE)
def test_the_first_are_those_of_the_table(term: int) -> None:
    radius, angle = np.meshgrid(np.linspace(0.0, 1.0, 9), np.linspace(-3.0, 3.0, 11))
    assert zernike(term, radius, angle) == pytest.approx(TABLE[term](radius, angle), abs=1e-12)


def test_they_are_orthonormal_over_the_disc() -> None:
    nodes, weights = np.polynomial.legendre.leggauss(20)
    angles = np.arange(64) * (2.0 * np.pi / 64)
    radius, angle = np.meshgrid(0.5 * (nodes + 1.0), angles)
    weight = np.broadcast_to(0.5 * weights * 0.5 * (nodes + 1.0) * 2.0 / 64, radius.shape).ravel()
    values = np.stack([zernike(term, radius, angle).ravel() for term in range(1, 67)])
    assert (values * weight) @ values.T == pytest.approx(np.eye(66), abs=1e-10)


def test_an_index_beyond_the_table_has_its_orders() -> None:
    assert [noll_orders(term) for term in (16, 21, 22, 36, 37, 66)] == [
        (5, 1),
        (5, 5),
        (6, 0),
        (7, 7),
        (8, 0),
        (10, 10),
    ]


def test_they_end_at_the_radius_and_turn_from_x_to_y() -> None:
    distance, angle = stamp_polar(7, 9)
    assert distance[3, 4] == 0.0
    assert zernike(4, distance / 3.0, angle)[0, 0] == 0.0
    tilt = zernike(3, distance / 5.0, angle)
    assert tilt[5, 4] == pytest.approx(2.0 * 2.0 / 5.0)
    assert tilt[3, 6] == pytest.approx(0.0)
