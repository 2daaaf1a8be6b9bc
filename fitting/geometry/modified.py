"""A radial profile over modified isophotes: one chain for every profile and every set of modifiers.

offset → rotation → major axis → bending → axis ratio → warp → radius (ellipse or superellipse) → Fourier modes, rays →
radial profile → truncation, rays' brightness. The order is fixed, whatever the order in a request.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.geometry.modifier import Dimming, Metric, PointMap, RadiusScale
from fitting.geometry.superellipse import ELLIPSE, TINY
from fitting.profiles.axes import along_and_across, by_centre_and_angle
from fitting.profiles.dimensions import PureNumbers
from fitting.profiles.radial import RHO_FLOOR, RadialProfile
from fitting.profiles.surface import ANGLE, CENTRE, RELATIVE, Rounding

Gradient = dict[str, Tensor]
"""Derivatives so far, by parameter."""


@dataclass(frozen=True)
class Modifiers:
    """The links of the chain, by where they stand in it."""

    rotations: tuple[PointMap, ...] = ()
    bendings: tuple[PointMap, ...] = ()
    warps: tuple[PointMap, ...] = ()
    metric: Metric = ELLIPSE
    radius_scales: tuple[RadiusScale, ...] = ()
    dimmings: tuple[Dimming, ...] = ()

    @property
    def links(self) -> tuple[PointMap | Metric | RadiusScale | Dimming, ...]:
        """All of them, in order."""
        return (
            *self.rotations, *self.bendings, *self.warps, self.metric, *self.radius_scales, *self.dimmings,
        )  # fmt: skip

    @property
    def own(self) -> dict[str, Rounding]:
        """The parameters that they bring."""
        return {name: rounding for link in self.links for name, rounding in link.own.items()}


@dataclass(frozen=True)
class Isophotes:
    """Where points lie: ln of their radius (pixels along the major axis), their angle from the major axis (radians),
    and the pullback of derivatives by the two.
    """

    log_radius: Tensor
    angle: Tensor
    pullback: Callable[[Tensor, Tensor], Gradient]


class ModifiedProfile:
    """A radial profile with modifiers, as a surface.

    Parameters: x, y, q, pa, the modifiers' own, then the profile's shape, scale length and amplitude.
    """

    def __init__(self, profile: RadialProfile, modifiers: Modifiers) -> None:
        self.profile = profile
        self.modifiers = modifiers
        own = modifiers.own
        self.parameters = ("x", "y", "q", "pa", *own, *profile.shape, profile.scale, profile.amplitude)
        shapes = (RELATIVE,) * (len(profile.shape) + 2)
        self.roundings = (CENTRE, CENTRE, RELATIVE, ANGLE, *own.values(), *shapes)
        intensities = [name for name, kind in zip(profile.shape, profile.dimensions, strict=True) if kind.intensity]
        self.linear = tuple(self.parameters.index(name) for name in (*intensities, profile.amplitude))

    def ellipse(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Axis ratio, position angle and scale length."""
        return values[:, 2], values[:, 3], values[:, -2]

    def cusp_power(self, values: tuple[float, ...]) -> float:
        """That of the profile."""
        named = self._named(torch.tensor([values], dtype=torch.float64))
        return self.profile.cusp_power(tuple(float(part) for part in self._pure(named).shape))

    def brightness(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Brightness at offsets from the centre."""
        named = self._named(values)
        points = self._isophotes(x, y, named)
        light = self.profile.brightness(self._log_rho(points, named), self._constants(self._pure(named)))
        for dimming in self.modifiers.dimmings:
            light = light * dimming(points.log_radius, points.angle, _read(dimming, named))[0]
        return light * named[self.profile.amplitude]

    def derivatives(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Derivatives by every parameter."""
        named = self._named(values)
        points = self._isophotes(x, y, named)
        profile, amplitude = self.profile, named[self.profile.amplitude]
        pure = self._pure(named)
        light, by_log_rho, by_shape = profile.derivatives(self._log_rho(points, named), self._constants(pure))
        dimmings = [
            (link, *link(points.log_radius, points.angle, _read(link, named))) for link in self.modifiers.dimmings
        ]
        factor = torch.ones_like(light)
        for _, part, _ in dimmings:
            factor = factor * part
        by_log_radius, by_angle = 2.0 * by_log_rho * factor * amplitude, torch.zeros_like(light)
        gradient = {profile.amplitude: light * factor, profile.scale: -by_log_radius / named[profile.scale]}
        for place, (name, part) in enumerate(zip(profile.shape, by_shape, strict=True)):
            slope = part * factor * amplitude
            gradient[name] = slope * pure.by_own[place][:, None]
            gradient[profile.scale] = gradient[profile.scale] + slope * pure.by_scale[place][:, None]
            gradient[profile.amplitude] = gradient[profile.amplitude] + slope * pure.by_amplitude[place][:, None]
        for place, (link, _, pullback) in enumerate(dimmings):
            others = [part for other, (_, part, _) in enumerate(dimmings) if other != place]
            radial, angular, own = pullback(torch.stack([light * amplitude, *others]).prod(0))
            by_log_radius, by_angle = by_log_radius + radial, by_angle + angular
            _add(gradient, link.reads, own)
        _add(gradient, *zip(*points.pullback(by_log_radius, by_angle).items(), strict=True))
        return torch.stack([gradient[name] for name in self.parameters], dim=1)

    def _named(self, values: Tensor) -> dict[str, Tensor]:
        return dict(zip(self.parameters, values.unsqueeze(-1).unbind(1), strict=True))

    def _pure(self, named: dict[str, Tensor]) -> PureNumbers:
        profile = self.profile
        shape = [named[name][:, 0] for name in profile.shape]
        return PureNumbers.of(shape, profile.dimensions, named[profile.scale][:, 0], named[profile.amplitude][:, 0])

    def _constants(self, pure: PureNumbers) -> Tensor:
        return self.profile.constants(pure.shape)[..., None]

    def _log_rho(self, points: Isophotes, named: dict[str, Tensor]) -> Tensor:
        return 2.0 * (points.log_radius - named[self.profile.scale].log()).clamp(min=0.5 * math.log(RHO_FLOOR))

    def _isophotes(self, x: Tensor, y: Tensor, named: dict[str, Tensor]) -> Isophotes:
        chain, q, pa = self.modifiers, named["q"], named["pa"]
        plane_x, plane_y, unrotate = _moved(chain.rotations, x, y, named)
        along, across = along_and_across(plane_x, plane_y, pa)
        bent_along, bent_across, unbend = _moved(chain.bendings, along, across, named)
        a, b, unwarp = _moved(chain.warps, bent_along, bent_across / q, named)
        log_radius, unmeasure = chain.metric(a, b, _read(chain.metric, named))
        # Clockwise of the major axis is where b points.
        angle = torch.atan2(-b, a) if chain.radius_scales or chain.dimmings else torch.zeros_like(a)
        scales = [(link, *link(angle, _read(link, named))) for link in chain.radius_scales]
        for _, addend, _ in scales:
            log_radius = log_radius + addend

        def pullback(by_log_radius: Tensor, by_angle: Tensor) -> Gradient:
            gradient: Gradient = {}
            for link, _, unscale in scales:
                angular, own = unscale(by_log_radius)
                by_angle = by_angle + angular
                _add(gradient, link.reads, own)
            by_a, by_b, own = unmeasure(by_log_radius)
            _add(gradient, chain.metric.reads, own)
            if chain.radius_scales or chain.dimmings:
                twist = by_angle / (a * a + b * b).clamp(min=TINY**2)
                by_a, by_b = by_a + twist * b, by_b - twist * a
            by_along, by_stretched = unwarp(by_a, by_b, gradient)
            _add(gradient, ("q",), (-by_stretched * bent_across / q**2,))
            by_along, by_across = unbend(by_along, by_stretched / q, gradient)
            by_centre_x, by_centre_y, by_pa = by_centre_and_angle(along, across, by_along, by_across, pa)
            _add(gradient, ("pa",), (by_pa,))
            by_x, by_y = unrotate(-by_centre_x, -by_centre_y, gradient)
            _add(gradient, ("x", "y"), (-by_x, -by_y))
            return gradient

        return Isophotes(log_radius, angle, pullback)


def _moved(
    links: tuple[PointMap, ...], x: Tensor, y: Tensor, named: dict[str, Tensor]
) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor, Gradient], tuple[Tensor, Tensor]]]:
    """Points after maps, and the pullback through all of them, which adds to a gradient."""
    pullbacks = []
    for link in links:
        x, y, back = link(x, y, _read(link, named))
        pullbacks.append((link, back))

    def pullback(by_x: Tensor, by_y: Tensor, gradient: Gradient) -> tuple[Tensor, Tensor]:
        for link, back in reversed(pullbacks):
            by_x, by_y, own = back(by_x, by_y)
            _add(gradient, link.reads, own)
        return by_x, by_y

    return x, y, pullback


def _read(link: PointMap | Metric | RadiusScale | Dimming, named: dict[str, Tensor]) -> tuple[Tensor, ...]:
    return tuple(named[name] for name in link.reads)


def _add(gradient: Gradient, names: Iterable[str], parts: Iterable[Tensor]) -> None:
    for name, part in zip(names, parts, strict=True):
        gradient[name] = gradient[name] + part if name in gradient else part
