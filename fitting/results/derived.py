"""Derived quantities: fluxes, magnitudes, and a component as the other frame has it.

What is derived of a component in frame ``pixel`` is where and how it lies on the sky: position, position angle (east of
north), axis ratio and semi-axes of the projected ellipse, surface brightnesses per square arcsec of the very place; in
frame ``sky`` the same in the pixels of each image. Of components together: totals, and each one's fraction.

Each quantity is a differentiable function of a component's native values, so that uncertainties follow from the
covariance to first order; where there are chains it is worked out draw by draw, too.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter

import numpy as np
import torch
from torch import Tensor

from fitting.inputs import Array, ImageData
from fitting.problem import Problem
from fitting.problem.coordinates import Values, View, length_scale
from fitting.profiles import SURFACES, radial_profile
from fitting.profiles.axes import DEGREES
from fitting.profiles.sersic import half_light_b
from fitting.results.covariance import Covariance
from fitting.results.sky_plane import SkyPlane, ellipse_in_plane, proper_axes, sky_planes
from fitting.results.total_light import Named, total_light
from fitting.spec import TOTAL, ComponentSpec, Frame, Notice

_STEP = 2.5
"""Magnitudes to a factor of ten in flux (Pogson 1856, MNRAS 17, 12)."""
_BY_LOG = _STEP / math.log(10.0)
"""Magnitudes to a factor of e."""
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
_HEIGHTS = ("z_0", "sigma_z")
"""Lengths across the plane of a galaxy seen edge on."""


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


Quantity = tuple[str, str, Callable[[Named], Tensor]]
"""Name, unit, and the function of native values, (batch,) each."""


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
    for image, view in zip(images, problem.views, strict=True):
        native = view.native(rows)
        jacobian = native.jacobian[0].cpu().numpy()
        scene = _Scene(
            problem.request.seen_in(image.name),
            image,
            problem.request.frame_in_use,
            length_scale(problem.request, image),
            view.index,
            native.physical.cpu(),
            _native_draws(view, None if draws is None else draws.to(physical.device)),
        )
        place = f"[{image.name}]" if len(images) > 1 else ""
        for item in scene.quantities(problem.request.groups):
            if np.isfinite(item.value) and item.name not in known and item.name + place not in known:
                sigma = covariance.sigma(item.slope @ jacobian)
                found.append(Derived(item.name + place, item.value, sigma, item.unit, item.levels()))
    return found


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
        quantities = [
            *_light(component, self.image, self.scale),
            *_in_other_frame(component, self.frame, plane),
            *_surface_brightness(component, self.image, self.frame, self.scale, plane),
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
                drawn = self.image.zero_point - _STEP * np.log10(draws)
            value = self.image.zero_point - _STEP * math.log10(total)
            yield _Found(f"{name}.magnitude", value, -_BY_LOG / total * slope, "mag", drawn)

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
        centres = {item.name: self._centre(item) for item in self.components if item.name in lit}
        sets: list[list[str]] = []
        for name in lit:
            centre = centres[name]
            if centre is None:
                continue
            for members in sets:
                first = centres[members[0]]
                if first is not None and math.dist(first, centre) <= _ONE_CENTRE:
                    members.append(name)
                    break
            else:
                sets.append([name])
        return [members for members in sets if len(members) > 1]


def _sum(parts: Sequence[Array]) -> Array:
    return np.asarray(np.sum(parts, axis=0))


def _light(component: ComponentSpec, image: ImageData, scale: float) -> Iterator[Quantity]:
    """Total flux and magnitude."""
    total = total_light(component, image, scale)
    if total is None:
        return
    yield "flux", "data", total
    zero_point = image.zero_point
    if zero_point is not None:
        yield "magnitude", "mag", lambda values: zero_point - _STEP * torch.log10(total(values))


def _surface_brightness(
    component: ComponentSpec, image: ImageData, frame: Frame, scale: float, plane: SkyPlane | None
) -> Iterator[Quantity]:
    """Of each intensity i_NAME, its value in the other frame and mu_NAME, mag/arcsec², by the area of a pixel at the
    component's own place; of a Sérsic profile mu of the centre, too, and the mean inside r_e.
    """
    zero_point = image.zero_point
    intensities = [item.name for item in component.description.parameters if item.unit == "data/pixel"]
    if component.description.sky or component.role == "psf" or component.profile == "pixelated":
        return  # a background's is that of no source, and free pixels are too many
    for intensity in intensities:
        if frame == "sky":
            yield f"{intensity}_pixel", "data/pixel", itemgetter(intensity)
        elif plane is not None:
            density = partial(_of_one(lambda light, values: light / _pixel_area(plane, values)), intensity)
            yield f"{intensity}_arcsec2", "data/arcsec2", density
    if zero_point is None or plane is None:
        return

    def faintness(light: Tensor, values: Named) -> Tensor:
        return zero_point - _STEP * torch.log10(light / _pixel_area(plane, values))

    for intensity in intensities:
        yield f"mu{intensity[1:]}", "mag/arcsec2", partial(_of_one(faintness), intensity)
    if component.profile == "sersic":
        yield (
            "mu_0",
            "mag/arcsec2",
            lambda values: faintness(values["i_e"], values) - _BY_LOG * half_light_b(values["n"])[0],
        )
    total = total_light(component, image, scale)
    if component.profile in ("sersic", "de_vaucouleurs") and not component.geometry and total is not None:
        yield (
            "mean_mu_e",
            "mag/arcsec2",
            lambda values: faintness(0.5 * total(values) / (math.pi * values["q"] * values["r_e"] ** 2), values),
        )


def _times(name: str, factor: Callable[[Named], Tensor]) -> Callable[[Named], Tensor]:
    """A value times a function of all."""
    return lambda values: values[name] * factor(values)


def _of_one(function: Callable[[Tensor, Named], Tensor]) -> Callable[[str, Named], Tensor]:
    """A function of a light, as one of the light's name."""
    return lambda name, values: function(values[name], values)


def _linear(plane: SkyPlane, values: Named) -> Tensor:
    """The map from pixels about a component's centre, or the plane's own where it has none: (batch or 1, 2, 2)."""
    if "x" not in values or "y" not in values:
        return torch.as_tensor(plane.linear)[None]
    return plane.linear_at(values["x"], values["y"])


def _pixel_area(plane: SkyPlane, values: Named) -> Tensor:
    """Square arcsec of a pixel at a component's centre."""
    return torch.linalg.det(_linear(plane, values)).abs()


def _in_other_frame(component: ComponentSpec, frame: Frame, plane: SkyPlane | None) -> Iterator[Quantity]:
    """Position, orientation and sizes in the frame that is not the request's."""
    description = component.description
    if description.sky:
        return
    names = description.names
    lengths = [
        item.name
        for item in description.parameters
        if item.unit == "pixel" and item.modifier is None and item.name not in ("x", "y")
    ]
    if frame == "sky":
        yield from _in_pixels(names, lengths)
        if plane is not None and "q" in names:
            yield from _minor_axes(component, plane, lengths)
        return
    if plane is None:
        return
    if "q" in names:
        yield from _ellipse_on_sky(component, plane, lengths)
    elif component.profile == "gaussian_ellipsoid":
        yield from _projection_on_sky(plane)
    elif "pa" in names:
        yield from _plane_on_sky(plane, lengths)
    if plane.oriented and "x" in names and "y" in names:
        yield "ra", "degree", lambda values: plane.position_at(values["x"], values["y"])[0]
        yield "dec", "degree", lambda values: plane.position_at(values["x"], values["y"])[1]


def _in_pixels(names: Sequence[str], lengths: Sequence[str]) -> Iterator[Quantity]:
    """A component of frame ``sky`` in the image's pixels."""
    for name in ("x", "y"):
        if name in names:
            yield name, "pixel", itemgetter(name)
    if "q" not in names:
        for name in lengths:
            yield f"{name}_pixel", "pixel", itemgetter(name)
        if "pa" in names:
            yield "pa_pixel", "degree", lambda values: values["pa"] % 180.0
        return

    def axes(values: Named) -> tuple[Tensor, Tensor, Tensor]:
        return proper_axes(values["q"], values["pa"], torch.ones_like(values["q"]))

    for name in lengths:
        yield f"{name}_pixel", "pixel", _times(name, lambda values: axes(values)[2])
    yield "q_pixel", "", lambda values: axes(values)[0]
    yield "pa_pixel", "degree", lambda values: axes(values)[1]


def _ellipse_on_sky(component: ComponentSpec, plane: SkyPlane, lengths: Sequence[str]) -> Iterator[Quantity]:
    """The projected ellipse: semi-axes, and where north is known axis ratio and position angle."""

    def axes(values: Named) -> tuple[Tensor, Tensor, Tensor]:
        linear = _linear(plane, values).expand(len(values["q"]), 2, 2)
        return ellipse_in_plane(linear, values["q"], values["pa"])

    for name in lengths:
        yield f"{name}_arcsec", "arcsec", _times(name, lambda values: axes(values)[2])
    yield from _minor_axes(component, plane, lengths)
    if plane.oriented:
        yield "q_sky", "", lambda values: axes(values)[0]
        yield "pa_sky", "degree", lambda values: axes(values)[1]


def _minor_axes(component: ComponentSpec, plane: SkyPlane, lengths: Sequence[str]) -> Iterator[Quantity]:
    """The scale length along the minor axis of the projected ellipse."""
    profile = radial_profile(component.profile, component.options)
    scale = profile.scale if profile is not None else lengths[-1]

    def minor(values: Named) -> Tensor:
        linear = _linear(plane, values).expand(len(values["q"]), 2, 2)
        ratio, _, stretch = ellipse_in_plane(linear, values["q"], values["pa"])
        return values[scale] * stretch * ratio

    yield f"{scale}_minor_arcsec", "arcsec", minor


def _plane_on_sky(plane: SkyPlane, lengths: Sequence[str]) -> Iterator[Quantity]:
    """Galaxies seen edge on: lengths along their plane stretch as it does, heights by the area over that."""

    def along(values: Named) -> Tensor:
        angle = values["pa"] * DEGREES
        return (_linear(plane, values) @ torch.stack((-angle.sin(), angle.cos()), dim=-1)[..., None]).squeeze(-1)

    def stretch(values: Named) -> Tensor:
        return torch.linalg.vector_norm(along(values), dim=-1)

    def height(values: Named) -> Tensor:
        return _pixel_area(plane, values) / stretch(values)

    for name in lengths:
        yield f"{name}_arcsec", "arcsec", _times(name, height if name in _HEIGHTS else stretch)
    if plane.oriented:
        yield (
            "pa_sky",
            "degree",
            lambda values: torch.atan2(-along(values)[..., 0], along(values)[..., 1]) / DEGREES % 180.0,
        )


def _projection_on_sky(plane: SkyPlane) -> Iterator[Quantity]:
    """The ellipse in which an ellipsoid in space is seen: dispersions, axis ratio and position angle."""
    surface = SURFACES["gaussian_ellipsoid"]

    def axes(values: Named) -> tuple[Tensor, Tensor, Tensor]:
        q, pa, sigma = surface.ellipse(torch.stack([values[name] for name in surface.parameters], dim=-1))
        ratio, angle, stretch = ellipse_in_plane(_linear(plane, values), q, pa)
        return ratio, angle, stretch * sigma

    yield "sigma_arcsec", "arcsec", lambda values: axes(values)[2]
    yield "sigma_minor_arcsec", "arcsec", lambda values: axes(values)[2] * axes(values)[0]
    if plane.oriented:
        yield "q_sky", "", lambda values: axes(values)[0]
        yield "pa_sky", "degree", lambda values: axes(values)[1]
