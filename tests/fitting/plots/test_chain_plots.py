"""Trace, rank and convergence: what they show, and that it can be read."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.plots.chain_panels import ChainContent
from fitting.plots.convergence_plot import StageHistory, convergence_panels
from fitting.plots.rank_plot import rank_counts, rank_panels
from fitting.plots.trace_plot import trace_panels
from tests.fitting.plots.legibility import illegible, texts


def content(count: int = 22, chains: int = 4, draws: int = 200, truth: float = np.nan) -> ChainContent:
    """Independent draws around 100, of parameters with the names of galaxies."""
    values = 100.0 + np.random.default_rng(6).normal(size=(chains, draws, count))
    kinds = ("x", "y", "q", "pa", "n", "r_e", "i_e")
    names = tuple(f"galaxy_{number // 7}.{kinds[number % 7]}" for number in range(count))
    units = tuple("data/pixel" if name.endswith("i_e") else "" for name in names)
    notes = ("R\N{COMBINING CIRCUMFLEX ACCENT} 1.001   ESS 3500",) * count
    return ChainContent(names, units, values, notes, np.full(count, truth), "three galaxies")


@pytest.mark.parametrize("count", [1, 22])
@pytest.mark.parametrize("panels", [trace_panels, rank_panels])
def test_every_parameter_is_named_and_legible(panels, count: int) -> None:
    figure = panels(content(count))
    assert illegible(figure) == []
    shown = texts(figure)
    for name, unit in zip(content(count).names, content(count).units, strict=True):
        assert f"{name} [{unit}]" in shown or (name in shown and not unit)
    assert {f"chain {number}" for number in range(4)} <= shown


def test_many_chains_are_told_by_their_number() -> None:
    assert "64 chains" in texts(trace_panels(content(2, chains=64, draws=50)))


def test_the_trace_shows_the_true_value() -> None:
    figure = trace_panels(content(1, truth=100.5))
    dashed = [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert [line.get_ydata()[0] for line in dashed] == [100.5]


def test_every_draw_is_in_the_trace() -> None:
    values = content(1).values
    drawn = [line.get_ydata() for line in trace_panels(content(1)).axes[0].lines]
    assert np.array_equal(np.stack(drawn), values[:, :, 0])


def test_ranks_of_chains_that_agree_are_even() -> None:
    counts = rank_counts(np.random.default_rng(1).normal(size=(4, 1000)), 20)
    assert counts.sum(axis=0) == pytest.approx(200.0)
    assert np.abs(counts - 50.0).max() < 4.0 * np.sqrt(50.0)


def test_ranks_tell_a_chain_that_sits_elsewhere() -> None:
    values = np.random.default_rng(1).normal(size=(4, 1000))
    values[3] += 3.0
    counts = rank_counts(values, 20)
    assert counts[3, -1] > 150
    assert counts[3, 0] == 0


@pytest.mark.parametrize("count", [1, 3, 10])
def test_stages_stand_side_by_side_and_are_legible(count: int) -> None:
    methods = ("lm", "iterative_components", "gradient", "nuts")
    stages = [
        StageHistory(methods[number % 4], tuple(range(30)), tuple(1e4 + 1e6 * np.exp(-np.arange(30.0))))
        for number in range(count)
    ]
    figure = convergence_panels(stages, 9779, "three galaxies")
    assert illegible(figure) == []
    assert {f"{number + 1}  {stage.method}" for number, stage in enumerate(stages)} <= texts(figure)


def test_convergence_shows_chi_squared_and_how_far_it_is_from_the_best() -> None:
    stages = [StageHistory("lm", (0, 1, 2), (3e4, 1.1e4, 1.0e4)), StageHistory("lm", (0, 5), (1.0e4, 9e3))]
    figure = convergence_panels(stages, 1000)
    first, above = (axes.lines[0].get_ydata() for axes in (figure.axes[1], figure.axes[0]))
    assert first == pytest.approx([30.0, 11.0, 10.0])
    assert above == pytest.approx([2.1e4, 2e3, 1e3])


def test_a_start_with_infinite_chi_squared_is_drawn() -> None:
    assert illegible(convergence_panels([StageHistory("lm", (0, 1), (np.nan, 1e4))], 9000)) == []
