"""The figure of a fit: what it shows, in images of any shape."""

import io
import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from astropy.io import fits

from fitting.plots import draw_plot, fit_figure
from fitting.plots.fit_figure import layout
from fitting.plots.stretch import asinh_stretch, round_ticks

GREY = np.array([168, 168, 168]) / 255


def planes(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Data, model and normalised residual of a round source on a sky of 10 with noise 1."""
    rows, columns = np.mgrid[:height, :width]
    model = 10.0 + 500.0 * np.exp(
        -((columns - width / 2) ** 2 + (rows - height / 2) ** 2) / (2 * (0.1 * height) ** 2 + 2)
    )
    noise = np.random.default_rng(4).normal(size=model.shape)
    return model + noise, model, noise


def picture(content: bytes) -> np.ndarray:
    """A PNG as an array (height, width, 3)."""
    return np.asarray(matplotlib.image.imread(io.BytesIO(content), format="png"))[:, :, :3]


def grey_fraction(image: np.ndarray) -> float:
    return float((np.abs(image - GREY).max(axis=2) < 0.004).mean())


@pytest.mark.parametrize("shape", [(99, 99), (30, 300), (300, 30), (1, 1), (2, 5000), (2500, 2000)])
def test_an_image_of_any_shape_is_drawn(shape: tuple[int, int]) -> None:
    height, width = picture(fit_figure(*planes(*shape))).shape[:2]
    assert 300 < height < 2200
    assert 300 < width < 2200


@pytest.mark.parametrize(("name", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_each_format_is_what_it_says(name: str, magic: bytes) -> None:
    assert fit_figure(*planes(20, 20), format=name).startswith(magic)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="png, svg, pdf"):
        fit_figure(*planes(20, 20), format="exe")


def test_masked_pixels_are_grey_in_data_and_residual() -> None:
    mask = np.zeros((40, 40), dtype=bool)
    mask[10:20, 10:30] = True
    plain, masked = (grey_fraction(picture(fit_figure(*planes(40, 40), mask=given))) for given in (None, mask))
    panel = layout(1.0).panels[0]
    expected = 2 * (200 / 1600) * panel[2] * panel[3]
    assert plain < 0.001
    assert masked == pytest.approx(expected, rel=0.05)


def test_planes_without_a_finite_pixel_are_drawn() -> None:
    nothing = np.full((9, 9), np.nan)
    assert picture(fit_figure(nothing, nothing, nothing)).size


def test_the_same_fit_gives_the_same_bytes() -> None:
    assert fit_figure(*planes(30, 30)) == fit_figure(*planes(30, 30))


def test_drawing_leaves_the_state_of_pyplot_alone() -> None:
    fit_figure(*planes(9, 9))
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


@pytest.mark.parametrize("scale", [1e-17, 1.0, 1e9])
def test_ticks_are_in_range_in_order_and_apart(scale: float) -> None:
    norm = asinh_stretch(scale * planes(99, 99)[0])
    ticks = round_ticks(norm)
    places = [float(norm(tick)) for tick in ticks]
    assert len(ticks) >= 4
    assert min(places) >= 0.0
    assert max(places) <= 1.0
    assert min(np.diff(places)) > 0.05


def test_the_stretch_shows_sky_noise_and_core_alike() -> None:
    data, model, _ = planes(99, 99)
    norm = asinh_stretch(data, model)
    sky_noise = float(norm(11.0)) - float(norm(9.0))
    assert sky_noise > 0.02
    assert float(norm(500.0)) - float(norm(250.0)) > 0.05


def test_a_plot_is_drawn_from_the_files_of_a_result(tmp_path: Path) -> None:
    folder = tmp_path / "images" / "r"
    folder.mkdir(parents=True)
    for name, plane in zip(("data", "model", "normalized_residual"), planes(20, 30), strict=True):
        fits.PrimaryHDU(plane).writeto(folder / f"{name}.fits")
    assert draw_plot(tmp_path, "fit") == fit_figure(*planes(20, 30))


def test_a_plot_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there are fit"):
        draw_plot(tmp_path, "pie")


def test_a_window_is_drawn_where_it_lies_in_the_frame() -> None:
    shown = fit_figure(*planes(20, 30), format="svg", origin=(400, 1000)).decode()
    assert "<!-- 410 -->" in shown
    assert "<!-- 1010 -->" in shown
