"""`photfit run` and `photfit export`: files that scripts for GALFIT and imfit read, through the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner

from photfit.cli import main
from photfit.local import next_restart_file

SIZE = 40
FEEDME = f"""A) galaxy.fits
B) block.fits
C) sigma.fits
D) none
G) limits.txt
H) 1 {SIZE} 1 {SIZE}
J) 25
K) 0.2 0.2
P) 0

0) gaussian
1) 20.5 21 1 1
3) 17.2 1
4) 6 1
9) 0.8 1
10) 10 0

0) sky
1) 0.5 1
2) 0 0
3) 0 0
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a feedme was run: a Gaussian at (20.8, 20.6) counted from 1, of FWHM 6.5 and axis ratio 0.7."""
    folder = tmp_path_factory.mktemp("run")
    y, x = np.mgrid[1 : SIZE + 1, 1 : SIZE + 1].astype(float)
    angle = np.radians(10.0)
    along = (y - 20.6) * np.cos(angle) - (x - 20.8) * np.sin(angle)
    across = (y - 20.6) * np.sin(angle) + (x - 20.8) * np.cos(angle)
    light = 40.0 * np.exp(-4.0 * np.log(2.0) * (along**2 + (across / 0.7) ** 2) / 6.5**2)
    noise = np.random.default_rng(5).normal(0.0, 0.2, light.shape)
    fits.writeto(folder / "galaxy.fits", 0.5 + light + noise, fits.Header([("EXPTIME", 100.0)]))
    fits.writeto(folder / "sigma.fits", np.full(light.shape, 0.2))
    (folder / "limits.txt").write_text("1 re 3 to 12\n")
    (folder / "a.feedme").write_text(FEEDME)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = CliRunner().invoke(main, ["run", "a.feedme"])
        assert done.exit_code == 0, done.output
    return folder


def exported(place: Path, *words: str) -> str:
    done = CliRunner().invoke(main, ["export", str(place), *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_run_leaves_what_galfit_leaves(ran: Path) -> None:
    assert {"block.fits", "galfit.01", "galfit.constraints.01", "photfit.01"} <= {path.name for path in ran.iterdir()}
    assert next_restart_file(ran).name == "galfit.02"
    with fits.open(ran / "block.fits") as block:
        header = block[2].header
        np.testing.assert_allclose(block[1].data - block[2].data, block[3].data, atol=1e-5)
    values = {key: [float(word) for word in header[key].split("+/-")] for key in ("1_XC", "1_YC", "1_FWHM", "1_AR")}
    for key, truth in (("1_XC", 20.8), ("1_YC", 20.6), ("1_AR", 0.7)):
        value, error = values[key]
        assert abs(value - truth) < 4.0 * error
    assert header["1_PA"] == "[10.0000]"
    total = 40.0 * np.pi * 6.5**2 * 0.7 / (4.0 * np.log(2.0))
    magnitude, error = (float(word) for word in header["1_MAG"].split("+/-"))
    assert magnitude == pytest.approx(25.0 + 2.5 * np.log10(100.0) - 2.5 * np.log10(total), abs=0.01)


def test_what_was_left_restarts_where_it_ended(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ran)
    done = CliRunner().invoke(main, ["import", "galfit.01", "-o", "again.json"])
    assert "every line was taken" in done.output
    first, second = (json.loads(Path(name).read_text()) for name in ("photfit.01/best-fit.json", "again.json"))
    one, other = (document["components"][0]["parameters"] for document in (first, second))
    assert other["fwhm"]["value"] == pytest.approx(one["fwhm"]["value"], rel=1e-10)
    assert (other["fwhm"]["min"], other["fwhm"]["max"]) == (3.0, 12.0)


def test_files_of_an_export_count_from_where_it_lies(ran: Path, tmp_path: Path) -> None:
    said = exported(ran / "photfit.01", "--format", "galfit", "-o", str(tmp_path / "x" / "g.feedme"))
    assert "gaussian_1 -> object 1, gaussian" in said
    line = next(line for line in (tmp_path / "x" / "g.feedme").read_text().splitlines() if line.startswith("A)"))
    assert (tmp_path / "x" / line.split()[1]).resolve() == (ran / "galaxy.fits").resolve()
    again = CliRunner().invoke(
        main, ["export", str(ran / "photfit.01"), "--format", "galfit", "-o", str(tmp_path / "x" / "g.feedme")]
    )
    assert again.exit_code == 2
    assert "--overwrite" in again.output


def test_a_table_keeps_what_was_fixed(ran: Path, tmp_path: Path) -> None:
    exported(ran / "photfit.01", "--format", "latex", "-o", str(tmp_path / "t.tex"))
    text = (tmp_path / "t.tex").read_text()
    assert all(name in text for name in (r"gaussian\_1.fwhm", r"gaussian\_1.pa & $10"))


def test_no_result_is_said_in_a_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["export", str(tmp_path), "--format", "imfit"])
    assert done.exit_code == 2
    assert "holds no result of a fit" in done.output


DATA = Path(__file__).parents[3] / "shared" / "data"
IMFIT = (
    "imfit ic3478rss_256.fits --mask ic3478rss_256_mask.fits --gain=4.725 --readnoise=4.3 --sky=130.14 "
    "--psf psf_moffat_51.fits"
)


def run_twice(folder: Path, model: str, left: str, *words: str) -> list[dict[str, Any]]:
    """Parameters by the names behind the component's, of a model's fit and of the fit of what that left."""
    found = []
    for number, file in enumerate((model, left)):
        if number:
            shutil.copy(folder / left, folder / "again.dat")
            file = "again.dat" if left.endswith(".dat") else left
        done = CliRunner().invoke(main, ["run", file, "-o", f"out{number}", *(() if number else words)])
        assert done.exit_code == 0, done.output
        rows = json.loads((folder / f"out{number}" / "parameters.json").read_text())["parameters"]
        found.append({row["name"].partition(".")[2]: row["value"] for row in rows})
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("example", "model", "left", "reference", "words"),
    [
        ("galfit_example", "sigma.feedme", "galfit.01", "sersic_sky_psf_sigma", ()),
        (
            "ic3478",
            "config_sersic_ic3478_256.dat",
            "bestfit_parameters_imfit.dat",
            "sersic_gain_mask_psf",
            ("--command", IMFIT),
        ),
    ],
)
def test_public_examples_agree_after_they_were_exported(
    example: str,
    model: str,
    left: str,
    reference: str,
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not (DATA / example).is_dir():
        pytest.skip(f"../shared/data/{example} is not here")
    for file in (DATA / example).iterdir():
        shutil.copy(file, tmp_path / file.name)
    feedme = tmp_path / "simple.feedme"
    if feedme.is_file():
        text = feedme.read_text().replace("simple/", "").replace("C) none", "C) sigma.fits")
        (tmp_path / "sigma.feedme").write_text(text)
    monkeypatch.chdir(tmp_path)
    right = json.loads((tmp_path / "reference.json").read_text())[reference]["parameters"]
    for found in run_twice(tmp_path, model, left, *words):
        for name, row in right.items():
            key = name.partition(".")[2]
            if key in found:
                assert abs(found[key] - row["value"]) < 0.5 * row["uncertainty"], name
