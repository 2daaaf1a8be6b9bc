"""Images of a stack of radial profiles by compiled loops: the plans, rules and points that tensors have."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fitting.profiles import RadialProfile
from fitting.render.compiled import KINDS, loops
from fitting.render.pixels import SHORT_MARGIN, STENCIL_MARGIN, Frame, pixel_rule, stencil_taps
from fitting.render.radial.cusp_pixels import OUTLINE_ORDER, EdgeRule, ray_rule
from fitting.render.radial.ellipse import GEOMETRY
from fitting.render.radial.quadrature_pixels import cusp_orders
from fitting.render.radial.radial_instances import RadialInstances
from fitting.render.radial.radial_plan import BREAK, QuadraturePlan
from fitting.render.radial.smoothness import ORDERS

_MOST_THREADS = 4
"""Threads of torch up to which one compiled loop is faster than they are: it does what five do."""


def is_compiled(profile: RadialProfile) -> bool:
    """Whether compiled loops draw a profile on this process's CPU, as it has been set up."""
    return loops() is not None and profile.name in KINDS and torch.get_num_threads() <= _MOST_THREADS


@dataclass(frozen=True)
class CompiledPixels:
    """Pixels of a stack that the stencil does not serve, and rules, as compiled loops take them.

    Attributes:
        margins: of each instance's stencil, (instances,).
        pixels: x and y, class after class of one instance after the other, (pixels, 2).
        counts: where in `pixels` the classes of each instance begin, and the end; then which of `edges` and `rays` are
            its rules, (instances, classes + 3).
        edges: of each rule on edges constant and slope by the foot of places and of weights, and how many nodes lead to
            rays and how many are the outline's, (rules, 5, nodes).
        rays: of each rule on rays ln λ² and weights, and how many nodes there are, (rules, 3, nodes).
    """

    margins: NDArray[np.int64]
    pixels: NDArray[np.int64]
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    rays: NDArray[np.float64]

    @classmethod
    def of(cls, plans: Sequence[QuadraturePlan], together: int) -> "CompiledPixels":
        """Those of plans without breaks; rules are as strict as the strictest of `together` instances in a row asks
        for, as in `QuadraturePixels.build`.
        """
        lists = [pixels for plan in plans for pixels in plan.pixels[:BREAK]]
        ends = np.cumsum([len(pixels) for pixels in lists]).reshape(-1, BREAK)
        counts = np.empty((len(plans), BREAK + 3), dtype=np.int64)
        counts[:, 1 : BREAK + 1] = ends
        counts[0, 0], counts[1:, 0] = 0, ends[:-1, -1]
        edges: dict[int, int] = {}
        rays: dict[tuple[int, float], int] = {}
        for start in range(0, len(plans), together):
            some = plans[start : start + together]
            edge, radial = cusp_orders(some)
            counts[start : start + together, -2] = edges.setdefault(edge, len(edges))
            for place, plan in enumerate(some, start=start):
                counts[place, -1] = rays.setdefault((radial, plan.cusp_power), len(rays))
        margins = np.array([SHORT_MARGIN if plan.short else STENCIL_MARGIN for plan in plans], dtype=np.int64)
        rules = _stack([_edge(order) for order in edges]), _stack([_ray(*which) for which in rays])
        return cls(margins, np.concatenate(lists), counts, *rules)

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return sum(part.nbytes for part in (self.margins, self.pixels, self.counts, self.edges, self.rays))


def _stack(rules: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Rules, (fields, nodes) each, as one array, the shorter ones filled up."""
    packed = np.zeros((len(rules), len(rules[0]), max(rule.shape[1] for rule in rules)))
    for place, rule in enumerate(rules):
        packed[place, :, : rule.shape[1]] = rule
    return packed


@cache
def _edge(order: int) -> NDArray[np.float64]:
    rule = EdgeRule.build([order, OUTLINE_ORDER], torch.device("cpu"))
    fields = (rule.place, rule.place_by_foot, rule.weight, rule.weight_by_foot)
    counts = np.zeros(len(rule.place))
    counts[:2] = 2 * order, 2 * OUTLINE_ORDER
    return np.stack([*(field.numpy() for field in fields), counts])


@lru_cache(maxsize=4096)
def _ray(order: int, cusp_power: float) -> NDArray[np.float64]:
    nodes, weights = ray_rule(order, cusp_power)
    return np.stack((2.0 * np.log(nodes), weights, np.full(order, float(order))))


@cache
def _nodes() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of the rules of fixed pixels where each begins, and x, y and weights of all points, (3, points)."""
    rules = [np.stack(pixel_rule(order)) for order in ORDERS]
    return np.cumsum([0, *(rule.shape[1] for rule in rules)]), np.concatenate(rules, axis=1)


@cache
def _taps() -> NDArray[np.float64]:
    """Of the stencil of each margin, from the middle outwards."""
    taps = np.zeros((STENCIL_MARGIN + 1, STENCIL_MARGIN + 1))
    for margin in (SHORT_MARGIN, STENCIL_MARGIN):
        taps[margin, : margin + 1] = stencil_taps(margin)[margin:]
    return taps


@lru_cache(maxsize=256)
def _frame(frame: Frame) -> NDArray[np.int64]:
    return np.array([frame.x0, frame.y0, frame.width, frame.height])


def compiled_images(instances: RadialInstances, frame: Frame, pixels: CompiledPixels) -> Tensor:
    """Pixel means of unit-amplitude brightness, (instances, height, width)."""
    images = torch.empty((len(instances), frame.height, frame.width), dtype=torch.float64)
    module = loops()
    assert module is not None, "the caller has asked `is_compiled`"
    module.write_images(*_arguments(instances, frame, pixels), images.numpy())
    return images


def compiled_columns(
    instances: RadialInstances, frame: Frame, pixels: CompiledPixels, out: Tensor | None = None
) -> Tensor:
    """Pixel means of the derivative columns, (instances, columns, height, width); in `out`, if it is given, which is
    contiguous.
    """
    if out is None:
        count = GEOMETRY + len(instances.profile.shape) + 1
        out = torch.empty((len(instances), count, frame.height, frame.width), dtype=torch.float64)
    module = loops()
    assert module is not None, "the caller has asked `is_compiled`"
    module.write_columns(*_arguments(instances, frame, pixels), out.numpy())
    return out


def _arguments(instances: RadialInstances, frame: Frame, pixels: CompiledPixels) -> tuple[Any, ...]:
    """Of all loops the same, before what they fill."""
    rows = instances.packed.T.contiguous().numpy()
    rules = pixels.margins, _taps(), pixels.pixels, pixels.counts, _nodes(), pixels.edges, pixels.rays
    return KINDS[instances.profile.name], rows, _frame(frame), *rules


@dataclass(frozen=True)
class CompiledLinearization:
    """Derivative columns of a stack on one frame, for its image and for gradients, (instances, columns, height, width);
    see `fitting.render.radial.radial_images.Linearization`.
    """

    columns: Tensor

    @classmethod
    def of(cls, instances: RadialInstances, frame: Frame, pixels: CompiledPixels) -> "CompiledLinearization":
        """Evaluate a stack on a frame once."""
        return cls(compiled_columns(instances, frame, pixels))

    def image(self) -> Tensor:
        """Pixel values of unit-amplitude brightness, (instances, height, width)."""
        return self.columns[:, -1]

    def backproject(self, weight: Tensor) -> Tensor:
        """Sums over pixels of `weight` times each column: (instances, columns). `weight` is (batch, height, width), of
        which each serves as many instances in a row as there are to it.
        """
        module = loops()
        assert module is not None, "the columns have been made by it"
        sums = weight.new_empty(self.columns.shape[:2])
        module.write_sums(self.columns.flatten(2).numpy(), weight.contiguous().flatten(1).numpy(), sums.numpy())
        return sums
