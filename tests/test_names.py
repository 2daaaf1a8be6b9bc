"""Words: no public class has the name of another."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("fitting", "jobs", "worker", "app", "photfit")
MADE_OF_TABLES = {f"photfit/model/{name}.py" for name in ("profiles", "modifiers", "methods")}


def public_classes() -> dict[str, list[str]]:
    """Where each public class is defined, outside of what describes what others define: `app/models`, and the classes
    of profiles, modifiers and methods that are made of their tables.
    """
    places = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            if place.startswith("app/models/") or place in MADE_OF_TABLES:
                continue
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(place)
    return places


def test_no_public_class_has_the_name_of_another() -> None:
    twice = {name: places for name, places in public_classes().items() if len(places) > 1}
    assert not twice
