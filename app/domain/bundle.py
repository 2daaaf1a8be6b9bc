"""Bundle: everything of a finished fit in one archive, made as it is sent, so that nothing is held."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from app.domain import fits, plots
from app.domain.results import best_fit_of, file_of, fit_with_result
from app.domain.uploads import require_whole
from app.errors import NoSuchPlot, NotFound, Unavailable
from app.http.entity_tags import strong_tag
from app.lifetime.services import Services
from fitting import __version__
from fitting.spec import parse_request
from fitting.spec.plots import plots_of
from jobs.storage.blobs import BlobMissing, result_folder
from jobs.storage.schema import FitRecord, UploadRecord
from jobs.storage.uploads import blob_key, get_uploads

_PACKED = frozenset({".png", ".nc", ".gz", ".fz", ".npz"})
"""Suffixes of files that do not get smaller."""
_RENAMED = {"request.json": "completed_request.json"}
"""Files of a result that have another name in the archive."""
_VIEW_FOLDERS = ("plots", "previews", "live")
"""What the service keeps beside a result to look at."""
_README = """\
# {title}

Fit `{id}` by photfit, finished {finished}.

## Make it again

    pip install 'photfit[worker]=={version}'
    photfit fit request.json -o again

{inputs}The same request on the same files gives the same numbers: `provenance.json` says with which versions, on which
device and with which seed these were made, and holds the SHA-256 of the request and of every file.

## What is here

| file | what |
|---|---|
| `request.json` | the request as it was asked for{files} |
| `best-fit.json` | the same with every parameter at its best value: `photfit fit best-fit.json -o further` |
| `completed_request.json` | the same with the first values that photfit filled in |
| `parameters.json` | best-fit parameters, derived values, χ², how each stage went |
| `covariance.json` | their covariance and correlation |
| `chains.nc` | draws of a sampler, where one ran (netCDF, opened by `arviz.from_netcdf`) |
| `provenance.json` | versions, device, seed, hashes |
| `images/IMAGE/*.fits` | data, model, residual and normalised residual, with the data's WCS; light of each component |
| `plots/*.png` | plots of the result |
| `log.txt` | the run's log |
"""


@dataclass(frozen=True)
class Bundle:
    """A finished fit, and which of its files go into an archive.

    Attributes:
        inputs: name in the archive of each upload that goes along, by its id.
        uploads: those that the request names and that are still there.
    """

    record: FitRecord
    inputs: Mapping[str, str]
    uploads: Mapping[str, UploadRecord]

    @property
    def etag(self) -> str:
        """A weak entity tag: the same files, though the archive's own bytes may differ."""
        return f"W/{strong_tag(self.record.id, self.record.attempt, self.inputs)}"

    @property
    def filename(self) -> str:
        """What a browser saves it as."""
        return f"{self.record.id}.zip"


def find(services: Services, owner: str, fit_id: str, *, inputs: bool) -> Bundle:
    """What a fit's archive holds; with its input files where `inputs` says so. Raises NotFound or NotFinished.

    Raises ResultGone, ResultDamaged and the like of uploads where a file is not as it was stored: once the archive is
    on its way, nothing can be said any more.
    """
    record = fit_with_result(services, owner, fit_id)
    for name in record.result_files or {}:
        file_of(services, record, name)
    named = {reference.file for _, reference in parse_request(record.request).references()}
    known = get_uploads(services.engine, owner, named)
    for upload in known.values() if inputs else ():
        require_whole(services, upload)
    return Bundle(record, _input_names(known) if inputs else {}, known)


def input_names(services: Services, record: FitRecord) -> dict[str, str]:
    """What an archive of a fit calls each upload that the fit's request names and that is still there, by its id."""
    named = {reference.file for _, reference in parse_request(record.request).references()}
    return _input_names(get_uploads(services.engine, record.owner, named))


def chunks(services: Services, bundle: Bundle) -> Iterator[bytes]:
    """The archive piece by piece."""
    outlet = _Outlet()
    top = PurePosixPath(bundle.record.id)
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name, content in _members(services, bundle):
            path = top / name
            info = zipfile.ZipInfo(str(path))
            info.compress_type = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with archive.open(info, "w", force_zip64=True) as member:
                for chunk in content():
                    member.write(chunk)
                    yield from outlet.take_pending()
            yield from outlet.take_pending()
    yield from outlet.take_pending()


class _Outlet(io.RawIOBase):
    """A file that cannot go back: what is written is taken away in between."""

    def __init__(self) -> None:
        super().__init__()
        self._pending: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pending.append(bytes(data))
        return len(data)

    def take_pending(self) -> Iterator[bytes]:
        """What was written since the last time."""
        pending, self._pending = self._pending, []
        yield from pending


def _members(services: Services, bundle: Bundle) -> Iterator[tuple[str, Callable[[], Iterator[bytes]]]]:
    """Name and content of each file of the archive, the small ones first."""
    record = bundle.record
    # The request with the archive's own files in the place of uploads.
    document = fits.without_receiver(parse_request(record.request).with_references(bundle.inputs).document())
    inputs = frozenset(bundle.inputs.values())
    request = {name: _as_paths(member, inputs) for name, member in document.items()}
    at_best = _best_fit(services, record, bundle.inputs)
    if at_best is not None:
        yield "best-fit.json", _as_json({name: _as_paths(member, inputs) for name, member in at_best.items()})
    yield "README.md", _whole_content(_readme(record, bundle.inputs, bundle.uploads).encode())
    yield "request.json", _as_json(request)
    folder = result_folder(record.id, record.attempt)
    for key in services.blobs.keys(folder):
        name = key.removeprefix(f"{folder}/")
        if name.partition("/")[0] not in _VIEW_FOLDERS and name != "best-fit.json":
            yield _RENAMED.get(name, name), _stored_content(services, key)
    for name in plots_of(stage["method"] for stage in record.request["stages"]):
        picture = _plot(services, record, name)
        if picture is not None:
            yield f"plots/{name}.png", _whole_content(picture)
    for upload_id, name in bundle.inputs.items():
        yield name, _stored_content(services, blob_key(bundle.uploads[upload_id].sha256))


def _best_fit(services: Services, record: FitRecord, inputs: Mapping[str, str]) -> dict[str, Any] | None:
    """The request at the best values, its uploads named as in the archive; None of a fit from before there was one."""
    try:
        document = best_fit_of(services, record.owner, record.id)
    except NotFound:
        return None
    return parse_request(document).with_references(inputs).document()


def _as_json(document: Mapping[str, Any]) -> Callable[[], Iterator[bytes]]:
    return _whole_content(json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n")


def _whole_content(content: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter((content,))


def _stored_content(services: Services, key: str) -> Callable[[], Iterator[bytes]]:
    return lambda: services.blobs.chunks(key)


def _plot(services: Services, record: FitRecord, name: str) -> bytes | None:
    """A plot of the fit, or None where it cannot have it or nobody can draw it just now."""
    try:
        found = plots.find_plot(
            services, record.owner, record.id, f"{name}.png", image=None, parameters=None, truth=None
        )
        return found if isinstance(found, bytes) else services.blobs.read(found.key)
    except (NoSuchPlot, Unavailable, BlobMissing):
        return None


def _input_names(known: Mapping[str, UploadRecord]) -> dict[str, str]:
    """A name in the archive for each upload: what its sender called it, made safe, and told apart where need be."""
    names: dict[str, str] = {}
    for upload_id, record in sorted(known.items()):
        given = PurePosixPath(record.filename.replace("\\", "/")).name
        safe = "".join(letter if letter.isalnum() or letter in "._-+" else "_" for letter in given).lstrip(".")
        name = f"inputs/{safe or 'file'}"
        names[upload_id] = name if name not in names.values() else f"inputs/{upload_id}-{safe or 'file'}"
    return names


def _as_paths(value: Any, files: frozenset[str]) -> Any:
    """The value with ``{"path": …}`` wherever ``{"upload": …}`` names one of the files."""
    if isinstance(value, list):
        return [_as_paths(item, files) for item in value]
    if not isinstance(value, dict):
        return value
    return {"path" if key == "upload" and item in files else key: _as_paths(item, files) for key, item in value.items()}


def _readme(record: FitRecord, inputs: Mapping[str, str], uploads: Mapping[str, UploadRecord]) -> str:
    """The page for a fit whose archive holds `inputs` (upload id → name in the archive)."""
    finished = "" if record.finished_at is None else record.finished_at.isoformat(sep=" ", timespec="seconds")
    if inputs:
        inputs_text, files = "", ", which names the files in `inputs/`"
    else:
        inputs_text, files = _what_to_fetch(uploads), ", which names uploads of the service"
    return _README.format(
        title=as_plain_markdown(record.name) or "A fit",
        id=record.id,
        finished=finished,
        version=__version__,
        inputs=inputs_text,
        files=files,
    )


def as_plain_markdown(text: str) -> str:
    """Somebody's text as one line of Markdown that shows it and means nothing: no markup, HTML or turned letters."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return re.sub(r"([\\`*_{}\[\]()<>#+!|&~=:@-])", r"\\\1", " ".join(line.split()))


def _what_to_fetch(uploads: Mapping[str, UploadRecord]) -> str:
    """Which files have to be put beside the request first."""
    lines = [
        f"- `{record.id}`: {as_plain_markdown(record.filename) or 'a file'}, SHA-256 {record.sha256}\n"
        for record in uploads.values()
    ]
    return (
        "The input files did not come along. Put each in the place of its upload's id in `request.json` first:\n\n"
        + "".join(lines)
        + "\n"
    )
