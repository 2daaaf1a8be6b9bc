"""Pixels that a text lists, a pair of x and y a line counted from 1, as boxes of a mask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fitting.spec.images.mask_shapes import MOST_SHAPES


def listed_pixels(text: str) -> tuple[list[dict[str, Any]], list[tuple[int, tuple[str, str]]]]:
    """Boxes that hold the pixels listed, and lines that are no pixels: their number, text, and why."""
    pixels: set[tuple[int, int]] = set()
    bad: list[tuple[int, tuple[str, str]]] = []
    for number, whole in enumerate(text.splitlines(), start=1):
        words = whole.split("#", 1)[0].replace(",", " ").split()
        if not words:
            continue
        try:
            x, y = (round(float(word)) for word in words[:2])
        except (ValueError, OverflowError):
            bad.append((number, (whole.strip()[:200], "is no pixel (expected x and y)")))
            continue
        if max(abs(x), abs(y)) >= 2**31:
            bad.append((number, (whole.strip()[:200], "is no pixel of an image")))
            continue
        pixels.add((x - 1, y - 1))
    boxes = _boxes(pixels)
    if len(boxes) > MOST_SHAPES:
        why = f"lists pixels in {len(boxes)} boxes, and a request takes {MOST_SHAPES}: make a mask image of it"
        return [], [*bad, (0, ("the list", why))]
    return [{"box": {"x": [x0, x1], "y": [y0, y1]}} for x0, x1, y0, y1 in boxes], bad


def _boxes(pixels: Iterable[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """Rectangles that tile the pixels: runs along x, and equal runs of rows that follow each other as one."""
    rows: dict[int, list[int]] = {}
    for x, y in sorted(pixels):
        rows.setdefault(y, []).append(x)
    open_boxes: dict[tuple[int, int], int] = {}
    done: list[tuple[int, int, int, int]] = []
    previous = None
    for y in sorted(rows):
        runs: list[tuple[int, int]] = []
        for x in rows[y]:
            if runs and runs[-1][1] == x:
                runs[-1] = (runs[-1][0], x + 1)
            else:
                runs.append((x, x + 1))
        follow = previous is not None and y == previous + 1
        for run, first in list(open_boxes.items()):
            if not follow or run not in runs:
                done.append((*run, first, (previous or 0) + 1))
                del open_boxes[run]
        for run in runs:
            open_boxes.setdefault(run, y)
        previous = y
    done += [(*run, first, (previous or 0) + 1) for run, first in open_boxes.items()]
    return sorted(done, key=lambda box: (box[2], box[0]))
