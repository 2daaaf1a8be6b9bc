"""From files to arrays: what a file holds, the images of a request, and first values of what it left out."""

from fitting.inputs.files import FileDescription, FileInvalid, HduDescription, Plane, describe_file, read_plane
from fitting.inputs.images import ImageData, load_images
from fitting.inputs.initial import complete_request
from fitting.inputs.limits import DEFAULT_LIMITS, ReadLimits

__all__ = [
    "DEFAULT_LIMITS",
    "FileDescription",
    "FileInvalid",
    "HduDescription",
    "ImageData",
    "Plane",
    "ReadLimits",
    "complete_request",
    "describe_file",
    "load_images",
    "read_plane",
]
