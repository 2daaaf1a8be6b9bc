"""From files to arrays: what a file holds, the images of a request, first values, and proposals of whole requests."""

from fitting.inputs.files import FileDescription, FileInvalid, HduDescription, Plane, describe_file, read_plane
from fitting.inputs.image_data import ImageData
from fitting.inputs.images import load_images
from fitting.inputs.initial import complete_request
from fitting.inputs.limits import DEFAULT_LIMITS, ReadLimits
from fitting.inputs.proposal import Proposal, propose

__all__ = [
    "DEFAULT_LIMITS",
    "FileDescription",
    "FileInvalid",
    "HduDescription",
    "ImageData",
    "Plane",
    "Proposal",
    "ReadLimits",
    "complete_request",
    "describe_file",
    "load_images",
    "propose",
    "read_plane",
]
