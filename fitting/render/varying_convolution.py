"""Convolution with a point-spread function that changes over the image: kernels at the nodes of a grid, blended.

Light at a point is blurred by the kernels of the four nodes around it, weighted bilinearly by where the point is, and
outside the grid as at its edge: the blurred image is Σ_k K_k ⊛ (w_k · light), w_k the weight of node k.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from fitting.render.convolution import Convolver, FineConvolver
from fitting.render.pixels import Frame

Blur = Convolver | FineConvolver


@dataclass(frozen=True)
class Nodes:
    """Positions of a grid's nodes, pixels: `x` (columns,) and `y` (rows,), rising."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def weights(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Weights (columns, …) along x and (rows, …) along y of points at x and at y."""
        return hats(x, self.x)[0], hats(y, self.y)[0]


class VaryingConvolver:
    """Kernels at nodes.

    Args:
        nodes: where.
        blurs: the convolver of each node, row by row; margins and oversampling are the same for all.
    """

    def __init__(self, nodes: Nodes, blurs: Sequence[Blur]) -> None:
        self.nodes, self.blurs = nodes, tuple(blurs)
        self.widest_margin = max(blur.widest_margin for blur in blurs)
        self.oversampling = blurs[0].oversampling

    def at(self, frame: Frame, like: Tensor) -> "BlendedConvolver":
        """What blurs light on a frame (in pixels of the kernels) that is wider than the result."""
        fine = self.oversampling
        options: dict[str, Any] = {"dtype": like.dtype, "device": like.device}
        x = (torch.arange(frame.x0, frame.x0 + frame.width, **options) + 0.5) / fine - 0.5
        y = (torch.arange(frame.y0, frame.y0 + frame.height, **options) + 0.5) / fine - 0.5
        along_x, along_y = self.nodes.weights(x, y)
        shares = (along_y[:, None, :, None] * along_x[None, :, None, :]).flatten(0, 1)
        return BlendedConvolver(
            tuple((blur, share) for blur, share in zip(self.blurs, shares, strict=True) if bool((share > 0.0).any()))
        )


@dataclass(frozen=True)
class BlendedConvolver:
    """The kernels that matter on one frame, each with its weights (height, width) there."""

    parts: tuple[tuple[Blur, Tensor], ...]

    def apply(self, wide: Tensor) -> Tensor:
        """Blur images, as `Convolver.apply`."""
        return torch.stack([blur.apply(wide * share) for blur, share in self.parts]).sum(0)

    def transpose(self, image: Tensor) -> Tensor:
        """The transpose of `apply`."""
        return torch.stack([blur.transpose(image) * share for blur, share in self.parts]).sum(0)


def hats(place: Tensor, nodes: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Linear weights of nodes at places, level outside, and their slopes: (nodes, …) each."""
    at = torch.tensor(nodes, dtype=place.dtype, device=place.device)
    if len(nodes) == 1:
        return torch.ones_like(place)[None], torch.zeros_like(place)[None]
    left = (torch.bucketize(place.contiguous(), at) - 1).clamp(0, len(nodes) - 2)
    gap = at[left + 1] - at[left]
    share = ((place - at[left]) / gap).clamp(0.0, 1.0)
    slope = torch.where((share > 0.0) & (share < 1.0), 1.0 / gap, 0.0)
    number = torch.arange(len(nodes), device=place.device).view(-1, *(1,) * place.ndim)
    after = (number == left + 1).to(place.dtype)
    before = (number == left).to(place.dtype)
    return before * (1.0 - share) + after * share, (after - before) * slope
