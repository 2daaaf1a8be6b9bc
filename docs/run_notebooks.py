"""Runs the notebooks of docs/tutorials in place, so that they hold what they print and draw."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

TUTORIALS = Path(__file__).resolve().parent / "tutorials"
CELL_SECONDS = 600
"""A cell that takes longer hangs."""


def run(path: Path) -> nbformat.NotebookNode:
    """The notebook with what its cells print; nbclient.exceptions.CellExecutionError where one fails."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return notebook


def main() -> None:
    """Run all of them."""
    for path in sorted(TUTORIALS.glob("*.ipynb")):
        notebook = run(path)
        # Which Python it was is not the page's business, and would change with each run.
        notebook.metadata.language_info = {"name": "python"}
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
