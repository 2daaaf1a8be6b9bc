"""Galaxies seen edge on: discs and rings.

The disc is that of van der Kruit & Searle (1981, A&A 95, 105), with the vertical profile of van der Kruit (1988, A&A
192, 117): I(u, v) = i_0 (|u|/h) K_1(|u|/h) sech^{2/n}(n v / 2z_0), u along and v across the plane. n = 1 is sech²
(GALFIT's edgedisk, with h_s = 2 z_0), n = 2 sech, and large n exponential; as imfit's EdgeOnDisk.
"""

from math import log, pi, sqrt

import torch
from torch import Tensor

from fitting.profiles.axes import along_and_across, by_centre_and_angle
from fitting.profiles.surface import AMPLITUDE_ALONE, ANGLE, CENTRE, RELATIVE

_SMALLEST = 1e-12
"""Radii are never below this, scale lengths: K_1 is infinite at zero, s K_1(s) is one."""


class EdgeOnDisk:
    """The disc; parameters x, y, pa, n, h, z_0, i_0."""

    parameters = ("x", "y", "pa", "n", "h", "z_0", "i_0")
    roundings = (CENTRE, CENTRE, ANGLE, RELATIVE, RELATIVE, RELATIVE, RELATIVE)
    linear = AMPLITUDE_ALONE
    kink_lines = None

    def ellipse(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Vertical over radial scale, the plane's angle, the radial scale."""
        return values[:, 5] / values[:, 4], values[:, 2], values[:, 4]

    def at(self, values: Tensor) -> "EdgeOnDisk":
        """Itself."""
        return self

    def cusp_power(self, values: tuple[float, ...]) -> float:
        """u² ln u along the plane."""
        return 2.0

    def flux(self, values: Tensor) -> Tensor:
        """i_0 π h · 2z_0/n · √π Γ(1/n) / Γ(1/n + ½).

        By ∫ s K_1(s) ds = π/2 over s > 0 and ∫ sech^a t dt = √π Γ(a/2) / Γ((a + 1)/2).
        """
        _, _, _, n, h, z_0, i_0 = values.unbind(-1)
        height = 2.0 * z_0 / n * (torch.lgamma(1.0 / n) - torch.lgamma(1.0 / n + 0.5)).exp() * sqrt(pi)
        return i_0 * pi * h * height

    def brightness(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Brightness at offsets from the centre."""
        _, _, pa, n, h, z_0, i_0 = values.unsqueeze(-1).unbind(1)
        along, across = along_and_across(x, y, pa)
        radial = (along / h).abs().clamp(min=_SMALLEST)
        height = (0.5 * n / z_0) * across
        return i_0 * radial * torch.special.modified_bessel_k1(radial) * (-2.0 / n * log_cosh(height)).exp()

    def derivatives(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Derivatives by every parameter."""
        _, _, pa, n, h, z_0, i_0 = values.unsqueeze(-1).unbind(1)
        along, across = along_and_across(x, y, pa)
        radial = (along / h).abs().clamp(min=_SMALLEST)
        height = (0.5 * n / z_0) * across
        log_cosine, tangent = log_cosh(height), height.tanh()
        vertical = (-2.0 / n * log_cosine).exp()
        unit = radial * torch.special.modified_bessel_k1(radial) * vertical
        light = i_0 * unit
        # d(s K_1(s))/ds = −s K_0(s)
        fall = i_0 * radial * torch.special.modified_bessel_k0(radial) * vertical
        by_x, by_y, by_pa = by_centre_and_angle(along, across, -fall * along.sign() / h, -light * tangent / z_0, pa)
        by_n = light * (2.0 / n**2) * (log_cosine - height * tangent)
        by_z_0 = light * tangent * across / z_0**2
        return torch.stack((by_x, by_y, by_pa, by_n, fall * radial / h, by_z_0, unit), dim=1)


def log_cosh(value: Tensor) -> Tensor:
    """ln cosh, for arguments of any size."""
    size = value.abs()
    return size + (-2.0 * size).exp_().add_(1.0).log_() - log(2.0)


class EdgeOnRing:
    """A ring seen edge on: I = i_0 [G((u − r)/σ_r) + G((u + r)/σ_r)] G(v/σ_z), G(t) = e^{−t²/2}.

    As imfit's EdgeOnRing, which has the nearer of the two only; parameters x, y, pa, r, sigma_r, sigma_z, i_0.
    """

    parameters = ("x", "y", "pa", "r", "sigma_r", "sigma_z", "i_0")
    roundings = (CENTRE, CENTRE, ANGLE, RELATIVE, RELATIVE, RELATIVE, RELATIVE)
    linear = AMPLITUDE_ALONE
    kink_lines = None

    def ellipse(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Thickness over length, the plane's angle, and a quarter of what holds the ring."""
        length = 0.25 * values[:, 3] + values[:, 4]
        return values[:, 5] / length, values[:, 2], length

    def at(self, values: Tensor) -> "EdgeOnRing":
        """Itself."""
        return self

    def cusp_power(self, values: tuple[float, ...]) -> float:
        """No cusp."""
        return 2.0

    def flux(self, values: Tensor) -> Tensor:
        """4π σ_r σ_z i_0."""
        *_, sigma_r, sigma_z, i_0 = values.unbind(-1)
        return 4.0 * pi * sigma_r * sigma_z * i_0

    def brightness(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Brightness at offsets from the centre."""
        _, _, pa, r, sigma_r, sigma_z, i_0 = values.unsqueeze(-1).unbind(1)
        along, across = along_and_across(x, y, pa)
        sides = _gauss((along - r) / sigma_r) + _gauss((along + r) / sigma_r)
        return i_0 * sides * _gauss(across / sigma_z)

    def derivatives(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Derivatives by every parameter."""
        _, _, pa, r, sigma_r, sigma_z, i_0 = values.unsqueeze(-1).unbind(1)
        along, across = along_and_across(x, y, pa)
        near, far, high = (along - r) / sigma_r, (along + r) / sigma_r, across / sigma_z
        vertical = _gauss(high)
        first, second = _gauss(near) * vertical, _gauss(far) * vertical
        unit = first + second
        by_along = -i_0 / sigma_r * (near * first + far * second)
        by_x, by_y, by_pa = by_centre_and_angle(along, across, by_along, -i_0 * unit * high / sigma_z, pa)
        by_r = i_0 / sigma_r * (near * first - far * second)
        by_sigma_r = i_0 / sigma_r * (near**2 * first + far**2 * second)
        return torch.stack((by_x, by_y, by_pa, by_r, by_sigma_r, i_0 * unit * high**2 / sigma_z, unit), dim=1)


def _gauss(value: Tensor) -> Tensor:
    return (-0.5 * value * value).exp()
