"""Rectangles of pixels."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """A rectangle of pixels: its first pixel and its size, in the full frame's coordinates."""

    x0: int
    y0: int
    width: int
    height: int

    def widened(self, margin: int) -> "Frame":
        """The same with `margin` more pixels on every side."""
        return Frame(self.x0 - margin, self.y0 - margin, self.width + 2 * margin, self.height + 2 * margin)

    @property
    def window(self) -> tuple[int, int, int, int]:
        """First pixel and the one past the last, along x and along y."""
        return self.x0, self.x0 + self.width, self.y0, self.y0 + self.height
