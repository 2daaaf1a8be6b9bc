"""Rooms: each says in its `__init__` what others may have of it, and others import the room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "fitting.catalogues",
    "fitting.chains",
    "fitting.drawing",
    "fitting.files",
    "fitting.first_values",
    "fitting.formats",
    "fitting.geometry",
    "fitting.inputs",
    "fitting.methods.minimizers",
    "fitting.methods.samplers",
    "fitting.methods.uncertainties",
    "fitting.plots",
    "fitting.problem.components",
    "fitting.problem.coordinates",
    "fitting.proposing",
    "fitting.render.kinks",
    "fitting.render.pixels",
    "fitting.render.radial",
    "fitting.render.surfaces",
    "fitting.results",
    "photfit.client",
)
PACKAGES = ("fitting", "jobs", "worker", "app", "photfit")


def imports_of_parts(room: str) -> Iterator[str]:
    """Imports of a part of a room by modules outside of it, but for the table that assembles the rooms of a folder."""
    folder = ROOT / room.replace(".", "/")
    parts = {f"{room}.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__"}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.is_relative_to(folder) or path == folder.parent / "__init__.py":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module in parts:
                    names = ", ".join(alias.name for alias in node.names)
                    yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno}: {names} of {node.module}"


@pytest.mark.parametrize("room", ROOMS)
def test_others_import_the_room(room: str) -> None:
    assert not list(imports_of_parts(room))
