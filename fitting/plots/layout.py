"""Where panels and colour bars go, in inches, for images of any shape."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[float, float, float, float]

_AREA = 3.3
_NARROWEST, _WIDEST_IN_ROW, _WIDEST = 0.35, 2.0, 8.0
_STACKED_WIDTH = 8.0
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.62, 0.72, 0.52, 0.34
_GAP, _BAR, _BAR_GAP, _BAR_LABELS = 0.14, 0.14, 0.1, 0.78


@dataclass(frozen=True)
class Layout:
    """Boxes are (left, bottom, width, height) as fractions of the figure.

    Attributes:
        size: of the figure, inches.
        panels: data, model, residual.
        bars: of the light, of the residual.
        bottom, left: which panels stand at those edges and carry the axis names.
        distorted: whether pixels are drawn oblong, since the image is too long for square ones.
    """

    size: tuple[float, float]
    panels: tuple[Box, Box, Box]
    bars: tuple[Box, Box]
    bottom: frozenset[int]
    left: frozenset[int]
    distorted: bool


def layout(aspect: float) -> Layout:
    """Panels in a row, or one above the other for an image much wider than high; `aspect` is width over height."""
    held = min(max(aspect, _NARROWEST), _WIDEST)
    distorted = held != aspect
    return _row(held, distorted) if held <= _WIDEST_IN_ROW else _stack(held, distorted)


def _row(aspect: float, distorted: bool) -> Layout:
    width, height = _AREA * aspect**0.5, _AREA / aspect**0.5
    first, second = _LEFT, _LEFT + width + _GAP
    bar = second + width + _BAR_GAP
    third = bar + _BAR + _BAR_LABELS
    last_bar = third + width + _BAR_GAP
    size = (last_bar + _BAR + _RIGHT, _BOTTOM + height + _TOP)
    panels = tuple(_box(left, _BOTTOM, width, height, size) for left in (first, second, third))
    bars = tuple(_box(left, _BOTTOM, _BAR, height, size) for left in (bar, last_bar))
    return Layout(
        size, (panels[0], panels[1], panels[2]), (bars[0], bars[1]), frozenset({0, 1, 2}), frozenset({0}), distorted
    )


def _stack(aspect: float, distorted: bool) -> Layout:
    width, height = _STACKED_WIDTH, _STACKED_WIDTH / aspect
    rise = height + _TOP + 0.1
    size = (_LEFT + width + _BAR_GAP + _BAR + _RIGHT, _BOTTOM + 3 * rise)
    floors = [_BOTTOM + number * rise for number in (2, 1, 0)]
    panels = tuple(_box(_LEFT, floor, width, height, size) for floor in floors)
    left = _LEFT + width + _BAR_GAP
    bars = (
        _box(left, floors[1], _BAR, floors[0] + height - floors[1], size),
        _box(left, floors[2], _BAR, height, size),
    )
    return Layout(size, (panels[0], panels[1], panels[2]), bars, frozenset({2}), frozenset({0, 1, 2}), distorted)


def _box(left: float, bottom: float, width: float, height: float, size: tuple[float, float]) -> Box:
    return left / size[0], bottom / size[1], width / size[0], height / size[1]
