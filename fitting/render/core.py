"""The pixels that the stencil does not serve, near a centre or a break: their quadrature points, for a whole stack."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from fitting.render.ellipse import Ellipses
from fitting.render.frame import Frame
from fitting.render.outline import OutlinePoints
from fitting.render.plan import BROKEN_CORNER, CORNER, RING, CorePlan
from fitting.render.quadrature import SHORT_MARGIN, STENCIL_MARGIN, CornerRule, CornerSplit, pixel_rule
from fitting.render.rings import BrokenCornerRule, BrokenCornerSplit, RingRule, RingSplit
from fitting.render.smoothness import ORDERS

PolarRule = CornerRule | RingRule | BrokenCornerRule
PolarSplit = CornerSplit | RingSplit | BrokenCornerSplit
_HEADERS = 10_000
_INSTANCE = 600


@dataclass(frozen=True)
class PolarPixels:
    """Pixels (instances, pixels) whose quadrature points depend on where the centre is, and their rule."""

    rule: PolarRule
    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class Core:
    """Where the stencil's values in one frame give way to quadrature: points, weights and target pixels.

    Each instance's pixel lists are padded to the longest by a pixel far away; `instance, slot, target` say which of
    the results are real and where they go. `runs` are the instances in a row that one stencil serves, and its margin;
    `quincunx` those that samples at pixels' corners serve instead.
    """

    polar: tuple[PolarPixels, ...]
    points_x: Tensor
    points_y: Tensor
    point_weights: Tensor
    counts: tuple[tuple[int, int], ...]
    instance: Tensor
    slot: Tensor
    target: Tensor
    runs: tuple[tuple[slice, int], ...]
    quincunx: tuple[int, ...]

    @classmethod
    def build(cls, plans: list[CorePlan], frame: Frame, device: torch.device) -> "Core":
        """Gather the pixels of plans made for the frame."""
        slots = _Slots(plans, frame)
        polar: list[PolarPixels] = []
        counts: list[tuple[int, int]] = []
        for index in (CORNER, BROKEN_CORNER, RING):
            block = slots.take(index)
            if block.shape[1] or index == CORNER:
                rule = _polar_rule(index, plans, device)
                x, y = (torch.as_tensor(block[..., axis], device=device) for axis in (0, 1))
                polar.append(PolarPixels(rule, x, y))
                counts.append((block.shape[1], rule.points))
        points = []
        for index, order in enumerate(ORDERS, start=1):
            block = slots.take(index)
            if block.shape[1] or not points:
                points.append(_spread(block, order))
            counts.append((block.shape[1], order**2))
        return cls(
            tuple(polar),
            *(torch.as_tensor(np.concatenate(part, axis=1), device=device) for part in zip(*points, strict=True)),
            tuple(counts),
            *(torch.as_tensor(part, device=device) for part in slots.targets()),
            tuple(_runs(plans)),
            tuple(place for place, plan in enumerate(plans) if plan.quincunx),
        )

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays, and about those of their headers and of the parameters by which it is kept."""
        arrays = (self.points_x, self.points_y, self.point_weights, self.instance, self.slot, self.target)
        polar = (array for pixels in self.polar for array in (pixels.x, pixels.y))
        return sum(array.nbytes for array in (*arrays, *polar)) + _HEADERS + _INSTANCE * self.runs[-1][0].stop

    def split(self, form: Ellipses, break_radius: Tensor | None) -> tuple[PolarSplit, ...]:
        """The polar pixels as seen from the centres; `break_radius` (instances,) is the profile's, in scale lengths."""
        return tuple(pixels.rule.split(pixels.x, pixels.y, form, break_radius) for pixels in self.polar)

    def points(self, form: Ellipses, splits: Sequence[PolarSplit]) -> tuple[Tensor, Tensor, Tensor]:
        """Offsets from the centres and weights of every quadrature point: (instances, points) each."""
        parts = [split.nodes() for split in splits]
        parts.append((self.points_x - form.x[:, None], self.points_y - form.y[:, None], self.point_weights))
        x, y, weights = (torch.cat(part, dim=1) for part in zip(*parts, strict=True))
        return x, y, weights

    def outlines(self, splits: Sequence[PolarSplit]) -> Iterator[tuple[slice, OutlinePoints]]:
        """Slots of the pixels near a centre, and their outlines."""
        start = 0
        for split, (count, _) in zip(splits, self.counts, strict=False):
            outline = split.outline() if count else None
            if outline is not None:
                yield slice(start, start + count), outline
            start += count

    def gather(self, weighted: Tensor) -> Tensor:
        """Sum points (instances, …, points) to pixels (instances, …, slots)."""
        sums, start = [], 0
        for pixels, per_pixel in self.counts:
            stop = start + pixels * per_pixel
            if pixels:
                sums.append(weighted[..., start:stop].unflatten(-1, (pixels, per_pixel)).sum(-1))
            start = stop
        return torch.cat(sums, dim=-1) if sums else weighted[..., :0]


class _Slots:
    """Places of the pixels of a stack's plans in one padded list, class after class."""

    def __init__(self, plans: list[CorePlan], frame: Frame) -> None:
        self._plans, self._frame = plans, frame
        self._taken = 0
        nothing = np.zeros(0, dtype=int)
        self._instance, self._slot, self._target = [nothing], [nothing], [nothing]

    def take(self, index: int) -> np.ndarray:
        """Pixels of class `index`, (instances, longest list, 2)."""
        frame = self._frame
        lists = [plan.pixels[index] for plan in self._plans]
        longest = max(len(pixels) for pixels in lists)
        if not longest:
            return np.zeros((len(lists), 0, 2))
        block = np.full((len(lists), longest, 2), frame.x0 - 1e4)
        for row, pixels in enumerate(lists):
            if not len(pixels):
                continue
            block[row, : len(pixels)] = pixels
            self._instance.append(np.full(len(pixels), row))
            self._slot.append(self._taken + np.arange(len(pixels)))
            self._target.append((pixels[:, 1] - frame.y0) * frame.width + pixels[:, 0] - frame.x0)
        self._taken += longest
        return block

    def targets(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Instance, slot and pixel of the frame of everything taken."""
        return np.concatenate(self._instance), np.concatenate(self._slot), np.concatenate(self._target)


def _runs(plans: Sequence[CorePlan]) -> Iterator[tuple[slice, int]]:
    """Instances in a row that are served by one stencil, and its margin."""
    start = 0
    for short, row in groupby(plan.short for plan in plans):
        stop = start + len(list(row))
        yield slice(start, stop), SHORT_MARGIN if short else STENCIL_MARGIN
        start = stop


def _polar_rule(index: int, plans: list[CorePlan], device: torch.device) -> PolarRule:
    cusps = [plan.cusp_power for plan in plans]
    if index == CORNER:
        return CornerRule.build(cusps, min(plan.q for plan in plans), max(plan.ray_order for plan in plans), device)
    if index == BROKEN_CORNER:
        return BrokenCornerRule.build(cusps, device)
    return RingRule.build(min(plan.break_radius for plan in plans), min(plan.q for plan in plans), device)


def _spread(block: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Quadrature points x, y and weights (instances, pixels · order²) of pixels (instances, pixels, 2)."""
    x, y, weights = pixel_rule(order)
    return (
        (block[..., 0, None] + x).reshape(len(block), -1),
        (block[..., 1, None] + y).reshape(len(block), -1),
        np.broadcast_to(weights, (*block.shape[:2], weights.size)).reshape(len(block), -1),
    )
