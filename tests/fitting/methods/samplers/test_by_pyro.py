"""Pyro's kernels of `nuts` and `hmc`, and `svi`: against integrals that SciPy knows, and photfit's own chains."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import truncnorm

from fitting.batch import fit_batch
from fitting.chains import diagnose
from fitting.faults import UserFault
from fitting.inputs import ImageData
from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.progress import Cancelled, Progress
from fitting.methods.samplers import pyro_posterior
from fitting.methods.samplers.hamiltonian import run_nuts
from fitting.methods.samplers.variational import run_svi
from fitting.problem import Problem
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest, parse_request
from fitting.spec.methods import NutsOptions, SviOptions
from tests.fitting.scene import fit_request, flat_sky, image_of, noisy, rendered, sersic

SIGMA = 2.0
SHAPE = (12, 15)
ERROR = SIGMA / np.sqrt(SHAPE[0] * SHAPE[1])
"""Standard deviation of the level of a sky in an image of this shape."""
BY_PYRO: dict[str, dict[str, Any]] = {
    "nuts": {"kernel": "pyro", "warmup": 50, "samples": 500, "chains": 2, "max_tree_depth": 3},
    "hmc": {"kernel": "pyro", "warmup": 50, "samples": 500, "chains": 2, "leapfrog_steps": 4},
    "svi": {"steps": 150, "samples": 1000, "learning_rate": 0.05},
}


def sky_request(stage: dict[str, Any], **level: float) -> FitRequest:
    """A sky whose level may have limits, from a start beside the best one."""
    sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": {"value": 9.0, **level}}}
    document = {"images": [{"name": "image", "data": "d.fits"}], "components": [sky], "stages": [{"method": "lm"}]}
    document["stages"] = [{"method": "lm"}, stage]
    return parse_request(document)


def sky_image(seed: int = 1) -> ImageData:
    return image_of(10.0 + np.random.default_rng(seed).normal(0.0, SIGMA, SHAPE), SIGMA**2)


def levels(result: FitResult) -> np.ndarray:
    assert result.sampled is not None
    return result.sampled.chains.draws[..., 0]


@pytest.mark.slow
@pytest.mark.parametrize("method", BY_PYRO)
@pytest.mark.parametrize("cut", [-0.5, 1.0], ids=["most is cut off", "some is cut off"])
def test_a_level_with_a_limit_is_a_truncated_normal(method: str, cut: float) -> None:
    image = sky_image()
    middle = float(image.data.mean())
    highest = middle + cut * ERROR
    result = run(sky_request({"method": method, **BY_PYRO[method]}, max=highest), [image])
    exact = truncnorm(-np.inf, cut, middle, ERROR)
    draws = levels(result)
    assert draws.max() <= highest
    assert result.sampled is not None
    effective = result.sampled.diagnostics["ess_bulk"]["sky.i"]
    assert effective > 60
    assert abs(draws.mean() - exact.mean()) < 4.0 * exact.std() / np.sqrt(effective)
    assert abs(draws.std() / exact.std() - 1.0) < 4.0 / np.sqrt(effective)


@pytest.mark.parametrize("method", BY_PYRO)
def test_objects_of_a_batch_have_the_draws_that_they_have_alone(method: str) -> None:
    short: dict[str, Any] = {"steps": 10, "samples": 30} if method == "svi" else {"warmup": 3, "samples": 8}
    request = sky_request({"method": method, **BY_PYRO[method], **short})
    images = [[sky_image(seed)] for seed in range(2)]
    for image, end in zip(images, fit_batch([request] * 2, images), strict=True):
        assert isinstance(end, FitResult)
        np.testing.assert_allclose(levels(end), levels(run(request, image)), rtol=1e-9)


def test_pyro_leaves_random_numbers_and_parameters_as_they_were() -> None:
    pyro = pytest.importorskip("pyro")
    torch.manual_seed(5)
    expected = torch.rand(3)
    pyro.get_param_store().setdefault("own", torch.ones(1))
    request = sky_request({"method": "svi", **BY_PYRO["svi"]})
    problem = Problem(request, [sky_image()])
    optimum = levenberg_marquardt(problem, problem.start())
    torch.manual_seed(5)
    run_svi(problem, optimum, SviOptions(steps=3, samples=30), lambda *_: None, seed=1)
    run_nuts(problem, optimum, NutsOptions(kernel="pyro", warmup=3, samples=4, chains=1), lambda *_: None, seed=1)
    torch.testing.assert_close(torch.rand(3), expected)
    assert list(pyro.get_param_store().keys()) == ["own"]
    pyro.clear_param_store()


def test_a_stage_that_needs_pyro_is_refused_before_any_other_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyro_posterior, "find_spec", lambda _: None)
    for stage in ({"method": "svi"}, {"method": "nuts", "kernel": "pyro"}):
        with pytest.raises(
            UserFault, match=r"^stage 2, .* asks for Pyro, which is not installed .* pip install pyro-ppl"
        ):
            run(sky_request(stage), [sky_image()], report=lambda _: pytest.fail("something ran"))
    run(sky_request({"method": "nuts", "warmup": 2, "samples": 4}), [sky_image()])


def test_a_cancel_goes_through_pyro() -> None:
    def report(at: Progress) -> None:
        if at.method == "nuts" and at.iteration > 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(sky_request({"method": "nuts", **BY_PYRO["nuts"], "samples": 100_000}), [sky_image()], report=report)


def test_the_seed_decides_what_pyro_draws() -> None:
    request = sky_request({"method": "nuts", **BY_PYRO["nuts"], "warmup": 3, "samples": 6})
    first, again, other = (levels(run(request.model_copy(update={"seed": seed}), [sky_image()])) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.slow
@pytest.mark.parametrize("guide", ["nuts", "hmc", "multivariate_normal", "normalizing_flow"])
def test_a_faint_galaxy_has_the_same_posterior_by_either_implementation(guide: str) -> None:
    components = [flat_sky({"value": 3.0, "fixed": True}), sersic(i_e=12.0)]
    image = image_of(noisy(rendered(components)))
    problem = Problem(fit_request(components), [image])
    optimum = levenberg_marquardt(problem, problem.start())
    ours = run_nuts(problem, optimum, NutsOptions(warmup=150, samples=1000), lambda *_: None, seed=3)
    if guide in ("nuts", "hmc"):
        steps = {"leapfrog_steps": 6} if guide == "hmc" else {}
        stage = {"method": guide, "kernel": "pyro", "warmup": 150, "samples": 500, "chains": 2, **steps}
    else:
        stage = {"method": "svi", "guide": guide, "steps": 2000, "samples": 4000}
    theirs = run(fit_request(components, [{"method": "lm"}, stage]), [image])
    assert theirs.sampled is not None
    known = theirs.sampled.diagnostics
    assert known["pareto_k"] is None or known["pareto_k"] < 0.7
    errors = diagnose(ours.chains)
    for place, name in enumerate(ours.chains.names):
        mine, other = ours.chains.draws[..., place], theirs.sampled.chains.draws[..., place]
        assert abs(mine.mean() - other.mean()) < 4.0 * np.hypot(errors.mcse_mean[name], known["mcse_mean"][name]), name
        assert abs(mine.std() - other.std()) < 4.0 * np.hypot(errors.mcse_sd[name], known["mcse_sd"][name]), name
