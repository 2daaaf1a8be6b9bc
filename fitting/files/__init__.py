"""Files: from bytes that somebody sent to planes of pixels, under limits; knows nothing of requests."""

from fitting.files.file_invalid import FileInvalid
from fitting.files.file_reading import FileDescription, HduDescription, Plane, describe_file, read_plane
from fitting.files.read_limits import DEFAULT_LIMITS, ReadLimits

__all__ = [
    "DEFAULT_LIMITS",
    "FileDescription",
    "FileInvalid",
    "HduDescription",
    "Plane",
    "ReadLimits",
    "describe_file",
    "read_plane",
]
