"""A given point-spread function with fitted corrections: its kernel, exact derivatives, the truth found, faults."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fitting.drawing import ImagePsfDrawing, MixedKernel
from fitting.first_values import complete_request
from fitting.inputs import load_images
from fitting.inputs.basis_images import zernike
from fitting.problem import Problem
from fitting.problem.fitted_psf import FittedConvolver
from fitting.render.pixels import Frame
from fitting.run import run
from fitting.spec import FitRequest, RequestInvalid, parse_request
from tests.fitting.scene import flat_sky, noisy, sersic, uncertainties_of, values_of

Y, X = np.mgrid[-8:9, -8:9].astype(float)
STAMP = (1.0 + (X**2 + Y**2) / 2.6**2) ** -3.0
EIGEN = X * np.exp(-0.5 * (X**2 + Y**2) / 5.0) / 100.0
OPTIONS = {"image": "psf.npy", "zernike": 7, "radius": 6.0, "eigen": ["eigen.npy"]}
TRUTH = {"z_4": -0.08, "z_5": 0.05, "z_6": 0.1, "z_7": -0.06, "e_1": 0.3}
STARS = [
    {"name": f"s{number}", "profile": "point_source", "parameters": {"x": x, "y": y, "flux": flux}}
    for number, (x, y, flux) in enumerate(((10.2, 30.7, 9000.0), (31.4, 11.1, 7000.0), (12.0, 10.0, 5000.0)))
]


def kernel(values: dict[str, float]) -> np.ndarray:
    """The formula in plain numpy."""
    light = STAMP / STAMP.sum()
    polar = (np.hypot(X, Y) / 6.0, np.arctan2(Y, X))
    factor = 1.0 + sum(values[f"z_{term}"] * zernike(term, *polar) for term in range(4, 8))
    mixed = light * factor + values["e_1"] * EIGEN
    return np.asarray(mixed / mixed.sum())


def blurring(**values: float) -> dict[str, Any]:
    return {"name": "p", "profile": "image_psf", "role": "psf", "options": OPTIONS, "parameters": values}


def scene(**values: float) -> list[dict[str, Any]]:
    return [flat_sky(), sersic("a", x=29.0, y=30.0), *STARS, blurring(**values)]


def loaded(folder: Path, components: list[dict[str, Any]], data: np.ndarray | None = None) -> tuple[FitRequest, Any]:
    np.save(folder / "psf.npy", 7.0 * STAMP)
    np.save(folder / "eigen.npy", EIGEN)
    np.save(folder / "data.npy", np.zeros((41, 41)) if data is None else data)
    image = {"name": "image", "data": "data.npy", "variance": {"constant": 1.0}}
    request = parse_request({"images": [image], "components": components, "stages": [{"method": "lm"}]})
    images = load_images(request, folder.joinpath)
    return complete_request(request, images), images


def test_it_blurs_as_the_formula(tmp_path: Path) -> None:
    request, images = loaded(tmp_path, [sersic("a"), blurring(**TRUTH)])
    corrected = Problem(request, images)
    native = corrected.views[0].native(corrected.parameters.values(corrected.start())).physical
    blur = corrected.images[0].with_psf_at(native).convolver
    assert isinstance(blur, FittedConvolver)
    assert blur.kernel[0].numpy() == pytest.approx(kernel(TRUTH), abs=1e-14)
    np.save(tmp_path / "fixed.npy", kernel(TRUTH))
    document = {"images": [{"data": "data.npy", "variance": {"constant": 1.0}, "psf": "fixed.npy"}]}
    plain = parse_request(document | {"components": [sersic("a")]})
    fixed = Problem(plain, load_images(plain, tmp_path.joinpath))
    model = corrected.model(corrected.start())[0]
    assert torch.allclose(model, fixed.model(fixed.start())[0], rtol=1e-10, atol=1e-10)


def test_a_star_between_pixels_has_its_kernel(tmp_path: Path) -> None:
    star = {"name": "s", "profile": "point_source", "parameters": {"x": 20, "y": 19, "flux": 50.0}}
    request, images = loaded(tmp_path, [star, blurring(**TRUTH)])
    problem = Problem(request, images)
    model = problem.model(problem.start())[0][0].numpy()
    assert model[11:28, 12:29] == pytest.approx(50.0 * kernel(TRUTH), abs=1e-9)


def test_derivatives_of_a_star_match_finite_differences(tmp_path: Path) -> None:
    _, (image,) = loaded(tmp_path, scene(**TRUTH))
    drawing = ImagePsfDrawing(MixedKernel(torch.as_tensor(np.stack(image.bases["p"]))))
    frame = Frame(0, 0, 30, 28)
    values = torch.tensor([[14.3, 13.8, *TRUTH.values(), 700.0], [9.1, 16.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0]])
    values = values.to(torch.float64)
    exact = drawing.derivatives(values, frame)
    assert torch.allclose(drawing.image(values, frame), values[:, -1, None, None] * exact[:, -1], rtol=1e-12)
    for place in range(values.shape[1]):
        step = torch.eye(values.shape[1], dtype=torch.float64)[place] * 1e-4
        slope = (drawing.image(values + step, frame) - drawing.image(values - step, frame)) / 2e-4
        assert float((exact[:, place] - slope).abs().max()) <= 1e-6 * float(slope.abs().max())


def test_the_gradient_matches_finite_differences_and_the_questions_agree(tmp_path: Path) -> None:
    request, images = loaded(tmp_path, scene(**TRUTH))
    truth = Problem(request, images)
    data = noisy(truth.model(truth.start())[0][0].numpy())
    problem = Problem(*loaded(tmp_path, scene(**{name: 0.7 * value for name, value in TRUTH.items()}), data))
    theta = problem.start()
    value, gradient = problem.value_and_gradient(theta)
    equations = problem.normal_equations(theta)
    assert float(problem.value(theta)) == pytest.approx(float(value), rel=1e-12)
    size = equations.matrix[0].diagonal().sqrt()
    assert float(((gradient + 2.0 * equations.gradient)[0] / size / value.sqrt()).abs().max()) < 1e-10
    for name in ("p.z_4", "p.z_7", "p.e_1", "s0.x", "s1.flux"):
        place = problem.names.index(name)
        step = 1e-3 / size[place]
        up, down = problem.value(torch.cat([theta + far * step * torch.eye(len(size))[place] for far in (1.0, -1.0)]))
        slope = (up - down) / (2.0 * step)
        assert float((gradient[0, place] - slope).abs() / size[place] / value.sqrt()) < 1e-5, name


@pytest.mark.parametrize("method", ["lm", "iterative_components"])
def test_stars_and_a_galaxy_give_the_corrections_back(tmp_path: Path, method: str) -> None:
    request, images = loaded(tmp_path, scene(**TRUTH))
    truth = Problem(request, images)
    data = noisy(truth.model(truth.start())[0][0].numpy())
    request, images = loaded(tmp_path, scene(), data)
    result = run(request.model_copy(update={"stages": parse_stages(method)}), images)
    assert result.converged
    found, sigma = values_of(result), uncertainties_of(result)
    off = {name: (found[f"p.{name}"] - value) / sigma[f"p.{name}"] for name, value in TRUTH.items()}
    assert {name: pull for name, pull in off.items() if abs(pull) > 3.5} == {}
    assert sigma["p.z_6"] < 0.02


def parse_stages(method: str) -> Any:
    document = {"images": [{"data": "a"}], "components": [flat_sky()], "stages": [{"method": method}]}
    return parse_request(document).stages


def test_a_star_of_its_own_is_fitted_with_its_first_values(tmp_path: Path) -> None:
    star = {"name": "s", "profile": "image_psf", "options": OPTIONS}
    truth = star | {"parameters": {"x": 20.4, "y": 19.7, "flux": 8000.0, **TRUTH}}
    request, images = loaded(tmp_path, [flat_sky(), truth])
    problem = Problem(request, images)
    data = noisy(problem.model(problem.start())[0][0].numpy())
    result = run(*loaded(tmp_path, [{"name": "sky", "profile": "flat_sky"}, star], data))
    found, sigma = values_of(result), uncertainties_of(result)
    assert result.converged
    assert abs(found["s.flux"] - 8000.0) < 3.5 * sigma["s.flux"]
    assert abs(found["s.z_6"] - TRUTH["z_6"]) < 3.5 * sigma["s.z_6"]


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"image": "dark.npy", "eigen": []}, "$.components[0].options.image", "sums to"),
        ({"eigen": ["dark.npy"]}, "$.components[0].options.eigen[0]", "that of the others"),
        ({"zernike": 100}, "$.components[0].options.zernike", "66"),
        ({"radius": -1.0}, "$.components[0].options.radius", "0"),
    ],
)
def test_what_cannot_be_corrected_is_refused(tmp_path: Path, changes: Any, path: str, words: str) -> None:
    np.save(tmp_path / "dark.npy", -np.ones((4, 4)))
    with pytest.raises(RequestInvalid) as refused:
        loaded(tmp_path, [blurring() | {"options": OPTIONS | changes}])
    assert path in [fault.path for fault in refused.value.faults]
    assert words in str(refused.value)


def test_its_files_are_named_and_renamed(tmp_path: Path) -> None:
    request, _ = loaded(tmp_path, scene())
    names = {path: plane.file for path, plane in request.references()}
    place = len(scene()) - 1
    assert names[f"$.components[{place}].options.image"] == "psf.npy"
    assert names[f"$.components[{place}].options.eigen[0]"] == "eigen.npy"
    renamed = request.with_references({"psf.npy": "upl_1"})
    assert {plane.file for _, plane in renamed.references()} == {"data.npy", "upl_1", "eigen.npy"}
    assert parse_request(request.document()) == request


def test_instances_do_not_share_a_kernel(tmp_path: Path) -> None:
    request, images = loaded(tmp_path, scene(**TRUTH))
    problem = Problem(request, [replace(images[0], name="image")])
    theta = problem.start()
    other = theta.clone()
    other[:, problem.names.index("p.z_6")] += 0.05
    together = problem.value(torch.cat((theta, other)))
    assert torch.allclose(together, torch.cat((problem.value(theta), problem.value(other))), rtol=1e-12)


@pytest.mark.parametrize("option", [{"convention": "effective"}, {"oversampling": 2}])
@pytest.mark.parametrize("profile", ["moffat_psf", "image_psf"])
def test_a_fitted_psf_is_no_effective_or_oversampled_one(profile: str, option: dict[str, Any]) -> None:
    options = option | ({"image": "psf.npy"} if profile == "image_psf" else {})
    component = {"name": "p", "profile": profile, "role": "psf", "options": options}
    with pytest.raises(RequestInvalid, match="kernel for pixel values") as refused:
        parse_request({"images": [{"data": "data.npy"}], "components": [sersic("a"), component]})
    assert '"convention": "effective"' in str(refused.value.faults[0].expected)


def test_an_image_of_even_size_is_corrected_about_its_middle(tmp_path: Path) -> None:
    """Pixel N // 2; and so it is as the same with a row and a column of zeros before it is."""
    even = np.random.default_rng(4).random((8, 10)) * np.outer(np.hanning(10)[1:-1], np.hanning(12)[1:-1])
    odd = np.pad(even, ((0, 1), (0, 1)))
    models = []
    for name, stamp in (("even", even), ("odd", odd)):
        np.save(tmp_path / f"{name}.npy", stamp)
        component = {"name": "p", "profile": "image_psf", "role": "psf", "parameters": {"z_4": 0.1}}
        component["options"] = {"image": f"{name}.npy", "zernike": 6, "radius": 4}
        request, images = loaded(tmp_path, [sersic("a"), component])
        problem = Problem(request, images)
        models.append(problem.model(problem.start())[0])
        assert [notice.code for notice in images[0].notices] == (["psf-even-size"] if name == "even" else [])
    assert torch.equal(*models)
