"""Derived quantities: fluxes, magnitudes, sizes on the sky, sky coordinates."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fitting.files import sky_coordinates
from fitting.geometry import TotalFlux, in_pixels, total_of
from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.problem.coordinates import Values
from fitting.profiles import radial_profile
from fitting.results.covariance import Covariance
from fitting.spec import ComponentSpec, Frame


@dataclass(frozen=True)
class Derived:
    """One derived value; its uncertainty is first order in the covariance, None where `Covariance.sigma` has none."""

    name: str
    value: float
    uncertainty: float | None
    unit: str


def derived_values(
    problem: Problem, images: Sequence[ImageData], physical: Tensor, covariance: Covariance
) -> list[Derived]:
    """Derived values of every component that has any, in each image; those that are parameters already are left out.

    Args:
        physical: values of the table's rows, (parameters,).
        covariance: of the same rows.
    """
    found = []
    by_themselves = torch.eye(len(physical), dtype=physical.dtype, device=physical.device)[None]
    rows = Values(physical[None], physical.new_zeros(1), lambda: by_themselves)
    for image, target, view in zip(images, problem.images, problem.views, strict=True):
        native = view.native(rows)
        values, jacobian = native.physical[0].cpu(), native.jacobian[0].cpu().numpy()
        place = f"[{image.name}]" if len(images) > 1 else ""
        for given in problem.request.seen_in(image.name):
            component = given.model_copy(update={"geometry": in_pixels(given.geometry, target.scale)})
            for name, value, slope, unit in _of_component(
                component, image, problem.request.frame_in_use, view.index, values
            ):
                found.append(
                    Derived(f"{component.name}.{name}{place}", value, covariance.sigma(slope @ jacobian), unit)
                )
    known = problem.table.index
    return [
        row
        for row in found
        if np.isfinite(row.value) and row.name not in known and row.name.partition("[")[0] not in known
    ]


def _of_component(
    component: ComponentSpec, image: ImageData, frame: Frame, index: Mapping[str, int], values: Tensor
) -> Iterator[tuple[str, float, np.ndarray, str]]:
    """Name, value, derivatives by all native values, and unit."""
    profile = radial_profile(component.profile, component.options)
    if profile is None:
        return
    order = ("x", "y", "q", "pa", *profile.shape, profile.scale, profile.amplitude)
    places = [index[f"{component.name}.{name}"] for name in order]
    unit_rows = np.eye(len(values))[places]
    total = total_of(profile, component.geometry)  # type: ignore[arg-type]  # profiles can be hashed
    summed = [] if total is None else [index[f"{component.name}.{name}"] for name in total.parameters]
    for name, unit, function in () if total is None else _quantities(total, image):
        value, slope = _value_and_slope(function, values[summed])
        if np.isfinite(value):
            yield name, value, slope @ np.eye(len(values))[summed], unit
    if frame == "sky":
        for name, unit, at in (("x", "pixel", 0), ("y", "pixel", 1), (f"{profile.scale}_pixel", "pixel", -2)):
            yield name, float(values[places[at]]), unit_rows[at], unit
        return
    if image.pixel_scale is not None:
        yield (
            f"{profile.scale}_arcsec",
            float(values[places[-2]]) * image.pixel_scale,
            unit_rows[-2] * image.pixel_scale,
            "arcsec",
        )
    for name, value, slope in _sky_position(image, values[places[:2]].numpy()):
        yield name, value, slope @ unit_rows[:2], "degree"


def _quantities(total: TotalFlux, image: ImageData) -> list[tuple[str, str, Callable[[Tensor], Tensor]]]:
    quantities: list[tuple[str, str, Callable[[Tensor], Tensor]]] = [("flux", "data", total)]
    zero_point = image.zero_point
    if zero_point is not None:
        quantities.append(("magnitude", "mag", lambda values: zero_point - 2.5 * torch.log10(total(values))))
    return quantities


def _value_and_slope(function: Callable[[Tensor], Tensor], values: Tensor) -> tuple[float, np.ndarray]:
    """A function's value, and its derivatives by the values."""
    values = values.detach().clone().requires_grad_()
    result = function(values)
    (gradient,) = torch.autograd.grad(result, values)
    return float(result.detach()), gradient.numpy()


def _sky_position(image: ImageData, centre: np.ndarray) -> list[tuple[str, float, np.ndarray]]:
    """ICRS right ascension and declination, degrees, of a centre (x, y), and their derivatives by it; none without a
    celestial WCS.
    """
    wcs = sky_coordinates(image.header)
    if wcs is None:
        return []
    offsets = np.array([[0.0, 0.0], [0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]])
    sky = np.array(wcs.sky(centre + offsets))
    slope = np.stack((sky[1] - sky[2], sky[3] - sky[4]), axis=-1)
    slope[0] = (slope[0] + 180.0) % 360.0 - 180.0
    return [(axis, float(sky[0, place]), slope[place]) for place, axis in enumerate(("ra", "dec"))]
