"""A radial profile over modified isophotes: one chain for every profile and every set of modifiers.

offset → rotation → major axis → bending → axis ratio → warp → radius (ellipse or superellipse) → Fourier modes, rays →
radial profile → truncation, rays' brightness. The order is fixed, whatever the order in a request.

Why it is so: every pair of profile and modifiers works without a class of its own, and each link's pullback makes all
derivatives together cost about two more evaluations (decision 0016).
"""

import math
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from fitting.geometry.angles import Angles
from fitting.geometry.modifier import Dimming, Metric, PointMap, RadiusScale
from fitting.geometry.modifiers import Modifiers
from fitting.geometry.superellipse import TINY
from fitting.profiles.axes import DEGREES, by_centre_and_angle, turn_to_axis
from fitting.profiles.dimensions import NUMBER, PureNumbers
from fitting.profiles.kinks import KinkLines, PlanePoints
from fitting.profiles.radial import RHO_FLOOR, RadialProfile
from fitting.profiles.surface import ANGLE, CENTRE, RELATIVE

Gradient = dict[str, Tensor]
"""Derivatives so far, by parameter."""


@dataclass(frozen=True)
class PlaneAxes:
    """Sine and cosine of the position angle, and one over the axis ratio, (instances, 1) each."""

    sine: Tensor
    cosine: Tensor
    stretch: Tensor

    @classmethod
    def of(cls, named: Mapping[str, Tensor]) -> "PlaneAxes":
        """The axes at values by name."""
        angle = named["pa"] * DEGREES
        return cls(angle.sin(), angle.cos(), named["q"].reciprocal())


def _plane_coordinates(
    chain: Modifiers, axes: PlaneAxes, x: Tensor, y: Tensor, named: Mapping[str, Tensor]
) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor, Gradient], None]]:
    """a and b of offsets x, y, and the pullback of derivatives by them, which adds to a gradient."""
    plane_x, plane_y, unrotate = _apply_maps(chain.rotations, x, y, named)
    along, across = turn_to_axis(plane_x, plane_y, axes.sine, axes.cosine)
    bent_along, bent_across, unbend = _apply_maps(chain.bendings, along, across, named)
    stretched = bent_across * axes.stretch
    a, b, unwarp = _apply_maps(chain.warps, bent_along, stretched, named)

    def pullback(by_a: Tensor, by_b: Tensor, gradient: Gradient) -> None:
        by_along, by_stretched = unwarp(by_a, by_b, gradient)
        _add(gradient, ("q",), ((by_stretched * stretched).mul_(-axes.stretch),))
        by_along, by_across = unbend(by_along, by_stretched * axes.stretch, gradient)
        by_x, by_y, by_pa = by_centre_and_angle(along, across, by_along, by_across, named["pa"])
        _add(gradient, ("pa",), (by_pa,))
        if chain.rotations:
            # Points are offsets from the centre, which moves against them.
            by_x, by_y = (-part for part in unrotate(-by_x, -by_y, gradient))
        _add(gradient, ("x", "y"), (by_x, by_y))

    return a, b, pullback


def _apply_maps(
    links: tuple[PointMap, ...], x: Tensor, y: Tensor, named: Mapping[str, Tensor]
) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor, Gradient], tuple[Tensor, Tensor]]]:
    """Points after maps, and the pullback through all of them, which adds to a gradient."""
    pullbacks = []
    for link in links:
        x, y, back = link(x, y, tuple(named[name] for name in link.reads))
        pullbacks.append((link, back))

    def pullback(by_x: Tensor, by_y: Tensor, gradient: Gradient) -> tuple[Tensor, Tensor]:
        for link, back in reversed(pullbacks):
            by_x, by_y, by_read = back(by_x, by_y)
            _add(gradient, link.reads, by_read)
        return by_x, by_y

    return x, y, pullback


def _add(gradient: Gradient, names: Iterable[str], parts: Iterable[Tensor]) -> None:
    """Add parts to the derivatives by the parameters of these names."""
    for name, part in zip(names, parts, strict=True):
        gradient[name] = gradient[name] + part if name in gradient else part


@dataclass(frozen=True)
class Isophotes:
    """Where points lie: ln of their radius (pixels along the major axis), their angles, and the pullback of derivatives
    by the two.
    """

    log_radius: Tensor
    angles: Angles
    pullback: Callable[[Tensor, Tensor], Gradient]


@dataclass(frozen=True)
class _Precomputation:
    """What depends on values alone.

    Attributes:
        values: as they were given, (instances, parameters).
        named: the same by name, (instances, 1) each.
        modifiers, axes: for these values.
        pure: the profile's shape.
        constants: the profile's.
        log_scaling: ln of the inverse square of its scale length, (instances, 1).
    """

    values: Tensor
    named: dict[str, Tensor]
    modifiers: Modifiers
    axes: PlaneAxes
    pure: PureNumbers
    constants: Tensor
    log_scaling: Tensor


class ModifiedProfile:
    """A radial profile with modifiers, as a surface; its own plane is what the radius is measured in.

    Parameters: x, y, q, pa, the modifiers' own, then the profile's shape, scale length and amplitude.

    Example, a boxy Sérsic galaxy::

        boxy = ModifiedProfile(radial_profile("sersic"), Modifiers(metric=Superellipse()))
        boxy.parameters  # ("x", "y", "q", "pa", "c0", "n", "r_e", "i_e")
    """

    def __init__(self, profile: RadialProfile, modifiers: Modifiers) -> None:
        self.profile = profile
        self.modifiers = modifiers
        of_links = modifiers.parameters
        self.parameters = ("x", "y", "q", "pa", *of_links, *profile.shape, profile.scale, profile.amplitude)
        shapes = (RELATIVE,) * (len(profile.shape) + 2)
        self.roundings = (CENTRE, CENTRE, RELATIVE, ANGLE, *of_links.values(), *shapes)
        intensities = [name for name, kind in zip(profile.shape, profile.dimensions, strict=True) if kind.intensity]
        jump, slope_jumps = bool(modifiers.jumps), bool(modifiers.metric.kinks)
        angles, whole = tuple(modifiers.kink_lines), tuple(modifiers.kink_lines.values())
        lines = KinkLines(angles, whole, jump, slope_jumps, modifiers.straight, self._plane_points)
        self.kink_lines = lines if angles else None
        self.linear = tuple(self.parameters.index(name) for name in (*intensities, profile.amplitude))
        self._precomputation: _Precomputation | None = None

    def at(self, values: Tensor) -> "ModifiedProfile":
        """With the profile's constants."""
        fixed = copy(self)
        fixed._precomputation = self._precompute(values)
        return fixed

    def ellipse(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Axis ratio, position angle and scale length."""
        return values[:, 2], values[:, 3], values[:, -2]

    def cusp_power(self, values: tuple[float, ...]) -> float:
        """That of the profile, but no more than 2: what is analytic over ellipses need not be so over others."""
        named = self._by_name(torch.tensor([values], dtype=torch.float64))
        return min(self.profile.cusp_power(tuple(float(part) for part in self._pure(named).shape)), 2.0)

    def brightness(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Brightness at offsets from the centre."""
        known = self._precompute(values)
        named = known.named
        points = _isophotes(x, y, known)
        light = self.profile.brightness(_log_rho(points, known), known.constants)
        for dimming in known.modifiers.dimmings:
            light.mul_(dimming(points.log_radius, points.angles, _read_values(dimming, named))[0])
        return light.mul_(named[self.profile.amplitude])

    def derivatives(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Derivatives by every parameter."""
        known = self._precompute(values)
        named, pure = known.named, known.pure
        points = _isophotes(x, y, known)
        profile, amplitude = self.profile, named[self.profile.amplitude]
        light, by_log_rho, by_shape = profile.derivatives(_log_rho(points, known), known.constants)
        dimmings = [
            (link, *link(points.log_radius, points.angles, _read_values(link, named)))
            for link in known.modifiers.dimmings
        ]
        factors = [factor for _, factor, _ in dimmings]
        whole = prod(factors, start=amplitude)
        by_log_radius, by_angle = by_log_rho * (2.0 * whole), light.new_zeros(())
        gradient = {profile.amplitude: prod(factors, start=light), profile.scale: by_log_radius / -named[profile.scale]}
        for place, (name, part) in enumerate(zip(profile.shape, by_shape, strict=True)):
            slope = part * whole
            if profile.dimensions[place] == NUMBER:
                gradient[name] = slope
                continue
            gradient[name] = slope * pure.by_parameter[place][:, None]
            gradient[profile.scale] = gradient[profile.scale] + slope * pure.by_scale[place][:, None]
            gradient[profile.amplitude] = gradient[profile.amplitude] + slope * pure.by_amplitude[place][:, None]
        for place, (link, _, pullback) in enumerate(dimmings):
            others = [factor for other, factor in enumerate(factors) if other != place]
            radial, angular, by_read = pullback(prod(others, start=light * amplitude))
            by_log_radius, by_angle = by_log_radius + radial, by_angle + angular
            _add(gradient, link.reads, by_read)
        _add(gradient, *zip(*points.pullback(by_log_radius, by_angle).items(), strict=True))
        return torch.stack([gradient[name] for name in self.parameters], dim=1)

    def _by_name(self, values: Tensor) -> dict[str, Tensor]:
        return dict(zip(self.parameters, values.unsqueeze(-1).unbind(1), strict=True))

    def _pure(self, named: dict[str, Tensor]) -> PureNumbers:
        profile = self.profile
        shape = [named[name][:, 0] for name in profile.shape]
        return PureNumbers.of(shape, profile.dimensions, named[profile.scale][:, 0], named[profile.amplitude][:, 0])

    def _precompute(self, values: Tensor) -> "_Precomputation":
        if self._precomputation is not None and self._precomputation.values is values:
            return self._precomputation
        named = self._by_name(values)
        pure = self._pure(named)
        constants = self.profile.constants(pure.shape)[..., None]
        log_scaling = named[self.profile.scale].log() * -2.0
        return _Precomputation(
            values, named, self.modifiers.at(named), PlaneAxes.of(named), pure, constants, log_scaling
        )

    def _plane_points(self, x: Tensor, y: Tensor, values: Tensor) -> PlanePoints:
        named = self._by_name(values)
        a, b, unplace = _plane_coordinates(self.modifiers, PlaneAxes.of(named), x, y, named)

        def pullback(by_a: Tensor, by_b: Tensor) -> Tensor:
            gradient: Gradient = {}
            unplace(by_a, by_b, gradient)
            none = torch.zeros_like(a)
            return torch.stack([gradient.get(name, none).expand_as(a) for name in self.parameters], dim=1)

        return PlanePoints(a, b, pullback)


def _isophotes(x: Tensor, y: Tensor, known: _Precomputation) -> Isophotes:
    chain, named = known.modifiers, known.named
    a, b, unplace = _plane_coordinates(chain, known.axes, x, y, named)
    log_radius, unmeasure = chain.metric(a, b, _read_values(chain.metric, named))
    # Clockwise of the major axis is where b points.
    directed = chain.radius_scales or chain.dimmings
    angles = Angles(torch.atan2(-b, a) if directed else a.new_zeros(()))
    scales = [(link, *link(angles, _read_values(link, named))) for link in chain.radius_scales]
    for _, addend, _ in scales:
        log_radius = addend.add_(log_radius)

    def pullback(by_log_radius: Tensor, by_angle: Tensor) -> Gradient:
        gradient: Gradient = {}
        for link, _, unscale in scales:
            angular, by_read = unscale(by_log_radius)
            by_angle = by_angle + angular
            _add(gradient, link.reads, by_read)
        by_a, by_b, by_read = unmeasure(by_log_radius)
        _add(gradient, chain.metric.reads, by_read)
        if by_angle.ndim:
            twist = by_angle / (a * a).addcmul_(b, b).clamp_(min=TINY**2)
            by_a, by_b = by_a.addcmul(twist, b), by_b.addcmul(twist, a, value=-1.0)
        unplace(by_a, by_b, gradient)
        return gradient

    return Isophotes(log_radius, angles, pullback)


def _log_rho(points: Isophotes, known: _Precomputation) -> Tensor:
    return torch.add(known.log_scaling, points.log_radius, alpha=2.0).clamp_(min=math.log(RHO_FLOOR))


def _read_values(link: Metric | RadiusScale | Dimming, named: dict[str, Tensor]) -> tuple[Tensor, ...]:
    return tuple(named[name] for name in link.reads)
