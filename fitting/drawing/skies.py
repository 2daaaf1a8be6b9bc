"""Skies that are not flat: a tilted plane, and a grid of levels with bilinear interpolation.

Both are linear in all of their parameters, and their pixel integrals are exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from fitting.render.pixels import Frame


def _everywhere(values: Tensor, frames: Sequence[Frame]) -> Tensor:
    return torch.ones((len(frames), len(values)), dtype=torch.bool, device=values.device)


@dataclass(frozen=True)
class PlaneSky:
    """I(x, y) = i + di_dx (x − x_c) + di_dy (y − y_c), about the centre of the image (pixels).

    A plane's mean over a pixel is its value at the pixel's centre.
    """

    centre: tuple[float, float]

    linear = (0, 1, 2)

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """The plane, (instances, height, width)."""
        return torch.einsum("ip,pyx->iyx", values, self._basis(values, frame))

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """One, x − x_c and y − y_c."""
        return self._basis(values, frame).expand(len(values), -1, -1, -1)

    def reaches(self, values: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> Tensor:
        """A sky is everywhere."""
        return _everywhere(values, frames)

    def _basis(self, values: Tensor, frame: Frame) -> Tensor:
        like: dict[str, Any] = {"dtype": values.dtype, "device": values.device}
        x = torch.arange(frame.x0, frame.x0 + frame.width, **like) - self.centre[0]
        y = torch.arange(frame.y0, frame.y0 + frame.height, **like) - self.centre[1]
        shape = (frame.height, frame.width)
        return torch.stack((torch.ones(shape, **like), x.expand(shape), y[:, None].expand(shape)))


@dataclass(frozen=True)
class BilinearSky:
    """Levels at a grid of nodes over the image, edge to edge, bilinear between them.

    Args:
        rows, columns: nodes along y and x; the parameters are the levels, row by row.
        edges: x0, x1, y0, y1 of the image's outer edges, pixels.
    """

    rows: int
    columns: int
    edges: tuple[float, float, float, float]

    @property
    def linear(self) -> tuple[int, ...]:
        """All levels."""
        return tuple(range(self.rows * self.columns))

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """The sky, (instances, height, width)."""
        along_x, along_y = self._hats(values, frame)
        return along_y @ values.view(-1, self.rows, self.columns) @ along_x.mT

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """Each node's own share of every pixel."""
        along_x, along_y = self._hats(values, frame)
        shares = along_y.T[:, None, :, None] * along_x.T[None, :, None, :]
        return shares.flatten(0, 1).expand(len(values), -1, -1, -1)

    def reaches(self, values: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> Tensor:
        """A sky is everywhere."""
        return _everywhere(values, frames)

    def _hats(self, values: Tensor, frame: Frame) -> tuple[Tensor, Tensor]:
        """Means over pixels of the nodes' hat functions, (width, columns) and (height, rows)."""
        like: dict[str, Any] = {"dtype": values.dtype, "device": values.device}
        x = torch.arange(frame.x0, frame.x0 + frame.width + 1, **like) - 0.5
        y = torch.arange(frame.y0, frame.y0 + frame.height + 1, **like) - 0.5
        return hat_means(x, *self.edges[:2], self.columns), hat_means(y, *self.edges[2:], self.rows)


def hat_means(bounds: Tensor, low: float, high: float, nodes: int) -> Tensor:
    """Means of `nodes` linear hat functions on [low, high] between neighbouring `bounds` (n + 1,) in it: (n, nodes)."""
    place = (bounds - low) * ((nodes - 1) / (high - low))
    node = torch.arange(nodes, dtype=bounds.dtype, device=bounds.device)
    offset = (place[:, None] - node).clamp(-1.0, 1.0)
    primitive = offset - 0.5 * offset * offset.abs()
    return (primitive[1:] - primitive[:-1]) / (place[1] - place[0])
