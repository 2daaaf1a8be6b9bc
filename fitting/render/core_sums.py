"""Radial profiles integrated over the pixels of a core, for a stack of instances at once.

The pixels near the centres are one list for the whole stack (`fitting.render.corner_sums`); all others have slots, as
many for each instance.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.profiles import RadialProfile
from fitting.render.core import BreakSplit, Core
from fitting.render.corner_sums import by_centre, corner_columns, corner_values
from fitting.render.ellipse import GEOMETRY, Ellipses, write_geometry


def put_values(profile: RadialProfile, form: Ellipses, constants: Tensor, core: Core, images: Tensor) -> None:
    """Write pixel means of unit-amplitude brightness into images (instances, height, width)."""
    if core.corner is not None:
        core.put_corner(corner_values(profile, form, constants, core.corner), images)
    nodes = _Nodes.of(profile, form, constants, core)
    brightness = profile.brightness(nodes.rho.log_(), constants[..., None])
    core.put(core.gather(brightness.mul_(nodes.weights)), images)


def put_columns(profile: RadialProfile, form: Ellipses, constants: Tensor, core: Core, images: Tensor) -> None:
    """Write pixel means of the derivative columns into images (instances, columns, height, width)."""
    if core.corner is not None:
        core.put_corner_columns(corner_columns(profile, form, constants, core.corner), images)
    nodes = _Nodes.of(profile, form, constants, core)
    columns = core.gather(nodes.columns(profile, constants))
    shifts = _shifts(profile, form, constants, nodes)
    if shifts is not None:
        columns[:, :2, : shifts.shape[2]] = shifts
    core.put_columns(columns, images)


@dataclass(frozen=True)
class CoreSums:
    """Brightness and derivatives over a core, evaluated once for values and gradients.

    Attributes:
        core: the pixels.
        near: columns of those near the centres, (pixels, columns), or None.
        nodes: the points of the others.
        parts: ∂I/∂ln ρ, ∂I/∂(shape parameters) and I there, (instances, points) each.
        shifts: the first two columns of pixels near a centre and a break, whose slots are the first: (instances, 2,
            pixels), or None.
    """

    core: Core
    near: Tensor | None
    nodes: "_Nodes"
    parts: tuple[Tensor, ...]
    shifts: Tensor | None

    @classmethod
    def of(cls, profile: RadialProfile, form: Ellipses, constants: Tensor, core: Core) -> "CoreSums":
        """For instances with these forms."""
        near = None if core.corner is None else corner_columns(profile, form, constants, core.corner)
        nodes = _Nodes.of(profile, form, constants, core)
        brightness, by_log_rho, by_shape = profile.derivatives(nodes.rho.log(), constants[..., None])
        shifts = _shifts(profile, form, constants, nodes)
        return cls(core, near, nodes, (by_log_rho, *by_shape, brightness), shifts)

    def put_values(self, images: Tensor) -> None:
        """Write pixel means of brightness into images (instances, height, width)."""
        if self.near is not None:
            self.core.put_corner(self.near[:, -1], images)
        self.core.put(self.core.gather(self.parts[-1] * self.nodes.weights), images)

    def take(self, weight: Tensor) -> Tensor:
        """Sums over the core of `weight` (instances, height, width) times each column, (instances, columns); what is
        taken is zero afterwards.
        """
        core = self.core
        at_slots = core.take(weight)
        weights = at_slots.gather(1, core.slot_of_point.expand(len(at_slots), -1)) * self.nodes.weights
        shifted = 0 if self.shifts is None else self.shifts.shape[2]
        sums = self.nodes.backproject(self.parts, weights, shifted * core.counts[0][1])
        if self.shifts is not None:
            sums[:, :2] += (self.shifts @ at_slots[:, :shifted].unsqueeze(-1)).squeeze(-1)
        if self.near is not None and core.corner is not None:
            sums += core.corner.sums(self.near * core.take_corner(weight).unsqueeze(-1))
        return sums


@dataclass(frozen=True)
class _Nodes:
    """Every quadrature point of a core but those near centres.

    Attributes:
        splits: of the pixels near breaks.
        places, rho, weights: of the points, x and y (2, …) and (instances, points).
    """

    splits: tuple[BreakSplit, ...]
    places: Tensor
    rho: Tensor
    weights: Tensor

    @classmethod
    def of(cls, profile: RadialProfile, form: Ellipses, constants: Tensor, core: Core) -> "_Nodes":
        """The points of a core for instances with these forms."""
        splits = core.break_splits(form, profile.break_radius(constants))
        places, weights = core.points(form, splits)
        return cls(splits, places, form.rho(*places), weights)

    def columns(self, profile: RadialProfile, constants: Tensor) -> Tensor:
        """The derivative columns at the points, times their weights: (instances, columns, points)."""
        brightness, by_log_rho, by_shape = profile.derivatives(self.rho.log(), constants[..., None])
        others = (*by_shape, brightness)
        columns = self.rho.new_empty((len(self.rho), GEOMETRY + len(others), self.rho.shape[1]))
        write_geometry(columns, by_log_rho.div_(self.rho).mul_(self.weights), *self.places)
        for index, part in enumerate(others, start=GEOMETRY):
            torch.mul(part, self.weights, out=columns[:, index])
        return columns

    def backproject(self, parts: tuple[Tensor, ...], weights: Tensor, shifted: int) -> Tensor:
        """Sums over points of `weights` (instances, points) times each column, (instances, columns); of the first two
        columns without the first `shifted` points.
        """
        by_log_rho, *others = parts
        by_place = (by_log_rho / self.rho).mul_(weights) * self.places
        second = by_place.transpose(0, 1) @ self.places.permute(1, 2, 0)
        first = by_place[..., shifted:].sum(-1)
        rest = ((part * weights).sum(-1) for part in others)
        return torch.stack((*first, second[:, 0, 0], second[:, 0, 1], second[:, 1, 1], *rest), dim=-1)


def _shifts(profile: RadialProfile, form: Ellipses, constants: Tensor, nodes: _Nodes) -> Tensor | None:
    """The first two columns of pixels near a centre and a break, (instances, 2, pixels), if there are any."""
    outline = nodes.splits[0].outline() if nodes.splits else None
    if outline is None:
        return None
    brightness = profile.brightness(form.rho(outline.x, outline.y).log_(), constants[..., None, None])
    flows = [(brightness * normal).sum(-1) for normal in (outline.normal_x, outline.normal_y)]
    return by_centre(torch.stack(flows, dim=-1), form).mT
