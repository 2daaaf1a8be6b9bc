"""A point source where the point-spread function changes over the image: the kernels around it, blended."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.drawing.point_source import PointSource
from fitting.render.pixels import Frame
from fitting.render.varying_convolution import Nodes, hats


@dataclass(frozen=True)
class VaryingPointSource:
    """Point sources on one image: parameters x, y (pixels) and flux (data units).

    Args:
        nodes: where kernels are known.
        sources: a point source of each kernel, row by row.
    """

    nodes: Nodes
    sources: tuple[PointSource, ...]

    linear = (2,)

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """Light, (instances, height, width)."""
        shares, _, _ = self._shares(values)
        images = [source.image(values, frame) * share for source, share in zip(self.sources, shares, strict=True)]
        return torch.stack(images).sum(0)

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """By x, y and flux; the blend changes with position too."""
        total = values.new_zeros((len(values), 3, frame.height, frame.width))
        for source, share, by_x, by_y in zip(self.sources, *self._shares(values), strict=True):
            columns = source.derivatives(values, frame)
            light = columns[:, 2] * values[:, 2, None, None]
            total += columns * share[:, None]
            total[:, 0] += light * by_x
            total[:, 1] += light * by_y
        return total

    def reaches(self, values: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> Tensor:
        """Where any of the kernels does."""
        return torch.stack([source.reaches(values, frames, faintest) for source in self.sources]).any(0)

    def _shares(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The kernels' weights and their slopes by x and y, (kernels, instances, 1, 1) each."""
        (hat_x, slope_x), (hat_y, slope_y) = (
            hats(values[:, axis], nodes) for axis, nodes in enumerate((self.nodes.x, self.nodes.y))
        )
        blends = (hat_y, hat_x), (hat_y, slope_x), (slope_y, hat_x)
        shares = ((along_y[:, None] * along_x).flatten(0, 1)[..., None, None] for along_y, along_x in blends)
        return tuple(shares)  # type: ignore[return-value]
