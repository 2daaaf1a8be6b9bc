"""The page that goes with a fit's archive: what is in it, and the one command that makes it again."""

from collections.abc import Mapping

from fitting import __version__
from jobs.storage.schema import FitRecord, UploadRecord

_PAGE = """\
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
| `completed_request.json` | the same with the first values that photfit filled in |
| `parameters.json` | best-fit parameters, derived values, χ², how each stage went |
| `covariance.json` | their covariance and correlation |
| `chains.nc` | draws of a sampler, where one ran (netCDF, opened by `arviz.from_netcdf`) |
| `provenance.json` | versions, device, seed, hashes |
| `images/IMAGE/*.fits` | data, model, residual and normalised residual, with the data's WCS; light of each component |
| `plots/*.png` | plots of the result |
| `log.txt` | the run's log |
"""


def readme(record: FitRecord, inputs: Mapping[str, str], uploads: Mapping[str, UploadRecord]) -> str:
    """The page for a fit whose archive holds `inputs` (upload id → name in the archive)."""
    finished = "" if record.finished_at is None else record.finished_at.isoformat(sep=" ", timespec="seconds")
    if inputs:
        told, files = "", ", which names the files in `inputs/`"
    else:
        told, files = _what_to_fetch(uploads), ", which names uploads of the service"
    return _PAGE.format(
        title=record.name or "A fit", id=record.id, finished=finished, version=__version__, inputs=told, files=files
    )


def _what_to_fetch(uploads: Mapping[str, UploadRecord]) -> str:
    """Which files have to be put beside the request first."""
    lines = [
        f"- `{record.id}`: {record.filename or 'a file'}, SHA-256 {record.sha256}\n" for record in uploads.values()
    ]
    return (
        "The input files did not come along. Put each in the place of its upload's id in `request.json` first:\n\n"
        + "".join(lines)
        + "\n"
    )
