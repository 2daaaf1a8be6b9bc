"""Image inputs: arrays, CCDData, HDUs, paths and URLs as planes that a request can name.

>>> inputs = gather_images(array, psf={"gaussian": {"fwhm": 3.2}}, variance=variances)
>>> inputs.images
[{'data': 'image-data.npy', 'variance': 'image-variance.npy', 'psf': {'gaussian': {'fwhm': 3.2}}}]
>>> inputs.files["image-data.npy"]  # the bytes, for an upload or a temporary folder

What is a file already keeps its name; what is in memory becomes the bytes of one (`photfit.plane_files`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from photfit.model import plain
from photfit.plane_files import (
    array_file,
    hdu_file,
    hdu_list_file,
    is_array,
    is_hdu,
    is_hdu_list,
    is_nddata,
    masked_pixels,
    nddata_file,
    noise_in_unit,
)

PLANES = ("data", "variance", "sigma", "weight", "mask", "psf")
"""The planes of an image, as a request calls them."""
_NOISES = ("variance", "sigma", "weight")
_NOISE_OF_NDDATA = {"std": "sigma", "var": "variance", "ivar": "weight"}
"""What astropy's uncertainties are in a request, by their `uncertainty_type`."""
_FETCH_SECONDS = 60.0
"""Seconds without a byte, after which a file at a URL is given up. Chosen by hand."""


class Image:
    """One image of a fit, with its noise, mask and point-spread function.

    >>> photfit.fit([Image(r, name="r", psf=psf_r), Image(g, name="g", psf=psf_g)], [Sersic("a", ra=150.1, dec=2.2)])

    Args:
        data: array (height, width), `CCDData` or `NDData` (whose mask, uncertainty, PSF, unit and WCS count where
            nothing is given beside it), masked array, Quantity, HDU, HDUList, path such as ``"galaxy.fits[SCI]"``,
            ``(path, hdu)``, URL, or what a request's JSON has there.
        name: in the request; None is ``image``, of several ``image_1``, ``image_2``, ….
        variance, sigma, weight: noise of each pixel as the data are given, a number for all, or as a request has it,
            such as ``{"gain": 2.5, "read_noise": 4}``; at most one of the three.
        mask: True, or not 0, where a pixel is left out; as the data are given.
        psf: as the data are given, or ``{"gaussian": {"fwhm": 3.2}}``, ``{"moffat": {"fwhm": 3.2, "beta": 3}}``,
            ``{"image": array, "oversampling": 4}``.
        members: of the request's image beside those: ``pixel_scale`` (arcsec), ``zero_point`` (magnitude of one data
            unit), ``wavelength``, ``window`` (``{"x": [0, 99]}``), ``mask_shapes``, ``mask_saturated``.
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
        files: bytes by name; names that are not here are paths, URLs, or ids of uploads.
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
        ValueError: an array is not (height, width), or units do not go together.
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
        for key, plane in _planes(image).items():
            written[key] = file_reference(plane, f"{name}-{key}", inputs.files)
        inputs.images.append(written | {key: plain(value) for key, value in image.members.items()})
    return inputs


def gather_request(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A whole request with what is in memory, in its images or components, named as files; and their bytes.

    Raises as `gather_images`.
    """
    files: dict[str, bytes] = {}
    images = document.get("images", ())
    if not isinstance(images, Sequence) or isinstance(images, str):
        return plain(document), files  # what is wrong with it is said where requests are read
    gathered = []
    for number, given in enumerate(images):
        if not isinstance(given, Mapping) or "data" not in given:
            gathered.append(plain(given))
            continue
        name = str(given.get("name") or f"image_{number + 1}")
        image = Image(**{key: value for key, value in given.items() if key == "data" or key in PLANES})
        rest = {key: plain(value) for key, value in given.items() if key not in PLANES}
        planes = {key: file_reference(plane, f"{name}-{key}", files) for key, plane in _planes(image).items()}
        gathered.append(rest | planes)
    return {**{key: plain(value) for key, value in document.items()}, "images": gathered}, files


def is_url(name: str) -> bool:
    """Whether the name of a file is an address of the web."""
    return name.startswith(("http://", "https://"))


def fetch_url(url: str) -> bytes:
    """The file at a URL.

    Raises:
        FileNotFoundError: it cannot be had; the message says why.
    """
    import httpx

    try:
        answer = httpx.get(url, follow_redirects=True, timeout=_FETCH_SECONDS)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FileNotFoundError(f"{url} cannot be fetched: {error or type(error).__name__}") from error
    return answer.content


def fetched_file(url: str, folder: Path) -> Path:
    """The file at a URL, in a folder, where it is fetched once. Raises FileNotFoundError as `fetch_url`."""
    path = folder / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{name_in_url(url)}"
    if not path.exists():
        path.write_bytes(fetch_url(url))
    return path


def name_in_url(url: str) -> str:
    """What a file at a URL is called."""
    return os.path.basename(unquote(urlsplit(url).path)) or "file"


def file_reference(plane: Any, name: str, files: dict[str, bytes]) -> Any:
    """What a request has for a plane; what is in memory becomes a file that is called by `name`, put among `files`."""
    if isinstance(plane, tuple) and len(plane) == 2 and isinstance(plane[1], int | str):
        whole = file_reference(plane[0], name, files)
        if not isinstance(whole, str):
            raise TypeError(f"{name}: {type(plane[0]).__name__} is no file with HDUs: give (path, hdu) or (hdus, hdu)")
        return {"path": whole, "hdu": plane[1]}
    if isinstance(plane, os.PathLike):
        return os.fspath(plane)
    if isinstance(plane, str):
        return plane
    if isinstance(plane, Mapping):
        return {key: _within(item, f"{name}-{key}", files) for key, item in plane.items()}
    if isinstance(plane, Real) and not hasattr(plane, "shape") and plane is not True and plane is not False:
        return {"constant": float(plane)}
    return _file_of(plane, name, files)


def _within(item: Any, name: str, files: dict[str, bytes]) -> Any:
    """A member of what a request has for a plane, such as the image of a PSF."""
    if isinstance(item, os.PathLike) or is_nddata(item) or is_hdu(item) or is_hdu_list(item):
        return file_reference(item, name, files)
    if getattr(item, "ndim", 0) == 2:
        return _file_of(item, name, files)
    if isinstance(item, Mapping):
        return {key: _within(each, f"{name}-{key}", files) for key, each in item.items()}
    if isinstance(item, list | tuple):
        return [_within(each, f"{name}-{number}", files) for number, each in enumerate(item)]
    return plain(item)


def _file_of(plane: Any, name: str, files: dict[str, bytes]) -> str:
    what = name.replace("-", " ")
    if is_hdu_list(plane):
        suffix, content = "fits", hdu_list_file(plane)
    elif is_nddata(plane):
        suffix, content = nddata_file(plane, what)
    elif is_hdu(plane):
        suffix, content = hdu_file(plane, what)
    elif is_array(plane):
        suffix, content = array_file(plane, what)
    else:
        raise TypeError(
            f"{what}: {type(plane).__name__} is no image plane: give an array, CCDData, an HDU, a path, a URL or what "
            "a request has there"
        )
    files[f"{name}.{suffix}"] = content
    return f"{name}.{suffix}"


def _planes(image: Image) -> dict[str, Any]:
    """Key and plane of all that is given of an image, and of what its data bring, in one unit."""
    brought = _brought(image)
    unit = getattr(image.data, "unit", None) if not is_hdu(image.data) else None
    planes = brought | image.planes
    if "mask" in brought and "mask" in image.planes:
        planes["mask"] = _both(brought["mask"], image.planes["mask"])
    return {"data": image.data} | {key: noise_in_unit(plane, key, unit) for key, plane in planes.items()}


def _brought(image: Image) -> dict[str, Any]:
    """Mask, noise and PSF that come with NDData, or the mask of a masked array."""
    if not is_nddata(image.data):
        left_out = masked_pixels(image.data)
        return {} if left_out is None else {"mask": left_out}
    brought: dict[str, Any] = {}
    data = image.data
    if getattr(data.mask, "ndim", 0) == 2:
        brought["mask"] = data.mask
    elif data.mask is not None and data.mask is not False and bool(data.mask):
        raise ValueError("the image's mask leaves out every pixel")
    if getattr(data, "psf", None) is not None:
        brought["psf"] = data.psf
    if data.uncertainty is not None and not image.planes.keys() & set(_NOISES):
        kind = data.uncertainty.uncertainty_type
        if kind not in _NOISE_OF_NDDATA:
            raise TypeError(
                f"the image's uncertainty is of the kind {kind!r}: give astropy's StdDevUncertainty, "
                "VarianceUncertainty or InverseVariance, or variance=, sigma= or weight= beside the image"
            )
        brought[_NOISE_OF_NDDATA[kind]] = data.uncertainty
    return brought


def _both(brought: Any, given: Any) -> Any:
    """Pixels that either of two masks leaves out."""
    if not (hasattr(given, "__array__") and getattr(given, "shape", None) == brought.shape):
        raise TypeError("the image brings a mask of its own: give mask= as an array of its shape, which adds to it")
    return (brought != 0) | (given != 0)
