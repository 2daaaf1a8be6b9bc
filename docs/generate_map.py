"""Writes the map in docs/architecture.md from the first lines of the modules, so that it shows what is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
MAP = re.compile(r"(<!-- map of (?P<package>\w+): made by `make docs` -->\n).*?(<!-- end of the map -->)", re.DOTALL)
LEFT_OUT = frozenset({"jobs/migrations/versions"})
"""Folders whose files are a series and not a place to look for anything."""
WIDEST_NAME = 34
"""Columns for a name, so that what it holds stands in a column of its own."""


def first_line(path: Path) -> str:
    """The first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


def lines_of(folder: Path, depth: int = 0) -> Iterator[str]:
    """A folder and, below it, its modules and folders."""
    yield _line(
        f"{folder.relative_to(ROOT).as_posix()}/" if depth == 0 else f"{folder.name}/", folder / "__init__.py", depth
    )
    entries = sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name))
    for path in entries:
        if path.suffix == ".py" and path.name != "__init__.py":
            yield _line(path.name, path, depth + 1)
        elif (path / "__init__.py").exists() and path.relative_to(ROOT).as_posix() not in LEFT_OUT:
            yield from lines_of(path, depth + 1)


def _line(name: str, described: Path, depth: int) -> str:
    return f"{'  ' * depth}{name}".ljust(WIDEST_NAME) + " " + first_line(described)


def page() -> str:
    """The page with its maps as the code is now."""

    def drawn(found: re.Match[str]) -> str:
        lines = "\n".join(line.rstrip() for line in lines_of(ROOT / found["package"]))
        return f"{found[1]}```\n{lines}\n```\n{found[3]}"

    return MAP.sub(drawn, PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
