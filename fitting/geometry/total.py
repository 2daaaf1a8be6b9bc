"""Total fluxes of radial profiles over plain, modified and warped isophotes, as differentiable functions.

Rotation and bending move light without changing areas, but for the disc's inclination i. In the plane that they lead
to the modified radius is R = r m(θ) f(θ), r the distance from the centre, m that of the (super)ellipse, f the Fourier
modes and the directions' sizes, so that with B the directions' brightnesses and T the truncation

    F = q cos i · A · 2π ∫ I(R) T(R) R dR,    A = (1/2π) ∮ B / (m f)² dθ.

A is 4 Γ(1 + 1/p)² / Γ(1 + 2/p) / π for a superellipse alone, p = c0 + 2 (GALFIT's 1/R(C0): Peng et al. 2010, AJ 139,
2097, section 3); it is found by quadrature, which the periodic, piecewise analytic integrand lets converge
exponentially. The tail of an outer truncation falls as exp(−9.2 R/width).

Outside the last node of a warp the ellipses are alike, with the axis ratio q ρ_L and turned by α_L, so that

    F = F(q ρ_L) + cos i ∫₀^{2π} dφ / e² ∫₀^{R_L} [I(R h) − I(R h_L)] R dR,
    e² = cos² φ + sin² φ / q²,   (e h)² = cos²(φ + α) + sin²(φ + α) / (q ρ)²,

with φ counted from the central major axis on the sky, R along it, and F(q ρ_L) the profile's own total. Along φ by even
steps, which converge as exp(−N q); along R by panels between the nodes of the warp, where the integrand is analytic.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from fitting.geometry.angles import Angles
from fitting.geometry.fourier import Fourier
from fitting.geometry.modifiers import Modifiers, modifiers_of
from fitting.geometry.rays import DirectionSizes
from fitting.geometry.truncation import Truncation
from fitting.geometry.warp import Warp
from fitting.profiles.axes import DEGREES
from fitting.profiles.cached_tensors import cached_tensors
from fitting.profiles.dimensions import PureNumbers
from fitting.profiles.radial import RHO_FLOOR, RadialProfile, total_flux
from fitting.spec.modifiers import ModifierSpec
from fitting.spec.parameters.forms import knows_total

_NODES_PER_MODE = 256
"""Even steps around per Fourier mode: with the numbers below they hold totals to 1e-11 of closed forms (decision 0016,
tests/fitting/geometry/test_total.py).
"""
_NODES = 64
"""Nodes in a panel between kinks, or along the radius."""
_PER_MODE_IN_PANELS = 512
"""More nodes in a panel, per Fourier mode and whole turn."""
_EDGES = (-6.0, -2.0, 0.0, 2.0, 6.0)
"""Ends of panels about the middle of a truncation, in widths; beyond the last it is complete."""
_GRADES = tuple(4.0**power for power in range(-1, 9))
"""Ends of panels in scale lengths, beside a truncation."""
_WARP_NODES = 40
"""Nodes in a panel along the radius of a warp: tests/fitting/geometry/test_total.py holds totals to 1e-6."""
_WARP_GRADES = tuple(4.0**power for power in range(-2, 4))
"""Ends of panels in scale lengths."""
_ANGLES_BY_RATIO = 48.0
"""Even steps of φ times the least axis ratio: they err by exp(−48)."""
_FEWEST_ANGLES, _MOST_ANGLES = 64, 4096
"""Limits on how many steps: the most are enough for an axis ratio of 0.012."""
_PANEL_REACH = 3.6
"""Where the double exponential rule ends on either side: weights are below 1e-23 of the largest there."""


class TotalFlux(Protocol):
    """Total flux as a differentiable function of parameters."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """What it depends on, the amplitude last."""
        ...

    def __call__(self, values: Tensor) -> Tensor:
        """Flux, data units, (…,), of values (…, parameters); infinite where the integral diverges."""
        ...


@lru_cache(maxsize=256)
def total_of(profile: RadialProfile, geometry: tuple[ModifierSpec, ...] = ()) -> TotalFlux | None:
    """The total of a profile with a component's geometry; one for equal geometry, so that totals are grouped by it.

    None where it is not known: a warp turns and stretches areas by amounts that depend on radius and direction, which
    leaves the bends of other modifiers and profiles nowhere that quadrature could meet them.

    Example::

        total = total_of(radial_profile("sersic"))
        total.parameters  # ("q", "n", "r_e", "i_e")
        total(torch.tensor([[0.6, 1.0, 5.0, 50.0]], dtype=torch.float64))  # data units, (1,)
    """
    modifiers = modifiers_of(geometry, profile.scale)
    if not knows_total(profile.name, geometry):
        return None
    if modifiers.warps:
        return WarpedTotal(profile, modifiers)
    return ModifiedTotal(profile, modifiers) if geometry else PlainTotal(profile)


@dataclass(frozen=True)
class PlainTotal:
    """The total flux over plain ellipses."""

    profile: RadialProfile

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("q", *self.profile.shape, self.profile.scale, self.profile.amplitude)

    def __call__(self, values: Tensor) -> Tensor:
        q, *shape, scale, amplitude = values.unbind(-1)
        return total_flux(self.profile, q, shape, scale, amplitude)


Named = dict[str, Tensor]


@dataclass(frozen=True)
class NamedTotal(ABC):
    """A `fitting.geometry.total.TotalFlux` of a profile with modifiers."""

    profile: RadialProfile
    modifiers: Modifiers

    @property
    def parameters(self) -> tuple[str, ...]:
        profile = self.profile
        return ("q", *self.modifiers.parameters, *profile.shape, profile.scale, profile.amplitude)

    def __call__(self, values: Tensor) -> Tensor:
        flat = values.reshape(-1, values.shape[-1])
        named = dict(zip(self.parameters, flat.unbind(-1), strict=True))
        total = self._face_on(named)
        if self.modifiers.rotations:
            total = total * torch.cos(named["rotation_inclination"] * DEGREES)
        return total.reshape(values.shape[:-1])

    @abstractmethod
    def _face_on(self, named: Named) -> Tensor:
        """The total but for an inclination, (instances,), of parameters (instances,) by name."""


class ModifiedTotal(NamedTotal):
    """The total flux over modified isophotes that no warp is among."""

    def _face_on(self, named: Named) -> Tensor:
        return area_factor(self.modifiers, named) * self._along_radius(named)

    def _along_radius(self, named: Named) -> Tensor:
        """2π q ∫ I T R dR."""
        profile, q = self.profile, named["q"]
        shape = [named[name] for name in profile.shape]
        scale, amplitude = named[profile.scale], named[profile.amplitude]
        truncations = [link for link in self.modifiers.dimmings if isinstance(link, Truncation)]
        pure = PureNumbers.of(shape, profile.dimensions, scale, amplitude).shape
        if not truncations:
            return profile.flux(q, scale, amplitude, pure)
        radius, weight = panel_rule(_radial_edges(profile, pure, scale, truncations, named), _NODES)
        factor = _truncation_factor(truncations, radius, named)
        light = profile_light(profile, 2.0 * (radius.clamp(min=1e-100) / scale[:, None]).log(), pure)
        if any(link.side == "outer" for link in truncations):
            return 2.0 * torch.pi * q * amplitude * (light * factor * radius * weight).sum(-1)
        lost = 2.0 * torch.pi * q * amplitude * (light * (1.0 - factor) * radius * weight).sum(-1)
        return profile.flux(q, scale, amplitude, pure) - lost


def area_factor(modifiers: Modifiers, named: Named) -> Tensor:
    """A, the area inside an isophote weighted with brightness, in units of its ellipse's: (instances,)."""
    if not (modifiers.metric.parameters or modifiers.radius_scales or _direction_dimmings(modifiers)):
        return torch.ones_like(named["q"])
    angle, weight = _angular_rule(modifiers, named["q"].device)
    field = angle.expand(len(named["q"]), -1)
    angles = Angles(field)

    def read(link: Any) -> tuple[Tensor, ...]:
        return tuple(named[name][:, None] for name in link.reads)

    log_radius = modifiers.metric(field.cos(), -field.sin(), read(modifiers.metric))[0]
    for scaling in modifiers.radius_scales:
        log_radius = log_radius + scaling(angles, read(scaling))[0]
    brightness = torch.ones_like(log_radius)
    for dimming in _direction_dimmings(modifiers):
        brightness = brightness * dimming(log_radius, angles, read(dimming))[0]
    return (brightness * (-2.0 * log_radius).exp() * weight).sum(-1)


def _direction_dimmings(modifiers: Modifiers) -> list[Any]:
    """What dims by direction."""
    return [link for link in modifiers.dimmings if not isinstance(link, Truncation)]


@cached_tensors
def _angular_rule(modifiers: Modifiers, device: torch.device) -> tuple[Tensor, Tensor]:
    """Angles from the major axis, radians, and weights whose sum is one: evenly spaced where the integrand is analytic,
    in panels between its kinks and jumps where it has any.
    """
    highest = max((max(link.modes) for link in modifiers.radius_scales if isinstance(link, Fourier)), default=0)
    breaks = _breaks(modifiers)
    if not breaks:
        count = _NODES_PER_MODE * max(highest, 1)
        angle = torch.arange(count, dtype=torch.float64, device=device) * (2.0 * torch.pi / count)
        return angle, torch.full_like(angle, 1.0 / count)
    edges = torch.tensor([*breaks, breaks[0] + 2.0 * math.pi], dtype=torch.float64, device=device)
    widest = float(edges.diff().max()) / (2.0 * math.pi)
    angle, weight = panel_rule(edges, _NODES + math.ceil(_PER_MODE_IN_PANELS * highest * widest))
    return torch.remainder(angle, 2.0 * torch.pi), weight / (2.0 * torch.pi)


def _breaks(modifiers: Modifiers) -> list[float]:
    """Angles where the integrand is not analytic, and those where a boxy isophote's corners come near to being so."""
    found = set(modifiers.jumps)
    if modifiers.metric.kinks:
        found |= {0.25 * math.pi * octant for octant in range(8)}
    for link in modifiers.radius_scales:
        if isinstance(link, DirectionSizes):
            count = link.directions.count
            found |= {2.0 * math.pi * ray / count for ray in range(count)}
    return sorted({round(angle % (2.0 * math.pi), 12) for angle in found})


def _radial_edges(
    profile: RadialProfile, pure: tuple[Tensor, ...], scale: Tensor, truncations: Sequence[Truncation], named: Named
) -> Tensor:
    """Rising ends of panels, (instances, edges), graded about the centre, the profile's bend and each truncation."""
    edges = [torch.zeros_like(scale), *(scale * grade for grade in _GRADES)]
    bend = profile.break_radius(profile.constants(pure))
    if bend is not None:
        edges.append(scale * bend)
    for link in truncations:
        edge, width = (named[name] for name in link.reads)
        # Where half of the light is left.
        middle = edge + 0.5 * width if link.side == "outer" else edge - 0.5 * width
        edges += [middle + width * place for place in _EDGES]
        last = edges[-1]
    return torch.sort(torch.stack(edges, dim=-1).clamp(min=0.0).minimum(last[:, None]), dim=-1).values


def _truncation_factor(truncations: Sequence[Truncation], radius: Tensor, named: Named) -> Tensor:
    factor = torch.ones_like(radius)
    log_radius, nowhere = radius.clamp(min=1e-100).log(), Angles(torch.zeros_like(radius))
    for link in truncations:
        factor = factor * link(log_radius, nowhere, tuple(named[name][:, None] for name in link.reads))[0]
    return factor


class WarpedTotal(NamedTotal):
    """The total flux over a warp, with or without rotation and bending, which keep areas but for the disc's
    inclination i.
    """

    def _face_on(self, named: Named) -> Tensor:
        profile, (warp,) = self.profile, self.modifiers.warps
        assert isinstance(warp, Warp)
        q, scale, amplitude = named["q"], named[profile.scale], named[profile.amplitude]
        pure = PureNumbers.of([named[name] for name in profile.shape], profile.dimensions, scale, amplitude).shape
        # Rising ends of panels up to the last node, (instances, edges).
        fixed = scale.detach()
        edges = [
            *(torch.full_like(fixed, node) for node in (0.0, *warp.nodes)),
            *(fixed * grade for grade in _WARP_GRADES),
        ]
        panels = torch.sort(torch.stack(edges, dim=-1).clamp(max=warp.nodes[-1]), dim=-1).values
        radius, weight = panel_rule(panels, _WARP_NODES)
        log_ratio, turn = warp.bend(radius, [named[name][:, None] for name in warp.parameters])
        last = torch.full_like(scale[:, None], warp.nodes[-1])
        log_outer, turn_outer = warp.bend(last, [named[name][:, None] for name in warp.parameters])
        angle = _even_angles(q, log_ratio).to(q)

        def light(turned: Tensor, log: Tensor) -> Tensor:
            """I at nodes of φ and R, (instances, angles, radii)."""
            aside = angle[:, None] + turned[:, None, :]
            size = aside.cos() ** 2 + (aside.sin() / (q[:, None, None] * log.exp()[:, None, :])) ** 2
            log_rho = (size / stretch[..., None]).log() + 2.0 * (radius / scale[:, None]).log()[:, None, :]
            return profile_light(profile, log_rho.flatten(1), pure).view_as(log_rho)

        stretch = angle.cos() ** 2 + (angle.sin() / q[:, None]) ** 2
        change = light(turn, log_ratio) - light(turn_outer.expand_as(turn), log_outer.expand_as(log_ratio))
        along = (change * (radius * weight)[:, None, :]).sum(-1)
        inner = amplitude * (along / stretch).sum(-1) * (2.0 * torch.pi / len(angle))
        return profile.flux(q * log_outer[:, 0].exp(), scale, amplitude, pure) + inner


def _even_angles(q: Tensor, log_ratio: Tensor) -> Tensor:
    """Even steps of φ, enough for the flattest ellipse."""
    flattest = float((q[:, None] * log_ratio.exp().clamp(max=1.0)).detach().min())
    count = _FEWEST_ANGLES
    while count < min(_ANGLES_BY_RATIO / max(flattest, 1e-6), _MOST_ANGLES):
        count *= 2
    return torch.arange(count, dtype=torch.float64) * (2.0 * torch.pi / count)


def profile_light(profile: RadialProfile, log_rho: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
    """Brightness of unit amplitude at ln ρ (instances, points), differentiable by ln ρ and the pure shape."""
    floor = math.log(RHO_FLOOR)
    light: Tensor = _Brightness.apply(profile, log_rho.clamp(min=floor), *shape)  # type: ignore[no-untyped-call]
    return light


class _Brightness(torch.autograd.Function):
    """A profile's own derivatives as those of its brightness."""

    @staticmethod
    def forward(ctx: Any, profile: RadialProfile, log_rho: Tensor, *shape: Tensor) -> Tensor:
        ctx.profile = profile
        ctx.save_for_backward(log_rho, *shape)
        return profile.brightness(log_rho, profile.constants(shape)[..., None])

    @staticmethod
    def backward(ctx: Any, by: Tensor) -> tuple[Tensor | None, ...]:
        log_rho, *shape = ctx.saved_tensors
        _, by_log_rho, by_shape = ctx.profile.derivatives(log_rho, ctx.profile.constants(tuple(shape))[..., None])
        return None, by * by_log_rho, *((by * part).sum(-1) for part in by_shape)


@cached_tensors
def unit_rule(count: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes in (0, 1) and weights, (count,)."""
    s, step = np.linspace(-_PANEL_REACH, _PANEL_REACH, count, retstep=True)
    stretched = np.pi * np.sinh(s)
    node = 1.0 / (1.0 + np.exp(-stretched))
    weight = np.pi * np.cosh(s) * step * node / (1.0 + np.exp(stretched))
    return torch.as_tensor(node, device=device), torch.as_tensor(weight / weight.sum(), device=device)


def panel_rule(edges: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Nodes and weights over panels between rising edges (…, edges), each (…, panels · count); differentiable."""
    node, weight = unit_rule(count, edges.device)
    start, width = edges[..., :-1, None], edges.diff(dim=-1)[..., None]
    return (start + width * node).flatten(-2), (width * weight).flatten(-2)
