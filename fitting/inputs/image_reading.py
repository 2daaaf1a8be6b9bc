"""Images of a request as arrays, every plane checked against the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from astropy.io import fits

from fitting.files import (
    DEFAULT_LIMITS,
    FluxScale,
    Plane,
    ReadLimits,
    coordinates_notices,
    flux_scale,
    given_scale,
    pixel_scale,
    unit_notice,
    unused_flux_cards,
)
from fitting.inputs.basis_images import read_basis
from fitting.inputs.frame_faults import frame_faults
from fitting.inputs.image_data import Array, ImageData, Mask
from fitting.inputs.image_noise import noise_plane, read_noise
from fitting.inputs.mask_shapes import shaped_mask
from fitting.inputs.masks import ReadMask, other_segments, read_mask
from fitting.inputs.offered_planes import offered_planes
from fitting.inputs.plane_reading import Locate, Reading
from fitting.inputs.psf_reading import read_psf
from fitting.inputs.saturation import kept_saturated, saturated_pixels
from fitting.inputs.variances import counts_offset
from fitting.spec import (
    FitRequest,
    ImageSpec,
    Notice,
    RequestInvalid,
    Window,
)
from fitting.spec.counts import counted, verb, was

_SCALES_APART = 0.01
"""Share by which two pixel scales differ from which it is told; chosen by hand, above distortion and rounding."""


def load_images(request: FitRequest, locate: Locate, limits: ReadLimits = DEFAULT_LIMITS) -> list[ImageData]:
    """Read every image of a request.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> from fitting.spec import parse_request
        >>> folder = Path(mkdtemp())
        >>> np.save(folder / "galaxy.npy", np.ones((4, 6)))
        >>> picture = {"data": "galaxy.npy", "variance": {"constant": 0.25}, "window": {"x": [2, 6]}}
        >>> sky = {"name": "sky", "profile": "flat_sky"}
        >>> request = parse_request({"images": [picture], "components": [sky]})
        >>> (image,) = load_images(request, lambda name: folder / name)
        >>> image.data.shape, image.origin, float(image.variance[0, 0])
        ((4, 4), (2, 0), 0.25)

    Args:
        locate: path of a file (upload id or path) that the request names; may raise LookupError or FileNotFoundError.

    Raises:
        RequestInvalid: with every fault of every file: JSON path, file and HDU.
    """
    loaded, of_images, faults, bases, told = [], [], [], {}, {}
    for index, spec in enumerate(request.images):
        reading = Reading(f"$.images[{index}]", f"image {spec.name}", locate, limits, request.noise.name == "poisson")
        image = _load(spec, reading)
        of_images += reading.faults
        if image is not None:
            loaded.append((image, request.seen_in(spec.name)))
    for index, component in enumerate(request.components):
        reading = Reading(f"$.components[{index}]", f"component {component.name}", locate, limits, counting=False)
        scale = next((image.pixel_scale for image, seen in loaded if component in seen and image.pixel_scale), None)
        bases[component.name] = read_basis(component, scale, reading)
        told[component.name] = tuple(reading.notices)
        faults += reading.faults
    faults += of_images
    images = []
    for image, seen in loaded:
        shown = {item.name: bases[item.name] for item in seen if bases[item.name]}
        notices = [notice for name in shown for notice in told[name]]
        images.append(replace(image, bases=shown, notices=(*image.notices, *notices)))
    if not faults:
        faults += frame_faults(request, images)
    if faults:
        raise RequestInvalid(faults)
    return images


def _load(spec: ImageSpec, reading: Reading) -> ImageData | None:
    """One image; None where there are faults."""
    plane = reading.plane("data", spec.data, partial(_cut, spec.window, reading=reading))
    header = fits.Header() if plane is None or plane.header is None else plane.header
    scale = spec.pixel_scale if spec.pixel_scale is not None else pixel_scale(header)
    psf = read_psf(spec.psf, scale, None if plane is None else _part_of(plane), reading)
    if plane is None:
        return None
    bad = None if spec.mask is None else read_mask(spec.mask, plane, reading)
    others = None if spec.other_segments is None else other_segments(spec.other_segments, plane, reading)
    given = noise_plane(spec, plane, reading)
    if reading.faults:
        return None
    data = plane.data
    shaped = shaped_mask(spec.mask_shapes or (), data.shape, plane.origin)
    masked = shaped if bad is None else bad.pixels | shaped
    masked = masked if others is None else masked | others.pixels
    usable = _finite_pixels(data, masked, reading)
    if not usable.any():
        _add_no_pixel_fault(data, spec, reading)
        return None
    saturated, saturation = saturated_pixels(data, usable, header)
    if spec.mask_saturated is False:
        saturation = kept_saturated(saturated, saturation)
    else:
        usable &= ~saturated
    noise = read_noise(spec, given, data, usable, header, reading)
    if noise is None:
        return None
    if bad is not None:
        bad.tell(data, noise.variance, reading)
    if others is not None:
        others.tell(data, noise.variance, reading, "other_segments")
    ReadMask(shaped, np.zeros_like(shaped), "shapes").tell(data, noise.variance, reading, "mask_shapes")
    offered = offered_planes(spec, plane)
    for notice in (*saturation, *plane.notices, *offered, *coordinates_notices(plane.header)):
        reading.notice(notice)
    unit = plane.flux_keywords.get("BUNIT")
    if (doubt := unit_notice(None if unit is None else str(unit))) is not None:
        reading.notice(doubt)
    _tell_pixel_scale(spec, header, reading)
    scale_of_flux = _flux_scale(spec, plane.flux_keywords, reading)
    return ImageData(
        name=spec.name,
        data=data,
        variance=noise.variance,
        mask=~noise.usable,
        psf=psf.stamp,
        psf_grid=psf.grid,
        psf_oversampling=psf.oversampling,
        psf_convention=psf.convention,
        psf_form=psf.form,
        pixel_scale=scale,
        zero_point=None if scale_of_flux is None else scale_of_flux.zero_point,
        flux_scale=scale_of_flux,
        header=plane.header,
        origin=plane.origin,
        frame=plane.frame,
        notices=tuple(reading.notices),
        gain=noise.counts.gain,
        offset=counts_offset(noise.counts),
        electrons=noise.electrons,
        estimated=noise.estimated,
    )


def _part_of(plane: Plane) -> tuple[slice, slice]:
    """Rows and columns of the full frame that were read."""
    (x, y), (height, width) = plane.origin, plane.data.shape
    return slice(y, y + height), slice(x, x + width)


def _tell_pixel_scale(spec: ImageSpec, header: fits.Header, reading: Reading) -> None:
    """A notice where the request's pixel scale is another than that of the header's coordinates."""
    given, known = spec.pixel_scale, pixel_scale(header)
    if given is not None and known is not None and abs(given / known - 1.0) > _SCALES_APART:
        sentence = f"the pixel scale is given as {given:g} arcsec, and is {known:.6g} by the header's coordinates"
        reading.notice(Notice("pixel-scale-contradicted", sentence))


def _flux_scale(spec: ImageSpec, header: Mapping[str, Any], reading: Reading) -> FluxScale | None:
    """The request's flux scale, else that of the header, with notices of how it was found."""
    if spec.zero_point is not None:
        scale, contradicted = given_scale(spec.zero_point, header)
        if contradicted:
            reading.notice(Notice("zero-point-contradicted", scale.sentence))
        return scale
    found = flux_scale(header)
    if found is not None:
        reading.notice(Notice("zero-point-of-header", found.sentence))
    unused = unused_flux_cards(header) if found is None else None
    if unused is not None:
        reading.notice(Notice("zero-point-not-read", unused))
    return found


def _cut(window: Window | None, shape: tuple[int, int], reading: Reading) -> tuple[slice, slice]:
    """Rows and columns of the window, clipped to the frame; a pixel and a fault where they do not meet."""
    cuts = []
    for key, axis_range, length in (("y", window and window.y, shape[0]), ("x", window and window.x, shape[1])):
        low, high = axis_range or (0, length)
        if low >= length or high <= 0:
            reading.fault(f"window.{key}", f"[{low}, {high}] lies outside the image", f"part of [0, {length}]")
            low, high = 0, 1
        cuts.append(slice(max(low, 0), min(high, length)))
    return cuts[0], cuts[1]


def _finite_pixels(data: Array, masked: Mask, reading: Reading) -> Mask:
    """Unmasked pixels that are numbers; the others are counted in a notice."""
    finite = np.isfinite(data)
    count = int((~finite & ~masked).sum())
    if count:
        reading.notice(
            Notice(
                "pixels-not-finite",
                f"{counted(count, 'pixel')} that {verb(count, 'is', 'are')} NaN or infinite {was(count)} masked",
            )
        )
    return finite & ~masked


def _add_no_pixel_fault(data: Array, spec: ImageSpec, reading: Reading) -> None:
    if not np.isfinite(data).any():
        reading.fault("data", f"{spec.data.file!r} holds no finite pixel in the window", "an image with numbers")
    else:
        key = next((name for name in ("mask", "other_segments") if getattr(spec, name) is not None), "mask_shapes")
        expected = "pixels that are 0 where the image is to be used"
        reading.fault(key, "masks every pixel of the window", expected, "fully-masked")
