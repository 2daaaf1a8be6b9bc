"""The chart of a run: `python -m benchmarks.chart [results/seed.json [docs/images/benchmarks.png]]`."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks.contestant import ROOT
from benchmarks.figures import FIGURES
from benchmarks.methods import ROWS
from benchmarks.report import time_text

RESULTS = Path(__file__).parent / "results" / "seed.json"
CHART = ROOT / "docs" / "images" / "benchmarks.png"

_PROGRAMS = {"photfit": "#0072B2", "astrophot": "#D55E00", "imfit": "#E69F00", "pysersic": "#009E73"}
"""Okabe & Ito's colours, told apart with every kind of colour vision."""
_BAR = 0.2
_LEFT = 0.33
"""Where the axes begin, as a part of the figure's width."""

Entry = tuple[str, Mapping[str, Any], float | None]


def entries(results: Mapping[str, Any]) -> list[Entry]:
    """What is drawn: words, results by program, and the limit for photfit in seconds where there is one."""
    limits = {figure.path: figure.limit for figure in FIGURES if figure.unit == "s"}
    found: list[Entry] = []
    words = {"model": "model image", "value_and_gradient": "value and gradient", "normal_equations": "normal equations"}
    for example, name in (("three_galaxies", ""), ("three_galaxies_psf", ", with the PSF")):
        for action, by_name in results.get("side_by_side", {}).get(example, {}).items():
            if action == "run" or (name and action != "lm"):
                continue
            path = ("side_by_side", example, action, "photfit", "median_s")
            found.append((words.get(action, action) + name, by_name, limits.get(path)))
    for row in ROWS:
        by_name = results.get("methods", {}).get(row.action, {})
        found.append((row.what, by_name, limits.get(("methods", row.action, "photfit", "median_s"))))
    return [entry for entry in found if any("median_s" in each for each in entry[1].values())]


def chart(results: Mapping[str, Any]) -> Figure:
    """A bar for each program and question, along a logarithmic axis of seconds; a tick where photfit must be."""
    rows = entries(results)
    figure = Figure(figsize=(8.6, 1.2 + 0.7 * len(rows)), dpi=120, facecolor="white")
    axes = figure.add_axes((_LEFT, 0.55 / figure.get_figheight(), 0.97 - _LEFT, 1 - 1.25 / figure.get_figheight()))
    for place, (_, by_name, limit) in enumerate(rows):
        _draw(axes, place, by_name, limit)
    axes.set_yticks(range(len(rows)), [what for what, _, _ in rows])
    axes.set_ylim(len(rows) - 0.45, -0.55)
    seconds = [each["median_s"] for _, by_name, _ in rows for each in by_name.values() if "median_s" in each]
    axes.set_xscale("log")
    axes.set_xlim(min(seconds) / 3, max(seconds) * 12)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: time_text(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", color="#D9D9D9", lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9)
    axes.set_xlabel("median time, logarithmic", fontsize=9)
    _write_key(figure, results)
    return figure


def _draw(axes: Axes, place: int, by_name: Mapping[str, Any], limit: float | None) -> None:
    timed = [program for program in _PROGRAMS if "median_s" in by_name.get(program, {})]
    first = place - 0.5 * (len(timed) - 1) * _BAR
    for number, program in enumerate(timed):
        entry = by_name[program]
        at, seconds = first + number * _BAR, entry["median_s"]
        axes.barh(at, seconds, height=0.9 * _BAR, color=_PROGRAMS[program])
        ratio = entry.get("ratio_to_photfit")
        times = f"  ×{_two_digits(ratio)}" if program != "photfit" and ratio else ""
        about = "≈ " if "note" in entry.get("last", {}) else ""
        text = f"{about}{time_text(seconds)}{times}"
        behind = limit if program == "photfit" and limit is not None and seconds < limit < 10 * seconds else seconds
        axes.annotate(text, (behind, at), (3, 0), textcoords="offset points", va="center", fontsize=7.5)
    if limit is not None:
        axes.plot([limit, limit], [first - 0.55 * _BAR, first + 0.55 * _BAR], color="#1A1A1A", lw=1.6)


def _two_digits(number: float) -> str:
    return f"{float(np.format_float_positional(number, 2, fractional=False)):g}"


def _write_key(figure: Figure, results: Mapping[str, Any]) -> None:
    height = figure.get_figheight()
    versions = results.get("versions", {})
    across = 0.03
    for program, colour in _PROGRAMS.items():
        name = "pyimfit" if program == "imfit" else program
        text = f"{name} {versions.get(program, {}).get(name, '')}".strip()
        figure.text(across, 1 - 0.47 / height, text, color=colour, fontsize=9, weight="bold")
        across += 0.0105 * len(text) + 0.02
    figure.text(across, 1 - 0.47 / height, "| photfit must reach", color="#1A1A1A", fontsize=9)
    machine = results["machine"]
    title = f"Three galaxies, 99×99 pixels, 22 parameters; {machine['cpu']}, {machine['threads']} threads"
    figure.text(0.5, 1 - 0.08 / height, title, fontsize=10, ha="center", va="top")


def main(results: Path = RESULTS, target: Path = CHART) -> None:
    """Draw the chart of a run's results."""
    figure = chart(json.loads(results.read_text()))
    FigureCanvasAgg(figure)
    figure.savefig(target, metadata={"Software": "photfit"})
    print(f"written to {target}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
