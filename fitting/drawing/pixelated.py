"""A component of free pixels: a stamp of unit squares of constant brightness, laid down anywhere between pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from fitting.render.pixels import Frame, windows


@dataclass(frozen=True)
class Pixelated:
    """A stamp: parameters x, y of its centre (pixels), then its pixels row by row (data units per pixel).

    Each pixel of the image holds the parts of the stamp's squares that fall on it, 1 − |distance| along each axis.
    """

    rows: int
    columns: int

    @property
    def linear(self) -> tuple[int, ...]:
        """The pixels."""
        return tuple(range(2, 2 + self.rows * self.columns))

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """The stamp in its place, (instances, height, width)."""
        (along_y, _), (along_x, _) = self._shares(values, frame)
        return along_y @ values[:, 2:].unflatten(1, (self.rows, self.columns)) @ along_x.mT

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """By x, y and every pixel."""
        (along_y, slope_y), (along_x, slope_x) = self._shares(values, frame)
        stamp = values[:, 2:].unflatten(1, (self.rows, self.columns))
        by_x, by_y = along_y @ stamp @ slope_x.mT, slope_y @ stamp @ along_x.mT
        pixels = torch.einsum("iyr,ixc->ircyx", along_y, along_x).flatten(1, 2)
        return torch.cat((torch.stack((by_x, by_y), dim=1), pixels), dim=1)

    def reaches(self, values: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> Tensor:
        """Those that overlap a frame."""
        x, y = values[:, 0], values[:, 1]
        left, right, low, high = windows(frames, values)
        width, height = 0.5 * self.columns + 1.0, 0.5 * self.rows + 1.0
        return (x + width > left) & (x - width < right) & (y + height > low) & (y - height < high)

    def _shares(self, values: Tensor, frame: Frame) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Shares of the stamp's rows (columns) in the frame's, and their slopes by y (x): (instances,
        pixels, rows or columns).
        """
        return (
            _axis(values[:, 1], frame.y0, frame.height, self.rows),
            _axis(values[:, 0], frame.x0, frame.width, self.columns),
        )


def _axis(centre: Tensor, first: int, count: int, squares: int) -> tuple[Tensor, Tensor]:
    like: dict[str, Any] = {"dtype": centre.dtype, "device": centre.device}
    place = torch.arange(squares, **like) - 0.5 * (squares - 1) + centre[:, None]
    offset = torch.arange(first, first + count, **like)[:, None] - place[:, None, :]
    share = (1.0 - offset.abs()).clamp(min=0.0)
    return share, torch.where(share > 0.0, offset.sign(), 0.0)
