"""Radial profiles integrated over pixels near their breaks."""

from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.render.pixels.gauss_theorem import by_centre
from fitting.render.pixels.pixel_list import PixelList
from fitting.render.radial.break_rules import BreakRule, BreakSplit, CuspAndBreakRule, CuspAndBreakSplit
from fitting.render.radial.radial_instances import RadialInstances


@dataclass(frozen=True)
class BreakPixels:
    """The pixels and their rule."""

    pixels: PixelList
    rule: BreakRule | CuspAndBreakRule

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.pixels.nbytes


def break_values(instances: RadialInstances, breaks: BreakPixels) -> Tensor:
    """Pixel means of unit-amplitude brightness, (pixels,)."""
    seen = _Seen.of(instances, breaks)
    rays = seen.split.rays()
    brightness = instances.profile.brightness(rays.log_rho(), seen.own.constants_at(3))
    return rays.along(brightness).mul_(rays.ends.weight).sum(-1)


def break_columns(instances: RadialInstances, breaks: BreakPixels) -> Tensor:
    """Pixel means of the derivative columns, (pixels, columns)."""
    seen = _Seen.of(instances, breaks)
    rays, shifts = seen.split.rays(), seen.shifts()
    ends, weight = rays.ends, rays.ends.weight
    brightness, by_log_rho, by_shape = instances.profile.derivatives(rays.log_rho(), seen.own.constants_at(3))
    # λ² of the squares of x and y and of ρ cancel; of x or y alone one λ is left.
    per_rho = weight / ends.rho
    by_rho = rays.along(by_log_rho).mul_(per_rho)
    by_x, by_y = by_rho * ends.x, by_rho * ends.y
    second = ((by_x * ends.x).sum(-1), (by_x * ends.y).sum(-1), (by_y * ends.y).sum(-1))
    if shifts is None:
        by_level = rays.along(by_log_rho.div_(rays.level)).mul_(per_rho)
        shifts = torch.stack(((by_level * ends.x).sum(-1), (by_level * ends.y).sum(-1)), dim=-1)
    others = (rays.along(part).mul_(weight).sum(-1) for part in (*by_shape, brightness))
    return torch.cat((shifts, torch.stack((*second, *others), dim=-1)), dim=-1)


@dataclass(frozen=True)
class _Seen:
    """The pixels as seen from the centres.

    Attributes:
        own: each pixel's instance.
        split: the pixels.
    """

    own: RadialInstances
    split: BreakSplit | CuspAndBreakSplit

    @classmethod
    def of(cls, instances: RadialInstances, breaks: BreakPixels) -> "_Seen":
        """As the instances see them."""
        own = instances.of(breaks.pixels.index)
        radius = own.profile.break_radius(own.constants)
        assert radius is not None
        return cls(own, breaks.rule.split(breaks.pixels.places - own.form.centre, own.form, radius))

    def shifts(self) -> Tensor | None:
        """The first two columns of pixels near a centre, too, (pixels, 2)."""
        outline = self.split.outline()
        if outline is None:
            return None
        log_rho = self.own.form.rho(outline.x, outline.y).log_()
        brightness = self.own.profile.brightness(log_rho, self.own.constants_at(2))
        flows = [(brightness * normal).sum(-1) for normal in (outline.normal_x, outline.normal_y)]
        return by_centre(torch.stack(flows, dim=-1), self.own.form)
