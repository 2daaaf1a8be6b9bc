"""Downloads of a finished fit's results, laid out as a local fit lays them out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urlencode

from fitting.spec.plots import PLANES, PLOTS
from photfit.answers import FitAnswer
from photfit.client import Client, Refused
from photfit.failures import UserMistake

TABLE_FORMATS = {
    "parameters": ("csv", "ecsv", "fits", "votable", "latex"),
    "covariance": ("csv", "ecsv", "fits", "votable"),
    "chains": ("csv", "ecsv", "fits", "npz", "parquet"),
}
"""The formats of each table beside JSON and netCDF."""
_SUFFIXES = {"latex": "tex", "votable": "vot"}
_QUERIES = {"chains": "?format=netcdf"}
_DOCUMENTS = {
    "parameters": "parameters.json",
    "covariance": "covariance.json",
    "provenance": "provenance.json",
    "chains": "chains.nc",
    "request": "request.json",
    "best_fit": "best-fit.json",
    "log": "log.txt",
}


def download_results(
    client: Client, fit: FitAnswer, folder: Path, truth: Mapping[str, float] | None = None
) -> Iterator[Path]:
    """Write each result of the fit below `folder` and give its path when it is there whole.

    `truth` is drawn into the plots that show true values.
    """
    for address, relative in _addresses(client, fit, truth or {}):
        path = folder / relative
        try:
            client.download(address, path)
        except Refused as error:
            # What a plot needs, and which components an image shows and are kept, shows only in the result.
            optional = relative.parts[0] == "plots" or "component" in relative.parts
            if optional and error.problem is not None and error.problem.status == 404:
                continue
            raise
        yield path


def download_tables(client: Client, fit: FitAnswer, folder: Path, format_: str) -> Iterator[Path]:
    """Write parameters, covariance and chains as tables below `folder`: those of them that come in this format."""
    for member, formats in TABLE_FORMATS.items():
        address = fit.links.get(member)
        if isinstance(address, str) and format_ in formats:
            path = folder / f"{member}.{_SUFFIXES.get(format_, format_)}"
            client.download(f"{address}?format={format_}", path)
            yield path


def download_bundle(client: Client, fit: FitAnswer, folder: Path) -> Path:
    """Write everything of the fit, its input files included, as one archive below `folder`."""
    path = folder / f"{_safe(fit.id)}.zip"
    client.download(str(fit.links["bundle"]), path)
    return path


def download_export(
    client: Client, fit_id: str, format_: str, image: str | None, output: Path | None, *, overwrite: bool
) -> tuple[list[dict[str, Any]], list[Path]]:
    """Write a fit's result in another program's format, the files that it names beside it.

    Returns what became of each part of the request, and where the files are. Raises UserMistake where one is there.
    """
    found = client.export(fit_id, format_, image=image)
    main = Path(_safe(found["main"])) if output is None else output
    paths = {
        file["href"]: main if file["name"] == found["main"] else main.parent / _safe(file["name"])
        for file in found["files"]
    }
    there = [str(path) for path in paths.values() if path.exists()]
    if there and not overwrite:
        raise UserMistake(f"{', '.join(there)} is there already: name another file, or replace it with --overwrite")
    for address, path in paths.items():
        client.download(address, path)
    return found["rows"], list(paths.values())


def _planes(client: Client, fit: FitAnswer) -> Iterator[tuple[str, str, str]]:
    """Image, plane and address of every plane: by template, since a fit of many components, or in a list, names few."""
    template = fit.links.get("plane")
    if not isinstance(template, str) or not template:
        for image, planes in fit.images().items():
            yield from ((image, plane, address) for plane, address in planes.items())
        return
    request = client.request(fit.id)
    for image in (each["name"] for each in request["images"]):
        shown = [each["name"] for each in request["components"] if image in (each.get("images") or (image,))]
        for plane in (*PLANES, *(f"component/{name}" for name in shown)):
            yield image, plane, template.replace("{image}", quote(image, safe="")).replace("{+plane}", plane)


def _addresses(client: Client, fit: FitAnswer, truth: Mapping[str, float]) -> Iterator[tuple[str, PurePosixPath]]:
    for member, name in _DOCUMENTS.items():
        address = fit.links.get(member)
        if isinstance(address, str):
            yield address + _QUERIES.get(member, ""), PurePosixPath(name)
    for image, plane, address in _planes(client, fit):
        path = PurePosixPath("images", _safe(image), *(_safe(part) for part in plane.split("/")))
        yield address, path.with_suffix(".fits")
    for plot, address in fit.links.get("plots", {}).items():
        shows_truth = truth and plot in PLOTS and "truth" in PLOTS[plot].takes
        query = "?" + urlencode({"truth": json.dumps(dict(truth))}) if shows_truth else ""
        yield address + query, PurePosixPath("plots", f"{_safe(plot)}.png")


def _safe(name: str) -> str:
    """A name from the service as a single path part: it never leaves the folder."""
    return name.replace("/", "_").replace("\\", "_").strip(".") or "_"
