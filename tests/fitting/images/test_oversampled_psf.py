"""Point-spread functions sampled more finely than the image: against GALFIT, and against convolution by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from astropy.io import fits

from fitting.inputs import ImageData, load_images
from fitting.inputs.psf_stamps import fine_kernel
from fitting.problem import Problem
from fitting.render.convolution import FineConvolver
from fitting.spec import RequestInvalid, parse_request
from tests.fitting.scene import flat_sky, image_of, noisy, problem_of, rendered, sersic

DATA = Path(__file__).parents[4] / "shared" / "data" / "galfit_rendered"
SHAPE = (31, 33)
PLACE = {"x": 14.3, "y": 16.6}


def kernel(height: int = 13, width: int = 10) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    stamp = np.exp(-0.5 * ((x - width // 2 - 0.7) ** 2 / 4.0 + (y - height // 2 + 0.4) ** 2 / 6.0))
    return np.asarray(stamp / stamp.sum())


@pytest.mark.parametrize("fine", [2, 3, 4])
def test_an_oversampled_psf_blurs_fine_pixels_and_averages_them(fine: int) -> None:
    """The same by direct sums on an image that is rendered on the fine grid."""
    stamp = fine_kernel(kernel())
    model = rendered([sersic(**PLACE)], SHAPE, psf=stamp, psf_oversampling=fine)
    big = sersic(x=(PLACE["x"] + 0.5) * fine - 0.5 + 30, y=(PLACE["y"] + 0.5) * fine - 0.5 + 30, r_e=5.0 * fine, q=0.6)
    size = (SHAPE[0] * fine + 60, SHAPE[1] * fine + 60)
    light = rendered([big], size)
    half_y, half_x = stamp.shape[0] // 2, stamp.shape[1] // 2
    blurred = sum(
        weight * np.roll(light, (row - half_y, column - half_x), (0, 1))
        for (row, column), weight in np.ndenumerate(stamp)
    )[30:-30, 30:-30]
    expected = blurred.reshape(SHAPE[0], fine, SHAPE[1], fine).mean((1, 3))
    assert model == pytest.approx(expected, rel=1e-5)


def test_transpose_is_that_of_apply() -> None:
    convolver = FineConvolver(torch.tensor(fine_kernel(kernel())), 3)
    generator = torch.Generator().manual_seed(2)
    margin = convolver.widest_margin
    wide = torch.randn(3 * (12 + 2 * margin), 3 * (9 + 2 * margin), dtype=torch.float64, generator=generator)
    narrow = torch.randn(12, 9, dtype=torch.float64, generator=generator)
    assert float((convolver.apply(wide) * narrow).sum()) == pytest.approx(
        float((wide * convolver.transpose(narrow)).sum())
    )


def test_derivatives_match_finite_differences() -> None:
    components = [flat_sky(), sersic(**PLACE), sersic("open", x=20.0, convolve=True)]
    components[2] = {**sersic("open", x=20.0), "convolve": False}
    fields: dict[str, Any] = {"psf": fine_kernel(kernel()), "psf_oversampling": 2}
    problem = problem_of(components, data=noisy(rendered([flat_sky(3.4), sersic(**PLACE)], SHAPE, **fields)), **fields)
    theta = problem.start()
    value, gradient = problem.value_and_gradient(theta)
    equations = problem.normal_equations(theta)
    assert float(equations.chi2) == pytest.approx(float(value), rel=1e-10)
    assert torch.allclose(gradient, -2.0 * equations.gradient, rtol=1e-8, atol=1e-6 * float(gradient.abs().max()))
    for place, step in enumerate(torch.diag(0.3 * equations.matrix[0].diagonal().rsqrt())):
        rise = 8 * (problem.value(theta + step) - problem.value(theta - step))
        rise = (rise - problem.value(theta + 2 * step) + problem.value(theta - 2 * step)) / 12
        slope = float(gradient[0, place] * step[place])
        assert float(rise) == pytest.approx(slope, rel=2e-4, abs=1e-5 * float(gradient.abs().max() * step.max()))


@pytest.mark.skipif(not DATA.is_dir(), reason=f"GALFIT's images are not at {DATA}")
def test_galfits_own_rendering_agrees_to_one_percent() -> None:
    """n = 4 with a PSF that is sampled 4 times finer, of an even size; outside the three central pixels, and inside the
    box of 100 pixels beyond which GALFIT was told not to blur.
    """
    galaxy = {"x": 99.0, "y": 99.0, "q": 1.0, "pa": 0.0, "n": 4.0, "r_e": 30.0, "magnitude": 20.0}
    request = parse_request(
        {
            "images": [{"data": "galfit_n4_psf4.fits.gz", "zero_point": 26.563,
                        "psf": {"path": "f105w_psf.fits.gz", "oversampling": 4}, "variance": {"constant": 1.0}}],
            "components": [{"name": "a", "profile": "sersic", "parameters": galaxy}],
        }
    )  # fmt: skip
    (image,) = load_images(request, lambda name: DATA / name)
    problem = Problem(request, [image])
    ours = problem.model(problem.start())[0][0].numpy()
    theirs = fits.getdata(DATA / "galfit_n4_psf4.fits.gz").astype(float)
    y, x = np.mgrid[:200, :200]
    blurred = np.maximum(abs(x - 99), abs(y - 99)) < 48
    here = blurred & (np.hypot(x - 99, y - 99) > 1.5)
    assert np.abs(ours / theirs - 1.0)[here].max() < 0.01


def test_an_impossible_oversampling_is_a_fault() -> None:
    psf = {"path": "p.fits", "oversampling": 0}
    document = {"images": [{"data": "d.fits", "psf": psf}], "components": [{"name": "sky", "profile": "flat_sky"}]}
    with pytest.raises(RequestInvalid) as caught:
        parse_request(document)
    assert [fault.path for fault in caught.value.faults] == ["$.images[0].psf.oversampling"]


def test_the_image_remembers_its_oversampling() -> None:
    assert image_of(np.zeros((3, 3))).psf_oversampling == 1
    assert isinstance(image_of(np.zeros((3, 3)), psf=kernel(), psf_oversampling=2), ImageData)
