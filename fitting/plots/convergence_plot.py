"""Convergence plot: χ²ᵣ against iteration, stage beside stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from fitting.plots import style
from fitting.plots.labels import power_text

Array = NDArray[np.float64]

_PANEL = 2.4
"""Width of a stage's panel, inches."""
_WIDEST = 15.0
"""Width of all panels together, inches, at most, as long as each keeps the narrowest."""
_NARROWEST = 0.9
"""Width of a panel, inches, at least."""
_LEFT, _RIGHT, _BOTTOM, _TOP, _GAP = 0.85, 0.2, 0.55, 0.55, 0.12
"""Margins, and the gap between panels, inches."""
_MAIN, _LOWER, _BETWEEN = 2.0, 1.5, 0.1
"""Heights of the upper and the lower panel, and the gap between them, inches."""
_SETTLED = 1e-3
"""Δχ² below this is drawn at it: no reader and no posterior can tell such fits apart."""


@dataclass(frozen=True)
class StageHistory:
    """One stage: the method, and χ² after some of its steps, the start among them; NaN where it was not finite."""

    method: str
    steps: tuple[float, ...]
    chi2: tuple[float, ...]


def convergence_figure(
    stages: Sequence[StageHistory],
    degrees_of_freedom: int,
    title: str = "",
    format: str = "png",  # noqa: A002, as everywhere
) -> bytes:
    """χ²ᵣ of every stage above, and how far χ² still is from the best of all below; both by their logarithm."""
    return style.figure_bytes(convergence_panels(stages, degrees_of_freedom, title), format)


def convergence_panels(stages: Sequence[StageHistory], degrees_of_freedom: int, title: str = "") -> Figure:
    """The figure itself."""
    panel = float(np.clip(_WIDEST / len(stages), _NARROWEST, _PANEL if len(stages) > 1 else 2 * _PANEL))
    width = _LEFT + len(stages) * (panel + _GAP) - _GAP + _RIGHT
    height = _BOTTOM + _LOWER + _BETWEEN + _MAIN + _TOP
    figure = style.new_figure(width, height)
    values = np.concatenate([stage.chi2 for stage in stages])
    finite = values[np.isfinite(values)]
    best = float(finite.min()) if len(finite) else 1.0
    freedom = max(degrees_of_freedom, 1)
    first: tuple[Axes, Axes] | None = None
    for number, stage in enumerate(stages):
        left = (_LEFT + number * (panel + _GAP)) / width
        lower = figure.add_axes((left, _BOTTOM / height, panel / width, _LOWER / height), sharey=first and first[1])
        floor = (_BOTTOM + _LOWER + _BETWEEN) / height
        main = figure.add_axes((left, floor, panel / width, _MAIN / height), sharex=lower, sharey=first and first[0])
        colour = style.CYCLE[number % len(style.CYCLE)]
        _draw(main, lower, stage, best, freedom, colour)
        heading = f"{number + 1}  {stage.method}"
        main.set_title(heading, fontsize=style.fitted_size(heading, panel, style.TITLE), color=colour, pad=4)
        lower.set_xlabel("iteration", fontsize=style.fitted_size("iteration", panel, style.LABEL))
        for axes in (main, lower):
            axes.tick_params(labelleft=number == 0)
        main.tick_params(labelbottom=False)
        first = first or (main, lower)
    assert first is not None
    _scale(*first, best=best, worst=float(finite.max()) if len(finite) else best, degrees_of_freedom=freedom)
    figure.text(
        0.5, 1 - 0.06 / height, title, fontsize=style.fitted_size(title, width, style.TITLE), ha="center", va="top"
    )
    return figure


def _draw(main: Axes, lower: Axes, stage: StageHistory, best: float, degrees_of_freedom: int, colour: str) -> None:
    chi2 = np.asarray(stage.chi2, dtype=np.float64)
    marker = "o" if len(chi2) <= 40 else ""
    main.plot(stage.steps, chi2 / degrees_of_freedom, color=colour, lw=1.3, marker=marker, ms=3)
    lower.plot(stage.steps, np.maximum(chi2 - best, _SETTLED), color=colour, lw=1.3, marker=marker, ms=3, clip_on=False)
    lower.axhline(1.0, color=style.FAINT, lw=0.8, ls=":")
    for axes in (main, lower):
        style.quiet_axes(axes)
        axes.set_yscale("log")
        axes.grid(axis="y", color=style.PALE, lw=0.5)
    lower.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 4, 5, 10], prune="upper"))


def _scale(main: Axes, lower: Axes, best: float, worst: float, degrees_of_freedom: int) -> None:
    """Names and limits of the vertical axes."""
    low, high = best / degrees_of_freedom, worst / degrees_of_freedom
    margin = 1.02 * (high / low) ** 0.06 if low > 0 else 1.02
    main.set_ylabel("χ² / degrees of freedom", fontsize=style.LABEL)
    lower.set_ylabel("χ² above the best", fontsize=style.LABEL)
    main.set_ylim(low / margin, high * margin)
    lower.set_ylim(_SETTLED, max(2.0 * (worst - best), 10.0))
    _plain_ticks(main)
    lower.yaxis.set_major_locator(LogLocator(base=10, numticks=6))
    lower.yaxis.set_minor_formatter(NullFormatter())
    lower.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"≤ {value:g}" if value <= _SETTLED else power_text(value))
    )


def _plain_ticks(axes: Axes) -> None:
    """Round numbers along a logarithmic axis that may span a thousandth or six decades."""
    low, high = axes.get_ylim()
    if high / low > 30:
        axes.yaxis.set_major_locator(LogLocator(base=10, numticks=7))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: power_text(value)))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.7g}"))
        axes.yaxis.set_minor_locator(LogLocator(base=10, subs=()))
    axes.yaxis.set_minor_formatter(NullFormatter())
