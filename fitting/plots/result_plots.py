"""Result plots: from the folder that `fitting.results.write_result` leaves and a kind of plot to its bytes."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitting.plots.chain_panels import ChainContent
from fitting.plots.convergence_plot import StageHistory, convergence_figure
from fitting.plots.corner_content import content_of
from fitting.plots.corner_plot import corner_figure
from fitting.plots.finished_fit import Draws, FinishedFit
from fitting.plots.fit_figure import fit_figure
from fitting.plots.radial_plot import profile_figure
from fitting.plots.rank_plot import rank_figure
from fitting.plots.sky_objects import measured_objects
from fitting.plots.trace_plot import trace_figure
from fitting.spec.plots import PLOTS, ChoiceInvalid, PlotChoices, PlotUnavailable

Array = NDArray[np.float64]

MOST_PARAMETERS = 30
"""A plot with panels by parameter shows the first so many, unless the reader chooses."""


def draw_plot(folder: Path, kind: str, format: str = "png", choices: PlotChoices = PlotChoices()) -> bytes:  # noqa: A002
    """A figure of a finished fit.

    Args:
        folder: as `write_result` leaves it, or as much of it as `fitting.spec.plots.PLOTS` names for the kind.
        kind: one of PLOTS.
        format: one of PLOT_FORMATS.

    Raises:
        PlotUnavailable: this fit cannot have the plot.
        ChoiceInvalid: it can, but not with these choices.
        ValueError: unknown kind or format.
        FileNotFoundError: the folder holds no such image.
    """
    if kind not in PLOTS:
        raise ValueError(f"there is no plot {kind!r}; there are {', '.join(PLOTS)}")
    fit = FinishedFit(folder)
    known = {row["name"] for row in fit.parameters["parameters"]} if choices.truth else set()
    for name in choices.truth:
        if name not in known:
            raise ChoiceInvalid(
                "truth", f"this fit has no parameter {name[:80]!r}", f"some of: {', '.join(sorted(known))}"
            )
    return _DRAWERS[kind](fit, choices, format)


def _draw_fit(fit: FinishedFit, choices: PlotChoices, format: str) -> bytes:  # noqa: A002
    image = fit.image_named(choices.image)
    data, model, residual = (fit.plane(image, name) for name in ("data", "model", "normalized_residual"))
    return fit_figure(data, model, residual, ~np.isfinite(residual), format, fit.scale(image).origin)


def _draw_profile(fit: FinishedFit, choices: PlotChoices, format: str) -> bytes:  # noqa: A002
    image = fit.image_named(choices.image)
    title = " · ".join(part for part in (fit.title, image if len(fit.images) > 1 else "") if part)
    return profile_figure(measured_objects(fit, image), fit.scale(image), title, format)


def _draw_convergence(fit: FinishedFit, _: PlotChoices, format: str) -> bytes:  # noqa: A002
    freedom = int(fit.parameters["degrees_of_freedom"])
    stages = [_stage_history(stage, freedom) for stage in fit.parameters["stages"]]
    if not stages:
        raise PlotUnavailable("has no stages: nothing was varied")
    return convergence_figure(stages, freedom, fit.title, format)


def _stage_history(stage: Mapping[str, Any], degrees_of_freedom: int) -> StageHistory:
    """χ² along a stage where it was kept, else before and after."""
    history = stage.get("history") or {}
    steps: Any = history.get("step")
    values: Any = history.get("chi2")
    if not steps:
        reduced = stage["chi2_reduced"]
        steps = np.linspace(0, max(int(stage["iterations"]), 1), len(reduced)).tolist()
        values = [None if value is None else value * degrees_of_freedom for value in reduced]
    chi2 = tuple(np.nan if value is None else float(value) for value in values)
    return StageHistory(stage["method"], tuple(map(float, steps)), chi2)


def _draw_corner(fit: FinishedFit, choices: PlotChoices, format: str) -> bytes:  # noqa: A002
    units = {row["name"]: row["unit"] for row in fit.parameters["parameters"]}
    values = {row["name"]: float(row["value"]) for row in fit.parameters["parameters"]}
    matrix = fit.covariance
    draws = fit.draws
    varied = [name for name in values if name in matrix["names"] or (draws is not None and name in draws.names)]
    if not varied:
        raise PlotUnavailable("has no parameter with an uncertainty: all are fixed, linked or at a limit")
    names, note = _choose_parameters(varied, choices.parameters)
    flat = None if draws is None else (draws.names, _on_branch(fit, draws).reshape(-1, len(draws.names)))
    covariance = (matrix["names"], np.array(matrix["matrix"])) if matrix["names"] else None
    if flat is not None:
        names = [name for name in names if name in flat[0]]
    truth = {name: _nearest_turn(value, values.get(name), fit.period(name)) for name, value in choices.truth.items()}
    return corner_figure(content_of(names, units, values, covariance, flat, truth, fit.title, note), format)


def _draw_trace(fit: FinishedFit, choices: PlotChoices, format: str) -> bytes:  # noqa: A002
    return trace_figure(_chain_content(fit, choices), format)


def _draw_rank(fit: FinishedFit, choices: PlotChoices, format: str) -> bytes:  # noqa: A002
    content = _chain_content(fit, choices)
    if content.values.shape[0] < 2:
        raise PlotUnavailable("has one chain, and ranks compare several")
    return rank_figure(content, format)


def _chain_content(fit: FinishedFit, choices: PlotChoices) -> ChainContent:
    draws = fit.draws
    if draws is None:
        raise PlotUnavailable("has no chains, since none of its stages is a sampler")
    names, note = _choose_parameters(draws.names, choices.parameters)
    places = [draws.names.index(name) for name in names]
    rows = {row["name"]: row for row in fit.parameters["parameters"]}
    truth = [
        _nearest_turn(choices.truth.get(name, np.nan), rows[name]["value"] if name in rows else None, fit.period(name))
        for name in names
    ]
    return ChainContent(
        tuple(names),
        tuple(rows[name]["unit"] if name in rows else "" for name in names),
        _on_branch(fit, draws)[:, :, places],
        tuple(draws.remark(name) for name in names),
        np.array(truth, dtype=np.float64),
        " · ".join(part for part in (fit.title, note) if part),
    )


def _choose_parameters(names: Sequence[str], wanted: Sequence[str]) -> tuple[list[str], str]:
    """The names that a reader wants, in the table's order, and a note where not all are shown."""
    if not wanted:
        left = len(names) - MOST_PARAMETERS
        return list(
            names[:MOST_PARAMETERS]
        ), f"the first {MOST_PARAMETERS} of {len(names)} parameters" if left > 0 else ""
    for pattern in wanted:
        if not any(_matches(name, pattern) for name in names):
            varied = ", ".join(names[:60])
            raise ChoiceInvalid("parameters", f"no varied parameter of this fit is {pattern!r}", f"some of: {varied}")
    chosen = [name for name in names if any(_matches(name, pattern) for pattern in wanted)]
    if len(chosen) > 2 * MOST_PARAMETERS:
        expected = f"{2 * MOST_PARAMETERS} at most"
        raise ChoiceInvalid("parameters", f"{len(chosen)} parameters are too many for one plot", expected)
    return chosen, ""


def _matches(name: str, pattern: str) -> bool:
    return pattern in (name, name.partition(".")[0], name.partition("[")[0]) or fnmatch.fnmatchcase(name, pattern)


def _on_branch(fit: FinishedFit, draws: Draws) -> Array:
    """The draws with cyclic parameters moved by whole periods to where the best fit is."""
    moved = draws.values.copy()
    for place, name in enumerate(draws.names):
        period, value = fit.period(name), fit.value(name)
        if period is not None and value is not None:
            moved[:, :, place] += period * round((value - float(np.median(moved[:, :, place]))) / period)
    return moved


def _nearest_turn(truth: float, value: float | None, period: float | None) -> float:
    """A true value, moved by whole periods to be near a fitted one."""
    if period is None or value is None or not np.isfinite(truth):
        return truth
    return truth + period * round((value - truth) / period)


_DRAWERS: Mapping[str, Callable[[FinishedFit, PlotChoices, str], bytes]] = {
    "fit": _draw_fit,
    "profile": _draw_profile,
    "corner": _draw_corner,
    "convergence": _draw_convergence,
    "trace": _draw_trace,
    "rank": _draw_rank,
}
