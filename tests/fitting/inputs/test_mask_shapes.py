"""Shapes of a mask: which pixels they hold, beside matplotlib's paths, and how a request has them."""

from pathlib import Path as FilePath
from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Ellipse
from matplotlib.path import Path

from fitting.inputs import load_images, shaped_mask
from fitting.spec import MaskShape, RequestInvalid, parse_request

HEIGHT, WIDTH = 40, 60


def mask_of(*shapes: dict[str, Any], origin: tuple[int, int] = (0, 0)) -> np.ndarray:
    return shaped_mask([MaskShape.model_validate(shape) for shape in shapes], (HEIGHT, WIDTH), origin)


def inside(path: Path) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    points = np.column_stack([columns.ravel(), rows.ravel()])
    return path.contains_points(points).reshape(HEIGHT, WIDTH)


@pytest.mark.parametrize("seed", range(8))
def test_polygons_hold_what_their_paths_hold(seed: int) -> None:
    random = np.random.default_rng(seed)
    angles = np.sort(random.uniform(0.0, 2.0 * np.pi, 9))
    reach = random.uniform(5.0, 28.0, 9)
    vertices = np.column_stack([29.3 + reach * np.cos(angles), 19.7 + reach * np.sin(angles)])
    expected = inside(Path(np.vstack([vertices, vertices[:1]]), closed=True))
    assert expected.sum() > 100
    assert np.array_equal(mask_of({"polygon": vertices.tolist()}), expected)


@pytest.mark.parametrize("pa", [0.0, 30.0, 90.0, 200.0])
def test_ellipses_hold_what_their_patches_hold(pa: float) -> None:
    patch = Ellipse((31.2, 18.43), 2.0 * 0.4 * 15.3, 2.0 * 15.3, angle=pa)
    angles = np.linspace(0.0, 2.0 * np.pi, 4001)
    expected = inside(Path(patch.get_transform().transform(np.column_stack([np.cos(angles), np.sin(angles)]))))
    found = mask_of({"ellipse": {"x": 31.2, "y": 18.43, "a": 15.3, "q": 0.4, "pa": pa}})
    assert np.array_equal(found, expected)


def test_boxes_are_half_open_and_may_be_whole_columns() -> None:
    mask = mask_of({"box": {"x": [3, 5]}}, {"box": {"x": [10, 90], "y": [-4, 2]}})
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[:, 3:5] = True
    expected[:2, 10:] = True
    assert np.array_equal(mask, expected)


def test_places_are_those_of_the_full_frame() -> None:
    shapes = (
        {"ellipse": {"x": 30, "y": 20, "a": 5}},
        {"box": {"x": [1, 9], "y": [12, 14]}},
        {"polygon": [[20, 20], [35, 25], [25, 38]]},
    )
    part = shaped_mask([MaskShape.model_validate(shape) for shape in shapes], (25, 40), (7, 11))
    assert np.array_equal(part, mask_of(*shapes)[11:36, 7:47])


def test_a_request_leaves_them_out_and_says_so(tmp_path: FilePath) -> None:
    data = np.random.default_rng(1).normal(0.0, 1.0, (HEIGHT, WIDTH))
    data[20, 30] = 100.0
    np.save(tmp_path / "image.npy", data)
    picture = {
        "data": "image.npy",
        "variance": {"constant": 1},
        "mask_shapes": [{"ellipse": {"x": 30, "y": 20, "a": 1}}],
    }
    request = parse_request({"images": [picture], "components": [{"name": "sky", "profile": "flat_sky"}]})
    assert parse_request(request.document()) == request
    (image,) = load_images(request, lambda name: tmp_path / name)
    assert np.argwhere(image.mask).tolist() == [[19, 30], [20, 29], [20, 30], [20, 31], [21, 30]]
    assert any("shapes of the mask took 5 pixels, 1 of them 5 sigma" in warning for warning in image.warnings)


def test_shapes_that_leave_nothing_are_a_fault(tmp_path: FilePath) -> None:
    np.save(tmp_path / "image.npy", np.ones((5, 5)))
    picture = {"data": "image.npy", "mask_shapes": [{"box": {"x": [0, 5]}}]}
    request = parse_request({"images": [picture], "components": [{"name": "sky", "profile": "flat_sky"}]})
    with pytest.raises(RequestInvalid) as caught:
        load_images(request, lambda name: tmp_path / name)
    assert [fault.path for fault in caught.value.faults] == ["$.images[0].mask_shapes"]


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        ({}, "$.images[0].mask_shapes[0]"),
        ({"ellipse": {"x": 1, "y": 1, "a": 2}, "box": {"x": [1, 2]}}, "$.images[0].mask_shapes[0]"),
        ({"ellipse": {"x": 1, "y": 1, "a": 0}}, "$.images[0].mask_shapes[0].ellipse.a"),
        ({"box": {}}, "$.images[0].mask_shapes[0].box"),
        ({"box": {"x": [5, 5]}}, "$.images[0].mask_shapes[0].box.x"),
        ({"polygon": [[1, 2], [3, 4]]}, "$.images[0].mask_shapes[0].polygon"),
        ({"circle": 3}, "$.images[0].mask_shapes[0].circle"),
    ],
)
def test_a_shape_that_is_none_is_a_fault_at_its_place(shape: dict[str, Any], path: str) -> None:
    picture = {"data": "image.npy", "mask_shapes": [shape]}
    with pytest.raises(RequestInvalid) as caught:
        parse_request({"images": [picture], "components": [{"name": "sky", "profile": "flat_sky"}]})
    assert [fault.path for fault in caught.value.faults] == [path]
