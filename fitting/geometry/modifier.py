"""The modifier of isophotes: what one must answer; one file per modifier implements it.

A modified profile is a chain (`fitting.geometry.modified`): points relative to the centre are moved, turned to the
major axis and stretched, measured by a radius, the radius is scaled by direction, the radial profile is looked up, and
its light is dimmed. Each link of the chain maps fields (instances, points) to fields and hands back, with its result,
the pullback: derivatives of the light by its results become derivatives by its arguments and by the parameters that it
reads. So the derivatives of a whole chain, whatever its links, cost about two more evaluations, however many parameters
there are.
"""

from collections.abc import Callable, Mapping
from typing import Protocol, Self

from torch import Tensor

from fitting.geometry.angles import Angles
from fitting.profiles.surface import Rounding

Fields = tuple[Tensor, ...]
"""One field per parameter that a link reads, in the order of its `reads`; (instances, 1) or (instances, points)."""


class PointMap(Protocol):
    """A link that moves points."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the parameters that it depends on, its own and others."""
        ...

    @property
    def parameters(self) -> Mapping[str, Rounding]:
        """Those among them that it brings, with their rounding."""
        ...

    def __call__(
        self, x: Tensor, y: Tensor, values: Fields
    ) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Fields]]]:
        """The moved point, and the pullback (by moved x, by moved y) → (by x, by y, by each of `reads`)."""
        ...


class Metric(Protocol):
    """A link that measures how far points are from the centre: ln R, with ∂ ln R / ∂(a, b) and by each of `reads`."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the parameters that it depends on, its own and others."""
        ...

    @property
    def parameters(self) -> Mapping[str, Rounding]:
        """Those among them that it brings, with their rounding."""
        ...

    @property
    def kinks(self) -> tuple[float, ...]:
        """Angles of lines from the centre (radians from the major axis) where isophotes have kinks."""
        ...

    def __call__(
        self, a: Tensor, b: Tensor, values: Fields
    ) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor, Fields]]]:
        """ln R, and the pullback by ln R → (by a, by b, by each of `reads`)."""
        ...


class RadiusScale(Protocol):
    """A link that scales the radius by direction: it returns what is added to ln R at an angle (radians from the
    major axis).
    """

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the parameters that it depends on, its own and others."""
        ...

    @property
    def parameters(self) -> Mapping[str, Rounding]:
        """Those among them that it brings, with their rounding."""
        ...

    @property
    def jumps(self) -> tuple[float, ...]:
        """Angles of lines from the centre (radians from the major axis) across which it jumps."""
        ...

    def at(self, values: Fields) -> Self:
        """The link for these very values, what depends on them alone being worked out once."""
        return self

    def __call__(self, angles: Angles, values: Fields) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Fields]]]:
        """The addend, and the pullback by it → (by angle, by each of `reads`)."""
        ...


class Dimming(Protocol):
    """A link that multiplies the light by a factor of radius (pixels along the major axis) and angle."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the parameters that it depends on, its own and others."""
        ...

    @property
    def parameters(self) -> Mapping[str, Rounding]:
        """Those among them that it brings, with their rounding."""
        ...

    @property
    def jumps(self) -> tuple[float, ...]:
        """As `RadiusScale`."""
        ...

    def at(self, values: Fields) -> Self:
        """As `RadiusScale`."""
        return self

    def __call__(
        self, log_radius: Tensor, angles: Angles, values: Fields
    ) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor, Fields]]]:
        """The factor, and the pullback by it → (by ln R, by angle, by each of `reads`)."""
        ...
