"""The total flux of a radial profile over its isophotes, plain or modified.

Rotation and bending move light without changing areas, but for the disc's inclination i. In the plane that they lead
to the modified radius is R = r m(θ) f(θ), r the distance from the centre, m that of the (super)ellipse, f the Fourier
modes and the directions' sizes, so that with B the directions' brightnesses and T the truncation

    F = q cos i · A · 2π ∫ I(R) T(R) R dR,    A = (1/2π) ∮ B / (m f)² dθ.

A is 4 Γ(1 + 1/p)² / Γ(1 + 2/p) / π for a superellipse alone, p = c0 + 2 (GALFIT's 1/R(C0): Peng et al. 2010, AJ 139,
2097, section 3); it is found by quadrature, which the periodic, piecewise analytic integrand lets converge
exponentially. The tail of an outer truncation falls as exp(−9.2 R/width).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import torch
from torch import Tensor

from fitting.geometry.angles import Angles
from fitting.geometry.chain import Modifiers
from fitting.geometry.fourier import Fourier
from fitting.geometry.modifiers import modifiers_of
from fitting.geometry.named_total import Named, NamedTotal
from fitting.geometry.panels import panel_rule
from fitting.geometry.profile_light import profile_light
from fitting.geometry.rays import DirectionSizes
from fitting.geometry.truncation import Truncation
from fitting.geometry.warped_total import WarpedTotal
from fitting.profiles.cached_tensors import cached_tensors
from fitting.profiles.dimensions import PureNumbers
from fitting.profiles.radial import RadialProfile, total_flux
from fitting.spec.geometry import ModifierSpec
from fitting.spec.parameters.forms import knows_total

_NODES_PER_MODE = 256
_NODES = 64
_PER_MODE_IN_PANELS = 512
_EDGES = (-6.0, -2.0, 0.0, 2.0, 6.0)
"""Ends of panels about the middle of a truncation, in widths; beyond the last it is complete."""
_GRADES = tuple(4.0**power for power in range(-1, 9))
"""Ends of panels in scale lengths."""


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
    """
    modifiers = modifiers_of(geometry, profile.scale)
    if not knows_total(profile.name, geometry):
        return None
    if modifiers.warps:
        return WarpedTotal(profile, modifiers)
    return ModifiedTotal(profile, modifiers) if geometry else PlainTotal(profile)


@dataclass(frozen=True)
class PlainTotal:
    """Of plain ellipses."""

    profile: RadialProfile

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("q", *self.profile.shape, self.profile.scale, self.profile.amplitude)

    def __call__(self, values: Tensor) -> Tensor:
        q, *shape, scale, amplitude = values.unbind(-1)
        return total_flux(self.profile, q, shape, scale, amplitude)


class ModifiedTotal(NamedTotal):
    """Of modified isophotes that no warp is among."""

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
        factor = _truncated(truncations, radius, named)
        light = profile_light(profile, 2.0 * (radius.clamp(min=1e-100) / scale[:, None]).log(), pure)
        if any(link.side == "outer" for link in truncations):
            return 2.0 * torch.pi * q * amplitude * (light * factor * radius * weight).sum(-1)
        lost = 2.0 * torch.pi * q * amplitude * (light * (1.0 - factor) * radius * weight).sum(-1)
        return profile.flux(q, scale, amplitude, pure) - lost


def area_factor(modifiers: Modifiers, named: Named) -> Tensor:
    """A, the area inside an isophote weighted with brightness, in units of its ellipse's: (instances,)."""
    if not (modifiers.metric.own or modifiers.radius_scales or _directed(modifiers)):
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
    for dimming in _directed(modifiers):
        brightness = brightness * dimming(log_radius, angles, read(dimming))[0]
    return (brightness * (-2.0 * log_radius).exp() * weight).sum(-1)


def _directed(modifiers: Modifiers) -> list[Any]:
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
        middle, width = _middle(link, named)
        edges += [middle + width * place for place in _EDGES]
        last = edges[-1]
    return torch.sort(torch.stack(edges, dim=-1).clamp(min=0.0).minimum(last[:, None]), dim=-1).values


def _middle(link: Truncation, named: Named) -> tuple[Tensor, Tensor]:
    """Radius at which half of the light is left, and the width."""
    edge, width = (named[name] for name in link.reads)
    return (edge + 0.5 * width if link.side == "outer" else edge - 0.5 * width), width


def _truncated(truncations: Sequence[Truncation], radius: Tensor, named: Named) -> Tensor:
    factor = torch.ones_like(radius)
    log_radius, nowhere = radius.clamp(min=1e-100).log(), Angles(torch.zeros_like(radius))
    for link in truncations:
        factor = factor * link(log_radius, nowhere, tuple(named[name][:, None] for name in link.reads))[0]
    return factor
