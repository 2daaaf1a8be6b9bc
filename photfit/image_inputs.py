"""Image inputs: arrays, CCDData, HDUs and paths as planes that a request can name.

>>> inputs = gather_images(array, psf={"gaussian": {"fwhm": 3.2}}, variance=variances)
>>> inputs.images
[{'data': 'image-data.npy', 'variance': 'image-variance.npy', 'psf': {'gaussian': {'fwhm': 3.2}}}]
>>> inputs.files["image-data.npy"]  # the bytes, for an upload or a temporary folder

What is a file already keeps its name; what is in memory becomes the bytes of one: NumPy's where there is no header,
FITS where there is.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from photfit.model import plain
from photfit.results import library

_NOISE_OF_NDDATA = {"std": "sigma", "var": "variance", "ivar": "weight"}
"""What astropy's uncertainties are in a request, by their `uncertainty_type`."""


class Image:
    """One image of a fit, with its noise, mask and point-spread function.

    >>> photfit.fit([Image(r, name="r", psf=psf_r), Image(g, name="g", psf=psf_g)], [Sersic("a", ra=150.1, dec=2.2)])

    Args:
        data: array (height, width), `CCDData` or `NDData` (whose mask, uncertainty and WCS count where nothing is given
            beside it), HDU, path such as ``"galaxy.fits[SCI]"``, or what a request's JSON has there.
        name: in the request; None is ``image``, of several ``image_1``, ``image_2``, ….
        variance, sigma, weight: noise of each pixel as the data are given, a number for all, or as a request has it,
            such as ``{"gain": 2.5, "read_noise": 4}``; at most one of the three.
        mask: True, or not 0, where a pixel is left out; as the data are given.
        psf: array, path, HDU, or ``{"gaussian": {"fwhm": 3.2}}``, ``{"moffat": {"fwhm": 3.2, "beta": 3}}``.
        members: of the request's image beside those: ``pixel_scale`` (arcsec), ``zero_point`` (magnitude of one data
            unit), ``wavelength``, ``window`` (``{"x": [0, 99]}``), ``mask_shapes``.
    """

    def __init__(
        self,
        data: Any,
        *,
        name: str | None = None,
        variance: Any = None,
        sigma: Any = None,
        weight: Any = None,
        mask: Any = None,
        psf: Any = None,
        **members: Any,
    ) -> None:
        self.data = data
        self.name = name
        planes = {"variance": variance, "sigma": sigma, "weight": weight, "mask": mask, "psf": psf}
        self.planes = {key: plane for key, plane in planes.items() if plane is not None}
        self.members = {key: value for key, value in members.items() if value is not None}


@dataclass
class ImageInputs:
    """Images as a request has them, and the files that they name and that are nowhere yet.

    Attributes:
        images: the request's ``images``.
        files: bytes by name; names that are not here are paths, or ids of uploads.
    """

    images: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def gather_images(images: Any, **given: Any) -> ImageInputs:
    """What a request says of images, and the bytes of those that are in memory.

    Args:
        images: one, or several as a list of `Image`.
        given: of the one image what `Image` takes; of several nothing.

    Raises:
        TypeError: something is given that is no image, or beside several.
    """
    several = isinstance(images, Sequence) and not isinstance(images, str) and bool(images)
    several = several and all(isinstance(each, Image) for each in images)
    beside = {key: value for key, value in given.items() if value is not None}
    if beside and (several or isinstance(images, Image)):
        raise TypeError(f"{', '.join(beside)} belongs to one image: give it to its Image(...)")
    listed = list(images) if several else [images if isinstance(images, Image) else Image(images, **beside)]
    inputs = ImageInputs()
    for number, image in enumerate(listed, start=1):
        name = image.name or ("image" if len(listed) == 1 else f"image_{number}")
        written = {} if image.name is None and len(listed) == 1 else {"name": name}
        for key, plane in _planes(image):
            written[key] = _named(plane, f"{name}-{key}", inputs.files)
        inputs.images.append(written | {key: plain(value) for key, value in image.members.items()})
    return inputs


def _planes(image: Image) -> Iterator[tuple[str, Any]]:
    """Key and plane of all that is given of an image, and of what its NDData brings."""
    yield "data", image.data
    brought = {}
    if _is_nddata(image.data):
        mask, noise = image.data.mask, image.data.uncertainty
        if mask is not None:
            brought["mask"] = mask
        key = None if noise is None else _NOISE_OF_NDDATA.get(noise.uncertainty_type)
        if key is not None and not {"variance", "sigma", "weight"} & image.planes.keys():
            brought[key] = noise.array
    yield from (brought | image.planes).items()


def _named(plane: Any, name: str, files: dict[str, bytes]) -> Any:
    """What a request has for a plane; what is in memory becomes a file of that name."""
    if isinstance(plane, os.PathLike):
        return os.fspath(plane)
    if isinstance(plane, str | Mapping):
        return plain(plane)
    if isinstance(plane, int | float):
        return {"constant": float(plane)}
    if _is_nddata(plane):
        header = getattr(plane, "header", None) or {}
        if plane.wcs is not None:
            header = {**header, **plane.wcs.to_header(relax=True)}
        return _file_of(plane.data, header, name, files)
    if hasattr(plane, "header") and hasattr(plane, "data"):  # an HDU of astropy
        return _file_of(plane.data, plane.header, name, files)
    if hasattr(plane, "__array__"):
        return _file_of(plane, None, name, files)
    raise TypeError(
        f"{type(plane).__name__} is no image plane: give an array, CCDData, an HDU, a path or what a request has there"
    )


def _is_nddata(plane: Any) -> bool:
    return hasattr(plane, "uncertainty") and hasattr(plane, "wcs") and hasattr(plane, "data")


def _file_of(plane: Any, header: Any, name: str, files: dict[str, bytes]) -> str:
    """Put an array among the files, with its header where it has one."""
    numpy = library("numpy", "an array as an image")
    array = numpy.asarray(plane)
    if array.dtype == bool:
        array = array.astype(numpy.uint8)
    buffer = io.BytesIO()
    if header:
        fits = library("astropy.io.fits", "an image with a header")
        cards = header if isinstance(header, fits.Header) else fits.Header(dict(header).items())
        fits.PrimaryHDU(array, cards).writeto(buffer, output_verify="silentfix")
        file = f"{name}.fits"
    else:
        numpy.save(buffer, array, allow_pickle=False)
        file = f"{name}.npy"
    files[file] = buffer.getvalue()
    return file
