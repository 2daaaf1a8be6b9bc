"""Progress of a fit while one waits for it: a bar in a terminal or in a notebook, lines of text elsewhere."""

from __future__ import annotations

import contextlib
import html
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photfit.answers import FitAnswer

Report = Callable[["FitAnswer"], None]
"""Called with a fit as it is, several times a second at most."""

_LINE_SECONDS = 10.0
"""Between two lines of text, where no bar can be drawn; chosen by hand."""


@contextlib.contextmanager
def shown_progress() -> Iterator[Report]:
    """A report that shows the fit where this process can: notebook, terminal, or standard error line by line."""
    if (display := _notebook_display()) is not None:
        yield _notebook_report(display)
    elif sys.stderr.isatty():
        with _terminal_report() as report:
            yield report
    else:
        yield _line_report()


def headline(answer: FitAnswer) -> str:
    """A fit's state in a line: ``running: lm (1 of 2), iteration 7, reduced chi-squared 1.013``."""
    at, name = answer.progress, answer.name or answer.id
    if answer.state == "queued" and answer.queue is not None:
        return f"{name} queued, number {answer.queue.position}"
    if at is None or answer.finished:
        return f"{name} {answer.state}"
    quality = "" if at.chi2_reduced is None else f", reduced chi-squared {at.chi2_reduced:.6g}"
    return f"{name} {answer.state}: {at.method} ({at.stage + 1} of {at.stages}), iteration {at.iteration}{quality}"


def fraction_done(answer: FitAnswer) -> float:
    """Share of the fit that is done, 0 to 1."""
    if answer.finished:
        return 1.0
    return 0.0 if answer.progress is None else answer.progress.fraction


@contextlib.contextmanager
def _terminal_report() -> Iterator[Report]:
    from photfit.terminal import progress_bar, terminal

    with progress_bar(terminal(errors=True)) as bar:
        task = bar.add_task("fit", total=1.0)
        yield lambda answer: bar.update(task, description=headline(answer), completed=fraction_done(answer))


def _line_report() -> Report:
    told_state, told_at = "", -_LINE_SECONDS

    def report(answer: FitAnswer) -> None:
        nonlocal told_state, told_at
        now = time.monotonic()
        if answer.state != told_state or now - told_at >= _LINE_SECONDS:
            told_state, told_at = answer.state, now
            sys.stderr.write(f"{headline(answer)}\n")

    return report


def _notebook_display() -> Any:
    """IPython's display module inside a notebook's kernel, else None."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from photfit.results.libraries import library

    return library("IPython.display", "a bar in a notebook", "ipython")


def _notebook_report(display: Any) -> Report:
    handle = display.display(display.HTML(""), display_id=True)

    def report(answer: FitAnswer) -> None:
        text = html.escape(headline(answer))
        bar = f'<progress value="{fraction_done(answer):.3f}" max="1"></progress> {text}'
        handle.update(display.HTML(bar))

    return report
