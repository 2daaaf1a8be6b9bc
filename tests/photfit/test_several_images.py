"""`photfit fit` and `photfit render` with several images."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from photfit.cli import main
from tests.fitting.images.files import FLUXES, write_bands


def test_three_bands_are_fitted_together_from_files(tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text(json.dumps(write_bands(tmp_path)))
    CliRunner().invoke(main, ["fit", str(request), "-o", str(tmp_path / "out")], catch_exceptions=False)
    found = json.loads((tmp_path / "out" / "parameters.json").read_text())
    assert found["converged"]
    rows = {row["name"]: row for row in found["parameters"]}
    for image, flux in FLUXES.items():
        row = rows[f"a.flux[{image}]"]
        assert abs(row["value"] - flux) < 4.0 * row["uncertainty"]
        assert (tmp_path / "out" / "images" / image / "model.fits").is_file()
    assert rows["a.ra"]["unit"] == "degree"
    assert rows["a.r_e"]["value"] == pytest.approx(2.0, abs=4.0 * rows["a.r_e"]["uncertainty"])


def test_a_model_is_rendered_of_each(tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text(json.dumps(write_bands(tmp_path)))
    CliRunner().invoke(main, ["render", str(request), "-o", str(tmp_path / "out")], catch_exceptions=False)
    assert sorted(path.parent.name for path in (tmp_path / "out").rglob("model.fits")) == ["g", "i", "r"]
