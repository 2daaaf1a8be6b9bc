"""Terminal: the console that every command prints on, where what somebody called something is printed as it is.

rich reads ``[…]`` in a text as markup and ``:…:`` as an emoji, so that bands, units and HDUs (``sky.i[r]``,
``[electron]``, ``tile.fits[1]``) would vanish. Consoles are made here alone; what is to have a style is a
`rich.text.Text`, or printed with ``style``.
"""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


def terminal(*, errors: bool = False) -> Console:
    """Standard output, or standard error, that prints every text letter by letter."""
    return Console(stderr=errors, markup=False, emoji=False, highlight=False)


def progress_bar(console: Console) -> Progress:
    """A bar with a line of words before it."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        console=console,
    )
