"""The corner plot: its ellipses are the covariance, its outlines the chains, its lines the true values."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from fitting.plots.corner_content import CornerContent
from fitting.plots.corner_distributions import ENCLOSED, density_outlines, ellipse
from fitting.plots.corner_plot import cells_of, corner_figure, corner_panels, titles
from fitting.plots.labels import credible_text, measured_text, round_ticks, tick_texts
from tests.fitting.plots.legibility import illegible, texts

SEED = json.loads((Path(__file__).parents[3] / "examples" / "three_galaxies" / "reference.json").read_text())
UNITS = {
    "i": "data/pixel",
    "i_e": "data/pixel",
    "x": "pixel",
    "y": "pixel",
    "r_e": "pixel",
    "pa": "degree",
    "q": "",
    "n": "",
}


def seed_content(count: int = 22, draws: int = 0, truth: bool = False) -> CornerContent:
    """The seed problem's parameters and covariance, with draws of that Gaussian and true values half a sigma off."""
    names = SEED["names"][:count]
    values = np.array([SEED["values"][name] for name in names])
    covariance = np.array(SEED["covariance"])[:count, :count]
    generator = np.random.default_rng(5)
    return CornerContent(
        tuple(names),
        tuple(UNITS[name.partition(".")[2]] for name in names),
        values,
        covariance,
        generator.multivariate_normal(values, covariance, size=draws) if draws else None,
        values + 0.5 * np.sqrt(np.diag(covariance)) if truth else np.full(count, np.nan),
        "three galaxies",
    )


def lines(figure: Figure, name: str) -> list[np.ndarray]:
    """The lines of the collection of that name, in inches."""
    (found,) = [each for each in figure.findobj(LineCollection) if each.get_gid() == name]
    return [np.asarray(segment) for segment in found.get_segments()]


def value_at(content: CornerContent, parameter: int, inches: np.ndarray, start: float) -> np.ndarray:
    """What a place within a cell that starts at `start` stands for."""
    low, high = content.bounds()
    return low[parameter] + (inches - start) / cells_of(content).size * (high[parameter] - low[parameter])


@pytest.mark.parametrize(("count", "draws", "truth"), [(1, 0, False), (1, 500, True), (2, 500, True), (3, 0, True)])
def test_a_few_parameters_are_legible(count: int, draws: int, truth: bool) -> None:
    assert illegible(corner_panels(seed_content(count, draws, truth))) == []


@pytest.mark.parametrize(("draws", "truth"), [(0, False), (500, True)])
def test_twenty_two_parameters_are_legible(draws: int, truth: bool) -> None:
    figure = corner_panels(seed_content(22, draws, truth))
    assert illegible(figure) == []
    shown = texts(figure)
    assert set(SEED["names"]) <= shown
    assert {"a.r_e [pixel]", "a.pa [deg]", "c.i_e [data/pixel]", "a.n", "[pixel]"} <= shown


def test_long_names_are_legible() -> None:
    content = seed_content(6)
    long = tuple(f"the_brightest_galaxy_of_the_cluster_{number}.i_e" for number in range(6))
    figure = corner_panels(CornerContent(long, content.units, content.values, content.covariance, None, content.truth))
    assert illegible(figure) == []


def test_each_ellipse_is_the_covariance_of_its_pair() -> None:
    content = seed_content(5)
    assert content.covariance is not None
    cells, drawn = cells_of(content), lines(corner_panels(content), "covariance")
    pairs = [(row, column) for row in range(5) for column in range(row)]
    assert len(drawn) == 2 * len(pairs)
    for place, (row, column) in enumerate(pairs):
        left, floor = cells.corner(row, column)
        inverse = np.linalg.inv(content.covariance[np.ix_((column, row), (column, row))])
        for sigmas, line in zip((1.0, 2.0), drawn[2 * place : 2 * place + 2], strict=True):
            x, y = value_at(content, column, line[:, 0], left), value_at(content, row, line[:, 1], floor)
            off = np.stack((x, y)) - content.values[[column, row], None]
            assert np.einsum("ip,ij,jp->p", off, inverse, off) == pytest.approx(sigmas**2, rel=1e-6)


def test_half_axes_of_an_ellipse_are_the_principal_deviations() -> None:
    points = ellipse(np.array([[4.0, 1.2], [1.2, 1.0]]), 2.0)
    radii = np.hypot(*points.T)
    expected = 2.0 * np.sqrt(np.linalg.eigvalsh([[4.0, 1.2], [1.2, 1.0]]))
    assert [radii.min(), radii.max()] == pytest.approx(expected, rel=0.01)
    assert points[0] == pytest.approx(points[-1])


def test_lines_stand_at_the_true_values() -> None:
    content = seed_content(4, truth=True)
    cells, drawn = cells_of(content), lines(corner_panels(content), "truth")
    upright = {round(float(line[0, 0]), 6) for line in drawn if line[0, 0] == line[1, 0]}
    level = {round(float(line[0, 1]), 6) for line in drawn if line[0, 1] == line[1, 1]}
    assert upright == {round(float(cells.across(place, content.truth[place])), 6) for place in range(4)}
    assert level == {round(float(cells.up(place, content.truth[place])), 6) for place in range(1, 4)}


def test_a_true_value_far_off_is_pointed_at_and_told_in_sigma() -> None:
    content = seed_content(2)
    truth = content.values + np.array([0.0, 50.0]) * content.sigma
    far = CornerContent(content.names, content.units, content.values, content.covariance, None, truth)
    low, high = far.bounds()
    assert truth[1] > high[1]
    assert any("+50.0σ" in text for text, _ in titles(far)[1])
    figure = corner_panels(far)
    assert any(line.get_marker() == ">" for line in figure.axes[0].lines)
    assert low[0] < truth[0] < high[0]


def test_outlines_of_draws_enclose_as_much_as_they_say() -> None:
    points = np.random.default_rng(2).multivariate_normal([0, 0], [[1.0, 0.6], [0.6, 1.0]], size=8000)
    for share, found in zip(ENCLOSED, density_outlines(*points.T, (-4, 4, -4, 4)), strict=True):
        (line,) = found
        radius = np.einsum("pi,ij,pj->p", line, np.linalg.inv([[1.0, 0.6], [0.6, 1.0]]), line)
        assert 1.0 - np.exp(-0.5 * radius.mean()) == pytest.approx(share, abs=0.05)


def test_draws_shift_the_median_that_is_written() -> None:
    content = seed_content(1, draws=4000)
    assert content.draws is not None
    moved = CornerContent(
        content.names, content.units, content.values, content.covariance, content.draws + 1.0, content.truth
    )
    assert titles(moved)[0][2][0].startswith(f"{content.values[0] + 1.0:.2f}"[:4])


def test_a_parameter_without_covariance_has_no_ellipse() -> None:
    content = seed_content(3, draws=400)
    assert content.covariance is not None
    covariance = content.covariance.copy()
    covariance[1], covariance[:, 1] = np.nan, np.nan
    figure = corner_panels(
        CornerContent(content.names, content.units, content.values, covariance, content.draws, content.truth)
    )
    assert len(lines(figure, "covariance")) == 2


def test_an_exact_degeneracy_is_drawn_as_a_line() -> None:
    covariance = np.array([[1.0, 2.0], [2.0, 4.0]])
    content = CornerContent(("a", "b"), ("", ""), np.zeros(2), covariance, None, np.full(2, np.nan))
    assert corner_figure(content).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (67.92, 67.953), (-0.003, 0.0041), (1e-18, 3e-18), (2.2e7, 2.3e7), (179.0, 181.5)]
)
def test_ticks_are_round_inside_and_told_apart(low: float, high: float) -> None:
    ticks = round_ticks(low, high, 3)
    assert 1 <= len(ticks) <= 3
    assert all(low < tick < high for tick in ticks)
    assert len(set(tick_texts(ticks))) == len(ticks)


def test_values_are_rounded_as_in_a_paper() -> None:
    assert measured_text(67.93775, 0.0041, "pixel") == "67.938 ± 0.004 pixel"
    assert measured_text(-0.5, 0.02) == "\N{MINUS SIGN}0.500 ± 0.020"
    assert credible_text(67.93775, 67.93365, 67.94275) == "67.938 +0.005 \N{MINUS SIGN}0.004"


def area(line: np.ndarray, floor: float) -> float:
    """Under a line above a floor, square inches."""
    return float(np.trapezoid(line[:, 1] - floor, line[:, 0]))


@pytest.mark.parametrize("narrowing", [1.0, 0.4, 2.0])
def test_histograms_and_bells_of_one_parameter_enclose_the_same_area(narrowing: float) -> None:
    """So that draws that are narrower than the covariance are taller, whatever their tallest bin."""
    content = seed_content(3, 4000)
    assert content.draws is not None
    draws = content.values + narrowing * (content.draws - content.values)
    figure = corner_panels(replace(content, draws=draws))
    cells = cells_of(replace(content, draws=draws))
    for place, (steps, bell) in enumerate(zip(lines(figure, "histograms"), lines(figure, "bells"), strict=True)):
        floor = cells.corner(place, place)[1]
        assert area(steps, floor) == pytest.approx(area(bell, floor), rel=0.03)
        assert max(steps[:, 1].max(), bell[:, 1].max()) == pytest.approx(floor + 0.88 * cells.size, abs=1e-9)
        wide = 1.0 / narrowing
        assert (steps[:, 1].max() - floor) / (bell[:, 1].max() - floor) == pytest.approx(wide, rel=0.15)
