"""Files: from bytes that somebody sent to planes of pixels, under limits; knows nothing of requests.

Start at `file_reading`: what `describe_file` and `read_plane` do, in order, is open the bytes (`file_content`, which
inflates gzip and tells the format), open the container (`containers`, one file a format; FITS headers are read before
by `fits_structure`), and take a plane of it. Everything that a file claims is held against `ReadLimits` before it is
believed; what cannot be used is a `FileInvalid`. A file is read in a sandbox's child:
docs/decisions/0002-sandboxed-parsing.md.
"""

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
