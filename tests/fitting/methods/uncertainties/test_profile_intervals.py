"""Intervals from the profile of χ²: against SciPy, and where there is a limit, an angle, a prior or another minimum."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import brentq, least_squares

from fitting.inputs import ImageData
from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.minimizers.restarts import lm_with_restarts
from fitting.methods.progress import Cancelled
from fitting.methods.uncertainties.profile_intervals import profile_intervals, with_intervals
from fitting.problem import Problem
from fitting.results import FitResult, FittedParameter, covariance_at
from fitting.spec import RequestInvalid, parse_request
from fitting.spec.methods import LmOptions
from tests.fitting.methods.scenes import Recorder, at_start, silent
from tests.fitting.scene import GALAXY, fit_request, fitted, flat_sky, image_of, noisy, rendered, sersic

MODEL = [flat_sky(), sersic()]
SIGMA = 25.0
"""Noise in which the galaxy of the scene has a skewed likelihood."""
WITH_INTERVALS = ({"method": "lm", "intervals": True},)
profiled_lm = with_intervals(lm_with_restarts)


def faint(**truth: Any) -> ImageData:
    """The scene's galaxy, with changes, in much noise."""
    return image_of(noisy(rendered([flat_sky(), sersic(**truth)]), SIGMA, 3), SIGMA**2)


def rows_of(result: FitResult) -> dict[str, FittedParameter]:
    return {row.name: row for row in result.parameters}


class Reference:
    """The profile of χ² by SciPy's least squares, with derivatives from differences, in the units of reports."""

    def __init__(self, components: Sequence[dict[str, Any]], image: ImageData, result: FitResult) -> None:
        self._problem = Problem(fit_request(components), [image])
        self._data, self._noise = image.data, np.sqrt(image.variance)
        rows = rows_of(result)
        self._names = self._problem.names
        self._best = np.array([rows[name].value for name in self._names])
        self._scale = np.array([rows[name].uncertainty or 0.1 for name in self._names])
        limits = {row.name: (row.min, row.max) for row in self._problem.table}
        self._low, self._high = (
            np.array(
                [infinity if limits[name][side] is None else limits[name][side] for name in self._names], dtype=float
            )
            for side, infinity in enumerate((-np.inf, np.inf))
        )
        self._least = float((self._residual(self._best) ** 2).sum())

    def _residual(self, values: np.ndarray) -> np.ndarray:
        table = self._problem.table
        physical = torch.zeros((1, len(table)), dtype=torch.float64)
        physical[0, [table.index[name] for name in self._names]] = torch.from_numpy(values)
        model = self._problem.model(self._problem.parameters.theta_of(physical))[0][0].numpy()
        return np.asarray((self._data - model) / self._noise).ravel()

    def rise(self, name: str, value: float) -> float:
        """χ² above its least with the parameter held there and all others fitted."""
        place = self._names.index(name)
        others = np.arange(len(self._names)) != place

        def residual(x: np.ndarray) -> np.ndarray:
            values = self._best.copy()
            values[others], values[place] = x, value
            return self._residual(values)

        bounds = self._low[others], self._high[others]
        start = np.clip(self._best, self._low + 1e-9, self._high - 1e-9)[others]
        options = {"x_scale": self._scale[others], "xtol": 1e-10, "ftol": 1e-12, "gtol": 1e-10}
        return float(2.0 * least_squares(residual, start, jac="3-point", bounds=bounds, **options).cost) - self._least

    def end(self, name: str, low: float, high: float) -> float:
        """Where between two values the rise is 1."""
        return float(brentq(lambda value: self.rise(name, value) - 1.0, low, high, xtol=1e-5 * abs(high - low)))


@pytest.fixture(scope="module")
def image() -> ImageData:
    return faint()


@pytest.fixture(scope="module")
def result(image: ImageData) -> FitResult:
    return fitted(MODEL, image, WITH_INTERVALS)


@pytest.mark.parametrize("name", ["g.n", "g.r_e", "g.q", "g.pa", "sky.i"])
def test_the_ends_are_where_scipys_profile_rises_by_one(name: str, image: ImageData, result: FitResult) -> None:
    row = rows_of(result)[name]
    assert row.interval is not None
    assert row.uncertainty is not None
    profile = Reference(MODEL, image, result)
    for sign, end in zip((-1.0, 1.0), row.interval, strict=True):
        expected = profile.end(name, row.value + 0.6 * sign * row.uncertainty, row.value + 1.6 * sign * row.uncertainty)
        assert end == pytest.approx(expected, abs=1e-3 * row.uncertainty)


def test_they_are_lopsided_as_the_likelihood_is(result: FitResult) -> None:
    row = rows_of(result)["g.r_e"]
    assert row.interval is not None
    assert row.interval[0] is not None
    assert row.interval[1] is not None
    assert (row.interval[1] - row.value) / (row.value - row.interval[0]) > 1.1


def test_what_enters_linearly_has_its_uncertainty() -> None:
    row = rows_of(fitted([flat_sky()], image_of(noisy(np.full((20, 20), 3.0))), WITH_INTERVALS))["sky.i"]
    assert row.interval == pytest.approx((row.value - 0.05, row.value + 0.05), abs=5e-5)


def test_the_scaled_interval_carries_the_scatter(result: FitResult) -> None:
    for row in result.parameters:
        assert row.interval is not None
        assert row.interval_scaled is not None
        for end, scaled in zip(row.interval, row.interval_scaled, strict=True):
            assert end is not None
            assert scaled == pytest.approx(row.value + (end - row.value) * result.chi2_reduced**0.5)


def test_an_end_beyond_a_limit_is_the_limit_and_that_is_said(image: ImageData, result: FitResult) -> None:
    free = rows_of(result)["g.n"]
    assert free.uncertainty is not None
    assert free.interval is not None
    limit = free.value + 0.5 * free.uncertainty
    limited = fitted([flat_sky(), sersic(n={"value": 1.5, "max": limit})], image, WITH_INTERVALS)
    row = rows_of(limited)["g.n"]
    assert row.interval is not None
    assert row.interval_scaled is not None
    assert row.interval[0] == pytest.approx(free.interval[0], abs=1e-3 * free.uncertainty)
    assert row.interval[1] == pytest.approx(limit)
    assert any("upper end of the interval of g.n is its limit" in warning for warning in limited.warnings)


def test_a_parameter_at_its_limit_has_the_end_on_the_other_side(image: ImageData, result: FitResult) -> None:
    free = rows_of(result)["g.n"]
    assert free.uncertainty is not None
    limit = free.value - 0.8 * free.uncertainty
    model = [flat_sky(), sersic(n={"value": 0.9 * limit, "max": limit})]
    limited = fitted(model, image, WITH_INTERVALS)
    row = rows_of(limited)["g.n"]
    assert row.at_limit
    assert row.interval is not None
    assert row.interval[0] is not None
    assert row.interval[1] == pytest.approx(limit)
    assert Reference(model, image, limited).rise("g.n", row.interval[0]) == pytest.approx(1.0, abs=2e-3)


def test_the_interval_of_an_angle_stays_on_the_branch_of_its_value() -> None:
    model = [flat_sky(), sersic(pa=-0.5)]
    row = rows_of(fitted(model, image_of(noisy(rendered(model), 5.0, 2), 25.0), WITH_INTERVALS))["g.pa"]
    assert row.uncertainty is not None
    assert row.interval is not None
    assert 178.0 < row.value < 180.0
    assert row.interval == pytest.approx((row.value - row.uncertainty, row.value + row.uncertainty), rel=1e-3)
    assert row.interval[1] > 180.0  # type: ignore[operator]


def test_an_axis_ratio_ends_at_one_where_the_axes_would_swap() -> None:
    image = image_of(noisy(rendered([flat_sky(), sersic(q=0.97)]), 60.0, 1), 60.0**2)
    outcome = fitted(MODEL, image, WITH_INTERVALS)
    row = rows_of(outcome)["g.q"]
    assert row.interval is not None
    assert row.interval[1] == 1.0
    assert any("upper end of the interval of g.q is its limit" in warning for warning in outcome.warnings)


def test_a_galaxy_that_becomes_round_on_the_way_may_swap_its_axes() -> None:
    image = image_of(noisy(rendered([flat_sky(), sersic(q=0.97)]), 60.0, 8), 60.0**2)
    outcome = fitted(MODEL, image, WITH_INTERVALS)
    interval = rows_of(outcome)["g.r_e"].interval
    assert interval is not None
    for end in interval:
        assert end is not None
        assert Reference(MODEL, image, outcome).rise("g.r_e", end) == pytest.approx(1.0, abs=2e-3)


def test_an_angle_that_may_be_any_has_no_ends() -> None:
    held = {name: {"value": value, "fixed": True} for name, value in (GALAXY | {"q": 0.997}).items() if name != "pa"}
    outcome = fitted([flat_sky(), sersic(**held)], faint(q=0.997), WITH_INTERVALS)
    assert rows_of(outcome)["g.pa"].interval == (None, None)
    assert any("g.pa has no lower end" in warning and "half a turn" in warning for warning in outcome.warnings)


@pytest.mark.parametrize("method", ["iterative_components", "iterative_parameters", "gradient", "scipy"])
def test_every_method_that_ends_in_a_minimum_finds_the_intervals_that_lm_does(image: ImageData, method: str) -> None:
    """Though some end up to a tenth of σ beside the minimum: where χ² is 1 above its least is the same."""
    by_lm = rows_of(fitted(MODEL, image, WITH_INTERVALS))
    found = rows_of(fitted(MODEL, image, ({"method": method, "intervals": ["g.n", "g.pa"]},)))
    assert [name for name, row in found.items() if row.interval is not None] == ["g.pa", "g.n"]
    for name in ("g.n", "g.pa"):
        row, reference = found[name], by_lm[name]
        assert row.interval is not None
        assert reference.interval is not None
        assert reference.uncertainty is not None
        assert row.interval == pytest.approx(reference.interval, abs=0.01 * reference.uncertainty)


def test_what_a_link_carries_along_is_in_the_profile() -> None:
    links = {"x": "= a.x + 14", "y": "= a.y", "pa": "= a.pa + 40", "n": "= a.n", "r_e": "= 0.6 * a.r_e", "i_e": 80.0}
    model = [flat_sky(), sersic("a", x=12.0), sersic("b", **links)]
    data = image_of(noisy(rendered(model), SIGMA, 3), SIGMA**2)
    outcome = fitted(model, data, ({"method": "lm", "intervals": ["a.r_e"]},))
    rows = rows_of(outcome)
    row = rows["a.r_e"]
    assert [name for name, each in rows.items() if each.interval is not None] == ["a.r_e"]
    assert row.interval is not None
    assert row.uncertainty is not None
    profile = Reference(model, data, outcome)
    for end in row.interval:
        assert end is not None
        assert profile.rise("a.r_e", end) == pytest.approx(1.0, abs=2e-3)


def test_a_prior_narrows_the_interval() -> None:
    sky = flat_sky({"value": 2.0, "prior": {"normal": [3.0, 0.05]}})
    row = rows_of(fitted([sky], image_of(noisy(np.full((20, 20), 3.0))), WITH_INTERVALS))["sky.i"]
    sigma = (1.0 / 0.05**2 + 400.0) ** -0.5
    assert row.interval == pytest.approx((row.value - sigma, row.value + sigma), abs=1e-3 * sigma)


def test_counts_have_the_interval_of_cashs_statistic() -> None:
    counts = np.random.default_rng(5).poisson(0.2, (10, 10)).astype(float)
    document = fit_request([flat_sky(0.3)], WITH_INTERVALS).document() | {"noise": "poisson"}
    request = parse_request(document)
    problem = Problem(request, [image_of(counts)])
    end = profiled_lm(problem, at_start(problem), LmOptions(intervals=True), silent)
    mean, total = counts.mean(), counts.sum()

    def rise(level: float) -> float:
        return float(2.0 * (100.0 * (level - mean) - total * np.log(level / mean))) - 1.0

    interval = end.intervals["sky.i"]  # type: ignore[attr-defined]
    assert interval.lower == pytest.approx(brentq(rise, 0.3 * mean, mean), rel=1e-4)
    assert interval.upper == pytest.approx(brentq(rise, mean, 2.0 * mean), rel=1e-4)


def two_stars(weight: float) -> Problem:
    """One Gaussian whose place alone is free, and two to choose from, the left one brighter; begun at the right one."""
    shape = {"y": 10.0, "q": 1.0, "pa": 0.0, "fwhm": 3.5}
    stars = [
        {"name": name, "profile": "gaussian", "parameters": shape | {"x": x, "i_0": peak}}
        for name, x, peak in (("left", 7.5, 1.3), ("right", 13.0, 1.0))
    ]
    fixed = {name: {"value": value, "fixed": True} for name, value in (shape | {"i_0": 1.0}).items()}
    model = [{"name": "star", "profile": "gaussian", "parameters": fixed | {"x": 13.0}}]
    return Problem(fit_request(model), [image_of(rendered(stars, (21, 21)), 1.0 / weight)])


def test_a_deeper_minimum_on_the_way_is_told() -> None:
    problem = two_stars(weight=0.1)
    optimum = levenberg_marquardt(problem, problem.start())
    assert optimum.converged
    found = profile_intervals(problem, optimum, ["star.x"], silent).intervals["star.x"]
    assert found.lower is None
    assert any("deeper minimum" in remark and "star.x" in remark for remark in found.remarks)


def test_a_deeper_minimum_behind_a_barrier_is_not_met() -> None:
    problem = two_stars(weight=30.0)
    optimum = levenberg_marquardt(problem, problem.start())
    found = profile_intervals(problem, optimum, ["star.x"], silent).intervals["star.x"]
    assert found.remarks == ()
    assert found.lower is not None


def test_a_fit_that_has_not_converged_has_no_intervals(image: ImageData) -> None:
    problem = Problem(fit_request(MODEL), [image])
    end = profiled_lm(problem, at_start(problem), LmOptions(intervals=True, max_iterations=1), silent)
    assert not hasattr(end, "intervals")
    assert "no intervals" in end.message


def test_a_wish_to_stop_is_felt_while_ends_are_sought(image: ImageData) -> None:
    problem = Problem(fit_request(MODEL), [image])
    optimum = levenberg_marquardt(problem, problem.start())
    with pytest.raises(Cancelled):
        profile_intervals(problem, optimum, problem.names, Recorder(cancel_at=3))


def test_it_takes_few_refits(image: ImageData) -> None:
    problem = Problem(fit_request(MODEL), [image])
    optimum = levenberg_marquardt(problem, problem.start())
    recorder = Recorder()
    found = profile_intervals(problem, optimum, problem.names, recorder)
    ends = 2 * len(problem.names)
    assert found.evaluations - optimum.evaluations < 6 * ends
    assert recorder.told[-1][0] <= recorder.told[-1][1]


def test_ends_that_are_evaluated_apart_are_the_same(image: ImageData, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(fit_request(MODEL), [image])
    optimum = levenberg_marquardt(problem, problem.start())
    together = profile_intervals(problem, optimum, problem.names, silent).intervals
    monkeypatch.setattr("fitting.methods.uncertainties.profile_intervals._LARGEST_BLOCK", 1)
    apart = profile_intervals(problem, optimum, problem.names, silent).intervals
    sigma = dict(zip(problem.table.names, np.sqrt(np.diagonal(covariance_at(problem, optimum).of_all)), strict=True))
    for name in problem.names:
        assert together[name].lower == pytest.approx(apart[name].lower, abs=1e-6 * sigma[name])
        assert together[name].upper == pytest.approx(apart[name].upper, abs=1e-6 * sigma[name])


def test_intervals_last_as_long_as_their_minimum(image: ImageData) -> None:
    after = fitted(MODEL, image, ({"method": "lm", "intervals": True}, {"method": "lm"}))
    assert all(row.interval is not None for row in after.parameters)


@pytest.mark.parametrize("name", ["g.y", "g.nothing"])
def test_an_interval_can_only_be_asked_of_a_free_parameter(name: str) -> None:
    model = [flat_sky(), sersic(y="= g.x")]
    with pytest.raises(RequestInvalid) as caught:
        fit_request(model, ({"method": "lm", "intervals": ["g.x", name]},))
    (fault,) = caught.value.faults
    assert fault.path == "$.stages[0].intervals[1]"
    assert "no free parameter" in fault.message
