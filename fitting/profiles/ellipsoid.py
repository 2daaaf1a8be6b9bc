"""A Gaussian ellipsoid in space, seen in projection.

Its axes have the dispersions σ_a, σ_b, σ_c. c is inclined by i to the line of sight about a line of nodes at the
position angle pa; a is turned by the azimuth φ from the line of nodes. The projection is a Gaussian with the covariance
C = Σ_k σ_k² m_k m_kᵀ along and across the line of nodes, where m_a = (cos φ, sin φ cos i), m_b = (−sin φ, cos φ cos i)
and m_c = (0, sin i): I = flux e^{−Q/2} / (2π |C|^{1/2}). As AstroPhot's gaussian ellipsoid, with other angles.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.profiles.axes import DEGREES, along_and_across, by_centre_and_angle
from fitting.profiles.surface import AMPLITUDE_ALONE, ANGLE, CENTRE, RELATIVE


@dataclass(frozen=True)
class ProjectedCovariance:
    """Second moments along (u) and across (v) the line of nodes, pixels², and their derivatives by each parameter."""

    uu: Tensor
    uv: Tensor
    vv: Tensor
    slopes: tuple[tuple[Tensor, Tensor, Tensor], ...]


def projected_covariance(values: Tensor) -> ProjectedCovariance:
    """The covariance at values (instances, parameters), with derivatives by σ_a, σ_b, σ_c, inclination, azimuth."""
    _, _, _, inclination, azimuth, a, b, c, _ = values.unsqueeze(-1).unbind(1)
    sine, cosine = torch.sin(azimuth * DEGREES), torch.cos(azimuth * DEGREES)
    tilt_sine, tilt = torch.sin(inclination * DEGREES), torch.cos(inclination * DEGREES)
    aa, bb, cc = a * a, b * b, c * c
    in_plane = aa * sine**2 + bb * cosine**2
    uu = aa * cosine**2 + bb * sine**2
    uv = (aa - bb) * sine * cosine * tilt
    zero = torch.zeros_like(uu)
    twist = 2.0 * (aa - bb) * sine * cosine * DEGREES
    by_a = (2.0 * a * cosine**2, 2.0 * a * sine * cosine * tilt, 2.0 * a * (sine * tilt) ** 2)
    by_b = (2.0 * b * sine**2, -2.0 * b * sine * cosine * tilt, 2.0 * b * (cosine * tilt) ** 2)
    by_c = (zero, zero, 2.0 * c * tilt_sine**2)
    by_tilt = (
        zero,
        -(aa - bb) * sine * cosine * tilt_sine * DEGREES,
        2.0 * (cc - in_plane) * tilt * tilt_sine * DEGREES,
    )
    by_azimuth = (-twist, (aa - bb) * (cosine**2 - sine**2) * tilt * DEGREES, twist * tilt**2)
    return ProjectedCovariance(uu, uv, in_plane * tilt**2 + cc * tilt_sine**2, (by_tilt, by_azimuth, by_a, by_b, by_c))


class GaussianEllipsoid:
    """The ellipsoid; parameters x, y, pa, inclination, azimuth, sigma_a, sigma_b, sigma_c, flux."""

    parameters = ("x", "y", "pa", "inclination", "azimuth", "sigma_a", "sigma_b", "sigma_c", "flux")
    roundings = (CENTRE, CENTRE, ANGLE, ANGLE, ANGLE, RELATIVE, RELATIVE, RELATIVE, RELATIVE)
    linear = AMPLITUDE_ALONE
    kink_lines = None

    def ellipse(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Axis ratio, angle and dispersion along the major axis of the projection."""
        covariance = projected_covariance(values)
        uu, uv, vv = (part[:, 0] for part in (covariance.uu, covariance.uv, covariance.vv))
        half, spread = 0.5 * (uu + vv), torch.hypot(0.5 * (uu - vv), uv)
        # v points clockwise of u, so the angle from the line of nodes counts the other way round.
        turn = 0.5 * torch.atan2(2.0 * uv, uu - vv) / DEGREES
        smallest = (half - spread).clamp(min=1e-12 * half)
        return (smallest / (half + spread)).sqrt(), values[:, 2] - turn, (half + spread).sqrt()

    def at(self, values: Tensor) -> "GaussianEllipsoid":
        """Itself."""
        return self

    def cusp_power(self, values: tuple[float, ...]) -> float:
        """No cusp."""
        return math.inf

    def flux(self, values: Tensor) -> Tensor:
        """A parameter."""
        return values[..., -1]

    def brightness(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Brightness at offsets from the centre."""
        covariance, flux = projected_covariance(values), values[:, -1:]
        u, v = along_and_across(x, y, values[:, 2:3])
        determinant = covariance.uu * covariance.vv - covariance.uv**2
        form = (covariance.vv * u * u - 2.0 * covariance.uv * u * v + covariance.uu * v * v) / determinant
        return flux / (2.0 * torch.pi * determinant.sqrt()) * (-0.5 * form).exp()

    def derivatives(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Derivatives by every parameter; ∂ ln I/∂C = (w wᵀ − C⁻¹)/2 with w = C⁻¹ (u, v)."""
        covariance, flux, pa = projected_covariance(values), values[:, -1:], values[:, 2:3]
        u, v = along_and_across(x, y, pa)
        uu, uv, vv = covariance.uu, covariance.uv, covariance.vv
        determinant = uu * vv - uv**2
        w_u, w_v = (vv * u - uv * v) / determinant, (uu * v - uv * u) / determinant
        unit = (-0.5 * (w_u * u + w_v * v)).exp() / (2.0 * torch.pi * determinant.sqrt())
        light = flux * unit
        by_uu = 0.5 * light * (w_u**2 - vv / determinant)
        by_uv = light * (w_u * w_v + uv / determinant)
        by_vv = 0.5 * light * (w_v**2 - uu / determinant)
        by_x, by_y, by_pa = by_centre_and_angle(u, v, -light * w_u, -light * w_v, pa)
        shape = [by_uu * first + by_uv * second + by_vv * third for first, second, third in covariance.slopes]
        return torch.stack((by_x, by_y, by_pa, *shape, unit), dim=1)
