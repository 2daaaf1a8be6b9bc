"""Terminal: the console that every command prints on, where what somebody called something is printed as it is.

rich reads ``[…]`` in a text as markup and ``:…:`` as an emoji, so that bands, units and HDUs (``sky.i[r]``,
``[electron]``, ``tile.fits[1]``) would vanish. Consoles are made here alone; what is to have a style is a
`rich.text.Text`, or printed with ``style``.
"""

from __future__ import annotations

import os

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

_UNBROKEN = 2000
"""Columns where nobody looks: what goes to a file or another program is neither cut nor broken into lines."""


def terminal(*, errors: bool = False) -> Console:
    """Standard output, or standard error, that prints every text letter by letter.

    A terminal has lines of its own width, or of COLUMNS; elsewhere numbers are whole, and a sentence is one line.
    """
    console = Console(stderr=errors, markup=False, emoji=False, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _UNBROKEN
    return console


def progress_bar(console: Console) -> Progress:
    """A bar with a line of words before it."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        console=console,
    )
