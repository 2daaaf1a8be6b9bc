"""Files: from bytes that somebody sent to planes of pixels, under limits; knows nothing of requests.

Start at `file_reading`: what `describe_file` and `read_plane` do, in order, is open the bytes (`file_content`, which
inflates gzip, bzip2 and xz, and tells the format), open the container (`containers`, one file a format; FITS headers
are read before by `fits_structure`), and take a plane of it, or a window of that. Everything that a file claims is held
against `ReadLimits` before it is believed; what cannot be used is a `FileInvalid`. A file is read in a sandbox's child:
docs/decisions/0002-sandboxed-parsing.md. Where its pixels are on the sky, `sky_coordinates` says, always in ICRS.
"""

from fitting.files.archives import ARCHIVES, MOST_MEMBERS, Archive, is_archive, open_archive
from fitting.files.file_limits import DEFAULT_LIMITS, FileInvalid, ReadLimits
from fitting.files.file_reading import FileDescription, HduDescription, Plane, describe_file, read_plane, read_strips
from fitting.files.fits_structure import HduOutline
from fitting.files.flux_scale import FluxScale, exposure, flux_scale, given_scale, unused_flux_cards, zero_point
from fitting.files.header_cards import windowed_header
from fitting.files.image_header import gnomonic_projection, pixel_scale
from fitting.files.mask_bits import BitUnknown, chosen_bits, default_bits, masked_pixels
from fitting.files.noise_cards import HeaderNoise, noise_of_header, saturation_level
from fitting.files.pixel_units import unit_notice
from fitting.files.plane_display import header_cards, sky_map, write_pixels
from fitting.files.plane_meaning import UNKNOWN, plane_meaning
from fitting.files.plane_recognition import recognise_planes
from fitting.files.psf_models import PolynomialPsf, SampledPsf, read_psf_model
from fitting.files.sky_coordinates import (
    SkyCoordinates,
    coordinates_notices,
    coordinates_refusal,
    sky_coordinates,
)

__all__ = [
    "ARCHIVES",
    "DEFAULT_LIMITS",
    "MOST_MEMBERS",
    "UNKNOWN",
    "Archive",
    "BitUnknown",
    "FileDescription",
    "FileInvalid",
    "FluxScale",
    "HduDescription",
    "HduOutline",
    "HeaderNoise",
    "Plane",
    "PolynomialPsf",
    "ReadLimits",
    "SampledPsf",
    "SkyCoordinates",
    "chosen_bits",
    "coordinates_notices",
    "coordinates_refusal",
    "default_bits",
    "describe_file",
    "exposure",
    "flux_scale",
    "given_scale",
    "gnomonic_projection",
    "header_cards",
    "is_archive",
    "masked_pixels",
    "noise_of_header",
    "open_archive",
    "pixel_scale",
    "plane_meaning",
    "read_plane",
    "read_psf_model",
    "read_strips",
    "recognise_planes",
    "saturation_level",
    "sky_coordinates",
    "sky_map",
    "unit_notice",
    "unused_flux_cards",
    "windowed_header",
    "write_pixels",
    "zero_point",
]
