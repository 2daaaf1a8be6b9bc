"""First values of a profile, from the galaxy that was measured in the image.

A galaxy is measured as a Sérsic one whatever its profile (`fitting.first_values.completed_request`). What a profile
then starts from, so that it looks like that galaxy, stands in its description as a `FirstShape`: what a request gives
otherwise changes it by little, and a fit starts from what is found.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Values = dict[str, float]


class MeasuredGalaxy(Protocol):
    """A Sérsic galaxy as it was measured: lengths in pixels, pa in degrees, intensities in data units per pixel."""

    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def q(self) -> float: ...
    @property
    def pa(self) -> float: ...
    @property
    def r_e(self) -> float: ...
    @property
    def flux(self) -> float: ...

    def light_at(self, radius: float) -> float:
        """Surface brightness at a radius along the major axis, nowhere negligible."""
        ...

    def as_gaussians(self, count: int) -> Iterable[tuple[float, float]]:
        """Dispersions and heights of the sum of so many Gaussians that is nearest to it, none of them negligible."""
        ...


class FirstShape(ABC):
    """What a profile starts from.

    Attributes:
        n: index of the Sérsic galaxy that stands for it while the image is measured.
    """

    n: float

    @abstractmethod
    def values(self, galaxy: MeasuredGalaxy, options: Any) -> Values:
        """Values of all parameters that have no default, for the profile with its options to look like the galaxy."""

    def values_beside(self, galaxy: MeasuredGalaxy, options: Any, given: Mapping[str, float]) -> Values:  # noqa: ARG002
        """The same beside values that the request gives, of a profile whose other values depend on them."""
        return self.values(galaxy, options)

    def half_light_radius(self, known: Mapping[str, float]) -> float | None:  # noqa: ARG002
        """Half-light radius, pixels, where what the request gives tells it."""
        return None

    def unit_flux(self, known: Mapping[str, float], options: Any = None) -> float:  # noqa: ARG002
        """Total flux of unit amplitude, of a profile with these values and options."""
        return 1.0


@dataclass(frozen=True, eq=False)
class EllipseShape(FirstShape):
    """Of an elliptical profile with one amplitude: how it follows from half-light radius R, axis ratio q and flux F.

    Attributes:
        amplitude, height: name, and value times q R² / F.
        lengths: over R; the first is the one that tells R where the request gives it.
        numbers: values.
        per_length: times R.
    """

    n: float
    amplitude: str
    height: float
    lengths: Mapping[str, float]
    numbers: Mapping[str, float] = field(default_factory=dict)
    per_length: Mapping[str, float] = field(default_factory=dict)

    def values(self, galaxy: MeasuredGalaxy, options: Any) -> Values:  # noqa: ARG002
        radius = galaxy.r_e
        return {
            **ellipse(galaxy),
            **{name: ratio * radius for name, ratio in self.lengths.items()},
            **self.numbers,
            **{name: ratio / radius for name, ratio in self.per_length.items()},
            self.amplitude: self.height * galaxy.flux / (galaxy.q * radius**2),
        }

    def half_light_radius(self, known: Mapping[str, float]) -> float | None:
        name, ratio = next(iter(self.lengths.items()))
        return known[name] / ratio if name in known else None

    def unit_flux(self, known: Mapping[str, float], options: Any = None) -> float:  # noqa: ARG002
        radius = self.half_light_radius(known)
        assert radius is not None
        return known.get("q", 1.0) * radius**2 / self.height


class StarShape(FirstShape):
    """Of an image of a star: as wide as the galaxy, and as bright."""

    n: float = 0.5

    def values(self, galaxy: MeasuredGalaxy, options: Any) -> Values:  # noqa: ARG002
        return ellipse(galaxy) | {"fwhm": 2.0 * galaxy.r_e, "flux": galaxy.flux}

    def half_light_radius(self, known: Mapping[str, float]) -> float | None:
        return 0.5 * known["fwhm"] if "fwhm" in known else None


@dataclass(frozen=True, eq=False)
class ShapeOf(FirstShape):
    """Of any other profile: a function of the galaxy and of the profile's options."""

    function: Callable[[MeasuredGalaxy, Any], Values]
    n: float = 1.5

    def values(self, galaxy: MeasuredGalaxy, options: Any) -> Values:
        return self.function(galaxy, options)


def centre(galaxy: MeasuredGalaxy, _: Any = None) -> Values:
    """The galaxy's centre."""
    return {"x": galaxy.x, "y": galaxy.y}


def ellipse(galaxy: MeasuredGalaxy) -> Values:
    """The galaxy's centre, axis ratio and position angle."""
    return {"x": galaxy.x, "y": galaxy.y, "q": galaxy.q, "pa": galaxy.pa}
