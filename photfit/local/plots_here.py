"""Plots of results that lie in a folder, drawn in this process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fitting.spec.plots import PLOTS, ChoiceInvalid, PlotUnavailable, read_choices
from photfit.failures import CommandFailure, UserMistake
from photfit.local.engine import engine_present
from photfit.results import LibraryMissing


def plot_here(folder: Path, kind: str, format_: str, query: Mapping[str, str]) -> bytes:
    """A plot of the results in a folder.

    Args:
        folder: as `photfit fit` fills it.
        kind, format_: of `PLOTS` and `PLOT_FORMATS`.
        query: ``image``, ``parameters`` and ``truth`` as texts.

    Raises:
        UserMistake: the folder holds no results, or a choice does not go with the plot.
        CommandFailure: this fit cannot have the plot.
    """
    if not (folder / "parameters.json").is_file():
        raise UserMistake(f"{folder} holds no results of a fit: parameters.json is not there")
    try:
        with engine_present():
            from fitting.plots import draw_plot

        choices = read_choices(PLOTS[kind], query.get("image"), query.get("parameters"), query.get("truth"))
        return draw_plot(folder, kind, format_, choices)
    except LibraryMissing as error:
        raise UserMistake(str(error)) from error
    except PlotUnavailable as error:
        raise CommandFailure(f"the fit in {folder} {error}: it cannot have the plot {kind}") from error
    except ChoiceInvalid as error:
        expected = f" (expected {error.expected})" if error.expected else ""
        raise UserMistake(f"--{error.option}: {error.message}{expected}") from error
    except FileNotFoundError as error:
        raise UserMistake(f"{folder} holds no whole results of a fit: {error}") from error
