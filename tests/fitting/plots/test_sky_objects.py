"""What a radial profile is drawn of, from the files of a result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from fitting.plots import draw_plot
from fitting.plots.finished_fit import FinishedFit
from fitting.plots.sky_objects import measured_objects
from fitting.spec.plots import ChoiceInvalid, PlotChoices, PlotUnavailable

PLACES = {"bulge": (30.2, 25.1), "disc": (30.2, 25.1), "other": (70.0, 60.0)}
SKY = 10.0


def light(name: str) -> np.ndarray:
    rows, columns = np.indices((80, 100), dtype=float)
    x, y = PLACES[name]
    return 300.0 * np.exp(-np.hypot(columns - x, rows - y) / (2.0 if name == "bulge" else 6.0))


def parameter(name: str, value: float, unit: str = "pixel") -> dict[str, object]:
    return {"name": name, "value": value, "unit": unit}


def write_result(
    folder: Path, parameters: list[dict[str, object]], kept: bool, origin: tuple[int, int] = (0, 0)
) -> None:
    """A result with a sky and three components, as much of it as the profile reads."""
    planes = folder / "images" / "r"
    (planes / "component").mkdir(parents=True)
    parts = {"sky": np.full((80, 100), SKY)} | {name: light(name) for name in PLACES}
    model = sum(parts.values())
    noise = np.random.default_rng(3).normal(size=model.shape)
    for name, plane in {
        "data": model + 2.0 * noise,
        "model": model,
        "residual": 2.0 * noise,
        "normalized_residual": noise,
    }.items():
        fits.PrimaryHDU(plane).writeto(planes / f"{name}.fits")
    for name, plane in parts.items() if kept else ():
        fits.PrimaryHDU(plane.astype(np.float32)).writeto(planes / "component" / f"{name}.fits")
    window = {"x": [origin[0], origin[0] + 100], "y": [origin[1], origin[1] + 80]}
    request = {"name": "two", "images": [{"name": "r", "window": window}], "components": []}
    document = {"parameters": parameters, "derived": [], "stages": [], "degrees_of_freedom": 8000}
    for name, content in {"request": request, "parameters": document}.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


def in_pixels(origin: tuple[int, int] = (0, 0)) -> list[dict[str, object]]:
    rows = [parameter("sky.i", SKY, "data/pixel")]
    for name, (x, y) in PLACES.items():
        rows += [parameter(f"{name}.x", x + origin[0]), parameter(f"{name}.y", y + origin[1])]
        rows += [parameter(f"{name}.q", 1.0, ""), parameter(f"{name}.pa", 0.0, "degree")]
    return rows


@pytest.mark.parametrize("origin", [(0, 0), (500, 1000)])
def test_components_at_one_place_are_one_object_and_the_rest_is_taken_off(
    tmp_path: Path, origin: tuple[int, int]
) -> None:
    write_result(tmp_path, in_pixels(origin), kept=True, origin=origin)
    found = measured_objects(FinishedFit(tmp_path), "r")
    assert [each.name for each in found] == ["bulge + disc", "other"]
    other = found[1].profile
    rings = (other.radius > 4.0) & (other.radius < 20.0)
    assert other.data[rings] == pytest.approx(300.0 * np.exp(-other.radius[rings] / 6.0), rel=0.05, abs=1.0)
    assert set(found[0].profile.parts) == {"bulge", "disc"}


def test_components_placed_on_the_sky_are_found_by_their_light(tmp_path: Path) -> None:
    rows = [parameter("sky.i", SKY, "data/pixel")]
    for name in PLACES:
        rows += [parameter(f"{name}.ra", 150.1, "degree"), parameter(f"{name}.dec", 2.2, "degree")]
    write_result(tmp_path, rows, kept=True)
    assert [each.name for each in measured_objects(FinishedFit(tmp_path), "r")] == ["bulge + disc", "other"]


def test_without_the_light_of_components_the_ellipses_are_the_parameters_own(tmp_path: Path) -> None:
    write_result(tmp_path, in_pixels(), kept=False)
    found = measured_objects(FinishedFit(tmp_path), "r")
    assert [(each.name, each.alone) for each in found] == [("bulge + disc", False), ("other", False)]
    assert found[1].profile.model.min() > SKY


def test_a_fit_without_objects_has_no_profile(tmp_path: Path) -> None:
    write_result(tmp_path, [parameter("sky.i", SKY, "data/pixel")], kept=True)
    with pytest.raises(PlotUnavailable, match="no component"):
        draw_plot(tmp_path, "profile")


def test_a_fit_without_chains_has_no_trace(tmp_path: Path) -> None:
    write_result(tmp_path, in_pixels(), kept=True)
    with pytest.raises(PlotUnavailable, match="no chains"):
        draw_plot(tmp_path, "trace")


def test_parameters_and_true_values_that_a_fit_has_not_are_refused(tmp_path: Path) -> None:
    write_result(tmp_path, in_pixels(), kept=True)
    covariance = {"names": ["other.x", "other.y"], "matrix": [[1e-4, 0.0], [0.0, 1e-4]]}
    (tmp_path / "covariance.json").write_text(json.dumps(covariance))
    assert draw_plot(tmp_path, "corner", choices=PlotChoices(parameters=("other",))).startswith(b"\x89PNG")
    for choices in (PlotChoices(parameters=("nosuch",)), PlotChoices(truth={"nosuch.x": 1.0})):
        with pytest.raises(ChoiceInvalid, match="nosuch"):
            draw_plot(tmp_path, "corner", choices=choices)
