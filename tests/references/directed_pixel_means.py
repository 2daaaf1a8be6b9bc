"""Means over pixels of a brightness with edges or kinks along straight lines through a centre, in plain numpy.

In polar coordinates about the centre: directions are split at the pixel's corners and at the lines, distances run from
where a ray enters the pixel to where it leaves.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np

Array = np.ndarray
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_SHARE, _SHARE_WEIGHTS = 0.5 * (_NODES + 1.0), 0.5 * _WEIGHTS
_CORNERS = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])


def directed_pixel_mean(
    brightness: Callable[[Array, Array], Array],
    pixel: tuple[int, int],
    centre: tuple[float, float],
    directions: Iterable[float],
) -> float:
    """Mean over a pixel (x, y) of brightness(x, y), smooth but at the centre and in these directions.

    Directions are radians from +x, counter-clockwise.
    """
    at = np.array(pixel, dtype=float) - centre
    towards = np.arctan2(at[1], at[0])
    corners = at + _CORNERS
    cuts = np.concatenate((np.arctan2(corners[:, 1], corners[:, 0]), np.array(list(directions))))
    turns = (cuts - towards + np.pi) % (2.0 * np.pi) - np.pi
    inside = np.abs(at).max() < 0.5
    low, high = (-np.pi, np.pi) if inside else (turns[:4].min(), turns[:4].max())
    ends = np.unique(np.concatenate(([low, high], turns[(turns > low) & (turns < high)])))
    total = 0.0
    # Nodes crowd towards both ends, where broken powers of the angle begin.
    place = _SHARE**3 * (10.0 - _SHARE * (15.0 - 6.0 * _SHARE))
    speed = 30.0 * (_SHARE * (1.0 - _SHARE)) ** 2 * _SHARE_WEIGHTS
    for start, end in pairwise(ends):
        angle = towards + start + (end - start) * place[:, None]
        cosine, sine = np.cos(angle), np.sin(angle)
        enter, leave = _through(at, cosine, sine)
        enter = np.zeros_like(enter) if inside else np.maximum(enter, 0.0)
        radius = enter + (leave - enter) * _SHARE**4
        weights = (end - start) * speed[:, None] * (leave - enter) * 4.0 * _SHARE**3 * _SHARE_WEIGHTS * radius
        total += float((brightness(centre[0] + radius * cosine, centre[1] + radius * sine) * weights).sum())
    return total


def _through(at: Array, cosine: Array, sine: Array) -> tuple[Array, Array]:
    """Where rays from the origin enter and leave the unit square about `at`."""
    with np.errstate(divide="ignore"):
        x = np.stack(((at[0] - 0.5) / cosine, (at[0] + 0.5) / cosine))
        y = np.stack(((at[1] - 0.5) / sine, (at[1] + 0.5) / sine))
    enter, leave = np.maximum(x.min(0), y.min(0)), np.minimum(x.max(0), y.max(0))
    return enter, np.maximum(leave, enter)
