"""What a run prints."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.figures import FIGURES
from benchmarks.methods import ROWS

PEERS = ("astrophot", "imfit", "pysersic")


def show(results: Mapping[str, Any], console: Console) -> None:
    """Tables of a run's results."""
    machine = results["machine"]
    console.print(f"{machine['cpu']}, {machine['cores']} cores; {machine['threads']} threads; {results['date']}")
    for example, actions in results.get("side_by_side", {}).items():
        console.print(_side_by_side(example, actions))
    if "methods" in results:
        console.print(_methods(results["methods"]))
    if "starts" in results:
        console.print(_starts(results["starts"]))
    console.print(_figures(results))
    for place, failure in results.get("failures", {}).items():
        console.print(f"[yellow]{place}: {failure}[/yellow]")


def _side_by_side(example: str, actions: Mapping[str, Any]) -> Table:
    table = Table(title=f"{example}: medians (times photfit's), and the χ²ᵣ where a fit ends")
    for heading in ("what", "photfit", *PEERS):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for action, by_name in actions.items():
        table.add_row(action, *(_entry(action, by_name.get(name, {})) for name in ("photfit", *PEERS)))
    return table


def _entry(action: str, entry: Mapping[str, Any]) -> str:
    if "median_s" not in entry:
        return "failed" if "error" in entry else "–"
    ratio = entry["ratio_to_photfit"]
    times = "" if ratio in (None, 1.0) else f" (×{ratio:.3g})"
    end = f" → {entry['last']['chi2_reduced']:.6f}" if action in ("lm", "run") else ""
    return f"{time_text(entry['median_s'])}{times}{end}"


def _methods(rows: Mapping[str, Any]) -> Table:
    table = Table(title="The methods on three_galaxies: medians (times photfit's), and the χ²ᵣ where they end")
    for heading in ("method", "photfit", "χ²ᵣ", "least ESS", "peer", "takes", "χ²ᵣ", "of which"):
        table.add_column(heading, justify="left" if heading in ("method", "peer", "of which") else "right")
    for row in ROWS:
        entries = rows.get(row.action, {})
        ours = entries.get("photfit", {})
        effective = ours.get("last", {}).get("least_ess")
        lead = [row.what, _entry(row.action, ours), _end(ours), "" if effective is None else f"{effective:.0f}"]
        for peer in (peer for peer in PEERS if peer in entries):
            theirs = entries[peer]
            note = theirs.get("last", {}).get("note", "")
            table.add_row(*lead, peer, _entry(row.action, theirs), _end(theirs), note)
            lead = [""] * len(lead)
        if any(lead):
            table.add_row(*lead)
    return table


def _end(entry: Mapping[str, Any]) -> str:
    reached = entry.get("last", {}).get("chi2_reduced")
    return "" if reached is None else f"{reached:.6f}"


def _starts(examples: Mapping[str, Any]) -> Table:
    table = Table(title="Starts around the truth: in the right minimum (χ²ᵣ ≤ 1.02), at the optimum (≤ 1.01242)")
    for heading in ("example", "program", "right minimum", "optimum", "median", "slowest", "worst χ²ᵣ"):
        table.add_column(heading, justify="left" if heading in ("example", "program") else "right")
    for example, by_name in examples.items():
        for name, entry in by_name.items():
            if "error" in entry:
                table.add_row(example, name, "failed", "", "", "", "")
                continue
            counts = [f"{entry[key]} of {entry['starts']}" for key in ("in_right_minimum", "reached")]
            times = (time_text(entry["median_s"]), time_text(entry["slowest_s"]))
            table.add_row(example, name, *counts, *times, f"{entry['worst_chi2_reduced']:.6f}")
    return table


def _figures(results: Mapping[str, Any]) -> Table:
    table = Table(title="Figures to reach, on two cores")
    for heading in ("what", "must be", "is", ""):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for figure in FIGURES:
        value = figure.measured(results)
        if value is None:
            continue
        sign = "≥" if figure.least else "≤"
        verdict = "[green]reached[/green]" if figure.met(value) else "[red]missed[/red]"
        table.add_row(figure.what, f"{sign} {_text(figure.limit, figure.unit)}", _text(value, figure.unit), verdict)
    return table


def _text(value: float, unit: str) -> str:
    return time_text(value) if unit == "s" else f"{value:.0f} {unit}".strip()


def time_text(seconds: float | None) -> str:
    """Seconds in the unit that suits them."""
    if seconds is None:
        return "–"
    return f"{seconds:.3g} s" if seconds >= 1.0 else f"{1e3 * seconds:.3g} ms"
