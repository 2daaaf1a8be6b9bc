"""Upload checks, run in the sandbox's children: what is in a file, and whether a request's images go together.

Where an upload is checked, in the order to read:

1. `app.domain.uploads.store`, in the service: bytes are received under the limit of a body (`max_upload_bytes` of the
   settings, 256 MiB) and handed on by path; what the child finds becomes an answer, or is kept within the account's
   quota.
2. `check_file`, here, in a fork of a child: two children, each with 60 s a call and 16 bytes of address space for each
   byte that an upload may have, 4 GiB at least (`app.sandbox.pool`), behind walls (`app.sandbox.walls`).
3. `fitting.files.describe_file`, under `fitting.files.ReadLimits`: 2 GiB unpacked, 200 times the packed size, 256 HDUs,
   1,000 blocks a header, 2**28 pixels that are read through (of more, headers alone are); the format is told by
   content, and a plane of numbers must be there.

Whether a request's images go together (shapes, masks, PSFs, values left out) is asked once more when a fit is asked
for, by `check_images`, in a child too.

Everything heavy is imported inside the functions, so that the service can name them without importing it. Errors come
back as data, since an exception of a library would have to be imported by the service to be read (docs/decisions/0002).
"""

import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fitting.spec import Fault, FitRequest, Notice, RequestInvalid, parse_request

_FEWEST_COLUMNS = 2
"""Columns of a table of objects: a position has two."""


@dataclass(frozen=True)
class ImageCheck:
    """The outcome of a check of a request's images: faults, or else what is known of them.

    Attributes:
        descriptions: of each new file, by its name.
        completed: the request with the first values that it left out.
        n_pixels: that are used, of all images together.
        notices: of the images.
    """

    faults: tuple[Fault, ...] = ()
    descriptions: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    completed: FitRequest | None = None
    n_pixels: int = 0
    notices: tuple[Notice, ...] = ()


def preload() -> None:
    """Import what calls use: each of them runs in a fork, and what that imports is gone with it."""
    import fitting.catalogues
    import fitting.chains.formats
    import fitting.files.file_reading
    import fitting.first_values.completed_request
    import fitting.plots
    import fitting.proposing.proposal
    import fitting.result_tables  # noqa: F401


def check_file(path: Path) -> dict[str, Any] | Fault:
    """What is in a file, as JSON, or why it is no image; the fault's path is the place in the file, such as `HDU 2`."""
    from fitting.files import FileInvalid, describe_file, recognise_planes

    try:
        description = describe_file(path)
    except FileInvalid as error:
        return _archive_or_table(path) or Fault(error.where, error.message, error.expected)
    return {**description.model_dump(mode="json"), "planes": dict(recognise_planes(description, None).hdus)}


def _archive_or_table(path: Path) -> dict[str, Any] | None:
    """What is in a file that is no image, but an archive of files or a table of objects, which catalogues take."""
    from fitting.catalogues import read_objects
    from fitting.files import FileInvalid, is_archive, open_archive

    with tempfile.TemporaryDirectory() as folder:
        try:
            if is_archive(path):
                names = open_archive(path).names
                arrays = all(name.endswith(".npy") for name in names)  # .npz, and no sound one
                return None if arrays else {"format": "archive", "hdus": [], "planes": {}, "members": len(names)}
            objects = read_objects(path, Path(folder, "objects.parquet"))
        except FileInvalid:
            return None
        columns = {name: column.kind for name, column in objects.columns.items()}
        if len(columns) < _FEWEST_COLUMNS or "number" not in columns.values():
            return None  # any text is a table of one column
        return {"format": "table", "hdus": [], "planes": {}, "rows": objects.count, "columns": columns}


def read_request(document: object, seconds: float) -> FitRequest | tuple[Fault, ...]:
    """A request, or its faults, as `fitting.spec.parse_request` tells them; a fault, too, where that takes too long."""

    def stop(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return parse_request(document)
    except RequestInvalid as error:
        return error.faults
    except TimeoutError:
        return (Fault("$", f"takes longer than {seconds:g} s to check", "a smaller request, or several"),)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def check_images(request: FitRequest, files: Mapping[str, Path], new: frozenset[str]) -> ImageCheck:
    """Every fault that shows only in the images of a request: broken files, shapes, masks, PSFs, values left out.

    `files` says where each file is that the request names; those in `new` have not been looked at before.
    """
    from fitting.first_values import complete_request
    from fitting.inputs import load_images

    descriptions = {name: check_file(files[name]) for name in sorted(new)}
    faults = _faults_of_files(request, descriptions)
    if faults:
        return ImageCheck(faults=tuple(faults))
    try:
        images = load_images(request, files.__getitem__)
        completed = complete_request(request, images)
    except RequestInvalid as error:
        return ImageCheck(faults=error.faults)
    return ImageCheck(
        descriptions={name: found for name, found in descriptions.items() if not isinstance(found, Fault)},
        completed=completed,
        n_pixels=sum(int((~image.mask).sum()) for image in images),
        notices=tuple(notice for image in images for notice in image.notices),
    )


def recognise_planes(description: Mapping[str, Any]) -> dict[str, Any]:
    """Which HDU is which plane, told by names and shapes from a stored description, as JSON with notices."""
    from fitting.files import FileDescription, recognise_planes

    planes = recognise_planes(FileDescription.model_validate(description), None)
    notices = [notice.document() for notice in planes.notices]
    return {"planes": dict(planes.hdus), "warnings": list(planes.warnings), "notices": notices}


def _faults_of_files(request: FitRequest, descriptions: Mapping[str, dict[str, Any] | Fault]) -> list[Fault]:
    """The faults of whole files, each at the places in the request that name the file."""
    faults = []
    for place, reference in request.references():
        found = descriptions.get(reference.file)
        if isinstance(found, Fault):
            where = f", {found.path}," if found.path else ""
            faults.append(Fault(place, f"{reference.file!r}{where} {found.message}", found.expected))
    return faults
