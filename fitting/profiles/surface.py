"""The surface: what a brightness over the sky that is no plain elliptical profile must answer.

A surface is a pure function of the offset from its centre and of its parameters. Pixels are integrated by
`fitting.render.surfaces.surface_images`, which chooses quadrature by looking at the surface itself, so that a family
writes down a formula and its derivatives, and nothing else.
"""

from dataclasses import dataclass
from math import copysign, exp, log
from typing import Protocol

from torch import Tensor

from fitting.profiles.kinks import KinkLines


@dataclass(frozen=True)
class Rounding:
    """How coarsely a parameter may be rounded for the choice of quadrature: to a step, or (None) by 5 %."""

    step: float | None = None

    def __call__(self, value: float) -> float:
        """The grid's value next to the given one."""
        if self.step is not None:
            return round(value / self.step) * self.step
        return copysign(exp(round(log(max(abs(value), 1e-12)) * 20.0) / 20.0), value)


CENTRE = Rounding(0.125)
ANGLE = Rounding(3.0)
RELATIVE = Rounding()
AMPLITUDE_ALONE = (-1,)
"""`Surface.linear` where the light is proportional to one parameter, the last."""


class Surface(Protocol):
    """A brightness over the sky with a centre.

    Points are offsets from the centre in pixels, (instances, points); values are (instances, parameters).
    """

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names in order: x and y of the centre first, an amplitude last."""
        ...

    @property
    def roundings(self) -> tuple[Rounding, ...]:
        """Rounding of each parameter."""
        ...

    @property
    def linear(self) -> tuple[int, ...]:
        """Places of the parameters that scale the light together, the amplitude among them: it is the sum over them of
        value times derivative.
        """
        ...

    @property
    def kink_lines(self) -> KinkLines | None:
        """Lines across which the brightness has kinks or jumps; None where it has none."""
        ...

    def at(self, values: Tensor) -> "Surface":
        """The surface for evaluations at these very values, what depends on them alone being worked out once; itself
        where that is little.
        """
        ...

    def brightness(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Brightness, (instances, points)."""
        ...

    def derivatives(self, x: Tensor, y: Tensor, values: Tensor) -> Tensor:
        """Derivatives by every parameter, (instances, parameters, points)."""
        ...

    def ellipse(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Axis ratio, position angle (degrees) and length (pixels) of an ellipse about the brightest part: its axes say
        where quadrature near the centre must be finest; four lengths out is where the promise on pixels ends.
        """
        ...

    def cusp_power(self, values: tuple[float, ...]) -> float:
        """Exponent c of I(0) − I(R) ∝ R^c towards the centre; infinite where the brightness is analytic there."""
        ...


class SurfaceProfile(Surface, Protocol):
    """A surface that is a profile by itself."""

    def flux(self, values: Tensor) -> Tensor:
        """Total flux, data units, (…,), of values (…, parameters); differentiable."""
        ...
