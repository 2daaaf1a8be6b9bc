"""Notebook view: a fit as HTML, with image, residual and table, for the end of a cell."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from photfit.results.progress_reports import fraction_done, headline

if TYPE_CHECKING:
    from photfit.answers import FitAnswer

_MOST_ROWS = 200
"""Rows of the table, at most: what a browser shows at once; chosen by hand."""


def result_html(answer: FitAnswer, document: Mapping[str, Any], picture: bytes | None) -> str:
    """A finished fit: how it ended, data with model and residual, its values, what is to be known of it."""
    return "".join(_parts(answer, document, picture))


def progress_html(answer: FitAnswer) -> str:
    """A fit that has no result: how far it is, or why there is none."""
    bar = "" if answer.finished else f'<progress value="{fraction_done(answer):.3f}" max="1"></progress> '
    error = "" if answer.error is None else f"<p>{escape(answer.error.detail or answer.error.title)}</p>"
    return f"<div>{bar}{escape(headline(answer))}{error}</div>"


def _parts(answer: FitAnswer, document: Mapping[str, Any], picture: bytes | None) -> Iterator[str]:
    from photfit.tables import fit_summary

    yield f"<div><p><b>{escape(answer.name or answer.id)}</b>: {escape(fit_summary(document))}</p>"
    if picture is not None:
        shown = base64.b64encode(picture).decode()
        yield f'<img alt="data, model and residual" style="max-width:100%" src="data:image/png;base64,{shown}">'
    yield "<table><thead><tr><th>parameter</th><th>value</th><th></th><th>unit</th><th></th></tr></thead><tbody>"
    derived = [row for row in document.get("derived", []) if row.get("value") is not None]
    rows = [*document["parameters"], *({**row, "derived": True} for row in derived)]
    yield from map(_row, rows[:_MOST_ROWS])
    yield "</tbody></table>"
    if len(rows) > _MOST_ROWS:
        yield f"<p>and {len(rows) - _MOST_ROWS} more values: fit.parameters, fit.derived</p>"
    if answer.notices:
        yield f"<ul>{''.join(f'<li>{escape(notice.sentence)}</li>' for notice in answer.notices)}</ul>"
    yield "</div>"


def _row(row: Mapping[str, Any]) -> str:
    from fitting.rounding import round_reported
    from photfit.tables import remark

    found = round_reported(row["value"], row.get("uncertainty"), row.get("interval"))
    spread = f"+{found.above} −{found.below}" if found.below else f"± {found.uncertainty}" if found.uncertainty else ""
    said = "derived" if "derived" in row else remark(row)
    cells = (row["name"], found.value, spread, row.get("unit") or "", said)
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
