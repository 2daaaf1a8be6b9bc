"""Derived quantities: fluxes, magnitudes, and a component as the other frame has it.

What is derived of a component in frame ``pixel`` is where and how it lies on the sky: position, position angle (east of
north), axis ratio and semi-axes of the projected ellipse, surface brightnesses per square arcsec of the very place; in
frame ``sky`` the same in the pixels of each image. Of components together: totals, and each one's fraction.

Each quantity is a differentiable function of a component's native values, so that uncertainties follow from the
covariance to first order; where there are chains it is worked out draw by draw, too.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from fitting.inputs import Array, ImageData
from fitting.problem import Problem
from fitting.problem.coordinates import Values, View
from fitting.results.covariance import Covariance
from fitting.results.other_frame import (
    BY_LOG,
    MAGNITUDE_STEP,
    Function,
    Quantity,
    in_other_frame,
    once,
    surface_brightness,
)
from fitting.results.sky_plane import SkyPlane, sky_planes
from fitting.results.total_light import total_light
from fitting.spec import TOTAL, ComponentSpec, Frame, Notice

_ONE_CENTRE = 1.0
"""Pixels between components of one centre, at most: what blends at any seeing; chosen by hand."""
_LEVELS = (0.16, 0.5, 0.84)
"""Quantiles of the posterior, as of parameters."""
_MOST_DRAWS = 4000
"""Draws that quantiles are of, at most: they are within 0.02 standard deviations of all draws'."""
_MOST_SAID = 6
"""Magnitudes that a sentence lists; chosen by hand."""
_PERIODS = {"ra": 360.0, "pa_sky": 180.0, "pa_pixel": 180.0}
"""Degrees after which an angle is the same."""


@dataclass(frozen=True)
class Derived:
    """One derived value; its uncertainty is first order in the covariance, None where `Covariance.sigma` has none.

    Attributes:
        quantiles: of the posterior, by "0.16", "0.5" and "0.84", after a sampler.
    """

    name: str
    value: float
    uncertainty: float | None
    unit: str
    quantiles: dict[str, float] | None = None


@dataclass(frozen=True)
class _Found:
    """A quantity of one image.

    Attributes:
        slope: derivatives by all native values, (natives,).
        draws: its values over the chains, (draws,); empty without chains.
        period: of an angle, degrees.
    """

    name: str
    value: float
    slope: Array
    unit: str
    draws: Array
    period: float | None = None

    def levels(self) -> dict[str, float] | None:
        """Quantiles, on the branch of the value."""
        draws = self.draws
        if not len(draws):
            return None
        if self.period is not None:
            draws = self.value + (draws - self.value + 0.5 * self.period) % self.period - 0.5 * self.period
        draws = draws[np.isfinite(draws)]
        found = dict(zip(map(str, _LEVELS), np.quantile(draws, _LEVELS).tolist(), strict=True)) if len(draws) else {}
        return found if found and found["0.16"] < found["0.84"] else None


def derived_values(
    problem: Problem,
    images: Sequence[ImageData],
    physical: Tensor,
    covariance: Covariance,
    draws: Tensor | None = None,
) -> list[Derived]:
    """Derived values of every component that has any, in each image; those that are parameters already are left out.

    Args:
        physical: values of the table's rows, (parameters,).
        covariance: of the same rows.
        draws: of the same rows, of the chains, (draws, parameters).
    """
    by_themselves = torch.eye(len(physical), dtype=physical.dtype, device=physical.device)[None]
    rows = Values(physical[None], physical.new_zeros(1), lambda: by_themselves)
    known = problem.table.index
    found = []
    for image, target, view in zip(images, problem.images, problem.views, strict=True):
        native = view.native(rows)
        jacobian = native.jacobian[0].cpu().numpy()
        scene = _Scene(
            problem.request.seen_in(image.name),
            image,
            problem.request.frame_in_use,
            target.scale,
            view.index,
            native.physical.cpu(),
            _native_draws(view, None if draws is None else draws.to(physical.device)),
        )
        place = f"[{image.name}]" if len(images) > 1 else ""
        for item in scene.quantities(problem.request.groups):
            if np.isfinite(item.value) and item.name not in known and item.name + place not in known:
                felt = np.flatnonzero(item.slope)
                sigma = covariance.sigma(item.slope[felt] @ jacobian[felt])
                found.append(Derived(item.name + place, item.value, sigma, item.unit, item.levels()))
    return found


def flux_slope(problem: Problem, images: Sequence[ImageData], physical: Tensor, component: str) -> Array | None:
    """Derivatives of a component's total flux by the table's rows, (parameters,), in the first image that shows it;
    None where it has no total.

    Args:
        physical: values of the table's rows, (parameters,).
    """
    by_themselves = torch.eye(len(physical), dtype=physical.dtype, device=physical.device)[None]
    rows = Values(physical[None], physical.new_zeros(1), lambda: by_themselves)
    for image, target, view in zip(images, problem.images, problem.views, strict=True):
        seen = [item for item in problem.request.seen_in(image.name) if item.name == component]
        native = view.native(rows)
        frame = problem.request.frame_in_use
        scene = _Scene(tuple(seen), image, frame, target.scale, view.index, native.physical.cpu(), None)
        for item in scene.quantities({}):
            if item.name == f"{component}.flux" and np.isfinite(item.slope).all():
                slope: Array = item.slope @ native.jacobian[0].cpu().numpy()
                return slope
    return None


def two_way_notices(images: Sequence[ImageData], derived: Sequence[Derived]) -> list[Notice]:
    """Magnitudes by both conventions for the exposure time, of images whose headers do not decide between them."""
    notices = []
    for image in images:
        scale = image.flux_scale
        place = f"[{image.name}]" if len(images) > 1 else ""
        magnitudes = [row for row in derived if row.name.endswith(f".magnitude{place}")]
        if scale is None or scale.other_zero_point is None or not magnitudes:
            continue
        more = scale.other_zero_point - scale.zero_point
        pairs = ", ".join(f"{row.name} {row.value:.3f} or {row.value + more:.3f}" for row in magnitudes[:_MOST_SAID])
        others = " and so on" if len(magnitudes) > _MOST_SAID else ""
        sentence = (
            f"magnitudes take the zero point {scale.zero_point:.4f}; with {scale.other_zero_point:.4f}, by the other "
            f"use of the exposure time: {pairs}{others}"
        )
        notices.append(Notice("zero-point-two-ways", sentence, f"image {image.name}"))
    return notices


def _native_draws(view: View, draws: Tensor | None) -> Tensor | None:
    """Native values of draws of the table's rows, (draws, natives)."""
    if draws is None:
        return None
    draws = draws[:: -(-len(draws) // _MOST_DRAWS)]
    without = draws.new_zeros((*draws.shape, 0))
    return view.native(Values(draws, draws.new_zeros(len(draws)), lambda: without)).physical.cpu()


@dataclass(frozen=True)
class _Scene:
    """The components of one image at their values.

    Attributes:
        scale: pixels of the image to the request's unit of length.
        values: native values, (1, natives).
        draws: the same over the chains, (draws, natives).
    """

    components: tuple[ComponentSpec, ...]
    image: ImageData
    frame: Frame
    scale: float
    index: Mapping[str, int]
    values: Tensor
    draws: Tensor | None
    fluxes: dict[str, _Found] = field(default_factory=dict)

    def quantities(self, groups: Mapping[str, Sequence[str]]) -> Iterator[_Found]:
        """Of each component, then of components together."""
        for component, plane in zip(self.components, sky_planes(self.image, self._centres()), strict=True):
            for item in self._of_component(component, plane):
                if item.name == f"{component.name}.flux":
                    self.fluxes[component.name] = item
                yield item
        yield from self._of_groups(groups)

    def _centres(self) -> list[tuple[float, float]]:
        """Of each component; the middle of the image for what has none."""
        (height, width), (left, bottom) = self.image.data.shape, self.image.origin
        middle = (left + 0.5 * (width - 1), bottom + 0.5 * (height - 1))
        return [self._centre(component) or middle for component in self.components]

    def _centre(self, component: ComponentSpec) -> tuple[float, float] | None:
        x, y = (self.index.get(f"{component.name}.{name}") for name in ("x", "y"))
        return None if x is None or y is None else (float(self.values[0, x]), float(self.values[0, y]))

    def _of_component(self, component: ComponentSpec, plane: SkyPlane | None) -> Iterator[_Found]:
        names = component.description.names
        places = [self.index[f"{component.name}.{name}"] for name in names]
        zero_point, light = self.image.zero_point, total_light(component, self.image, self.scale)
        total = None if light is None else once(light)
        quantities = [
            *(() if total is None else _light(total, zero_point)),
            *in_other_frame(component, self.frame, plane),
            *surface_brightness(component, zero_point, self.frame, plane, total),
        ]
        if not quantities:
            return
        values = self.values[:, places].detach().clone().requires_grad_()
        by_name = dict(zip(names, values.unbind(1), strict=True))
        drawn = None if self.draws is None else dict(zip(names, self.draws[:, places].unbind(1), strict=True))
        for name, unit, function in quantities:
            result = function(by_name).reshape(())
            slope = np.zeros(self.values.shape[1])
            if result.requires_grad:
                (gradient,) = torch.autograd.grad(result, values, retain_graph=True)
                slope[places] = gradient[0].numpy()
            draws = np.zeros(0) if drawn is None else function(drawn).detach().numpy()
            yield _Found(f"{component.name}.{name}", float(result.detach()), slope, unit, draws, _PERIODS.get(name))

    def _of_groups(self, groups: Mapping[str, Sequence[str]]) -> Iterator[_Found]:
        """Totals of the groups that the request names, of components at one centre, and of all; with the fraction of
        each component in the first two.
        """
        lit = [item.name for item in self.components if item.role == "light" and not item.description.sky]
        named = [(name, [member for member in members if member in lit]) for name, members in groups.items()]
        for name, members in named:
            yield from self._together(name, members)
            yield from self._fractions(members, f"fraction_of_{name}")
        for members in self._concentric(lit):
            if members != lit and set(members) not in [set(group) for _, group in named]:
                yield from self._together("+".join(members), members)
            yield from self._fractions(members, "fraction")
        if len(lit) > 1 and TOTAL not in lit:
            yield from self._together(TOTAL, lit)

    def _together(self, name: str, members: Sequence[str]) -> Iterator[_Found]:
        """Flux and magnitude of components; none where one of them has no finite total."""
        fluxes = self._fluxes(members)
        if fluxes is None:
            return
        total, slope = sum(item.value for item in fluxes), _sum([item.slope for item in fluxes])
        draws = _sum([item.draws for item in fluxes])
        yield _Found(f"{name}.flux", total, slope, "data", draws)
        if self.image.zero_point is not None and total > 0.0:
            with np.errstate(invalid="ignore", divide="ignore"):
                drawn = self.image.zero_point - MAGNITUDE_STEP * np.log10(draws)
            value = self.image.zero_point - MAGNITUDE_STEP * math.log10(total)
            yield _Found(f"{name}.magnitude", value, -BY_LOG / total * slope, "mag", drawn)

    def _fractions(self, members: Sequence[str], name: str) -> Iterator[_Found]:
        """Each component's share of the light of several: bulge-to-total, disc-to-total …"""
        fluxes = self._fluxes(members)
        if fluxes is None or len(fluxes) < 2:
            return
        total, slope = sum(item.value for item in fluxes), _sum([item.slope for item in fluxes])
        if not total > 0.0:
            return
        draws = _sum([item.draws for item in fluxes])
        for member, item in zip(members, fluxes, strict=True):
            share = item.value / total
            yield _Found(f"{member}.{name}", share, (item.slope - share * slope) / total, "", item.draws / draws)

    def _fluxes(self, members: Sequence[str]) -> list[_Found] | None:
        fluxes = [self.fluxes[member] for member in members if member in self.fluxes]
        complete = len(fluxes) == len(members) and all(math.isfinite(item.value) for item in fluxes)
        return fluxes if fluxes and complete else None

    def _concentric(self, lit: Sequence[str]) -> list[list[str]]:
        """Two components and more whose centres lie within a pixel of the first's, each in one set at most."""
        centres = {item.name: self._centre(item) for item in self.components}
        sets: list[list[str]] = []
        # Sets by the square of pixels that their first centre lies in: only neighbours are looked at.
        near: dict[tuple[int, int], list[tuple[tuple[float, float], list[str]]]] = {}
        for name in lit:
            centre = centres[name]
            if centre is None or not np.isfinite(centre).all():
                continue
            column, row = (math.floor(place / _ONE_CENTRE) for place in centre)
            around = [(column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
            within = (
                members
                for cell in around
                for first, members in near.get(cell, ())
                if math.dist(first, centre) <= _ONE_CENTRE
            )
            members = next(within, None)
            if members is None:
                members = []
                sets.append(members)
                near.setdefault((column, row), []).append((centre, members))
            members.append(name)
        return [members for members in sets if len(members) > 1]


def _sum(parts: Sequence[Array]) -> Array:
    return np.asarray(np.sum(parts, axis=0))


def _light(total: Function, zero_point: float | None) -> Iterator[Quantity]:
    """Total flux and magnitude."""
    yield "flux", "data", total
    if zero_point is not None:
        yield "magnitude", "mag", lambda values: zero_point - MAGNITUDE_STEP * torch.log10(total(values))
