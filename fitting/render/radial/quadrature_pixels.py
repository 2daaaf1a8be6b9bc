"""Quadrature pixels: those that the stencil does not serve, near a centre or a break, each by its rule.

They are lists for a whole stack, with nothing in them that only fills up: `CentralPixels` about the centres,
`BreakPixels` near breaks, `FixedPixels` elsewhere. What they write replaces what the stencil wrote there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from fitting.render.pixels import SHORT_MARGIN, STENCIL_MARGIN, Frame, InstanceIndex, PixelList
from fitting.render.radial.break_pixels import (
    BreakOrders,
    BreakPixels,
    BreakRule,
    CuspAndBreakRule,
    break_columns,
    break_values,
)
from fitting.render.radial.cusp_pixels import CentralPixels, CuspRule, central_columns, central_values, edge_order
from fitting.render.radial.fixed_pixels import FixedPixels, FixedSums, fixed_values
from fitting.render.radial.radial_instances import RadialInstances
from fitting.render.radial.radial_plan import BREAK, CENTRAL, CUSP_AND_BREAK, QuadraturePlan
from fitting.render.radial.smoothness import ORDERS

Rule = TypeVar("Rule")
_HEADERS = 10_000
"""Bytes of the headers of one frame's arrays, about: in tiles without a centre they outweigh the numbers. An estimate.
"""
_INSTANCE = 600
"""Bytes of the rounded parameters of one instance, by which the pixels are remembered, about. An estimate."""


@dataclass(frozen=True)
class QuadraturePixels:
    """Where the stencil's values in one frame give way to quadrature.

    Attributes:
        central: the pixels near the centres, those of each rule.
        breaks: those near breaks.
        fixed: those with points of their own.
        runs: the instances in a row that one stencil serves, and its margin.
        quincunx: the instances that samples at pixels' corners serve instead.
    """

    central: tuple[CentralPixels, ...]
    breaks: tuple[BreakPixels, ...]
    fixed: FixedPixels | None
    runs: tuple[tuple[slice, int], ...]
    quincunx: tuple[int, ...]

    @classmethod
    def build(
        cls, plans: list[QuadraturePlan], frame: Frame, device: torch.device, together: int | None = None
    ) -> "QuadraturePixels":
        """Gather the pixels of plans made for the frame.

        Rules are as strict as the strictest of `together` instances in a row asks for, those of one θ; so an image is
        the same whatever else is drawn with it.
        """
        sets = _sets(len(plans), together)
        return cls(
            tuple(_central_pixels(plans, sets, frame, device)),
            tuple(_break_pixels(plans, sets, frame, device)),
            _fixed_pixels(plans, frame, device),
            tuple(_stencil_runs(plans)),
            tuple(place for place, plan in enumerate(plans) if plan.quincunx),
        )

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays, and about those of their headers and of the parameters by which it is kept."""
        arrays = sum(part.nbytes for part in (*self.central, *self.breaks, self.fixed) if part is not None)
        return arrays + _HEADERS + _INSTANCE * self.runs[-1][0].stop


def _sets(instances: int, together: int | None) -> list[range]:
    """Instances whose rules are chosen together."""
    step = together or instances
    return [range(start, start + step) for start in range(0, instances, step)]


def _by_rule(
    plans: Sequence[QuadraturePlan], sets: Sequence[range], rule_of: Callable[[Sequence[QuadraturePlan]], Rule]
) -> Mapping[Rule, list[int]]:
    """Instances by the rule of their set."""
    if len(sets) == 1:
        return {rule_of(plans): list(sets[0])}
    by_rule: dict[Rule, list[int]] = {}
    for members in sets:
        by_rule.setdefault(rule_of(plans[members.start : members.stop]), []).extend(members)
    return by_rule


def cusp_orders(plans: Sequence[QuadraturePlan]) -> tuple[int, int]:
    """Orders along an edge and along a ray that are enough for all of some plans."""
    radial = max(plan.ray_order for plan in plans)
    return edge_order([plan.cusp_power for plan in plans], min(plan.q for plan in plans), radial), radial


def _central_pixels(
    plans: Sequence[QuadraturePlan], sets: Sequence[range], frame: Frame, device: torch.device
) -> Iterator[CentralPixels]:
    cusps = [plan.cusp_power for plan in plans]
    for (edge, radial), chosen in _by_rule(plans, sets, cusp_orders).items():
        pixels = _pixel_list(plans, (CENTRAL,), frame, device, chosen)
        if pixels is not None:
            yield CentralPixels.of(pixels, CuspRule.build(cusps, edge, radial, device))


def _break_orders(plans: Sequence[QuadraturePlan]) -> BreakOrders:
    """Those of the least break radius and axis ratio."""
    return BreakOrders.of(min(plan.break_radius for plan in plans), min(plan.q for plan in plans))


def _break_pixels(
    plans: Sequence[QuadraturePlan], sets: Sequence[range], frame: Frame, device: torch.device
) -> Iterator[BreakPixels]:
    pixels = _pixel_list(plans, (CUSP_AND_BREAK,), frame, device)
    if pixels is not None:
        cusps = [plans[instance].cusp_power for instance in pixels.index.instance.tolist()]
        yield BreakPixels(pixels, CuspAndBreakRule.build(cusps, device))
    for orders, chosen in _by_rule(plans, sets, _break_orders).items():
        pixels = _pixel_list(plans, (BREAK,), frame, device, chosen)
        if pixels is not None:
            yield BreakPixels(pixels, BreakRule.build(orders, device))


def _fixed_pixels(plans: Sequence[QuadraturePlan], frame: Frame, device: torch.device) -> FixedPixels | None:
    classes = [
        (sum(len(plan.pixels[index]) for plan in plans), index, order) for index, order in enumerate(ORDERS, start=1)
    ]
    filled = [(count, index, order) for count, index, order in classes if count]
    pixels = _pixel_list(plans, [index for _, index, _ in filled], frame, device)
    return None if pixels is None else FixedPixels.of(pixels, [(count, order) for count, _, order in filled])


def _pixel_list(
    plans: Sequence[QuadraturePlan],
    classes: Sequence[int],
    frame: Frame,
    device: torch.device,
    chosen: Sequence[int] | None = None,
) -> PixelList | None:
    """Pixels of some classes, class after class, and of each those of one instance after those of the other; of chosen
    instances only.
    """
    some = range(len(plans)) if chosen is None else chosen
    lists = [(instance, plans[instance].pixels[index]) for index in classes for instance in some]
    if not any(len(pixels) for _, pixels in lists):
        return None
    x, y = places = np.concatenate([pixels for _, pixels in lists]).T
    instance = np.repeat([instance for instance, _ in lists], [len(pixels) for _, pixels in lists])
    target = (y - frame.y0) * frame.width + x - frame.x0
    flat = instance * (frame.width * frame.height) + target
    parts = (torch.as_tensor(part, device=device) for part in (places.astype(float), target, flat))
    return PixelList(InstanceIndex.of_items(len(plans), torch.as_tensor(instance, device=device)), *parts)


def _stencil_runs(plans: Sequence[QuadraturePlan]) -> Iterator[tuple[slice, int]]:
    """Instances in a row that are served by one stencil, and its margin."""
    start = 0
    for short, row in groupby(plan.short for plan in plans):
        stop = start + len(list(row))
        yield slice(start, stop), SHORT_MARGIN if short else STENCIL_MARGIN
        start = stop


def put_values(instances: RadialInstances, quadrature_pixels: QuadraturePixels, images: Tensor) -> None:
    """Write pixel means of unit-amplitude brightness into images (instances, height, width)."""
    for central in quadrature_pixels.central:
        central.pixels.put(central_values(instances, central), images)
    for breaks in quadrature_pixels.breaks:
        breaks.pixels.put(break_values(instances, breaks), images)
    if quadrature_pixels.fixed is not None:
        quadrature_pixels.fixed.pixels.put(fixed_values(instances, quadrature_pixels.fixed), images)


def put_columns(instances: RadialInstances, quadrature_pixels: QuadraturePixels, images: Tensor) -> None:
    """Write pixel means of the derivative columns into images (instances, columns, height, width)."""
    for pixels, columns in _near_columns(instances, quadrature_pixels):
        pixels.put_columns(columns, images)
    if quadrature_pixels.fixed is not None:
        quadrature_pixels.fixed.pixels.put_columns(FixedSums.of(instances, quadrature_pixels.fixed).columns(), images)


def _near_columns(
    instances: RadialInstances, quadrature_pixels: QuadraturePixels
) -> Iterator[tuple[PixelList, Tensor]]:
    """Derivative columns (pixels, columns) of those near centres and breaks."""
    for central in quadrature_pixels.central:
        yield central.pixels, central_columns(instances, central)
    for breaks in quadrature_pixels.breaks:
        yield breaks.pixels, break_columns(instances, breaks)


@dataclass(frozen=True)
class QuadraturePixelSums:
    """Brightness and derivatives over these pixels, evaluated once for values and gradients.

    Attributes:
        pixels: they.
        near: columns of those near centres and breaks, (pixels, columns).
        fixed: the others, or None.
    """

    pixels: QuadraturePixels
    near: tuple[tuple[PixelList, Tensor], ...]
    fixed: FixedSums | None

    @classmethod
    def of(cls, instances: RadialInstances, pixels: QuadraturePixels) -> "QuadraturePixelSums":
        """As the instances see them."""
        near = tuple(_near_columns(instances, pixels))
        return cls(pixels, near, None if pixels.fixed is None else FixedSums.of(instances, pixels.fixed))

    def put_values(self, images: Tensor) -> None:
        """Write pixel means of brightness into images (instances, height, width)."""
        for pixels, columns in self.near:
            pixels.put(columns[:, -1], images)
        if self.fixed is not None:
            self.fixed.fixed.pixels.put(self.fixed.values(), images)

    def take(self, weight: Tensor) -> list[Tensor]:
        """Sums over these pixels of `weight` (instances, height, width) times each column, (instances, columns), to be
        added; the weights are zero there afterwards.
        """
        sums = [pixels.index.sums((columns * pixels.take(weight).unsqueeze(-1)).T).T for pixels, columns in self.near]
        if self.fixed is not None:
            sums.append(self.fixed.backproject(self.fixed.fixed.pixels.take(weight)))
        return sums
