"""Request files with local images, made into requests whose images the service holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from fitting.spec import FitRequest, RequestInvalid, parse_request
from fitting.spec.catalogues import CatalogueRequest, parse_catalogue
from photfit.answers import FitAnswer
from photfit.client import UPLOAD_PREFIX, Client
from photfit.failures import UserMistake, describe_faults
from photfit.request_changes import RequestChanges

T = TypeVar("T")


def read_request(path: Path, changes: RequestChanges | None = None) -> FitRequest:
    """The request in a JSON file, changed where that is asked for. Raises UserMistake as `read_document` does."""
    return read_document(path, lambda document: parse_request(changes.applied(document) if changes else document))


def read_document(path: Path, parse: Callable[[object], T]) -> T:
    """What a JSON file asks for. Raises UserMistake with every fault and its JSON path."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserMistake(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UserMistake(f"{path} is not text: a request is a JSON file") from error
    except json.JSONDecodeError as error:
        raise UserMistake(f"{path} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    try:
        return parse(document)
    except RequestInvalid as error:
        raise UserMistake(f"{path} has faults:\n{describe_faults(error.faults)}") from error


def locate_from(folder: Path, name: str) -> Path:
    """Where a file that a request names lies: relative names count from the request's own folder."""
    return folder / Path(name).expanduser()


def submit_file(client: Client, path: Path) -> FitAnswer:
    """Submit a request file, its images uploaded. Raises as `uploaded_request` does."""
    return client.submit(uploaded_request(client, path))


def uploaded_request(
    client: Client, path: Path, labels: Sequence[str] = (), more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A request file as the service takes it: each local file that it names is uploaded, once, and named by its upload.

    Args:
        client: of the service.
        path: the request file.
        labels: beside those that it has.
        more: members in the place of its own, such as ``{"reuse": True}``.

    Raises UserMistake where the request has faults or a file is not there, ServiceError where the service refuses.
    """
    request = read_request(path)
    mapping = {name: client.upload(local).id for name, local in local_files(request, path).items()}
    document = request.with_references(mapping).document()
    return document | {"labels": [*request.labels, *labels]} | dict(more or {})


def local_files(request: FitRequest | CatalogueRequest, path: Path) -> Mapping[str, Path]:
    """Each file that the request names and the service does not hold yet: name → path."""
    files: dict[str, Path] = {}
    missing: list[str] = []
    for place, reference in request.references():
        if reference.file in files or reference.file.startswith(UPLOAD_PREFIX):
            continue
        local = locate_from(path.parent, reference.file)
        if not local.is_file():
            missing.append(f"{place}: there is no file {local}")
        files[reference.file] = local
    if missing:
        raise UserMistake(f"{path} has faults:\n" + "\n".join(missing))
    return files


def is_catalogue(path: Path) -> bool:
    """Whether a request file asks for a catalogue: it has a template."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False  # told where it is read as a fit's
    return isinstance(document, dict) and "template" in document


def submit_catalogue_file(
    client: Client, path: Path, labels: Sequence[str], key: str | None, *, dry_run: bool, wait: bool
) -> None:
    """Upload a catalogue's files and ask for it; prints its id, or with `dry_run` what it would do.

    Raises UserMistake where the request has faults or a file is not there, ServiceError where the service refuses.
    """
    request = read_document(path, parse_catalogue)
    uploads = {name: client.upload(local).id for name, local in local_files(request, path).items()}
    document = request.with_references(uploads).document()
    document["labels"] = [*request.labels, *labels]
    if dry_run:
        click.echo(json.dumps(client.plan_catalogue(document), indent=2))
        return
    found = client.submit_catalogue(document, key)
    click.echo(found["id"])
    if wait:
        rows = client.wait_for_catalogue(found["id"])["rows"]
        click.echo(f"{rows['fitted']} fitted, {rows['flagged']} flagged, {rows['failed']} failed", err=True)
