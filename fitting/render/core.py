"""The pixels that the stencil does not serve, near a centre or a break: their quadrature points, for a whole stack."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from fitting.render.corner import CornerPixels, CornerRule
from fitting.render.ellipse import Ellipses
from fitting.render.frame import Frame
from fitting.render.plan import BROKEN_CORNER, CORNER, RING, CorePlan
from fitting.render.quadrature import pixel_rule
from fitting.render.rings import BrokenCornerRule, BrokenCornerSplit, RingRule, RingSplit
from fitting.render.smoothness import ORDERS
from fitting.render.stencil import SHORT_MARGIN, STENCIL_MARGIN

BreakRule = RingRule | BrokenCornerRule
BreakSplit = RingSplit | BrokenCornerSplit
_HEADERS = 10_000
_INSTANCE = 600


@dataclass(frozen=True)
class BreakPixels:
    """Pixels near breaks, x and y, (2, instances, pixels), and their rule."""

    rule: BreakRule
    places: Tensor


@dataclass(frozen=True)
class Core:
    """Where the stencil's values in one frame give way to quadrature: points, weights and target pixels.

    The pixels near the centres, `corner`, and where they go are lists for the whole stack. Of all others each
    instance's lists are padded to the longest by a pixel far away, so that all have as many slots: first those of
    `broken`, then those whose points are fixed, in the classes of `counts`. `instance, slot, target` say which of the
    results are real and where they go; `flat_slot` and `flat_target` are the same for flattened results and images.
    `runs` are the instances in a row that one stencil serves, and its margin; `quincunx` those that samples at pixels'
    corners serve instead.
    """

    corner: CornerPixels | None
    corner_target: Tensor
    flat_corner_target: Tensor
    broken: tuple[BreakPixels, ...]
    fixed: Tensor
    fixed_weights: Tensor
    counts: tuple[tuple[int, int], ...]
    instance: Tensor
    slot: Tensor
    target: Tensor
    flat_slot: Tensor
    flat_target: Tensor
    runs: tuple[tuple[slice, int], ...]
    quincunx: tuple[int, ...]

    @classmethod
    def build(cls, plans: list[CorePlan], frame: Frame, device: torch.device) -> "Core":
        """Gather the pixels of plans made for the frame."""
        slots = _Slots(plans, frame)
        near = slots.taken(CORNER)
        broken: list[BreakPixels] = []
        counts: list[tuple[int, int]] = []
        for index in (BROKEN_CORNER, RING):
            block = slots.take(index)
            if block.shape[1]:
                rule = _break_rule(index, plans, device)
                broken.append(BreakPixels(rule, _placed(block, device)))
                counts.append((block.shape[1], rule.points))
        points = []
        for index, order in enumerate(ORDERS, start=1):
            block = slots.take(index)
            if block.shape[1] or not points:
                points.append(_spread(block, order))
            counts.append((block.shape[1], order**2))
        return cls(
            _corner(plans, near, device) if len(near.target) else None,
            torch.as_tensor(near.target, device=device),
            torch.as_tensor(near.instance * frame.width * frame.height + near.target, device=device),
            tuple(broken),
            *(torch.as_tensor(np.concatenate(part, axis=-1), device=device) for part in zip(*points, strict=True)),
            tuple(counts),
            *(torch.as_tensor(part, device=device) for part in slots.targets()),
            tuple(_runs(plans)),
            tuple(place for place, plan in enumerate(plans) if plan.quincunx),
        )

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays, and about those of their headers and of the parameters by which it is kept."""
        places = (self.instance, self.slot, self.target, self.flat_slot, self.flat_target)
        arrays = (self.fixed, self.fixed_weights, *places)
        broken = (pixels.places for pixels in self.broken)
        corner = 0 if self.corner is None else self.corner.nbytes + 2 * self.corner_target.nbytes
        return corner + sum(array.nbytes for array in (*arrays, *broken)) + _HEADERS + _INSTANCE * self.runs[-1][0].stop

    def break_splits(self, form: Ellipses, break_radius: Tensor | None) -> tuple[BreakSplit, ...]:
        """The pixels near breaks as seen from the centres; `break_radius` (instances,) is the profile's, in scale
        lengths.
        """
        if not self.broken:
            return ()
        assert break_radius is not None
        return tuple(pixels.rule.split(pixels.places, form, break_radius) for pixels in self.broken)

    def points(self, form: Ellipses, splits: Sequence[BreakSplit]) -> tuple[Tensor, Tensor]:
        """Every quadrature point but those near centres: x and y from there, (2, instances, points), and weights."""
        fixed = self.fixed - form.centre.unsqueeze(-1)
        if not splits:
            return fixed, self.fixed_weights
        parts = [*(split.nodes() for split in splits), (*fixed, self.fixed_weights)]
        x, y, weights = (torch.cat(part, dim=1) for part in zip(*parts, strict=True))
        return torch.stack((x, y)), weights

    @cached_property
    def slot_of_point(self) -> Tensor:
        """Of each of `points` the slot of its pixel, (points,)."""
        times = np.concatenate([np.full(pixels, per_pixel) for pixels, per_pixel in self.counts])
        return torch.as_tensor(np.repeat(np.arange(len(times)), times), device=self.fixed.device)

    def put(self, values: Tensor, images: Tensor) -> None:
        """Write values (instances, slots) into images (instances, height, width)."""
        images.put_(self.flat_target, values.take(self.flat_slot))

    def put_corner(self, values: Tensor, images: Tensor) -> None:
        """Write those of the pixels near centres, (pixels,)."""
        images.put_(self.flat_corner_target, values)

    def put_columns(self, columns: Tensor, images: Tensor) -> None:
        """Write columns (instances, columns, slots) into images (instances, columns, height, width)."""
        images.flatten(2)[self.instance, :, self.target] = columns[self.instance, :, self.slot]

    def put_corner_columns(self, columns: Tensor, images: Tensor) -> None:
        """Write those of the pixels near centres, (pixels, columns)."""
        assert self.corner is not None
        images.flatten(2)[self.corner.instance, :, self.corner_target] = columns

    def take(self, images: Tensor) -> Tensor:
        """Move values of images (instances, height, width) to slots, (instances, slots)."""
        values = images.new_zeros((len(images), sum(pixels for pixels, _ in self.counts)))
        values.put_(self.flat_slot, images.take(self.flat_target))
        images.view(-1).index_fill_(0, self.flat_target, 0.0)
        return values

    def take_corner(self, images: Tensor) -> Tensor:
        """Move those of the pixels near centres, (pixels,)."""
        values = images.take(self.flat_corner_target)
        images.view(-1).index_fill_(0, self.flat_corner_target, 0.0)
        return values

    def gather(self, weighted: Tensor) -> Tensor:
        """Sum `points` (instances, …, points) to their pixels (instances, …, slots)."""
        sums, start = [], 0
        for pixels, per_pixel in self.counts:
            stop = start + pixels * per_pixel
            if pixels:
                sums.append(weighted[..., start:stop].unflatten(-1, (pixels, per_pixel)).sum(-1))
            start = stop
        return torch.cat(sums, dim=-1) if sums else weighted[..., :0]


@dataclass(frozen=True)
class _Listed:
    """Pixels of a class, one instance's after the other's: x and y (pixels, 2), instance, number there, and pixel of
    the frame, (pixels,) each.
    """

    places: np.ndarray
    instance: np.ndarray
    number: np.ndarray
    target: np.ndarray


class _Slots:
    """Places of the pixels of a stack's plans in one padded list, class after class."""

    def __init__(self, plans: list[CorePlan], frame: Frame) -> None:
        self._plans, self._frame = plans, frame
        self._taken = 0
        nothing = np.zeros(0, dtype=int)
        self._instance, self._slot, self._target = [nothing], [nothing], [nothing]

    def taken(self, index: int) -> _Listed:
        """Pixels of class `index`."""
        frame = self._frame
        lists = [plan.pixels[index] for plan in self._plans]
        counts = [len(pixels) for pixels in lists]
        places = np.concatenate(lists)
        number = np.concatenate([np.arange(count) for count in counts])
        target = (places[:, 1] - frame.y0) * frame.width + places[:, 0] - frame.x0
        return _Listed(places, np.repeat(np.arange(len(lists)), counts), number, target)

    def take(self, index: int) -> np.ndarray:
        """Slots for the pixels of class `index`, (instances, longest list, 2)."""
        listed = self.taken(index)
        longest = int(listed.number.max(initial=-1)) + 1
        block = np.full((len(self._plans), longest, 2), self._frame.x0 - 1e4)
        block[listed.instance, listed.number] = listed.places
        self._instance.append(listed.instance)
        self._slot.append(self._taken + listed.number)
        self._target.append(listed.target)
        self._taken += longest
        return block

    def targets(self) -> tuple[np.ndarray, ...]:
        """Instance, slot and pixel of the frame of everything taken; slot and pixel of all instances in a row."""
        fields = (self._instance, self._slot, self._target)
        instance, slot, target = (np.concatenate(field) for field in fields)
        pixels = self._frame.width * self._frame.height
        return instance, slot, target, instance * self._taken + slot, instance * pixels + target


def _runs(plans: Sequence[CorePlan]) -> Iterator[tuple[slice, int]]:
    """Instances in a row that are served by one stencil, and its margin."""
    start = 0
    for short, row in groupby(plan.short for plan in plans):
        stop = start + len(list(row))
        yield slice(start, stop), SHORT_MARGIN if short else STENCIL_MARGIN
        start = stop


def _placed(block: np.ndarray, device: torch.device) -> Tensor:
    """x and y, (2, instances, pixels), of pixels (instances, pixels, 2)."""
    return torch.as_tensor(np.ascontiguousarray(np.moveaxis(block, -1, 0)), device=device)


def _corner(plans: Sequence[CorePlan], near: _Listed, device: torch.device) -> CornerPixels:
    cusps = [plan.cusp_power for plan in plans]
    rule = CornerRule.build(cusps, min(plan.q for plan in plans), max(plan.ray_order for plan in plans), device)
    numbers = (near.places.T.astype(float), near.instance, near.number)
    places, instance, slot = (torch.as_tensor(part, device=device) for part in numbers)
    return CornerPixels.of(places, instance, slot, rule)


def _break_rule(index: int, plans: Sequence[CorePlan], device: torch.device) -> BreakRule:
    if index == BROKEN_CORNER:
        return BrokenCornerRule.build([plan.cusp_power for plan in plans], device)
    return RingRule.build(min(plan.break_radius for plan in plans), min(plan.q for plan in plans), device)


def _spread(block: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Quadrature points x, y (2, instances, pixels · order²) of pixels (instances, pixels, 2), and their weights."""
    x, y, weights = pixel_rule(order)
    places = np.stack((block[..., 0, None] + x, block[..., 1, None] + y)).reshape(2, len(block), -1)
    return places, np.broadcast_to(weights, (*block.shape[:2], weights.size)).reshape(len(block), -1)
