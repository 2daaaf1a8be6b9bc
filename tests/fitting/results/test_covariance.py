"""Uncertainties: against a plain inverse, through links, and against the scatter of repeated fits."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fitting.methods.minimizers import levenberg_marquardt
from fitting.problem import Problem
from fitting.results import FitResult, covariance_document
from fitting.results.covariance import Covariance
from tests.fitting.scene import (
    GALAXY,
    fit_request,
    fitted,
    flat_sky,
    image_of,
    noisy,
    rendered,
    sersic,
    uncertainties_of,
    values_of,
)

MODEL = [flat_sky(), sersic()]
STEPS = {"sky.i": 1e-3, "g.x": 1e-4, "g.y": 1e-4, "g.q": 1e-4, "g.pa": 1e-2, "g.n": 1e-4, "g.r_e": 1e-3, "g.i_e": 1e-2}


@pytest.fixture(scope="module")
def result() -> FitResult:
    return fitted(MODEL, image_of(noisy(rendered(MODEL), 0.7), 0.49))


def model_at(values: dict[str, float]) -> np.ndarray:
    changes = {name.partition(".")[2]: value for name, value in values.items() if name.startswith("g.")}
    return rendered([flat_sky(values["sky.i"]), sersic(**changes)])


def test_covariance_is_the_inverse_of_the_models_normal_matrix_in_reported_units(result: FitResult) -> None:
    values = values_of(result)
    columns = []
    for name, step in STEPS.items():
        up, down = (model_at(values | {name: values[name] + sign * step}) for sign in (1.0, -1.0))
        columns.append((up - down).ravel() / (2.0 * step) / 0.7)
    jacobian = np.stack(columns, axis=-1)
    expected = np.linalg.inv(jacobian.T @ jacobian)
    sigma = np.sqrt(np.diagonal(expected))
    assert result.covariance.names == tuple(STEPS)
    assert np.abs((result.covariance.matrix - expected) / np.outer(sigma, sigma)).max() < 1e-3


def test_uncertainties_are_the_roots_of_the_diagonal(result: FitResult) -> None:
    sigma = np.sqrt(np.diagonal(result.covariance.matrix))
    assert list(uncertainties_of(result).values()) == pytest.approx(list(sigma), rel=1e-12)


def test_uncertainties_of_all_rows_are_those_of_each() -> None:
    """A dense case with directions that are open, a parameter at a limit and a fixed row."""
    generator = np.random.default_rng(5)
    sensitivity = generator.normal(size=(9, 7))
    sensitivity[4] = sensitivity[:, 6] = 0.0
    directions = np.linalg.qr(generator.normal(size=(6, 2)))[0]
    sensitivity[1, :6] -= directions @ (directions.T @ sensitivity[1, :6])
    root = generator.normal(size=(9, 9)) * np.where(np.arange(9) == 4, 0.0, 1.0)[:, None]
    whole = Covariance((), np.empty((0, 0)), root @ root.T, 1.0, (), (), (), sensitivity, np.eye(7)[:, :6] @ directions)
    each = [whole.sigma(row) for row in np.eye(9)]
    assert whole.sigmas() == pytest.approx(each)
    assert each[4] is None
    assert each[1] == pytest.approx(np.linalg.norm(root[1]))
    assert 2 <= sum(sigma is None for sigma in each) < 9


def test_scaled_uncertainties_carry_the_scatter(result: FitResult) -> None:
    for parameter in result.parameters:
        assert parameter.uncertainty is not None
        assert parameter.uncertainty_scaled == pytest.approx(parameter.uncertainty * result.chi2_reduced**0.5)


def test_correlation_and_condition_number_are_those_of_the_matrix(result: FitResult) -> None:
    document = covariance_document(result)
    matrix, correlation = np.array(document["matrix"]), np.array(document["correlation"])
    sigma = np.sqrt(np.diagonal(matrix))
    assert np.diagonal(correlation) == pytest.approx(1.0)
    assert correlation * np.outer(sigma, sigma) == pytest.approx(matrix)
    inverse = np.linalg.inv(matrix)
    scale = 1.0 / np.sqrt(np.diagonal(inverse))
    # θ is logarithmic in part, which scaling to a unit diagonal takes out again.
    assert document["condition_number"] == pytest.approx(np.linalg.cond(inverse * np.outer(scale, scale)), rel=1e-4)


def test_a_parameter_at_a_limit_is_left_out_as_if_it_were_fixed() -> None:
    data = image_of(noisy(rendered(MODEL)))
    limited = fitted([flat_sky(), sersic(n={"value": 1.2, "max": 1.5})], data)
    fixed = fitted([flat_sky(), sersic(n={"value": 1.5, "fixed": True})], data)
    assert limited.covariance.names == fixed.covariance.names
    assert limited.covariance.matrix == pytest.approx(fixed.covariance.matrix, rel=1e-3, abs=1e-9)


def test_linked_parameters_have_propagated_uncertainties() -> None:
    links = {"x": "= a.x + a.r_e", "y": "= 2 * a.y - a.x", "pa": "= a.pa + 90", "n": "= exp(a.q) * sqrt(a.n)"}
    model = [flat_sky(), sersic("a"), sersic("b", **links, q=0.8, r_e=2.0, i_e=30.0)]
    outcome = fitted(model, image_of(noisy(rendered(model))))
    uncertainties, values = uncertainties_of(outcome), values_of(outcome)
    names = list(outcome.covariance.names)
    assert "b.x" not in names
    table = Problem(fit_request(model), [image_of(rendered(model))]).table
    own = {name: values[name] for name in names}
    for linked in ("b.x", "b.y", "b.pa", "b.n"):
        slope = [
            (
                table.values(own | {name: own[name] + 1e-5})[linked]
                - table.values(own | {name: own[name] - 1e-5})[linked]
            )
            / 2e-5
            for name in names
        ]
        expected = float(np.sqrt(slope @ outcome.covariance.matrix @ slope))
        assert uncertainties[linked] == pytest.approx(expected, rel=1e-6), linked


def test_what_hangs_on_an_undetermined_parameter_alone_has_no_uncertainty() -> None:
    data = noisy(rendered([flat_sky(), sersic()]))
    unseen = {name: {"value": value, "fixed": True} for name, value in (GALAXY | {"x": 1e6}).items()}
    model = [flat_sky(), sersic("a"), sersic("b"), sersic("c", **unseen | {"r_e": "= a.r_e"})]
    outcome = fitted(model, image_of(data))
    assert "a.r_e" in outcome.covariance.undetermined
    assert uncertainties_of(outcome)["c.r_e"] is None
    derived = {row.name: row.uncertainty for row in outcome.derived}
    assert [derived[f"{name}.flux"] for name in ("a", "b", "c", "total")] == [None] * 4
    # What lies on each other is known together.
    assert derived["a+b.flux"] is not None


def test_what_the_data_determine_of_a_degenerate_model_has_its_uncertainty() -> None:
    """The sum of two skies is known as well as one sky; so is the galaxy beside them."""
    data = image_of(noisy(rendered(MODEL)))
    two = fitted([flat_sky("= low.i + high.i"), flat_sky(1.0, "low"), flat_sky(2.0, "high"), sersic()], data)
    one = uncertainties_of(fitted(MODEL, data))
    got = uncertainties_of(two)
    assert got["low.i"] is None
    assert got["sky.i"] == pytest.approx(one["sky.i"] / 2.0, rel=1e-3)  # type: ignore[operator]
    assert got["g.r_e"] == pytest.approx(one["g.r_e"], rel=1e-3)


def test_pulls_of_repeated_fits_have_unit_scatter() -> None:
    model, realisations = rendered(MODEL), 60
    truth = {"sky.i": 3.0} | {f"g.{name}": value for name, value in GALAXY.items()}
    request, pulls = fit_request(MODEL), []
    for seed in range(realisations):
        problem = Problem(request, [image_of(noisy(model, 2.0, seed), 4.0)])
        end = levenberg_marquardt(problem, problem.start())
        assert end.converged
        values = problem.parameters.values(end.theta)
        covariance = values.jacobian[0] @ torch.linalg.inv(end.equations.matrix[0]) @ values.jacobian[0].T
        off = values.physical[0] - torch.tensor([truth[name] for name in problem.names], dtype=torch.float64)
        pulls.append((off / covariance.diagonal().sqrt()).numpy())
    scatter, mean = np.std(pulls, axis=0), np.mean(pulls, axis=0)
    assert scatter == pytest.approx(1.0, abs=0.25)
    assert mean == pytest.approx(0.0, abs=4.0 / np.sqrt(realisations))


def test_uncertainties_shrink_with_the_variance(result: FitResult) -> None:
    data = noisy(rendered(MODEL), 0.7)
    quarter = uncertainties_of(fitted(MODEL, image_of(data, 0.49 / 4.0)))
    plain = uncertainties_of(fitted(MODEL, image_of(data, 0.49)))
    assert quarter == pytest.approx({name: value / 2.0 for name, value in plain.items() if value}, rel=1e-3)


def test_the_covariance_of_a_result_is_not_changed_by_copying(result: FitResult) -> None:
    assert covariance_document(replace(result)) == covariance_document(result)
