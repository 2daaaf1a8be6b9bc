"""The bootstrap: its spread, its seed, its batch, cancel."""

import numpy as np
import pytest
import torch

from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.progress import Cancelled
from fitting.methods.uncertainties.bootstrap import bootstrap
from fitting.problem.resampling import ResampledProblem, pixel_counts
from fitting.results import covariance_at
from fitting.spec.methods import BootstrapOptions
from tests.fitting.methods.scenes import Recorder, at_start, example, galaxy, reference, same, scene, silent, sky

TRUTH = [sky(3.0), galaxy("g", x=20.2, y=19.7, q=0.7, pa=30.0, n=1.5, r_e=5.0, i_e=20.0)]


def test_its_spread_is_the_covariance_where_model_and_noise_are_right() -> None:
    problem = scene(TRUTH, 41, start=TRUTH)
    optimum = levenberg_marquardt(problem, problem.start())
    end = bootstrap(problem, optimum, BootstrapOptions(samples=300, seed=1), silent)
    expected = np.sqrt(np.diagonal(covariance_at(problem, optimum).of_all))
    ratio = end.covariance(problem).diagonal().sqrt().numpy() / expected
    assert abs(np.median(ratio) - 1.0) < 0.15
    assert np.abs(ratio - 1.0).max() < 0.4  # few pixels tell where a cusp is, and those are resampled coarsely


def test_its_spread_is_that_of_the_three_galaxies_reference() -> None:
    problem, known = example(), reference()
    optimum = levenberg_marquardt(problem, problem.start())
    end = bootstrap(problem, optimum, BootstrapOptions(samples=50), silent)
    ratio = [
        float(sigma) / known["uncertainties"][name]
        for name, sigma in zip(problem.table.names, end.covariance(problem).diagonal().sqrt(), strict=True)
    ]
    assert end.failed == 0
    assert 0.7 < np.median(ratio) < 1.3


def test_leaves_the_fit_at_its_optimum() -> None:
    problem = scene(TRUTH, 41, start=TRUTH)
    optimum = levenberg_marquardt(problem, problem.start())
    assert same(bootstrap(problem, optimum, BootstrapOptions(samples=4), silent), optimum)


def test_finds_the_optimum_first_where_it_does_not_start_there() -> None:
    start = [sky(2.0), galaxy("g", x=20.6, y=19.4, q=0.8, pa=36.0, n=1.2, r_e=6.0, i_e=15.0)]
    problem = scene(TRUTH, 41, start=start)
    end = bootstrap(problem, at_start(problem), BootstrapOptions(samples=4), silent)
    assert end.converged
    assert float(end.equations.chi2) == pytest.approx(
        float(levenberg_marquardt(problem, problem.start()).equations.chi2), abs=1e-3
    )


def test_each_copy_is_at_the_minimum_of_its_own_image() -> None:
    problem = scene(TRUTH, 41, start=TRUTH)
    optimum = levenberg_marquardt(problem, problem.start())
    end = bootstrap(problem, optimum, BootstrapOptions(samples=3, seed=5), silent)
    resampled = ResampledProblem(problem, 3, torch.Generator().manual_seed(5))
    equations = resampled.normal_equations(end.samples, torch.arange(3), lambda: None)
    step = torch.linalg.solve(equations.matrix, equations.gradient)
    assert float((step * equations.gradient).sum(-1).max()) < 1e-3


def test_one_theta_for_all_copies_gives_what_one_theta_for_each_gives() -> None:
    problem = scene(TRUTH, 41, start=TRUTH)
    theta, everyone = problem.start(), torch.arange(3)
    resampled = ResampledProblem(problem, 3, torch.Generator().manual_seed(5))
    shared = resampled.normal_equations(theta, everyone, lambda: None)
    own = resampled.normal_equations(theta.repeat(3, 1), everyone, lambda: None)
    torch.testing.assert_close(shared.matrix, own.matrix)
    torch.testing.assert_close(shared.gradient, own.gradient, rtol=1e-6, atol=1e-4)


def test_as_many_pixels_are_drawn_as_are_used_and_none_that_is_masked() -> None:
    problem = scene(TRUTH, 41, start=TRUTH)
    (image,) = problem.images
    image.weight[:10] = 0.0
    counts = pixel_counts(image, [1, 2, 3, 4, 5])
    assert counts.flatten(1).sum(-1).tolist() == [31 * 41] * 5
    assert int(counts[:, :10].sum()) == 0
    assert not torch.equal(counts[0], counts[1])


def test_copies_are_the_same_in_whatever_batches_they_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = scene(TRUTH, 41, start=TRUTH)
    resampled = ResampledProblem(problem, 5, torch.Generator().manual_seed(5))
    whole = resampled.normal_equations(problem.start(), torch.arange(5), lambda: None)
    monkeypatch.setattr("fitting.problem.resampling._LARGEST_COUNTS", 2 * 41 * 41)
    parts = resampled.normal_equations(problem.start(), torch.arange(5), lambda: None)
    torch.testing.assert_close(whole.matrix, parts.matrix)
    torch.testing.assert_close(whole.chi2, parts.chi2)


def test_its_own_seed_decides_and_the_requests_stands_in() -> None:
    problem = scene(TRUTH, 41, start=TRUTH)
    optimum = levenberg_marquardt(problem, problem.start())
    one, other, third = (
        bootstrap(problem, optimum, BootstrapOptions(samples=3, seed=seed), silent).samples for seed in (42, None, 7)
    )
    assert torch.equal(one, other)
    assert not torch.equal(one, third)


def test_cancel_comes_through() -> None:
    problem = scene(TRUTH, 41, start=TRUTH)
    optimum = levenberg_marquardt(problem, problem.start())
    with pytest.raises(Cancelled):
        bootstrap(problem, optimum, BootstrapOptions(samples=10), Recorder(cancel_at=2))
