"""Gauss–Legendre quadrature over one pixel, plain and with graded nodes.

A pixel's value is the mean of the brightness over a unit square. Far from the centre it follows from samples, one a
pixel (`fitting.render.pixels.stencil`); nearer, Gauss–Legendre rules of rising order take over; for the few pixels that
hold or touch the centre see `fitting.render.radial.cusp_pixels`.
"""

from functools import cache

import numpy as np
import torch
from torch import Tensor


@cache
def unit_rule(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Legendre nodes and weights on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    return 0.5 * (nodes + 1.0), 0.5 * weights


def graded_rule(order: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes σ² and their weights on (0, 1): whole powers of the distance from 0, and halves, become polynomials."""
    nodes, weights = unit_rule(order)
    return torch.as_tensor(nodes**2, device=device), torch.as_tensor(2.0 * nodes * weights, device=device)


def crowded_rule(order: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes σ² (3 − 2σ) and their weights on (0, 1), crowded towards both ends."""
    nodes, weights = unit_rule(order)
    crowded, speed = nodes**2 * (3.0 - 2.0 * nodes), 6.0 * nodes * (1.0 - nodes)
    return torch.as_tensor(crowded, device=device), torch.as_tensor(speed * weights, device=device)


def closely_crowded_rule(order: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes σ³ (10 − 15σ + 6σ²) and their weights on (0, 1), crowded more closely towards both ends."""
    nodes, weights = unit_rule(order)
    crowded, speed = nodes**3 * (10.0 - nodes * (15.0 - 6.0 * nodes)), 30.0 * (nodes * (1.0 - nodes)) ** 2
    return torch.as_tensor(crowded, device=device), torch.as_tensor(speed * weights, device=device)


@cache
def pixel_rule(order: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Offsets x, y from the pixel's centre and weights of the order × order rule over a pixel; each (order²,)."""
    nodes, weights = unit_rule(order)
    y, x = np.meshgrid(nodes - 0.5, nodes - 0.5, indexing="ij")
    return x.ravel(), y.ravel(), np.outer(weights, weights).ravel()
