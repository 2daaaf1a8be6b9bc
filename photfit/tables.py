"""Tables for a terminal: parameters beside their truth, fits, the state of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from fitting.rounding import round_reported
from fitting.spec.counts import counted
from photfit.answers import FitAnswer

_PULL_TO_NOTICE = 4.0
"""Standard deviations from the truth that are shown in red; by chance one in 16,000 is. Chosen by hand."""


def parameters_report(document: Mapping[str, Any], truth: Mapping[str, float] | None = None, title: str = "") -> Group:
    """The `/parameters` document as a table (parameter, value ± uncertainty, unit, remark; then what is derived) and a
    line on how it ended.

    With `truth` (parameter name → true value) two columns more: the truth and (value − truth)/uncertainty.
    """
    table = Table(title=Text(title) if title else None, title_justify="left")
    table.add_column("parameter", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("uncertainty", justify="left", no_wrap=True)
    if truth is not None:
        table.add_column("truth", justify="right", no_wrap=True)
        table.add_column("pull", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("", no_wrap=True)
    for parameter in document["parameters"]:
        table.add_row(*_cells(parameter, truth), remark(parameter))
    table.add_section()
    for derived in document.get("derived", []):
        if derived.get("value") is not None:
            table.add_row(*_cells(derived, truth), "derived")
    return Group(table, *map(Text, _flux_scales(document)), Text(fit_summary(document)))


def _flux_scales(document: Mapping[str, Any]) -> Iterator[str]:
    """A line an image on what its magnitudes count from, where no warning tells that already."""
    images, told = document.get("images", []), document.get("warnings", [])
    for image in images:
        scale = image.get("flux_scale")
        if scale and not any(scale["sentence"] in warning for warning in told):
            yield f"{image['name'] if len(images) > 1 else 'magnitudes'}: {scale['sentence']}"


def _cells(row: Mapping[str, Any], truth: Mapping[str, float] | None) -> list[str | Text]:
    """Name, value, uncertainty, with a truth that and the pull, and unit of a parameter or derived value."""
    found = round_reported(row["value"], row.get("uncertainty"), row.get("interval"))
    spread = f"± {found.uncertainty}" if found.uncertainty else ""
    if found.below:  # the distances to the ends of its interval
        spread = f"+{found.above} -{found.below}"
    cells: list[str | Text] = [row["name"], found.value, spread]
    if truth is not None:
        cells += _truth_cells(row, truth)
    cells.append(row.get("unit") or "")
    # As texts, which brackets in names and units do not mark up, on whichever console they are printed.
    return [cell if isinstance(cell, Text) else Text(cell) for cell in cells]


def fit_summary(document: Mapping[str, Any]) -> str:
    """One line on how the fit ended."""
    state = "converged" if document["converged"] else "NOT converged"
    seconds = sum(stage.get("seconds") or 0.0 for stage in document.get("stages", []))
    reduced = document.get("chi2_reduced")
    quality = "" if reduced is None else f", reduced chi-squared {reduced:.6f}"
    message = f": {document['message']}" if document.get("message") and not document["converged"] else ""
    return f"{state}{quality}, {counted(document['n_pixels'], 'pixel')}, {seconds:.2f} s in the fitter{message}"


def _truth_cells(parameter: Mapping[str, Any], truth: Mapping[str, float]) -> list[str | Text]:
    known = truth.get(parameter["name"])
    if known is None:
        return ["", ""]
    uncertainty = parameter.get("uncertainty")
    if not uncertainty:
        return [f"{known:.6g}", ""]
    pull = _difference(parameter["name"], parameter["value"], known) / uncertainty
    return [f"{known:.6g}", Text(f"{pull:+.2f}", style="bold red" if abs(pull) > _PULL_TO_NOTICE else "")]


def _difference(name: str, value: float, known: float) -> float:
    """Value minus truth; a position angle and the same angle plus 180 degrees are one direction."""
    if name.endswith((".pa", ".pa_sky", ".pa_pixel")):
        return (value - known + 90) % 180 - 90
    return value - known


def remark(parameter: Mapping[str, Any]) -> str:
    """A word on a parameter that the fit did not simply vary; empty of one that it did."""
    if parameter.get("at_limit"):
        return "at its limit"
    if parameter.get("free", True):
        return ""
    return "linked" if parameter.get("uncertainty") else "fixed"


def status_table(fit: FitAnswer) -> Table:
    """A fit's state and progress, a line for each thing there is to say."""
    table = Table(show_header=False, box=None)
    table.add_column(style="bold")
    table.add_column()
    for name, value in _status_lines(fit):
        table.add_row(name, Text(value))
    return table


def fits_table(fits: Iterable[FitAnswer]) -> Table:
    """Fits, a line each."""
    table = Table("id", "state", "created", "name", "labels", box=None)
    for fit in fits:
        created = fit.created_at.isoformat(sep=" ", timespec="seconds")
        table.add_row(fit.id, fit.state, created, Text(fit.name), Text(", ".join(fit.labels)))
    return table


def _status_lines(fit: FitAnswer) -> Iterator[tuple[str, str]]:
    yield "id", fit.id
    if fit.name:
        yield "name", fit.name
    if fit.labels:
        yield "labels", ", ".join(fit.labels)
    yield "state", fit.state
    for label, moment in (("created", fit.created_at), ("started", fit.started_at), ("finished", fit.finished_at)):
        if moment is not None:
            yield label, moment.isoformat(sep=" ", timespec="milliseconds")
    if fit.attempt:
        yield "attempt", str(fit.attempt)
    for label, text in (("worker", fit.worker), ("device", fit.device)):
        if text:
            yield label, text
    if fit.queue is not None:
        start = fit.queue.estimated_start
        when = (
            "no worker serves it" if start is None else f"starts about {start.isoformat(sep=' ', timespec='seconds')}"
        )
        yield "queue", f"{fit.queue.name}, number {fit.queue.position}, {when}"
    if fit.progress is not None:
        at = fit.progress
        yield "progress", f"{at.fraction:.0%}, {at.method} ({at.stage + 1} of {at.stages}), iteration {at.iteration}"
        first = at.parameters_at_start or {}
        for name, value in (at.parameters or {}).items():
            now, began = "no number" if value is None else f"{value:.6g}", first.get(name)
            yield name, now if began is None else f"{now}, from {began:.6g}"
    if fit.error is not None:
        yield "error", fit.error.detail or fit.error.title
    for notice in fit.notices:
        yield "warning", f"{notice.sentence} ({notice.code}: photfit explain)"
