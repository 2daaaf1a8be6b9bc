"""Result places: a finished fit in a folder of this machine, or in a service, by the word that somebody gave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from photfit.failures import CommandFailure, UserMistake

if TYPE_CHECKING:
    from photfit.client import Client
    from photfit.results import DocumentName

_FILES: dict[str, str] = {"best_fit": "best-fit.json"}


class ResultPlace(Protocol):
    """A finished fit, wherever its results lie."""

    @property
    def name(self) -> str:
        """As it was given."""
        ...

    def document(self, name: DocumentName) -> dict[str, Any]:
        """A JSON document of the result. Raises UserMistake where there is none."""
        ...

    def plot(self, kind: str, format_: str, query: Mapping[str, str]) -> bytes:
        """A plot as a file. Raises UserMistake where this fit cannot have it."""
        ...


@dataclass(frozen=True)
class FolderPlace:
    """The results that `photfit fit` or `photfit results` wrote into a folder."""

    name: str

    def document(self, name: DocumentName) -> dict[str, Any]:
        """A JSON document of the result."""
        path = Path(self.name, _FILES.get(name, f"{name}.json"))
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UserMistake(f"{self.name} holds no results of a fit: {path.name} cannot be read") from error
        except ValueError as error:
            raise UserMistake(f"{path} is not JSON: {error}") from error
        return found

    def plot(self, kind: str, format_: str, query: Mapping[str, str]) -> bytes:
        """A plot, drawn anew."""
        from photfit.local import plot_here

        return plot_here(Path(self.name), kind, format_, query)


@dataclass(frozen=True)
class ServicePlace:
    """A fit of a service, by its id."""

    client: Client
    name: str

    def document(self, name: DocumentName) -> dict[str, Any]:
        """A JSON document of the result."""
        return self.client.document(self.name, name)

    def plot(self, kind: str, format_: str, query: Mapping[str, str]) -> bytes:
        """A plot, as the service draws it."""
        try:
            return self.client.content(self.name, f"plots/{kind}.{format_}", query)
        except FileNotFoundError as error:
            raise CommandFailure(str(error)) from error


def result_place(name: str, client: Client) -> ResultPlace:
    """A folder where there is one of this name, else a fit of the service."""
    return FolderPlace(name) if Path(name).is_dir() else ServicePlace(client, name)
