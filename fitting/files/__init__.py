"""Files: from bytes that somebody sent to planes of pixels, under limits; knows nothing of requests."""

from fitting.files.file_limits import DEFAULT_LIMITS, FileInvalid, ReadLimits
from fitting.files.file_reading import FileDescription, HduDescription, Plane, describe_file, read_plane

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
