"""What runs in the sandbox's children: reading files from outside, proposals, and drawing what came out of a fit.

Everything heavy is imported inside the functions, so that the service can name them without importing it. Errors come
back as data, since an exception of a library would have to be imported by the service to be read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fitting.spec import Fault, FitRequest, Notice, ProposalSpec, RequestInvalid
from fitting.spec.images.pictures import PictureChoices
from fitting.spec.plots import PlotChoices

if TYPE_CHECKING:
    from fitting.files.file_reading import FileInvalid


@dataclass(frozen=True)
class Checked:
    """What a look at the images of a request found: faults, or else what the rest says.

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


@dataclass(frozen=True)
class Proposed:
    """What came of a proposal: faults, or else its document."""

    faults: tuple[Fault, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)


def preload() -> None:
    """Import what the checks use. Drawing is left out, since most services draw rarely."""
    import fitting.files.file_reading
    import fitting.first_values.completed_request
    import fitting.proposing.proposal  # noqa: F401


def describe_upload(path: Path) -> dict[str, Any] | Fault:
    """What is in a file, as JSON, or why it is no image; the fault's path is the place in the file, such as `HDU 2`."""
    from fitting.files.file_reading import FileInvalid, describe_file
    from fitting.files.plane_recognition import recognised

    try:
        description = describe_file(path)
    except FileInvalid as error:
        return Fault(error.where, error.message, error.expected)
    return {**description.model_dump(mode="json"), "planes": dict(recognised(description, None).hdus)}


def check_images(request: FitRequest, files: Mapping[str, Path], new: frozenset[str]) -> Checked:
    """Every fault that shows only in the images of a request: broken files, shapes, masks, PSFs, values left out.

    `files` says where each file is that the request names; those in `new` have not been looked at before.
    """
    from fitting.first_values.completed_request import complete_request
    from fitting.inputs.image_reading import load_images

    descriptions = {name: describe_upload(files[name]) for name in sorted(new)}
    faults = _faults_of_files(request, descriptions)
    if faults:
        return Checked(faults=tuple(faults))
    try:
        images = load_images(request, files.__getitem__)
        completed = complete_request(request, images)
    except RequestInvalid as error:
        return Checked(faults=error.faults)
    return Checked(
        descriptions={name: found for name, found in descriptions.items() if not isinstance(found, Fault)},
        completed=completed,
        n_pixels=sum(int((~image.mask).sum()) for image in images),
        notices=tuple(notice for image in images for notice in image.notices),
    )


def propose(spec: ProposalSpec, files: Mapping[str, Path]) -> Proposed:
    """A request for an image, as JSON with what it was made from. `files` says where each file is that `spec` names."""
    from fitting.proposing.proposal import propose as propose_request

    try:
        return Proposed(document=propose_request(spec, files.__getitem__).document())
    except RequestInvalid as error:
        return Proposed(faults=error.faults)


def recognise_planes(description: Mapping[str, Any]) -> dict[str, Any]:
    """Which HDU is which plane, told by names and shapes from a stored description, as JSON with notices."""
    from fitting.files.file_reading import FileDescription
    from fitting.files.plane_recognition import recognised

    planes = recognised(FileDescription.model_validate(description), None)
    told = {"warnings": list(planes.warnings), "notices": [notice.document() for notice in planes.notices]}
    return {"planes": dict(planes.hdus), **told}


def write_pixels(source: Path, hdu: int | str | None, factor: int, target: Path) -> Fault | None:
    """Write a plane's pixels to `target` as .npy, averaged over blocks; a fault where there is no such plane."""
    from fitting.files.file_reading import FileInvalid
    from fitting.files.plane_pixels import write_pixels as write

    try:
        write(source, hdu, factor, target)
    except FileInvalid as error:
        return _fault_of_plane(error)
    return None


def sky_map(source: Path, hdu: int | str | None) -> dict[str, Any] | Fault | None:
    """Where a plane's pixels are on the sky, as JSON; None where its header does not say."""
    from fitting.files.file_reading import FileInvalid
    from fitting.files.sky_map import sky_map as read_sky_map

    try:
        return read_sky_map(source, hdu)
    except FileInvalid as error:
        return _fault_of_plane(error)


def _fault_of_plane(error: "FileInvalid") -> Fault:
    return Fault("query.hdu", str(error.message), error.expected)


def _faults_of_files(request: FitRequest, descriptions: Mapping[str, dict[str, Any] | Fault]) -> list[Fault]:
    """The faults of whole files, each at the places in the request that name the file."""
    faults = []
    for place, reference in request.references():
        found = descriptions.get(reference.file)
        if isinstance(found, Fault):
            where = f", {found.path}," if found.path else ""
            faults.append(Fault(place, f"{reference.file!r}{where} {found.message}", found.expected))
    return faults


def draw(files: Mapping[str, Path], folder: Path, kind: str, format_: str, choices: PlotChoices) -> bytes:
    """A plot of a result, from its files by their names; `folder` is empty and may be written to.

    Raises PlotUnavailable or ChoiceInvalid.
    """
    from fitting.plots import draw_plot

    _lay_out(files, folder)
    return draw_plot(folder, kind, format_, choices)


def draw_preview(files: Mapping[str, Path], folder: Path, image: str, plane: str) -> bytes:
    """One plane of a result as PNG, from its files as `draw` has them."""
    from fitting.plots import draw_preview

    _lay_out(files, folder)
    return draw_preview(folder, image, plane)


def draw_upload(path: Path, choices: PictureChoices) -> bytes | Fault:
    """One plane of a file as PNG, or why it cannot be shown so."""
    from fitting.files.file_reading import FileInvalid, read_plane
    from fitting.plots.picture import PictureInvalid, draw_picture

    try:
        return draw_picture(read_plane(path, choices.hdu).data, choices)
    except FileInvalid as error:
        return Fault("query.hdu", str(error), error.expected)
    except PictureInvalid as error:
        return Fault(f"query.{error.option}", error.message, error.expected)


def _lay_out(files: Mapping[str, Path], folder: Path) -> None:
    for name, path in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path)


Tabled = Literal["parameters", "covariance"]


def convert_document(source: Path, target: Path, kind: Tabled, format_: str) -> None:
    """Write a document of a result as a table to `target`."""
    from fitting.tabling import covariance_table, parameters_table, write_table

    document = json.loads(source.read_bytes())
    tables = {"parameters": parameters_table, "covariance": covariance_table}
    write_table(tables[kind](document), target, format_)


def convert_chains(
    source: Path, target: Path, format_: str, thin: int, parameters: tuple[str, ...] | None
) -> Fault | None:
    """Write stored chains in another format to `target`; a fault where they lack one of the parameters."""
    from fitting.chains.formats import UnknownParameter, convert

    try:
        convert(source, target, format_, thin, parameters)
    except UnknownParameter as error:
        return Fault("parameters", str(error), "names of free parameters, separated by commas")
    return None
