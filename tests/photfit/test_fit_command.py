"""`photfit fit` with changes and many images, `photfit compare` and `photfit plot`, on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import QTable
from click.testing import CliRunner, Result

from photfit.cli import main


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three images of a Gaussian galaxy, a file that is none, and a request for the first; fitted by two models."""
    place = tmp_path_factory.mktemp("fits")
    y, x = np.mgrid[:20, :20]
    (place / "images").mkdir()
    for number in range(3):
        light = 3 + 40 * np.exp(-(((x - 9.5) / 3) ** 2 + ((y - 10) / 2) ** 2) / 2)
        data = light + np.random.default_rng(number).normal(0, 0.5, light.shape)
        fits.writeto(place / "images" / f"{number}.fits", data)
    (place / "images" / "text.fits").write_text("no image")
    components = [{"name": "g", "profile": "gaussian"}, {"name": "sky", "profile": "flat_sky"}]
    request = {"images": [{"data": "images/0.fits", "variance": {"constant": 0.25}}], "components": components}
    (place / "request.json").write_text(json.dumps(request))
    assert run("fit", place / "request.json", "-o", place / "free").exit_code == 0
    round_ = run("fit", place / "request.json", "-o", place / "round", "--set", "g.q=1", "--fix", "g.q", "--json")
    assert round_.exit_code == 0
    assert json.loads(round_.stdout)["parameters"][2]["value"] == 1.0
    return place


def test_a_change_that_has_faults_is_told_as_a_fault_of_the_request(folder: Path, tmp_path: Path) -> None:
    result = run("fit", folder / "request.json", "-o", tmp_path, "--set", "g.fwmh=3", "--stage", "nutz")
    assert result.exit_code == 2
    assert "did you mean fwhm?" in result.stderr
    assert "unknown method 'nutz'; did you mean nuts?" in result.stderr


def test_images_by_pattern_are_rows_of_one_table(folder: Path, tmp_path: Path) -> None:
    result = run("fit", folder / "request.json", folder / "images" / "*.fits", "-o", tmp_path / "out")
    assert result.exit_code == 1  # one of them is no image
    assert "text.fits" in result.stderr
    assert result.stdout.count("converged") == 3
    table = QTable.read(tmp_path / "out" / "fits.ecsv")
    assert list(table["state"]) == ["succeeded"] * 3 + ["refused"]
    assert np.allclose(table["g.q"][:3], 2 / 3, atol=0.05)
    assert (tmp_path / "out" / "2" / "images" / "image" / "model.fits").is_file()


def test_a_pattern_that_names_nothing_is_said(folder: Path, tmp_path: Path) -> None:
    result = run("fit", folder / "request.json", tmp_path / "*.fits", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "names no files" in result.stderr


def test_two_models_of_the_same_data_get_a_verdict(folder: Path) -> None:
    result = run("compare", folder / "free", folder / "round")
    assert result.exit_code == 0
    assert f"{folder / 'free'} is to be preferred: very strong evidence" in result.stdout.replace("\n", " ")


def test_fits_of_other_data_get_none_and_are_told_why(folder: Path, tmp_path: Path) -> None:
    run("fit", folder / "request.json", folder / "images" / "1.fits", "-o", tmp_path)
    result = run("compare", folder / "free", tmp_path / "1", "--json")
    assert result.exit_code == 3
    found = json.loads(result.stdout)
    assert (found["comparable"], found["differ"], found["verdict"]) == (False, ["the data"], None)


def test_plots_are_written_in_the_format_that_the_file_says(folder: Path, tmp_path: Path) -> None:
    beginnings = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    for suffix, begins in beginnings.items():
        assert run("plot", folder / "free", "fit", "-o", tmp_path / f"x.{suffix}").exit_code == 0
        assert (tmp_path / f"x.{suffix}").read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("free", "trace"), 1, "it cannot have the plot trace"),
        (("free", "cornr"), 2, "did you mean corner?"),
        (("free", "fit", "-o", "x.gif"), 2, "ends with .png, .svg, .pdf"),
        (("free", "fit", "--truth", "g.q=1"), 2, "takes no truth"),
        (("images", "fit"), 2, "holds no results of a fit"),
    ],
)
def test_a_plot_that_cannot_be_had_is_said(
    words: tuple[str, ...], code: int, sentence: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("plot", folder / words[0], *words[1:])
    assert result.exit_code == code
    assert sentence in result.stderr
