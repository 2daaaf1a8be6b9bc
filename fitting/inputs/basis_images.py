"""Basis images, of which components are made: as given, and a PSF times Zernike polynomials."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitting.inputs.plane_reading import Reading
from fitting.inputs.psf_checks import even_notice, header_sampling
from fitting.inputs.psf_stamps import PsfInvalid, fine_kernel, normalise_stamp
from fitting.spec import ComponentSpec
from fitting.spec.images.references import PlaneReference
from fitting.spec.profiles.basis import BasisOptions
from fitting.spec.profiles.image_psf import ImagePsfOptions

Array = NDArray[np.float64]
MAX_SIDE = 2049
"""Width and height of an image that a component is made of, pixels, at most; chosen by hand."""


def read_basis(component: ComponentSpec, scale: float | None, reading: Reading) -> tuple[Array, ...]:
    """The images of one component, all of one shape; none where it has none, or `reading` has faults of them.

    Args:
        scale: arcsec a pixel of the image that shows it, as far as it is known.
    """
    if isinstance(component.options, ImagePsfOptions):
        return _psf_planes(component.options, scale, reading)
    if not isinstance(component.options, BasisOptions):
        return ()
    named = ((f"options.images[{place}]", plane) for place, plane in enumerate(component.options.images))
    return tuple(_alike(named, None, reading))


def _psf_planes(options: ImagePsfOptions, scale: float | None, reading: Reading) -> tuple[Array, ...]:
    """The point-spread function, itself times each polynomial, and the images that are added to it."""
    named = ((f"options.eigen[{place}]", plane) for place, plane in enumerate(options.eigen))
    images = _alike((("options.image", options.image), *named), _Sampled(scale), reading)
    if len(images) <= len(options.eigen):
        return ()
    even = images[0].shape
    images = [fine_kernel(image) for image in images]
    try:
        stamp, _ = normalise_stamp(images[0])
    except PsfInvalid as error:
        reading.fault("options.image", f"{options.image.file!r}: {error.message}", error.expected)
        return ()
    if stamp.shape != even:
        reading.notice(even_notice(even), "options.image")
    distance, angle = stamp_polar(*stamp.shape)
    radius = 0.5 * min(stamp.shape) if options.radius is None else options.radius
    return (stamp, *(stamp * zernike(term, distance / radius, angle) for term in options.terms), *images[1:])


@dataclass(frozen=True)
class _Sampled:
    """That images are PSFs at the sampling of an image of a scale, arcsec a pixel, as far as it is known."""

    scale: float | None


def _alike(named: Iterable[tuple[str, PlaneReference]], sampled: _Sampled | None, reading: Reading) -> list[Array]:
    """Images of one shape, by their JSON paths; those that have faults are left out."""
    images: list[Array] = []
    for key, reference in named:
        plane = reading.plane(key, reference)
        if plane is None:
            continue
        shape = plane.data.shape
        finer = None if sampled is None else _finer(plane.header, sampled.scale)
        if finer is not None:
            right = "a PSF at the image's sampling, or a header without these cards, if they are wrong"
            reading.fault(key, f"{reference.file!r}: {finer}, and this profile takes it at the image's sampling", right)
        elif max(shape) > MAX_SIDE:
            reading.fault(key, f"{reference.file!r} has the shape {shape}", f"at most {MAX_SIDE} pixels a side")
        elif images and shape != images[0].shape:
            reading.fault(key, f"{reference.file!r} has the shape {shape}", f"that of the others, {images[0].shape}")
        elif not np.isfinite(plane.data).all():
            reading.fault(key, f"{reference.file!r} holds NaN or infinite pixels", "finite numbers")
        else:
            images.append(plane.data)
    return images


def _finer(header: Mapping[str, object] | None, scale: float | None) -> str | None:
    """That a PSF's header gives it another sampling than the image's, as a sentence, or None."""
    try:
        sampling, said = header_sampling(header, None, scale)
    except PsfInvalid as error:
        return str(error.message)
    return None if sampling == 1 or said is None else said.sentence


def zernike(term: int, radius: Array, angle: Array) -> Array:
    """Z_j of Noll's index j = 1, 2, …, of mean square 1 over the unit disc; 0 outside it.

    √(n+1) R_n^m(r) times √2 cos mθ (even j) or √2 sin mθ (odd j), or 1 where m = 0 (Noll 1976, JOSA 66, 207, equation
    2).

    Args:
        radius, angle: polar coordinates, the radius in units of the disc's, the angle in radians; of one shape.
    """
    order, azimuthal = noll_orders(term)
    radial = sum(
        (-1) ** k
        * math.comb(order - k, k)
        * math.comb(order - 2 * k, (order - azimuthal) // 2 - k)
        * radius ** (order - 2 * k)
        for k in range((order - azimuthal) // 2 + 1)
    )
    wave = np.cos(azimuthal * angle) if term % 2 == 0 else np.sin(azimuthal * angle)
    factor = math.sqrt(2.0) * wave if azimuthal else 1.0
    return np.where(radius <= 1.0, math.sqrt(order + 1.0) * radial * factor, 0.0)


def noll_orders(term: int) -> tuple[int, int]:
    """Radial order n and azimuthal frequency m of Noll's index."""
    order = (math.isqrt(8 * term - 7) - 1) // 2
    place = term - order * (order + 1) // 2
    return order, 2 * ((place + order % 2) // 2) - order % 2


def stamp_polar(height: int, width: int) -> tuple[Array, Array]:
    """Distances (pixels) and angles (radians, from +x counter-clockwise) of a stamp's pixels from its middle one."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    y -= height // 2
    x -= width // 2
    return np.hypot(x, y), np.arctan2(y, x)
