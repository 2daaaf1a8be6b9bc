"""A stamp of free pixels: where it lies, how it shares its light, its derivatives, and a fit."""

from typing import Any

import numpy as np
import pytest
import torch

from fitting.drawing import Pixelated
from fitting.render.pixels import Frame
from tests.fitting.scene import fitted, image_of, noisy, rendered, uncertainties_of, values_of

STAMP = np.array([[1.0, 5.0, 2.0], [3.0, -1.0, 4.0]])


def stamp(x: Any, y: Any, pixels: np.ndarray = STAMP) -> dict[str, Any]:
    own = {f"i_{row}_{column}": float(value) for (row, column), value in np.ndenumerate(pixels)}
    size = {"size": [pixels.shape[1], pixels.shape[0]]}
    return {"name": "p", "profile": "pixelated", "options": size, "parameters": {"x": x, "y": y} | own}


def test_a_stamp_on_whole_pixels_is_its_pixels() -> None:
    image = rendered([stamp(7, 4.5)], (12, 15))
    assert image[4:6, 6:9] == pytest.approx(STAMP, abs=1e-13)
    assert np.abs(image).sum() == pytest.approx(np.abs(STAMP).sum())


def test_between_pixels_each_square_is_shared_by_area() -> None:
    image = rendered([stamp(7.25, 5.0, np.array([[8.0]]))], (12, 15))
    assert image[5, 7:9] == pytest.approx([6.0, 2.0])
    assert image.sum() == pytest.approx(8.0)


def test_derivatives_match_finite_differences() -> None:
    drawing, frame = Pixelated(2, 3), Frame(0, 0, 15, 12)
    values = torch.tensor([[7.3, 5.1, *STAMP.ravel()]], dtype=torch.float64)
    exact = drawing.derivatives(values, frame)[0]
    for place in range(values.shape[1]):
        shift = torch.zeros_like(values)
        shift[0, place] = 1e-3
        expected = (drawing.image(values + shift, frame) - drawing.image(values - shift, frame))[0] / 2e-3
        assert torch.allclose(exact[place], expected, atol=1e-9)


def test_pixels_are_recovered_from_noise() -> None:
    truth = values_of_stamp(7.3, 5.1)
    image = image_of(noisy(rendered([stamp(7.3, 5.1)], (12, 15)), 0.1), 0.01)
    fixed = {"value": 5.1, "fixed": True}
    result = fitted([stamp({"value": 7.3, "fixed": True}, fixed, 1.1 * STAMP)], image)
    sigma = uncertainties_of(result)
    assert result.converged
    assert all(abs(value - truth[name]) <= 3.0 * (sigma[name] or 0.0) for name, value in values_of(result).items())


def values_of_stamp(x: float, y: float) -> dict[str, float]:
    return {f"p.{name}": value for name, value in stamp(x, y)["parameters"].items()}
