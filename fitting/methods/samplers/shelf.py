"""Where a running fit keeps what must outlive its process: small files by name, each whole or absent."""

import os
from pathlib import Path
from typing import Protocol


class Shelf(Protocol):
    """Files by names such as ``stage-1/checkpoint.npz``."""

    def read(self, name: str) -> bytes | None:
        """A file's content, or None where there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Keep a file, in place of one of the same name; whoever is killed on the way leaves the old one."""


class FolderShelf:
    """Files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """See `Shelf`."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """See `Shelf`."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".new")
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


class Compartment:
    """The part of a shelf whose names begin with a prefix."""

    def __init__(self, shelf: Shelf, prefix: str) -> None:
        self._shelf = shelf
        self._prefix = prefix

    def read(self, name: str) -> bytes | None:
        """See `Shelf`."""
        return self._shelf.read(f"{self._prefix}/{name}")

    def write(self, name: str, content: bytes) -> None:
        """See `Shelf`."""
        self._shelf.write(f"{self._prefix}/{name}", content)
