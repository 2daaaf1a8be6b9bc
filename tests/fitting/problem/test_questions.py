"""The three questions: that they agree with each other, with the model, and with finite differences."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import fitting.problem.image
from fitting.problem import Problem
from fitting.problem.image_model import ImageModel
from tests.fitting.scene import fit_request, flat_sky, image_of, noisy, problem_of, rendered, sersic
from tests.fitting.ulps import assert_few_ulps

COMPONENTS = [
    flat_sky(),
    sersic("a"),
    sersic("b", x=29.4, y=10.2, q=0.4, pa=100.0, n=3.3, r_e=3.0, i_e=30.0),
    sersic("c", x=-6.0, y=45.0, q=0.9, pa=0.0, n=1.0, r_e=9.0, i_e=20.0),
]
LINKED = [*COMPONENTS[:2], sersic("b", x="= a.x + 6", y="= a.y", pa="= a.pa + 90", n="= sqrt(a.n) * 2", q=0.5)]


def psf() -> np.ndarray:
    """A lopsided kernel of 5 × 7 pixels."""
    y, x = np.mgrid[-2:3, -3:4]
    stamp = np.exp(-0.5 * ((x - 0.4) ** 2 / 1.5 + (y + 0.2) ** 2))
    return np.asarray(stamp / stamp.sum())


def scene(kind: str) -> Problem:
    """A problem at whose start the residuals are neither zero nor random only."""
    fields = {
        "plain": {},
        "linked": {},
        "masked": {"mask": np.random.default_rng(4).random((41, 41)) < 0.2},
        "psf": {"psf": psf()},
        "effective": {"psf": psf(), "psf_convention": "effective"},
        "window": {"origin": (3, -2)},
    }[kind]
    variance = np.random.default_rng(3).uniform(0.5, 2.0, (41, 41))
    data = noisy(rendered([flat_sky(3.3), sersic("a", i_e=55.0), *COMPONENTS[2:]]))
    return problem_of(LINKED if kind == "linked" else COMPONENTS, data=data, variance=variance, **fields)


KINDS = ["plain", "linked", "masked", "psf", "effective", "window"]


def thetas(problem: Problem, count: int = 3, spread: float = 0.02) -> torch.Tensor:
    """A batch of θ around the start."""
    generator = torch.Generator().manual_seed(11)
    start = problem.start()
    return start + spread * torch.randn(count, start.shape[1], dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_plain_tensors(kind: str) -> None:
    """That callers may change, and hand to autograd."""
    problem = scene(kind)
    theta = thetas(problem)
    equations = problem.normal_equations(theta)
    answers = [problem.value(theta), *problem.value_and_gradient(theta), *problem.model(theta)]
    answers += [equations.chi2, equations.gradient, equations.matrix]
    assert not any(answer.is_inference() for answer in answers)


@pytest.mark.parametrize("kind", KINDS)
def test_the_questions_agree_with_each_other(kind: str) -> None:
    problem = scene(kind)
    theta = problem.start()
    equations = problem.normal_equations(theta)
    value, gradient = problem.value_and_gradient(theta)
    assert float(value) == pytest.approx(float(problem.value(theta)), rel=1e-12)
    assert float(equations.chi2) == pytest.approx(float(value), rel=1e-10)
    size = equations.matrix[0].diagonal().sqrt() * value.sqrt()
    assert float(((gradient[0] + 2.0 * equations.gradient[0]) / size).abs().max()) < 1e-10


@pytest.mark.parametrize("kind", KINDS)
def test_chi_squared_is_that_of_the_model(kind: str) -> None:
    problem = scene(kind)
    theta = thetas(problem)
    image = problem.images[0]
    expected = ((image.data - problem.model(theta)[0]) ** 2 * image.weight).sum((-1, -2))
    assert torch.allclose(problem.value(theta), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_matches_finite_differences(kind: str) -> None:
    problem = scene(kind)
    theta = problem.start()
    _, gradient = problem.value_and_gradient(theta)
    matrix = problem.normal_equations(theta).matrix[0]
    steps = 0.3 * matrix.diagonal().rsqrt()
    shifts = torch.diag(steps)
    value = problem.value

    def differences(many: float) -> torch.Tensor:
        return torch.stack([(value(theta + many * row) - value(theta - many * row))[0] for row in shifts])

    expected = (8.0 * differences(1.0) - differences(2.0)) / (12.0 * steps)
    assert float(((gradient[0] - expected) * steps).abs().max()) < 2e-4 * float((expected * steps).abs().max())


@pytest.mark.parametrize("kind", ["plain", "linked", "psf"])
def test_matrix_is_that_of_the_models_derivatives(kind: str) -> None:
    problem = scene(kind)
    theta = problem.start()
    matrix = problem.normal_equations(theta).matrix[0]
    steps = 0.05 * matrix.diagonal().rsqrt()
    columns = torch.stack(
        [((problem.model(theta + row)[0] - problem.model(theta - row)[0])[0]) for row in torch.diag(steps)]
    ) / (2.0 * steps[:, None, None])
    expected = torch.einsum("iyx,jyx,yx->ij", columns, columns, problem.images[0].weight)
    size = matrix.diagonal().sqrt()
    assert float(((matrix - expected) / size / size[:, None]).abs().max()) < 1e-4


@pytest.mark.parametrize(("spread", "promise"), [(1e-8, 1e-9), (0.02, 1e-4)], ids=["one plan", "many plans"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_gives_what_each_alone_gives(kind: str, spread: float, promise: float) -> None:
    """To rounding where all need one quadrature; a batch shares the finest rule that any member needs."""
    problem = scene(kind)
    batch = thetas(problem, spread=spread)
    together = problem.normal_equations(batch)
    values, gradients = problem.value_and_gradient(batch)
    for place in range(len(batch)):
        theta = batch[place : place + 1]
        alone = problem.normal_equations(theta)
        assert float(values[place]) == pytest.approx(float(problem.value(theta)), rel=promise / 100)
        assert float(together.chi2[place]) == pytest.approx(float(alone.chi2), rel=promise / 100)
        size = alone.matrix[0].diagonal().sqrt()
        slack = promise * float(alone.chi2.sqrt())
        assert float(((gradients[place] - problem.value_and_gradient(theta)[1][0]) / size).abs().max()) < slack
        assert float(((together.matrix[place] - alone.matrix[0]) / size / size[:, None]).abs().max()) < promise


@pytest.mark.parametrize("kind", KINDS)
def test_tiles_add_up_to_one_tile(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scene(kind)
    monkeypatch.setattr(fitting.problem.image, "TILE", 16)
    monkeypatch.setattr(fitting.problem.image, "BLURRED_TILE", 12)
    tiled = scene(kind)
    assert len(tiled.images[0].tiles) >= 4 * len(whole.images[0].tiles)
    theta = thetas(whole, 2)
    one, many = whole.normal_equations(theta), tiled.normal_equations(theta)
    size = one.matrix[0].diagonal().sqrt()
    assert torch.allclose(many.chi2, one.chi2, rtol=1e-7)
    assert float(((many.gradient - one.gradient) / size).abs().max()) < 1e-5
    assert float(((many.matrix - one.matrix) / size / size[:, None]).abs().max()) < 1e-6
    assert torch.allclose(tiled.value(theta), whole.value(theta), rtol=1e-7)
    gradients = [problem.value_and_gradient(theta)[1] / size for problem in (tiled, whole)]
    assert torch.allclose(*gradients, rtol=1e-5, atol=1e-4)
    assert float((tiled.model(theta)[0] / whole.model(theta)[0] - 1.0).abs().max()) < 1e-6


def test_masked_pixels_change_nothing() -> None:
    data = noisy(rendered(COMPONENTS))
    mask = np.zeros((41, 41), dtype=bool)
    mask[5:12, 20:30] = True
    spoiled = np.where(mask, np.nan, data)
    variance = np.where(mask, -1.0, 1.0)
    clean, dirty = (
        problem_of(COMPONENTS, data=plane, variance=noise, mask=mask)
        for plane, noise in ((data, np.ones((41, 41))), (spoiled, variance))
    )
    one, two = clean.normal_equations(clean.start()), dirty.normal_equations(clean.start())
    expected = ((data - clean.model(clean.start())[0][0].numpy())[~mask] ** 2).sum()
    assert dirty.pixels == 41 * 41 - 70
    assert float(one.chi2) == pytest.approx(expected, rel=1e-10)
    assert_few_ulps(two.chi2, one.chi2)
    assert_few_ulps(two.matrix, one.matrix)
    assert_few_ulps(dirty.value_and_gradient(clean.start())[1], clean.value_and_gradient(clean.start())[1])


def test_the_model_is_complete_where_all_of_a_tile_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = problem_of(COMPONENTS)
    monkeypatch.setattr(fitting.problem.image, "TILE", 16)
    mask = np.zeros((41, 41), dtype=bool)
    mask[16:32, 16:32] = True
    tiled = problem_of(COMPONENTS, mask=mask)
    assert torch.allclose(tiled.model(tiled.start())[0], whole.model(whole.start())[0], rtol=1e-6)


def test_the_model_of_one_component_is_its_light_alone() -> None:
    problem = problem_of(COMPONENTS)
    parts = [problem.model(problem.start(), [name])[0] for name in ("sky", "a", "b", "c")]
    assert torch.allclose(sum(parts), problem.model(problem.start())[0], rtol=1e-6)
    assert float(parts[0].min()) == float(parts[0].max()) == 3.0


def test_a_component_far_off_the_frame_has_no_say() -> None:
    data = noisy(rendered(COMPONENTS[:2]))
    far = problem_of([*COMPONENTS[:2], sersic("far", x=-5000.0)], data=data)
    near = problem_of(COMPONENTS[:2], data=data)
    assert float(far.value(far.start())) == pytest.approx(float(near.value(near.start())), rel=1e-12)
    assert bool((far.normal_equations(far.start()).matrix[0, 8:, 8:].abs() < 1e-30).all())


@pytest.mark.parametrize("n", [0.3, 1.0, 4.0, 12.0])
def test_a_sampled_profile_centred_on_a_pixel_has_finite_derivatives(n: float) -> None:
    problem = problem_of([sersic(x=20.0, y=20.0, n=n)], psf=psf(), psf_convention="effective")
    theta = problem.start()
    equations = problem.normal_equations(theta)
    _, gradient = problem.value_and_gradient(theta)
    size = equations.matrix[0].diagonal().sqrt() * equations.chi2.sqrt()
    assert float(((gradient[0] + 2.0 * equations.gradient[0]) / size).abs().max()) < 1e-9


def test_an_image_that_the_request_does_not_have_is_an_error() -> None:
    request = fit_request([flat_sky()])
    with pytest.raises(ValueError, match="no image other; its images are image"):
        Problem(request, [replace(image_of(np.zeros((5, 5))), name="other")])


def test_small_images_are_drawn_in_one_thread_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program's own number of threads is what it was afterwards; large images have all of them."""
    problem, drawn = scene("plain"), []
    value = ImageModel.value

    def watched(model: ImageModel) -> torch.Tensor:
        drawn.append(torch.get_num_threads())
        return value(model)

    monkeypatch.setattr(ImageModel, "value", watched)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        problem.value(problem.start())
        assert torch.get_num_threads() == 2
        problem.pixels = 10**6
        problem.value(problem.start())
    finally:
        torch.set_num_threads(before)
    assert drawn == [1, 2]
