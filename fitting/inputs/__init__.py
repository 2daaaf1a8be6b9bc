"""Inputs: the images of a request as arrays, every plane checked against the others.

Start at `image_reading.load_images`: for each image its planes (`plane_reading`), its PSF as a stamp (`psf_stamps`),
saturated pixels (`saturation`), the noise of the others (`image_noise`), and `ImageData`, which is all that a fit sees
of it. Images of components are in `basis_images`, places on the sky in `astrometry`; `frame_faults` says what images
lack for the frame of the request.
"""

from fitting.inputs.astrometry import ARCSEC, TangentPlane, local_map, sky_of
from fitting.inputs.image_data import Array, ImageData, Mask
from fitting.inputs.image_reading import load_images
from fitting.inputs.mask_shapes import shaped_mask
from fitting.inputs.pixel_scatter import pixel_scatter, smooth_light
from fitting.inputs.plane_reading import Locate
from fitting.inputs.psf_stamps import sampled, stamp_fwhm
from fitting.inputs.variances import CLIP, background
from fitting.inputs.variances import from_light as photon_variance

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
    "photon_variance",
    "pixel_scatter",
    "sampled",
    "shaped_mask",
    "sky_of",
    "smooth_light",
    "stamp_fwhm",
]
