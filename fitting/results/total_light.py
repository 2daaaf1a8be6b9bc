"""Total light of a component, whatever its profile: data units, before the point-spread function and out to infinity.

A radial profile's is `fitting.geometry.total_of`, of other brightnesses `Surface.flux`; free pixels and given images
sum to theirs. Skies have none, and of a profile that falls too slowly it is infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from fitting.geometry import in_pixels, total_of
from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.problem.coordinates import Values
from fitting.profiles import SURFACES, radial_profile
from fitting.spec import ComponentSpec, Notice

Named = Mapping[str, Tensor]
"""Native values of a component, (batch,), by their names."""


def total_light(component: ComponentSpec, image: ImageData, scale: float) -> Callable[[Named], Tensor] | None:
    """The total flux, (batch,), as a differentiable function of native values; None where it has none, or none that is
    known.

    Args:
        scale: pixels of the image to the request's unit of length (`fitting.problem.image.TargetImage.scale`).
    """
    names = component.description.names
    if component.role == "psf" or component.description.sky:
        return None
    if "flux" in names:
        return lambda values: values["flux"]
    profile = radial_profile(component.profile, component.options)
    if profile is not None:
        total = total_of(profile, in_pixels(component.geometry, scale))  # type: ignore[arg-type]  # profiles can be hashed
        if total is None:
            return None
        return lambda values: total(torch.stack([values[name] for name in total.parameters], dim=-1))
    surface = SURFACES.get(component.profile)
    if surface is not None:
        return lambda values: surface.flux(torch.stack([values[name] for name in surface.parameters], dim=-1))
    if component.profile == "basis":
        sums = [float(basis.sum()) for basis in image.bases[component.name]]
        return lambda values: sum_of(values, {f"c_{number}": share for number, share in enumerate(sums, start=1)})
    pixels = [item.name for item in component.description.parameters if item.unit == "data/pixel"]
    return lambda values: sum_of(values, dict.fromkeys(pixels, 1.0))


def sum_of(values: Named, weights: Mapping[str, float]) -> Tensor:
    """The weighted sum of values."""
    return torch.stack([weight * values[name] for name, weight in weights.items()]).sum(0)


def total_notices(problem: Problem, images: Sequence[ImageData], physical: Tensor) -> list[Notice]:
    """Which components have no total flux or no magnitude, and why, each once.

    Args:
        physical: values of the table's rows, (parameters,).
    """
    rows = Values(physical[None], physical.new_zeros(1), lambda: physical.new_zeros((1, len(physical), 0)))
    found: dict[str, str] = {}
    for image, target, view in zip(images, problem.images, problem.views, strict=True):
        native, scale = view.native(rows).physical.cpu(), target.scale
        for component in problem.request.seen_in(image.name):
            if component.role == "psf" or component.description.sky or component.name in found:
                continue
            total = total_light(component, image, scale)
            names = component.description.names
            values = {name: native[:, view.index[f"{component.name}.{name}"]] for name in names}
            flux = None if total is None else float(total(values))
            why = _why_not(component, flux, image)
            if why is not None:
                found[component.name] = why
    if not found:
        return []
    sentence = f"no total flux or magnitude: {'; '.join(f'{name} {why}' for name, why in found.items())}"
    return [Notice("total-undefined", sentence, f"components {', '.join(found)}")]


def _why_not(component: ComponentSpec, flux: float | None, image: ImageData) -> str | None:
    """Why a component has no total, or no magnitude; None where it has what it can have."""
    if flux is None:
        return f"(not known of a warped {component.profile} with this geometry)"
    if not math.isfinite(flux):
        return f"(infinite: this {component.profile} falls too slowly outwards)"
    if not flux > 0.0 and image.zero_point is not None:
        return f"(a flux of {flux:.6g} has no magnitude)"
    return None
