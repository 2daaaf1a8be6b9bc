"""Quantities that follow from the parameters: fluxes, magnitudes, sizes on the sky, sky coordinates."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from astropy.io import fits
from astropy.wcs import WCS
from torch import Tensor

from fitting.inputs.images import ImageData
from fitting.problem import Problem
from fitting.profiles import RADIAL_PROFILES, RadialProfile
from fitting.results.covariance import Covariance


@dataclass(frozen=True)
class Derived:
    """One derived value; its uncertainty is first order in the covariance, None where `Covariance.sigma` has none."""

    name: str
    value: float
    uncertainty: float | None
    unit: str


def derived_values(problem: Problem, image: ImageData, physical: Tensor, covariance: Covariance) -> list[Derived]:
    """Derived values of every component that has any.

    Args:
        physical: values of the table's rows, (parameters,).
        covariance: of the same rows.
    """
    found = []
    for component in problem.request.components:
        profile = RADIAL_PROFILES.get(component.profile)
        if profile is None:
            continue
        order = ("x", "y", "q", "pa", *profile.shape, profile.scale, profile.amplitude)
        rows = [problem.table.index[f"{component.name}.{name}"] for name in order]
        own = np.eye(len(physical))[rows]
        for name, unit, function in _quantities(profile, image):
            value, slope = _differentiated(function, physical[rows].cpu())
            found.append(Derived(f"{component.name}.{name}", value, covariance.sigma(slope @ own), unit))
        for name, value, slope in _sky_position(image, physical[rows[:2]].cpu().numpy()):
            found.append(Derived(f"{component.name}.{name}", value, covariance.sigma(slope @ own[:2]), "degree"))
    return [row for row in found if np.isfinite(row.value)]


def _quantities(profile: RadialProfile, image: ImageData) -> list[tuple[str, str, Callable[[Tensor], Tensor]]]:
    def flux(values: Tensor) -> Tensor:
        shape = tuple(values[4 + place] for place in range(len(profile.shape)))
        return profile.flux(values[2], values[-2], values[-1], shape)

    quantities: list[tuple[str, str, Callable[[Tensor], Tensor]]] = [("flux", "data", flux)]
    zero_point, pixel_scale = image.zero_point, image.pixel_scale
    if zero_point is not None:
        quantities.append(("magnitude", "mag", lambda values: zero_point - 2.5 * torch.log10(flux(values))))
    if pixel_scale is not None:
        quantities.append((f"{profile.scale}_arcsec", "arcsec", lambda values: values[-2] * pixel_scale))
    return quantities


def _differentiated(function: Callable[[Tensor], Tensor], values: Tensor) -> tuple[float, np.ndarray]:
    """A function's value, and its derivatives by the values."""
    values = values.detach().clone().requires_grad_()
    result = function(values)
    (gradient,) = torch.autograd.grad(result, values)
    return float(result.detach()), gradient.numpy()


def _sky_position(image: ImageData, centre: np.ndarray) -> list[tuple[str, float, np.ndarray]]:
    """Right ascension and declination, degrees, of a centre (x, y), and their derivatives by it; none without a
    celestial WCS.
    """
    wcs = celestial_wcs(image.header)
    if wcs is None:
        return []
    offsets = np.array([[0.0, 0.0], [0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]])
    sky = np.array(wcs.all_pix2world(centre + offsets, 0))
    slope = np.stack((sky[1] - sky[2], sky[3] - sky[4]), axis=-1)
    slope[0] = (slope[0] + 180.0) % 360.0 - 180.0
    return [(axis, float(sky[0, place]), slope[place]) for place, axis in enumerate(("ra", "dec"))]


def celestial_wcs(header: fits.Header | None) -> WCS | None:
    """The celestial part of a header's world coordinates, or None."""
    if header is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wcs = WCS(header, naxis=2)
        except Exception:  # astropy raises many kinds on headers it cannot read; a fit needs none of them
            return None
    return wcs if wcs.has_celestial else None
