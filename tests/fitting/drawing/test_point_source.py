"""Point sources: the PSF at positions between pixels, its derivatives, and the fault where there is none."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.polynomial.legendre import leggauss
from scipy.special import erf

from fitting.drawing import PointSource
from fitting.inputs.psf_stamps import fine_kernel
from fitting.render.pixels import Frame
from fitting.spec import RequestInvalid, parse_request
from fitting.spec.images.image_spec import GaussianShape, MoffatShape
from tests.fitting.scene import (
    fitted,
    flat_sky,
    image_of,
    noisy,
    problem_of,
    rendered,
    sersic,
    uncertainties_of,
    values_of,
)

FRAME = Frame(0, 0, 31, 27)
SIGMA = 1.6


def gaussian(x: float, y: float, width: int, height: int) -> np.ndarray:
    """A Gaussian integrated over pixels, centred at x, y."""
    along_x, along_y = (
        np.diff(0.5 * erf((np.arange(size + 1) - 0.5 - centre) / SIGMA / np.sqrt(2.0)))
        for size, centre in ((width, x), (height, y))
    )
    return np.outer(along_y, along_x)


STAMP = gaussian(12, 12, 25, 25)
STAMP = STAMP / STAMP.sum()


def star(**values: Any) -> dict[str, Any]:
    return {"name": "s", "profile": "point_source", "parameters": {"x": 14.3, "y": 12.8, "flux": 900.0} | values}


def test_a_source_on_a_pixel_is_the_stamp_itself() -> None:
    image = rendered([star(x=15, y=13)], (27, 31), psf=STAMP)
    assert image[1:26, 3:28] == pytest.approx(900.0 * STAMP, abs=1e-9)


@pytest.mark.parametrize(("x", "y"), [(14.3, 12.8), (15.5, 13.5), (14.01, 13.0)])
def test_a_source_between_pixels_is_the_psf_integrated_there(x: float, y: float) -> None:
    image = rendered([star(x=x, y=y)], (27, 31), psf=STAMP)
    exact = 900.0 * gaussian(x, y, 31, 27)
    assert np.abs(image - exact).max() <= 1e-4 * exact.max()
    assert image.sum() == pytest.approx(900.0, rel=1e-6)


def test_derivatives_match_finite_differences() -> None:
    drawing = PointSource(torch.as_tensor(STAMP))
    values = torch.tensor([[14.3, 12.8, 900.0], [3.1, 25.9, 20.0]], dtype=torch.float64)
    exact = drawing.derivatives(values, FRAME)
    for place in range(3):
        shift = torch.zeros(3, dtype=torch.float64)
        shift[place] = 1e-3
        near, far = (
            drawing.image(values + many * shift, FRAME) - drawing.image(values - many * shift, FRAME)
            for many in (1.0, 2.0)
        )
        expected = (8.0 * near - far) / 12e-3
        assert float((exact[:, place] - expected).abs().max()) <= 1e-6 * float(expected.abs().max())


def integrated(x: float, y: float, side: int, fwhm: float, beta: float) -> np.ndarray:
    """A Moffat star integrated over pixels by 12 × 12 Gauss-Legendre points."""
    nodes, weights = leggauss(12)
    core = fwhm / 2.0 / np.sqrt(2.0 ** (1.0 / beta) - 1.0)
    place = (np.arange(side)[:, None] + nodes / 2.0).ravel()
    light = (beta - 1.0) / np.pi / core**2 * (1.0 + ((place - x) ** 2 + (place[:, None] - y) ** 2) / core**2) ** -beta
    return np.einsum("aibj,i,j->ab", light.reshape(side, 12, side, 12), weights / 2.0, weights / 2.0)


@pytest.mark.parametrize(
    ("fwhm", "promise"),
    [(1.3, 0.03), (1.5, 0.016), (1.8, 0.01), (2.0, 0.005), (2.5, 3e-3), (3.0, 1.2e-3), (4.0, 1e-4)],
)
@pytest.mark.parametrize("beta", [3.0, 50.0])
def test_the_spline_suits_the_sampling(fwhm: float, promise: float, beta: float) -> None:
    """Degree nine is wrong by 4 % of the peak at a FWHM of 1.3 pixels, where this is by 1 to 3 %."""
    stamp = integrated(20, 20, 41, fwhm, beta)
    for x, y in [(20.5, 20.5), (20.3, 20.1), (20.25, 20.5)]:
        image = rendered([star(x=x, y=y, flux=1.0)], (41, 41), psf=stamp)
        assert np.abs(image - integrated(x, y, 41, fwhm, beta)).max() <= promise * stamp.max()


@pytest.mark.parametrize("side", [1, 3, 5, 7, 9, 15, 25])
@pytest.mark.parametrize("fwhm", [1.2, 1.6, 2.0, 2.7, 3.0, 4.0])
@pytest.mark.parametrize("beta", [2.5, 50.0])
def test_a_star_leaves_no_ringing_outside_its_stamp(side: int, fwhm: float, beta: float) -> None:
    """Beyond the pixel that the stamp's edge is moved into nothing, and no light is lost; half a pixel nearer nothing
    but the light of the edge.
    """
    stamp = integrated(side // 2, side // 2, side, fwhm, beta)
    stamp /= stamp.sum()
    y, x = np.mgrid[:61, :61]
    for dx, dy in [(0.5, 0.5), (0.3, -0.4), (0.1, 0.25)]:
        image = rendered([star(x=30 + dx, y=30 + dy, flux=1.0)], (61, 61), psf=stamp)
        off = np.maximum(np.abs(x - 30 - dx), np.abs(y - 30 - dy))
        assert np.abs(image[off > side // 2 + 1]).max() <= 1e-12 * stamp.max()
        assert image[off > side // 2 + 0.5].min() >= -(1e-4 if side > 9 else 3e-3) * stamp.max()
        assert image.sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("side", "fwhm", "beta", "promise"), [
    (9, 2.0, 3.0, 3e-3), (15, 3.0, 3.0, 1e-3), (21, 4.0, 3.0, 1e-3), (21, 4.0, 50.0, 2e-5), (31, 3.0, 2.5, 1e-3)
])  # fmt: skip
def test_light_at_the_stamps_edge_is_moved_with_it(side: int, fwhm: float, beta: float, promise: float) -> None:
    """Inside of the stamp's edge a star of a stamp that ends where there is light yet is as good as any."""
    whole = integrated(50, 50, 101, fwhm, beta)
    half = side // 2
    stamp = whole[50 - half : 51 + half, 50 - half : 51 + half]
    for x, y in [(50.5, 50.5), (50.3, 49.6)]:
        image = rendered([star(x=x, y=y, flux=float(stamp.sum()))], (101, 101), psf=stamp / stamp.sum())
        inner = slice(52 - half, 50 + half)
        exact = integrated(x, y, 101, fwhm, beta)
        assert np.abs(image - exact)[inner, inner].max() <= promise * stamp.max()


@pytest.mark.parametrize(("fine", "size"), [(2, 51), (3, 75), (4, 100)])
def test_a_star_takes_an_oversampled_kernel(fine: int, size: int) -> None:
    """A kernel of integrals over fine pixels, of even size too, whose middle is N // 2."""
    middle = size // 2
    narrow = SIGMA * fine
    line = np.diff(0.5 * erf((np.arange(size + 1) - 0.5 - middle) / narrow / np.sqrt(2.0)))
    stamp = fine_kernel(np.outer(line, line))
    for x, y in [(14.3, 12.8), (15.0, 13.0)]:
        image = rendered([star(x=x, y=y)], (27, 31), psf=stamp, psf_oversampling=fine)
        exact = 900.0 * gaussian(x, y, 31, 27)
        assert np.abs(image - exact).max() <= 1e-4 * exact.max()


def test_the_questions_agree_about_stars_and_a_galaxy_on_an_oversampled_kernel() -> None:
    line = np.diff(0.5 * erf((np.arange(38) - 0.5 - 18) / 3.2 / np.sqrt(2.0)))
    fields: dict[str, Any] = {"psf": np.outer(line, line), "psf_oversampling": 2}
    components = [star(), star(x=20.1) | {"name": "t"}, sersic(x=9.0, y=15.0), flat_sky()]
    problem = problem_of(components, (27, 31), data=noisy(rendered(components, (27, 31), **fields)), **fields)
    theta = problem.start() + 0.01
    value, gradient = problem.value_and_gradient(theta)
    equations = problem.normal_equations(theta)
    size = equations.matrix[0].diagonal().sqrt() * value.sqrt()
    assert float(((gradient + 2.0 * equations.gradient)[0] / size).abs().max()) < 1e-10
    step = 1e-4 * equations.matrix[0].diagonal().rsqrt()
    for place, one in enumerate(torch.diag(step)):
        rise = float(problem.value(theta + one) - problem.value(theta - one)) / 2.0
        assert rise == pytest.approx(float(gradient[0, place] * step[place]), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("form", [GaussianShape(fwhm=3.0), MoffatShape(fwhm=3.0, beta=2.5)])
def test_a_psf_of_known_formula_is_integrated_over_pixels(form: GaussianShape | MoffatShape) -> None:
    x, y = 14.3, 12.8
    own = {"beta": 2.5} if isinstance(form, MoffatShape) else {}
    model = {"x": x, "y": y, "q": 1.0, "pa": 0.0, "fwhm": 3.0, "flux": 900.0} | own
    profile = "moffat_psf" if own else "gaussian_psf"
    image = rendered([star(x=x, y=y)], (27, 31), psf=STAMP, psf_form=form)
    assert image == pytest.approx(
        rendered([{"name": "m", "profile": profile, "parameters": model}], (27, 31)), rel=1e-12
    )
    problem = problem_of([star(x=x, y=y)], (27, 31), data=image + 1.0, psf=STAMP, psf_form=form)
    theta = problem.start()
    _, gradient = problem.value_and_gradient(theta)
    steps = torch.diag(torch.full((3,), 1e-4, dtype=torch.float64))
    expected = torch.stack([(problem.value(theta + step) - problem.value(theta - step))[0] for step in steps]) / 2e-4
    assert gradient[0].numpy() == pytest.approx(expected.numpy(), rel=1e-5, abs=1e-6)


def test_an_image_without_psf_is_a_fault() -> None:
    document = {"images": [{"data": "a.fits"}], "components": [star(), flat_sky()]}
    with pytest.raises(RequestInvalid) as caught:
        parse_request(document)
    assert [fault.path for fault in caught.value.faults] == ["$.components[0].profile"]
    assert "point-spread function" in caught.value.faults[0].message


def test_a_source_is_recovered_from_noise() -> None:
    image = image_of(noisy(rendered([star(), flat_sky()], (27, 31), psf=STAMP), 0.5), 0.25, psf=STAMP)
    result = fitted([star(x=15.2, y=12.0, flux=700.0), flat_sky(2.0)], image)
    truth = {"s.x": 14.3, "s.y": 12.8, "s.flux": 900.0, "sky.i": 3.0}
    sigma = uncertainties_of(result)
    assert result.converged
    assert all(abs(value - truth[name]) <= 3.0 * sigma[name] for name, value in values_of(result).items())
