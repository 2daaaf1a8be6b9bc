"""Radial profiles integrated over pixels near their breaks."""

from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.profiles import RadialProfile
from fitting.render.ellipse import Ellipses
from fitting.render.gauss import by_centre
from fitting.render.pixel_list import PixelList
from fitting.render.rings import BrokenCornerRule, BrokenCornerSplit, RingRule, RingSplit


@dataclass(frozen=True)
class BreakPixels:
    """The pixels and their rule."""

    pixels: PixelList
    rule: RingRule | BrokenCornerRule

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.pixels.nbytes


def break_values(profile: RadialProfile, form: Ellipses, constants: Tensor, broken: BreakPixels) -> Tensor:
    """Pixel means of unit-amplitude brightness, (pixels,)."""
    nodes = _Nodes.of(profile, form, constants, broken)
    return profile.brightness(nodes.rho.log_(), nodes.constants[..., None]).mul_(nodes.weights).sum(-1)


def break_columns(profile: RadialProfile, form: Ellipses, constants: Tensor, broken: BreakPixels) -> Tensor:
    """Pixel means of the derivative columns, (pixels, columns)."""
    nodes = _Nodes.of(profile, form, constants, broken)
    x, y = nodes.x, nodes.y
    brightness, by_log_rho, by_shape = profile.derivatives(nodes.rho.log(), nodes.constants[..., None])
    by_rho = by_log_rho.div_(nodes.rho).mul_(nodes.weights)
    by_x, by_y = by_rho * x, by_rho * y
    shifts = nodes.shifts(profile)
    moved = torch.stack((by_x.sum(-1), by_y.sum(-1)), dim=-1) if shifts is None else shifts
    second = ((by_x * x).sum(-1), (by_x * y).sum(-1), (by_y * y).sum(-1))
    others = ((part * nodes.weights).sum(-1) for part in (*by_shape, brightness))
    return torch.cat((moved, torch.stack((*second, *others), dim=-1)), dim=-1)


@dataclass(frozen=True)
class _Nodes:
    """Quadrature points as seen from the centres.

    Attributes:
        form, constants: of each pixel's instance.
        split: the pixels.
        x, y, rho, weights: of the points, (pixels, points).
    """

    form: Ellipses
    constants: Tensor
    split: RingSplit | BrokenCornerSplit
    x: Tensor
    y: Tensor
    rho: Tensor
    weights: Tensor

    @classmethod
    def of(cls, profile: RadialProfile, form: Ellipses, constants: Tensor, broken: BreakPixels) -> "_Nodes":
        """For instances with these forms and constants."""
        members = broken.pixels.members
        own, breaks = form.of(members), profile.break_radius(constants)
        assert breaks is not None
        (at,) = members.of(breaks.unsqueeze(0))
        split = broken.rule.split(broken.pixels.places - own.centre, own, at)
        x, y, weights = split.nodes()
        return cls(own, members.of(constants), split, x, y, own.rho(x, y), weights)

    def shifts(self, profile: RadialProfile) -> Tensor | None:
        """The first two columns of pixels near a centre, too, (pixels, 2)."""
        outline = self.split.outline()
        if outline is None:
            return None
        brightness = profile.brightness(self.form.rho(outline.x, outline.y).log_(), self.constants[..., None])
        flows = [(brightness * normal).sum(-1) for normal in (outline.normal_x, outline.normal_y)]
        return by_centre(torch.stack(flows, dim=-1), self.form)
