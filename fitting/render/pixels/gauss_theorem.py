"""Gauss's theorem for the derivatives by the centre: ∬ ∇I = ∮ I n.

Towards a cusp the gradient grows faster than the brightness, by which the outline of a pixel alone is needed.
"""

from functools import cache

import torch
from torch import Tensor

from fitting.render.radial.ellipse import Ellipses


def by_centre(flow: Tensor, form: Ellipses) -> Tensor:
    """The integrals of ∂I/∂ρ times δx and δy over pixels from those of ∇I, (pixels, 2) both; of each pixel's form."""
    xx, half, yy = (form.quadratic * _halves(flow.device)).unbind()
    adjoint = torch.stack((yy, half, half, xx), dim=-1).view(-1, 2, 2)
    determinant = (xx * yy).addcmul_(half, half, value=-1.0)
    return (adjoint * flow.unsqueeze(-2)).sum(-1) / (2.0 * determinant).unsqueeze(-1)


@cache
def _halves(device: torch.device) -> Tensor:
    """What turns A, 2B, C into A, −B, C: (3, 1)."""
    return torch.tensor([[1.0], [-0.5], [1.0]], dtype=torch.float64, device=device)
