"""Point-spread functions as components of known formula: what a star's image is fitted with.

All are I = flux · g(ρ; fwhm, …)/q with ρ = u² + v²/q² in pixels², of unit integral for q = 1, and scale with the FWHM:
g(ρ; f) = G(ρ/f²)/f². So each says g and its derivatives, and the rest is here once.
"""

import math
from abc import abstractmethod
from copy import copy
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from fitting.profiles.airy import airy_amplitude, airy_amplitude_and_fall
from fitting.profiles.axes import DEGREES, Form, across_axis, quadratic_form, squared_radius, squared_radius_alone
from fitting.profiles.surface import AMPLITUDE_ALONE, ANGLE, CENTRE, RELATIVE

_AIRY_HALF = 1.6163399561827614
"""[2 J_1(v)/v]² is one half at this v."""


class PsfShape(Protocol):
    """g(ρ), ∂g/∂ρ and ∂g/∂(each shape parameter).

    Attributes:
        shape: names of the parameters beside the FWHM.
        reach: half a stamp that serves as the kernel of a blur, in FWHM.
    """

    shape: tuple[str, ...]
    reach: float

    def light(self, rho: Tensor, fwhm: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """g alone."""
        return self(rho, fwhm, shape)[0]

    @abstractmethod
    def __call__(
        self, rho: Tensor, fwhm: Tensor, shape: tuple[Tensor, ...]
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """At squared radii (pixels²), for a FWHM (pixels)."""
        ...


class GaussianPsfShape(PsfShape):
    """g = e^{−ρ/2σ²} / 2πσ², σ = fwhm / (8 ln 2)^½."""

    shape = ()
    reach = 3.5

    def __call__(
        self, rho: Tensor, fwhm: Tensor, shape: tuple[Tensor, ...]
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Values and slope."""
        variance = fwhm**2 / (8.0 * math.log(2.0))
        light = (-0.5 * rho / variance).exp() / (2.0 * torch.pi * variance)
        return light, -0.5 * light / variance, ()


class MoffatPsfShape(PsfShape):
    """g = (β − 1)/(πa²) · (1 + ρ/a²)^{−β}, a = fwhm / 2(2^{1/β} − 1)^½ (Moffat 1969, A&A 3, 455)."""

    shape = ("beta",)
    reach = 8.0

    def __call__(
        self, rho: Tensor, fwhm: Tensor, shape: tuple[Tensor, ...]
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Values and slopes."""
        (beta,) = shape
        root = 2.0 ** (1.0 / beta)
        core = 0.25 * fwhm**2 / (root - 1.0)
        base = (rho / core).add_(1.0).log_()
        light = (beta - 1.0) / (torch.pi * core) * (-beta * base).exp()
        by_rho = -beta * light / (core + rho)
        log_core_slope = math.log(2.0) * root / (beta**2 * (root - 1.0))
        by_beta = light * (1.0 / (beta - 1.0) - base) - (light + rho * by_rho) * log_core_slope
        return light, by_rho, (by_beta,)


class AiryPsfShape(PsfShape):
    """g = k²/4π · [2 J_1(v)/v]², v = k ρ^½, k = 3.2327 / fwhm (Airy 1835): a circular aperture without obstruction."""

    shape = ()
    reach = 8.0

    def light(self, rho: Tensor, fwhm: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """Values."""
        wave, argument = _airy_argument(rho, fwhm)
        return airy_amplitude(argument).square_().mul_(wave**2 / (4.0 * torch.pi))

    def __call__(
        self, rho: Tensor, fwhm: Tensor, shape: tuple[Tensor, ...]
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Values and slope."""
        wave, argument = _airy_argument(rho, fwhm)
        amplitude, fall = airy_amplitude_and_fall(argument)
        norm = wave**2 / (4.0 * torch.pi)
        by_rho = fall.mul_(amplitude).mul_(-2.0 * norm * wave**2)
        return amplitude.square_().mul_(norm), by_rho, ()


def _airy_argument(rho: Tensor, fwhm: Tensor) -> tuple[Tensor, Tensor]:
    """k and v = k ρ^½."""
    wave = 2.0 * _AIRY_HALF / fwhm
    return wave, (rho * wave**2).clamp_(min=1e-20).sqrt_()


@dataclass(frozen=True)
class _Precomputation:
    """Values, (instances, 1) each, and what depends on them alone.

    Attributes:
        of: the values as they were given, (instances, parameters).
        scale: flux/q.
    """

    of: Tensor
    q: Tensor
    pa: Tensor
    shape: tuple[Tensor, ...]
    fwhm: Tensor
    form: Form
    scale: Tensor

    @classmethod
    def at(cls, values: Tensor) -> "_Precomputation":
        """These values."""
        _, _, q, pa, *shape, fwhm, flux = values.unsqueeze(-1).unbind(1)
        return cls(values, q, pa, tuple(shape), fwhm, quadratic_form(q, pa), flux / q)


class PsfSurface:
    """One of the shapes as a surface; parameters x, y, q, pa, the shape's own, fwhm, flux."""

    linear = AMPLITUDE_ALONE
    kink_lines = None

    def __init__(self, profile: PsfShape) -> None:
        self.profile = profile
        self.parameters = ("x", "y", "q", "pa", *profile.shape, "fwhm", "flux")
        self.roundings = (CENTRE, CENTRE, RELATIVE, ANGLE, *(RELATIVE,) * (len(profile.shape) + 2))
        self._precomputation: _Precomputation | None = None

    def ellipse(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Axis ratio, angle and half the FWHM."""
        return values[:, 2], values[:, 3], 0.5 * values[:, -2]

    def at(self, values: Tensor) -> "PsfSurface":
        """With their quadratic forms."""
        fixed = copy(self)
        fixed._precomputation = _Precomputation.at(values)
        return fixed

    def cusp_power(self, values: tuple[float, ...]) -> float:
        """No cusp."""
        return math.inf

    def flux(self, values: Tensor) -> Tensor:
        """A parameter."""
        return values[..., -1]

    def brightness(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Brightness at offsets from the centre."""
        known = self._precompute(values)
        rho = squared_radius_alone(x, y, known.form)
        return self.profile.light(rho, known.fwhm, known.shape).mul_(known.scale)

    def derivatives(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Derivatives by every parameter."""
        known = self._precompute(values)
        q, pa, fwhm, scale = known.q, known.pa, known.fwhm, known.scale
        rho, half_by_x, half_by_y = squared_radius(x, y, known.form)
        unit, by_rho, by_shape = self.profile(rho, fwhm, known.shape)
        fall = by_rho.mul_(-2.0 * scale)
        found = torch.empty((len(values), len(self.parameters), x.shape[-1]), dtype=x.dtype, device=x.device)
        by_x, by_y, by_q, by_pa, *by_shapes, by_fwhm, by_flux = found.unbind(1)
        torch.mul(fall, half_by_x, out=by_x)
        torch.mul(fall, half_by_y, out=by_y)
        torch.mul(by_y, x, out=by_pa).addcmul_(by_x, y, value=-1.0).mul_(DEGREES)
        torch.mul(across_axis(x, y, pa).square_(), fall, out=by_q).mul_(q**-3).addcmul_(unit, -scale / q)
        torch.mul(rho, fall, out=by_fwhm).addcmul_(unit, -2.0 * scale).div_(fwhm)
        torch.div(unit, q, out=by_flux)
        for place, part in zip(by_shapes, by_shape, strict=True):
            torch.mul(part, scale, out=place)
        return found

    def _precompute(self, values: Tensor) -> _Precomputation:
        known = self._precomputation
        return known if known is not None and known.of is values else _Precomputation.at(values)
