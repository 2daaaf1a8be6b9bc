"""Finished fit as its files tell it: documents, planes, and the draws of a sampler; read when asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from fitting.files import pixel_scale, zero_point
from fitting.spec.profiles import PROFILES

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """Draws of the free parameters.

    Attributes:
        names: of the parameters, in the table's order.
        values: (chain, draw, parameter), in reported units.
        r_hat, ess: rank-normalised split R-hat and bulk effective sample size by parameter, as far as known.
    """

    names: tuple[str, ...]
    values: Array
    r_hat: Mapping[str, float] = field(default_factory=dict)
    ess: Mapping[str, float] = field(default_factory=dict)

    def remark(self, name: str) -> str:
        """R-hat and effective draws of a parameter, as far as they are known."""
        parts = []
        if name in self.r_hat:
            parts.append(f"R\N{COMBINING CIRCUMFLEX ACCENT} {self.r_hat[name]:.3f}")
        if name in self.ess:
            parts.append(f"ESS {self.ess[name]:.0f}")
        return "   ".join(parts)


def read_draws(path: Path) -> Draws:
    """The draws of a result's chains.nc: one variable over chain and draw for each parameter."""
    import h5netcdf

    with h5netcdf.File(path, "r") as file:
        posterior = file["posterior"]
        names = tuple(json.loads(file.attrs["parameters"]))
        values = np.stack([posterior[name][...] for name in names], axis=-1).astype(np.float64)
        diagnostics = json.loads(file.attrs["diagnostics"])
    return Draws(
        names, values, _known_values(diagnostics.get("r_hat", {})), _known_values(diagnostics.get("ess_bulk", {}))
    )


def _known_values(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Scale:
    """What the pixels of an image mean.

    Attributes:
        pixel: arcsec per pixel, or None.
        zero_point: magnitude of one data unit, or None.
        origin: (x, y) of the first pixel in the full frame.
    """

    pixel: float | None = None
    zero_point: float | None = None
    origin: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class FinishedFit:
    """The folder that `fitting.results.write_result` leaves, or as much of it as a plot needs."""

    folder: Path

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """parameters.json."""
        return self._document("parameters.json")

    @cached_property
    def covariance(self) -> dict[str, Any]:
        """covariance.json."""
        return self._document("covariance.json")

    @cached_property
    def request(self) -> dict[str, Any]:
        """request.json, or an empty request where there is none."""
        return self._document("request.json") if (self.folder / "request.json").exists() else {}

    @cached_property
    def draws(self) -> Draws | None:
        """The chains, where a stage left some."""
        path = self.folder / "chains.nc"
        return read_draws(path) if path.exists() else None

    @property
    def title(self) -> str:
        """The request's name."""
        return str(self.request.get("name") or "")

    @property
    def images(self) -> list[str]:
        """Names of the images, in the request's order."""
        there = sorted(path.name for path in (self.folder / "images").glob("*") if path.is_dir())
        order = [image.get("name") for image in self.request.get("images", [])]
        return sorted(there, key=lambda name: order.index(name) if name in order else len(order))

    def image_named(self, name: str | None) -> str:
        """That image, or the first. Raises FileNotFoundError where there is none."""
        names = self.images
        if not names or (name is not None and name not in names):
            raise FileNotFoundError(f"{self.folder} holds no image {name or ''}".rstrip())
        return names[0] if name is None else name

    def plane(self, image: str, name: str) -> Array:
        """A plane of an image, (height, width); `component/NAME` is the light of one component."""
        with (
            (self.folder / "images" / image / f"{name}.fits").open("rb") as file,
            fits.open(file, memmap=False) as hdus,
        ):
            return np.ascontiguousarray(hdus[0].data, dtype=np.float64)

    def components_kept(self, image: str) -> frozenset[str]:
        """Components whose light alone was written."""
        return frozenset(path.stem for path in (self.folder / "images" / image / "component").glob("*.fits"))

    def scale(self, image: str) -> Scale:
        """Scale, zero point and origin of an image, found as `fitting.inputs` finds them."""
        spec: dict[str, Any] = next((spec for spec in self.request.get("images", []) if spec.get("name") == image), {})
        with (self.folder / "images" / image / "data.fits").open("rb") as file, fits.open(file, memmap=False) as hdus:
            header = hdus[0].header
        window = spec.get("window") or {}
        starts = [max((window.get(axis) or (0, 0))[0], 0) for axis in ("x", "y")]
        scale, magnitude = spec.get("pixel_scale"), spec.get("zero_point")
        return Scale(
            pixel_scale(header) if scale is None else scale,
            zero_point(header) if magnitude is None else magnitude,
            (starts[0], starts[1]),
        )

    @cached_property
    def components(self) -> list[str]:
        """Names of the components, in order."""
        return list(dict.fromkeys(row["name"].partition(".")[0] for row in self.parameters["parameters"]))

    @cached_property
    def _values(self) -> dict[str, float]:
        """Fitted and derived values by name."""
        rows = [*self.parameters["parameters"], *self.parameters.get("derived", [])]
        return {row["name"]: row["value"] for row in rows if row["value"] is not None}

    def value(self, parameter: str, image: str | None = None) -> float | None:
        """Best-fit value of a parameter, as that image has it; None where there is no such parameter."""
        here = self._values.get(f"{parameter}[{image}]")
        return self._values.get(parameter) if here is None else here

    def has_place(self, component: str) -> bool:
        """Whether a component is somewhere, as a galaxy is and a sky is not."""
        names = {name.partition("[")[0] for name in self._values}
        return bool({f"{component}.x", f"{component}.ra"} & names)

    def centre(self, component: str, image: str) -> tuple[float, float] | None:
        """Pixel of the full frame where a component is centred; None where the parameters are no pixels."""
        units = {row["name"].partition("[")[0]: row["unit"] for row in self.parameters["parameters"]}
        x, y = self.value(f"{component}.x", image), self.value(f"{component}.y", image)
        return None if x is None or y is None or units.get(f"{component}.x") != "pixel" else (x, y)

    def period(self, parameter: str) -> float | None:
        """Period of a parameter that is cyclic, such as a position angle."""
        component, _, name = parameter.partition("[")[0].partition(".")
        profile = next((c["profile"] for c in self.request.get("components", []) if c.get("name") == component), "")
        description = PROFILES[profile].parameter(name) if profile in PROFILES else None
        return None if description is None else description.period

    def _document(self, name: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return document
