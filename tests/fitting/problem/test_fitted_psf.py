"""A point-spread function with fitted parameters: the blur of a fixed one, exact derivatives, the truth found."""

from typing import Any

import numpy as np
import pytest
import torch

from fitting.inputs.psf_stamps import gaussian_stamp
from fitting.problem import Problem
from fitting.run import run
from fitting.spec import GaussianPsf, RequestInvalid, parse_request
from fitting.spec.images.image_spec import GaussianShape
from tests.fitting.scene import fit_request, fitted, flat_sky, image_of, noisy, problem_of, rendered, sersic, values_of

MOFFAT = {"q": 0.9, "pa": 20.0, "beta": 3.0, "fwhm": 3.2}
STARS = [
    {"name": f"s{number}", "profile": "point_source", "parameters": {"x": x, "y": y, "flux": flux}}
    for number, (x, y, flux) in enumerate(((8.2, 30.7, 4000.0), (31.4, 9.1, 2500.0)))
]
PSFS = {
    "gaussian_psf": {"q": 0.8, "pa": 30.0, "fwhm": 3.0},
    "moffat_psf": MOFFAT,
    "airy_psf": {"q": 0.9, "pa": 10.0, "fwhm": 3.5},
}


def blurring(profile: str = "moffat_psf", **changes: Any) -> dict[str, Any]:
    return {"name": "p", "profile": profile, "role": "psf", "parameters": PSFS[profile] | changes}


def scene(profile: str = "moffat_psf", **changes: Any) -> list[dict[str, Any]]:
    sharp = sersic("b", x=28.0, y=30.0, i_e=20.0) | {"convolve": False}
    return [flat_sky(), sersic("a"), sharp, *STARS, blurring(profile, **changes)]


def with_stars(components: list[dict[str, Any]], data: np.ndarray | None = None) -> Problem:
    """The problem of components that bring their own point-spread function."""
    document = {"images": [{"name": "image", "data": "a.fits"}], "components": components, "stages": [{"method": "lm"}]}
    return Problem(parse_request(document), [image_of(np.zeros((41, 41)) if data is None else data)])


def test_it_blurs_as_a_fixed_one_of_the_same_values() -> None:
    round_psf = {"q": {"value": 1.0, "fixed": True}, "pa": {"value": 0.0, "fixed": True}, "fwhm": 3.0}
    blurred = with_stars([sersic("a"), {**blurring("gaussian_psf"), "parameters": round_psf}])
    stamp = gaussian_stamp(GaussianPsf(gaussian=GaussianShape(fwhm=3.0)))
    model = blurred.model(blurred.start())[0][0].numpy()
    assert model == pytest.approx(rendered([sersic("a")], psf=stamp), rel=2e-5)


@pytest.mark.parametrize("profile", PSFS)
def test_the_gradient_matches_finite_differences_and_the_questions_agree(profile: str) -> None:
    truth = with_stars(scene(profile))
    data = noisy(truth.model(truth.start())[0][0].numpy())
    problem = with_stars(scene(profile, fwhm=3.4), data)
    theta = problem.start()
    value, gradient = problem.value_and_gradient(theta)
    equations = problem.normal_equations(theta)
    assert float(problem.value(theta)) == pytest.approx(float(value), rel=1e-12)
    assert float(equations.chi2) == pytest.approx(float(value), rel=1e-10)
    size = equations.matrix[0].diagonal().sqrt()
    assert float(((gradient + 2.0 * equations.gradient)[0] / size / value.sqrt()).abs().max()) < 1e-10
    for place, name in enumerate(problem.names):
        step = 1e-3 / size[place]
        ends = torch.cat([theta + far * step * torch.eye(len(problem.names))[place] for far in (1.0, -1.0, 2.0, -2.0)])
        up, down, further_up, further_down = problem.value(ends)
        slope = (8.0 * (up - down) - (further_up - further_down)) / (12.0 * step)
        # The choice of quadrature may change over a step: to the promise on pixels.
        assert float((gradient[0, place] - slope).abs() / size[place] / value.sqrt()) < 3e-4, name


def test_each_of_a_batch_is_blurred_by_its_own() -> None:
    problem = with_stars(scene())
    narrow = problem.start()
    wide = narrow.clone()
    wide[:, problem.names.index("p.fwhm")] += 0.2
    both = torch.cat((narrow, wide))
    values, gradients = problem.value_and_gradient(both)
    for place, theta in enumerate((narrow, wide)):
        value, gradient = problem.value_and_gradient(theta)
        assert float(values[place]) == pytest.approx(float(value), rel=1e-12)
        assert torch.allclose(gradients[place], gradient[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", ["lm", "iterative_components"])
def test_stars_and_a_galaxy_give_the_point_spread_function_back(method: str) -> None:
    truth = with_stars(scene())
    image = image_of(noisy(truth.model(truth.start())[0][0].numpy()))
    off = [
        flat_sky(2.8),
        sersic("a", r_e=5.5, x=20.5, n=1.5),
        *scene()[2:-1],
        blurring(fwhm=3.7, beta=2.5, q=0.95, pa=0),
    ]
    document = {"images": [{"name": "image", "data": "a.fits"}], "components": off, "stages": [{"method": method}]}
    result = run(parse_request(document), [image])
    assert result.converged
    found = values_of(result)
    for row in result.parameters:
        if row.name.startswith("p."):
            assert row.uncertainty is not None
            off_by = found[row.name] - MOFFAT[row.name[2:]]
            assert abs(off_by) < 3.5 * row.uncertainty
    assert set(result.images[0].components) == {"sky", "a", "b", "s0", "s1"}


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"profile": "sersic"}, "$.components[1].role", "no point-spread function"),
        ({"role": "kernel"}, "$.components[1].role", "light"),
        ({"parameters": MOFFAT | {"flux": 3.0}}, "$.components[1].parameters.flux", "no such parameter"),
    ],
)
def test_what_cannot_blur_is_refused(changes: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        fit_request([flat_sky(), blurring() | changes])
    assert path in [fault.path for fault in refused.value.faults]
    assert words in str(refused.value)


def test_an_image_has_one_point_spread_function() -> None:
    with pytest.raises(RequestInvalid, match="second point-spread function") as refused:
        fit_request([*STARS, blurring()])  # the helper gives the image a psf for its stars
    assert [fault.path for fault in refused.value.faults] == ["$.components[2].role"]
    with pytest.raises(RequestInvalid, match="beside p"):
        fit_request([flat_sky(), blurring(), blurring() | {"name": "r"}])


def test_the_role_survives_json() -> None:
    request = fit_request([flat_sky(), blurring()])
    assert parse_request(request.document()) == request
    assert "role" not in request.document()["components"][0]
    assert fitted([flat_sky(), blurring()], image_of(noisy(np.full((21, 21), 3.0)))).parameters
    assert problem_of([flat_sky()]).images[0].psf is None
