"""Kink candidates: pixels of a stack's frames that kinks may cross or come near, and some of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from fitting.render.pixels import STENCIL_MARGIN, Frame
from fitting.render.radial import ORDERS


@dataclass(frozen=True)
class PixelsOfStack:
    """Pixels of a stack's frames.

    Attributes:
        table: (4, pixels) whole numbers, of which the properties are rows.
    """

    table: Tensor

    @classmethod
    def concatenate(cls, parts: Sequence["PixelsOfStack"]) -> "PixelsOfStack":
        """Several lists as one."""
        return cls(torch.cat([part.table for part in parts], dim=1))

    def __len__(self) -> int:
        return self.table.shape[1]

    @property
    def instance(self) -> Tensor:
        """Numbers of the instances whose they are."""
        return self.table[0]

    @property
    def frame(self) -> Tensor:
        """Numbers of the frames that they are of."""
        return self.table[1]

    @property
    def target(self) -> Tensor:
        """Places among the pixels of their frame, row after row."""
        return self.table[2]

    @property
    def wide_target(self) -> Tensor:
        """Places among the pixels of the frame widened for the stencil."""
        return self.table[3]

    def at(self, places: Tensor) -> "PixelsOfStack":
        """Those at places."""
        return PixelsOfStack(self.table.index_select(1, places))

    def part(self, places: slice) -> "PixelsOfStack":
        """Those in a row."""
        return PixelsOfStack(self.table[:, places])

    def split(self, counts: Sequence[int]) -> Sequence["PixelsOfStack"]:
        """Parts of so many in a row each."""
        return [PixelsOfStack(part) for part in self.table.split_with_sizes(list(counts), dim=1)]


@dataclass(frozen=True)
class Candidates:
    """Pixels that kinks may cross or come near, as far as rounded parameters tell.

    Attributes:
        pixels: they, frame after frame.
        centres: x and y, (2, pixels).
        order: the Gauss–Legendre order that the light about each asks for, (pixels,).
    """

    pixels: PixelsOfStack
    centres: Tensor
    order: Tensor

    @classmethod
    def of(cls, parts: Sequence[np.ndarray], device: torch.device) -> "Candidates":
        """Lists by `pixel_table`, one after the other."""
        table = torch.as_tensor(np.concatenate(parts, axis=1), device=device)
        return cls(PixelsOfStack(table[:4]), table[4:6].double(), table[6])

    @cached_property
    def coarse(self) -> Tensor:
        """Whether the light asks for no more than the lowest order, (pixels,)."""
        return self.order == ORDERS[-1]

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.pixels.table.nbytes + self.centres.nbytes + self.order.nbytes


def pixel_table(instance: int, number: int, frame: Frame, where: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """The pixels of one instance and one frame, of that number, where a mask (height, width) says so, (7, pixels): the
    table of `PixelsOfStack`, x, y and the orders among those (height, width).
    """
    y, x = np.nonzero(where)
    wide = frame.widen(STENCIL_MARGIN)
    targets = y * frame.width + x, (y + STENCIL_MARGIN) * wide.width + x + STENCIL_MARGIN
    whose = np.full(x.shape, instance), np.full(x.shape, number)
    return np.stack((*whose, *targets, x + frame.x0, y + frame.y0, orders[y, x]))
