"""`photfit propose`: from an image to a request beside it."""

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from click.testing import CliRunner, Result

from photfit.cli import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
IMAGE = EXAMPLES / "three_galaxies_psf" / "three_galaxies_psf.fits"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def test_the_request_can_be_fitted_from_where_it_was_written(tmp_path: Path) -> None:
    written = tmp_path / "deep" / "request.json"
    assert run("propose", IMAGE, "-o", written).exit_code == 0
    assert run("fit", written, "-o", tmp_path / "out").exit_code == 0
    found = json.loads((tmp_path / "out" / "parameters.json").read_text())
    assert found["chi2_reduced"] == pytest.approx(1.012325, abs=1e-5)


def test_files_are_named_as_they_count_from_the_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "image.fits").write_bytes(IMAGE.read_bytes())
    monkeypatch.chdir(tmp_path)
    run("propose", "image.fits[0]", "-o", "requests/r.json", "--variance", "[1]")
    image = json.loads(Path("requests/r.json").read_text())["images"][0]
    assert (image["data"], image["variance"]) == ("../image.fits[0]", "../image.fits[1]")


def test_without_an_output_the_request_is_printed_and_nothing_else_beside_it() -> None:
    result = run("propose", IMAGE)
    assert len(json.loads(result.stdout)["components"]) == 4
    assert "3 galaxies and 0 stars" in result.stderr


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("list.csv", lambda path: path.write_text("x,y,mag\n66,65,17\n54,40,18\n")),
        ("list.cat", lambda path: path.write_text("#   1 X_IMAGE\n#   2 Y_IMAGE\n#   3 A_IMAGE\n67 66 3\n55 41 2\n")),
        ("list.fits", lambda path: Table({"xcentroid": [66.0, 54.0], "ycentroid": [65.0, 40.0]}).write(path)),
        ("list.ecsv", lambda path: Table({"X": [66.0, 54.0], "Y": [65.0, 40.0]}).write(path)),
    ],
)
def test_a_catalogue_may_come_in_many_forms(name: str, write: object, tmp_path: Path) -> None:
    write(tmp_path / name)  # type: ignore[operator]
    result = run("propose", IMAGE, "--catalogue", tmp_path / name, "--zero-point", "25")
    components = json.loads(result.stdout)["components"]
    assert len(components) == 3
    assert components[1]["parameters"]["x"] == pytest.approx(67.9, abs=1.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--position", "3"], "is not X,Y"),
        (["--window", "1:2"], "is not X0:X1,Y0:Y1"),
        (["--psf", '{"gaussian": '], "is not JSON"),
        (["--mask", "none.fits"], "$.mask: 'none.fits' cannot be read: No such file"),
        (["--catalogue", "none.csv"], "none.csv"),
        (["--threshold", "-1"], "$.threshold"),
    ],
)
def test_a_mistake_is_one_message(arguments: list[str], words: str) -> None:
    result = run("propose", IMAGE, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_an_image_that_is_not_there_is_named() -> None:
    result = run("propose", "none.fits")
    assert result.exit_code == 2
    assert "'none.fits' cannot be read: No such file" in result.stderr


def test_a_catalogue_without_places_says_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("a,b\n1,2\n")
    result = run("propose", IMAGE, "--catalogue", tmp_path / "list.csv")
    assert result.exit_code == 2
    assert "its columns are a, b" in result.stderr


def test_inline_noise_and_psf_are_taken(tmp_path: Path) -> None:
    fits.PrimaryHDU(np.random.default_rng(2).normal(5.0, 1.0, (40, 40))).writeto(tmp_path / "i.fits")
    psf = '{"moffat": {"fwhm": 3, "beta": 3}}'
    result = run("propose", tmp_path / "i.fits", "--variance", '{"constant": 1}', "--psf", psf)
    image = json.loads(result.stdout)["images"][0]
    assert image["variance"] == {"constant": 1.0}
    assert image["psf"]["moffat"] == {"fwhm": 3.0, "beta": 3.0}
