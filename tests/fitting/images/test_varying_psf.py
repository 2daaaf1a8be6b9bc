"""A point-spread function that changes over the image: kernels blended around each point, exact derivatives."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fitting.inputs import ImageData, load_images
from fitting.inputs.image_data import StampGrid
from fitting.problem import Problem
from fitting.spec import RequestInvalid, parse_request
from tests.fitting.scene import fit_request, flat_sky, image_of, noisy, sersic

X, Y = (10.0, 50.0), (5.0, 30.0, 58.0)


def gaussian(sigma: float, half: int = 8) -> np.ndarray:
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    stamp = np.exp(-0.5 * (x**2 + y**2) / sigma**2)
    return np.asarray(stamp / stamp.sum())


GRID = StampGrid(X, Y, tuple(gaussian(sigma) for sigma in (1.0, 1.3, 1.6, 1.9, 2.2, 2.5)))


def seen(data: np.ndarray | None = None, grid: StampGrid = GRID, **fields: Any) -> ImageData:
    plane = np.zeros((64, 64)) if data is None else data
    return image_of(plane, psf=grid.middle, psf_grid=grid, **fields)


def star(x: float, y: float, flux: float = 1000.0) -> dict[str, Any]:
    return {"name": "s", "profile": "point_source", "parameters": {"x": x, "y": y, "flux": flux}}


def model(components: list[dict[str, Any]], image: ImageData) -> np.ndarray:
    problem = Problem(fit_request(components), [image])
    light: np.ndarray = problem.model(problem.start())[0][0].numpy()
    return light


@pytest.mark.parametrize(
    ("x", "y", "weights"),
    [
        (10, 30, {2: 1.0}),
        (30, 30, {2: 0.5, 3: 0.5}),
        (20, 44, {2: 0.375, 3: 0.125, 4: 0.375, 5: 0.125}),
        (2, 2, {0: 1.0}),
        (60, 62, {5: 1.0}),
    ],
)
def test_a_star_is_the_blend_of_the_kernels_around_it(x: int, y: int, weights: dict[int, float]) -> None:
    light = model([star(x, y)], seen())
    expected = 1000.0 * sum(share * GRID.stamps[node] for node, share in weights.items())
    rows, columns = slice(max(y - 8, 0), y + 9), slice(max(x - 8, 0), x + 9)
    inner = (slice(max(8 - y, 0), 8 - y + 64), slice(max(8 - x, 0), 8 - x + 64))
    assert light[rows, columns] == pytest.approx(np.asarray(expected)[inner], abs=1e-9)


def test_extended_light_is_blurred_as_many_stars_would_be() -> None:
    """A tiny galaxy is a star, wherever it lies."""
    tiny = sersic(x=24.0, y=40.0, r_e=0.02, n=0.5, q=1.0, i_e=1e6)
    light = model([tiny], seen())
    assert light / light.sum() == pytest.approx(model([star(24.0, 40.0)], seen()) / 1000.0, abs=2e-4)


def test_one_kernel_everywhere_is_no_change() -> None:
    same = StampGrid(X, Y, (gaussian(1.5),) * 6)
    components = [sersic("a", x=30.0, y=28.0), flat_sky()]
    assert model(components, seen(grid=same)) == pytest.approx(
        model(components, image_of(np.zeros((64, 64)), psf=gaussian(1.5))), rel=1e-10
    )


@pytest.mark.parametrize("fine", [1, 3])
def test_the_questions_agree_and_match_finite_differences(fine: int) -> None:
    components = [sersic("a", x=30.0, y=28.0), flat_sky(), *([star(17.3, 45.2)] if fine == 1 else [])]
    options = {"psf_oversampling": fine}
    data = noisy(model(components, seen(**options)))
    problem = Problem(fit_request(components), [seen(data, **options)])
    theta = problem.start() + 0.01
    value, gradient = problem.value_and_gradient(theta)
    equations = problem.normal_equations(theta)
    size = equations.matrix[0].diagonal().sqrt()
    assert float(equations.chi2) == pytest.approx(float(value), rel=1e-10)
    assert float(((gradient + 2.0 * equations.gradient)[0] / size / value.sqrt()).abs().max()) < 1e-10
    for place, name in enumerate(problem.names):
        step = 1e-2 / size[place]
        ends = torch.cat([theta + far * step * torch.eye(len(problem.names))[place] for far in (1.0, -1.0)])
        up, down = problem.value(ends)
        assert float((gradient[0, place] - (up - down) / (2.0 * step)).abs() / size[place] / value.sqrt()) < 1e-4, name


def request_with(grid: list[dict[str, Any]]) -> dict[str, Any]:
    image = {"data": "d.npy", "variance": {"constant": 1.0}, "psf": {"grid": grid}}
    return {"images": [image], "components": [flat_sky()]}


def test_a_grid_is_read_from_files(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.zeros((20, 20)))
    for number, sigma in enumerate((1.0, 2.0)):
        np.save(tmp_path / f"p{number}.npy", 3.0 * gaussian(sigma))
    nodes = [{"x": x, "y": 4, "psf": f"p{number}.npy"} for number, x in enumerate((15, 3))]
    request = parse_request(request_with(nodes))
    assert [path for path, _ in request.references()][1:] == [f"$.images[0].psf.grid[{k}].psf" for k in (0, 1)]
    assert parse_request(request.document()) == request
    (image,) = load_images(request, lambda name: tmp_path / name)
    assert image.psf_grid is not None
    assert image.psf_grid.x == (3.0, 15.0)
    assert image.psf_grid.stamps[0] == pytest.approx(gaussian(2.0))
    assert any("PSF image sums to 3" in warning for warning in image.warnings)
    renamed = request.with_references({"p0.npy": "upl_1"})
    assert [plane.file for _, plane in renamed.references()] == ["d.npy", "upl_1", "p1.npy"]


def test_positions_that_are_no_grid_are_refused() -> None:
    nodes = [{"x": x, "y": y, "psf": "p.fits"} for x, y in ((0, 0), (1, 0), (0, 1))]
    with pytest.raises(RequestInvalid, match="is no grid") as refused:
        parse_request(request_with(nodes))
    assert [fault.path for fault in refused.value.faults] == ["$.images[0].psf.grid"]


def test_stamps_of_two_sizes_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.zeros((20, 20)))
    np.save(tmp_path / "p0.npy", gaussian(1.0))
    np.save(tmp_path / "p1.npy", gaussian(1.0, half=6))
    nodes = [{"x": x, "y": 4, "psf": f"p{number}.npy"} for number, x in enumerate((3, 15))]
    with pytest.raises(RequestInvalid, match="that of the others") as refused:
        load_images(parse_request(request_with(nodes)), lambda name: tmp_path / name)
    assert [fault.path for fault in refused.value.faults] == ["$.images[0].psf.grid[1].psf"]
