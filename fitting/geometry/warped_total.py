"""The total flux of a smooth radial profile over warped ellipses.

Outside the last node the ellipses are alike, with the axis ratio q ρ_L and turned by α_L, so that

    F = F(q ρ_L) + cos i ∫₀^{2π} dφ / e² ∫₀^{R_L} [I(R h) − I(R h_L)] R dR,
    e² = cos² φ + sin² φ / q²,   (e h)² = cos²(φ + α) + sin²(φ + α) / (q ρ)²,

with φ counted from the central major axis on the sky, R along it, and F(q ρ_L) the profile's own total. Along φ by even
steps, which converge as exp(−N q); along R by panels between the nodes of the warp, where the integrand is analytic.
"""

import torch
from torch import Tensor

from fitting.geometry.named_total import Named, NamedTotal
from fitting.geometry.panels import panel_rule
from fitting.geometry.profile_light import profile_light
from fitting.geometry.warp import Warp
from fitting.profiles.dimensions import PureNumbers

_NODES = 40
_GRADES = tuple(4.0**power for power in range(-2, 4))
"""Ends of panels in scale lengths."""
_ANGLES_BY_RATIO = 48.0
_FEWEST, _MOST = 64, 4096


class WarpedTotal(NamedTotal):
    """Of a warp, with or without rotation and bending, which keep areas but for the disc's inclination i."""

    def _face_on(self, named: Named) -> Tensor:
        profile, (warp,) = self.profile, self.modifiers.warps
        assert isinstance(warp, Warp)
        q, scale, amplitude = named["q"], named[profile.scale], named[profile.amplitude]
        pure = PureNumbers.of([named[name] for name in profile.shape], profile.dimensions, scale, amplitude).shape
        radius, weight = panel_rule(_edges(warp, scale.detach()), _NODES)
        log_ratio, turn = warp.bend(radius, [named[name][:, None] for name in warp.own])
        last = torch.full_like(scale[:, None], warp.nodes[-1])
        log_outer, turn_outer = warp.bend(last, [named[name][:, None] for name in warp.own])
        angle = _angles(q, log_ratio).to(q)

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


def _edges(warp: Warp, scale: Tensor) -> Tensor:
    """Rising ends of panels up to the last node, (instances, edges)."""
    nodes = [torch.full_like(scale, node) for node in (0.0, *warp.nodes)]
    edges = torch.stack([*nodes, *(scale * grade for grade in _GRADES)], dim=-1)
    return torch.sort(edges.clamp(max=warp.nodes[-1]), dim=-1).values


def _angles(q: Tensor, log_ratio: Tensor) -> Tensor:
    """Even steps of φ, enough for the flattest ellipse."""
    flattest = float((q[:, None] * log_ratio.exp().clamp(max=1.0)).detach().min())
    count = _FEWEST
    while count < min(_ANGLES_BY_RATIO / max(flattest, 1e-6), _MOST):
        count *= 2
    return torch.arange(count, dtype=torch.float64) * (2.0 * torch.pi / count)
