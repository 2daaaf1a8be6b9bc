"""Galaxies whose isophotes have kinks or edges along straight lines, and their exact pixels: formulae of their own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaincinv

from tests.fitting.scene import sersic
from tests.references.directed_pixel_means import directed_pixel_mean

Array = np.ndarray
Pixel = tuple[int, int]
PLACE = {"x": 20.3, "y": 19.6, "q": 0.6, "pa": 35.0, "n": 1.7, "r_e": 5.0, "i_e": 50.0}


@dataclass(frozen=True)
class KinkGalaxy:
    """A Sérsic galaxy with these values, over superellipses or cut into `wedges` wedges, bent if they say so."""

    values: Mapping[str, float]
    wedges: int = 0

    @property
    def component(self) -> dict[str, Any]:
        """As a request has it."""
        geometry: list[Any] = [{"wedges": self.wedges} if self.wedges else "superellipse"]
        geometry += [{"bending": [2]}] if "bending_2" in self.values else []
        return sersic(**self.values) | {"geometry": geometry}

    @property
    def centre(self) -> tuple[float, float]:
        """x, y."""
        return self.values["x"], self.values["y"]

    def moved(self, name: str, by: float) -> "KinkGalaxy":
        """The same with one value changed."""
        return KinkGalaxy({**self.values, name: self.values[name] + by}, self.wedges)

    def light(self, radius: Array | float) -> Array:
        """Of the radial profile."""
        n, b = self.values["n"], gammaincinv(2.0 * self.values["n"], 0.5)
        return np.asarray(
            self.values["i_e"] * np.exp(-b * ((np.asarray(radius) / self.values["r_e"]) ** (1.0 / n) - 1.0))
        )

    def own_plane(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Along the major axis, and (clockwise) across it over q, after the axis is straightened."""
        sine, cosine = np.sin(np.radians(self.values["pa"])), np.cos(np.radians(self.values["pa"]))
        x, y = x - self.values["x"], y - self.values["y"]
        u, v = y * cosine - x * sine, x * cosine + y * sine
        return u, (v + self.values.get("bending_2", 0.0) * (u / self.values["r_e"]) ** 2) / self.values["q"]

    def wedge(self, x: Array, y: Array) -> Array:
        """Which wedge points are in."""
        u, v = self.own_plane(x, y)
        return np.asarray(np.round(np.arctan2(-v, u) * self.wedges / (2.0 * np.pi)).astype(int) % self.wedges)

    def brightness(self, x: Array, y: Array) -> Array:
        """At pixel coordinates."""
        u, v = self.own_plane(x, y)
        if not self.wedges:
            power = self.values["c0"] + 2.0
            return self.light((np.abs(u) ** power + np.abs(v) ** power) ** (1.0 / power))
        sizes, brightnesses = (
            np.array([1.0, *(self.values[f"wedge_{number}_{word}"] for number in range(2, self.wedges + 1))])
            for word in ("size", "brightness")
        )
        wedge = self.wedge(x, y)
        return np.asarray(self.light(np.hypot(u, v) / sizes[wedge]) * brightnesses[wedge])

    def exact(self, pixels: Iterable[Pixel]) -> Array:
        """Means over pixels, split at the kinks and at the axes."""
        q, pa = self.values["q"], np.radians(self.values["pa"])
        number = self.wedges or 4
        edges = (np.arange(number) + 0.5 * bool(self.wedges)) * 2.0 * np.pi / number
        angles = np.concatenate((edges, np.arange(4) * 0.5 * np.pi))
        u, v = np.cos(angles), -q * np.sin(angles)
        towards = np.arctan2(u * np.cos(pa) + v * np.sin(pa), v * np.cos(pa) - u * np.sin(pa))
        return np.array([directed_pixel_mean(self.brightness, pixel, self.centre, towards) for pixel in pixels])


def finite_difference(value: Callable[[float], Array], step: float) -> Array:
    """Derivative at zero, of fourth order."""
    near, far = value(step) - value(-step), value(2.0 * step) - value(-2.0 * step)
    return np.asarray((8.0 * near - far) / (12.0 * step))
