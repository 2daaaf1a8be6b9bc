"""Inputs: the images of a request as arrays, every plane checked against the others.

Start at `image_reading.load_images`: for each image its planes (`plane_reading`), its PSF as a stamp (`psf_stamps`),
the variance of its pixels (`variances`), and `ImageData`, which is all that a fit sees of it. Images of components are
in `basis_images`, places on the sky in `astrometry`; `frame_faults` says what images lack for the frame of the request.
"""

from fitting.inputs.astrometry import ARCSEC, TangentPlane, local_map, sky_of
from fitting.inputs.image_data import Array, ImageData, Mask
from fitting.inputs.image_reading import load_images
from fitting.inputs.plane_reading import Locate
from fitting.inputs.psf_stamps import sampled, stamp_fwhm
from fitting.inputs.variances import CLIP, background

__all__ = [
    "ARCSEC",
    "CLIP",
    "Array",
    "ImageData",
    "Locate",
    "Mask",
    "TangentPlane",
    "background",
    "load_images",
    "local_map",
    "sampled",
    "sky_of",
    "stamp_fwhm",
]
