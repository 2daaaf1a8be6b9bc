"""Components that are sums of given images: moved, exact derivatives, coefficients found, faults named."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import erf

from fitting.drawing import Basis, PointSource
from fitting.first_values import complete_request
from fitting.inputs import ImageData, load_images
from fitting.inputs.psf_stamps import fine_kernel
from fitting.problem import Problem
from fitting.render.pixels import Frame
from fitting.run import run
from fitting.spec import FitRequest, RequestInvalid, parse_request
from tests.fitting.scene import fit_request, flat_sky, image_of, noisy, values_of

Y, X = np.mgrid[-9:10, -8:9]
EIGEN = [
    np.exp(-0.5 * (X**2 + Y**2) / 4.0),
    X * np.exp(-0.5 * (X**2 + Y**2) / 5.0),
    (X**2 - Y**2) * np.exp(-0.5 * (X**2 + Y**2) / 4.5),
]
TRUTH = {"x": 20.3, "y": 18.6, "c_1": 900.0, "c_2": -40.0, "c_3": 25.0}


def formula(x: float, y: float, *coefficients: float) -> np.ndarray:
    rows, columns = np.mgrid[:41, :41]
    u, v = columns - x, rows - y
    parts = (
        np.exp(-0.5 * (u**2 + v**2) / 4.0),
        u * np.exp(-0.5 * (u**2 + v**2) / 5.0),
        (u**2 - v**2) * np.exp(-0.5 * (u**2 + v**2) / 4.5),
    )
    return np.asarray(sum(c * part for c, part in zip(coefficients, parts, strict=True)))


def drawing() -> Basis:
    return Basis(tuple(PointSource(torch.as_tensor(image), spline=9) for image in EIGEN))


FRAME = Frame(0, 0, 41, 41)
VALUES = torch.tensor([list(TRUTH.values())], dtype=torch.float64)


def test_images_are_moved_to_their_place_and_added() -> None:
    light = drawing().image(VALUES, FRAME)[0].numpy()
    assert light == pytest.approx(formula(*TRUTH.values()), abs=5e-4 * 900.0)


def test_derivatives_match_finite_differences() -> None:
    exact = drawing().derivatives(VALUES, FRAME)[0]
    for place in range(5):
        step = torch.eye(5, dtype=torch.float64)[place] * 1e-3
        slope = (drawing().image(VALUES + step, FRAME) - drawing().image(VALUES - step, FRAME))[0] / 2e-3
        assert float((exact[place] - slope).abs().max()) <= 1e-6 * float(slope.abs().max())


def box_of_gaussian(sigma: float, x: float, y: float, width: float, size: int, steps: int = 1) -> np.ndarray:
    """A round Gaussian of unit light averaged over squares of a width, at so many places to a pixel."""
    place = (np.arange(size * steps) + 0.5) / steps - 0.5
    lines = [
        (erf((place - at + width / 2) / sigma / np.sqrt(2)) - erf((place - at - width / 2) / sigma / np.sqrt(2)))
        / (2 * width)
        for at in (y, x)
    ]
    return np.asarray(np.outer(*lines))


@pytest.mark.parametrize(
    ("convention", "fine", "fwhm"),
    [("discrete", 2, 2.5), ("discrete", 3, 2.5), ("effective", 1, 3.0), ("effective", 4, 2.2)],
)
def test_images_are_blurred_by_kernels_on_finer_pixels(convention: str, fine: int, fwhm: float) -> None:
    """Integrals of a Gaussian over pixels, blurred by another: the squares of their widths add up."""
    sigma, own = fwhm / np.sqrt(8 * np.log(2)), 1.6
    galaxy = box_of_gaussian(own, 15, 15, 1.0, 31)
    side = 12 * fine if fine % 2 == 0 else 12 * fine + 1
    middle = (side // 2 + 0.5) / fine - 0.5
    psf = box_of_gaussian(sigma, middle, middle, 1e-6, side, fine)[:side, :side]
    exact = box_of_gaussian(np.hypot(own, sigma), 20.3, 18.6, 1.0 if convention == "discrete" else 1e-6, 41)
    kernel = fine_kernel(psf / psf.sum())
    fields = {"psf": kernel, "psf_convention": convention, "psf_oversampling": fine}
    image = replace(image_of(np.zeros((41, 41)), **fields), bases={"g": (galaxy,)})
    component = {"name": "g", "profile": "basis", "options": {"images": ["g"]},
                 "parameters": {"x": 20.3, "y": 18.6, "c_1": 1.0}}  # fmt: skip
    problem = Problem(fit_request([component]), [image])
    light = problem.model(problem.start())[0][0].numpy()
    assert np.abs(light - exact).max() <= 1e-3 * exact.max()
    theta = problem.start() + 0.05
    _, gradient = problem.value_and_gradient(theta)
    for place in range(3):
        step = torch.eye(3, dtype=torch.float64)[place] * 1e-4
        rise = float(problem.value(theta + step) - problem.value(theta - step)) / 2e-4
        assert rise == pytest.approx(float(gradient[0, place]), rel=1e-4, abs=1e-5 * float(gradient.abs().max()))


def saved(folder: Path, data: np.ndarray) -> None:
    np.save(folder / "data.npy", data)
    for number, image in enumerate(EIGEN):
        np.save(folder / f"e{number}.npy", image)


def request(folder: Path, images: Any = ("e0.npy", "e1.npy", "e2.npy"), **keys: Any) -> FitRequest:
    off = {"x": 20.0, "y": 19.0, "c_1": 800.0, "c_2": 0.0}
    component = {"name": "g", "profile": "basis", "options": {"images": list(images)}, "parameters": off} | keys
    data = {"data": "data.npy", "variance": {"constant": 1.0}, "psf": {"gaussian": {"fwhm": 3.0}}}
    return parse_request({"images": [data], "components": [flat_sky(), component], "stages": [{"method": "lm"}]})


def loaded(made: FitRequest, folder: Path) -> list[ImageData]:
    return load_images(made, lambda name: folder / name)


def test_coefficients_of_files_are_found(tmp_path: Path) -> None:
    saved(tmp_path, noisy(3.0 + formula(*TRUTH.values())))
    made = request(tmp_path, convolve=False)
    images = loaded(made, tmp_path)
    result = run(complete_request(made, images), images)
    assert result.converged
    assert result.chi2_reduced == pytest.approx(1.0, abs=0.1)
    for row in result.parameters[1:]:
        assert row.uncertainty is not None
        assert abs(values_of(result)[row.name] - TRUTH[row.name[2:]]) < 3.0 * row.uncertainty


def test_files_are_references_of_the_request(tmp_path: Path) -> None:
    made = request(tmp_path)
    paths = [path for path, _ in made.references()]
    assert paths[-3:] == [f"$.components[1].options.images[{number}]" for number in range(3)]
    assert parse_request(made.document()) == made
    assert [plane.file for _, plane in made.with_references({"e1.npy": "upl_7"}).references()][1:] == [
        "e0.npy", "upl_7", "e2.npy",
    ]  # fmt: skip


def test_faults_are_named(tmp_path: Path) -> None:
    saved(tmp_path, np.zeros((41, 41)))
    np.save(tmp_path / "e1.npy", np.zeros((5, 5)))
    np.save(tmp_path / "e2.npy", np.full((19, 17), np.nan))
    with pytest.raises(RequestInvalid) as refused:
        loaded(request(tmp_path, images=["e0.npy", "e1.npy", "e2.npy", "e3.npy"]), tmp_path)
    assert [fault.path for fault in refused.value.faults] == [
        f"$.components[1].options.images[{number}]" for number in (1, 2, 3)
    ]
    with pytest.raises(RequestInvalid, match="images") as refused:
        parse_request({"images": [{"data": "a"}], "components": [{"name": "g", "profile": "basis"}]})
    assert any("options" in fault.path for fault in refused.value.faults)
    with pytest.raises(RequestInvalid, match="own pixels"):
        parse_request(request(tmp_path).document() | {"frame": "sky"})
