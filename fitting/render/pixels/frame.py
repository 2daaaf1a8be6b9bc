"""Rectangles of pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor


@dataclass(frozen=True)
class Frame:
    """A rectangle of pixels: its first pixel and its size, in the full frame's coordinates."""

    x0: int
    y0: int
    width: int
    height: int

    def widen(self, margin: int) -> "Frame":
        """The frame with `margin` more pixels on every side."""
        return Frame(self.x0 - margin, self.y0 - margin, self.width + 2 * margin, self.height + 2 * margin)

    @property
    def window(self) -> tuple[int, int, int, int]:
        """First pixel and the one past the last, along x and along y."""
        return self.x0, self.x0 + self.width, self.y0, self.y0 + self.height

    def offsets(self, x: Tensor, y: Tensor, shift: float = 0) -> tuple[Tensor, Tensor]:
        """Offsets of the columns and of the rows from centres x, y (instances,), along both axes moved by `shift`:
        (instances, width) and (instances, height).
        """
        columns = _places(self.x0 + shift, self.width, x.device)
        rows = _places(self.y0 + shift, self.height, x.device)
        return columns - x[:, None], rows - y[:, None]


@lru_cache(maxsize=256)
def _places(first: float, count: int, device: torch.device) -> Tensor:
    """Places in a row, a pixel apart."""
    return torch.arange(first, first + count, dtype=torch.float64, device=device)


def windows(frames: Sequence[Frame], like: Tensor) -> Tensor:
    """`Frame.window` of many, as numbers `like` others: (4, frames, 1)."""
    return like.new_tensor([frame.window for frame in frames]).view(-1, 4).T.unsqueeze(-1)
