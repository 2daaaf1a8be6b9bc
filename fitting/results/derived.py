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


@dataclass(frozen=True)
class Derived:
    """One derived value; its uncertainty is first order in the covariance, None where nothing in it is free."""

    name: str
    value: float
    uncertainty: float | None
    unit: str


def derived_values(problem: Problem, image: ImageData, physical: Tensor, of_all: np.ndarray) -> list[Derived]:
    """Derived values of every component that has any.

    Args:
        physical: values of the table's rows, (parameters,).
        of_all: their covariance, (parameters, parameters).
    """
    found = []
    for component in problem.request.components:
        profile = RADIAL_PROFILES.get(component.profile)
        if profile is None:
            continue
        order = ("x", "y", "q", "pa", *profile.shape, profile.scale, profile.amplitude)
        rows = [problem.table.index[f"{component.name}.{name}"] for name in order]
        covariance = of_all[np.ix_(rows, rows)]
        for name, unit, function in _quantities(profile, image):
            found.append(_propagated(f"{component.name}.{name}", unit, function, physical[rows].cpu(), covariance))
        found += _sky_position(component.name, image, physical[rows].cpu().numpy(), covariance)
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


def _propagated(
    name: str, unit: str, function: Callable[[Tensor], Tensor], values: Tensor, covariance: np.ndarray
) -> Derived:
    values = values.detach().clone().requires_grad_()
    result = function(values)
    (gradient,) = torch.autograd.grad(result, values)
    slope = gradient.numpy()
    return Derived(name, float(result.detach()), _sigma(float(slope @ covariance @ slope)), unit)


def _sky_position(name: str, image: ImageData, values: np.ndarray, covariance: np.ndarray) -> list[Derived]:
    """Right ascension and declination of the centre, degrees, where the header has a celestial WCS."""
    wcs = celestial_wcs(image.header)
    if wcs is None:
        return []
    offsets = np.array([[0.0, 0.0], [0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]])
    sky = np.array(wcs.all_pix2world(values[:2] + offsets, 0))
    slope = np.stack((sky[1] - sky[2], sky[3] - sky[4]), axis=-1)
    slope[0] = (slope[0] + 180.0) % 360.0 - 180.0
    sigma = np.sqrt(np.maximum(np.einsum("ki,ij,kj->k", slope, covariance[:2, :2], slope), 0.0))
    return [
        Derived(f"{name}.{axis}", float(sky[0, place]), float(sigma[place]) or None, "degree")
        for place, axis in enumerate(("ra", "dec"))
    ]


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


def _sigma(variance: float) -> float | None:
    return float(np.sqrt(variance)) if variance > 0.0 else None
