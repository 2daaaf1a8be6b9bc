"""A finished fit's results as files, laid out as a local fit lays them out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from photfit.answers import Fit
from photfit.client import Client

_DOCUMENTS = {
    "parameters": "parameters.json",
    "covariance": "covariance.json",
    "request": "request.json",
    "log": "log.txt",
}


def download_results(client: Client, fit: Fit, folder: Path) -> Iterator[Path]:
    """Write each result of the fit below `folder` and give its path when it is there whole."""
    for address, relative in _addresses(fit):
        path = folder / relative
        client.download(address, path)
        yield path


def _addresses(fit: Fit) -> Iterator[tuple[str, PurePosixPath]]:
    for member, name in _DOCUMENTS.items():
        address = fit.links.get(member)
        if isinstance(address, str):
            yield address, PurePosixPath(name)
    for image, planes in fit.images().items():
        for plane, address in planes.items():
            yield (
                address,
                PurePosixPath("images", _safe(image), *(_safe(part) for part in plane.split("/"))).with_suffix(".fits"),
            )
    plots = fit.links.get("plots", {})
    for plot, address in plots.items():
        yield address, PurePosixPath("plots", f"{_safe(plot)}.png")


def _safe(name: str) -> str:
    """A name from the service as a single path part: it never leaves the folder."""
    return name.replace("/", "_").replace("\\", "_").strip(".") or "_"
