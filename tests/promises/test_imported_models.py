"""Files of GALFIT and imfit, imported and fitted by one command, beside what those programs and pyimfit found."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from photfit.commands.run import command

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
WORST = 0.5
"""Standard deviations by which a value may be off its reference."""


def run(folder: str, tmp_path: Path, file: str, *options: str, change: tuple[str, str] = ("", "")) -> dict[str, Any]:
    if not (DATA / folder).is_dir():
        pytest.skip(f"needs {folder} of ../shared/data")
    here = shutil.copytree(DATA / folder, tmp_path / folder)
    for path in here.iterdir():
        path.chmod(0o644)
    here.chmod(0o755)
    (here / file).write_text((here / file).read_text().replace(*change))
    with contextlib.chdir(tmp_path):  # GALFIT's and imfit's own files are written where one stands
        done = CliRunner().invoke(command, [str(here / file), "-o", str(tmp_path / "out"), *options])
    assert done.exit_code == 0, done.output
    rows = json.loads((tmp_path / "out" / "parameters.json").read_text())
    return {row["name"].partition(".")[2]: row for row in [*rows["parameters"], *rows["derived"]]}


def assert_agrees(found: dict[str, Any], folder: str, key: str) -> None:
    for name, row in json.loads((DATA / folder / "reference.json").read_text())[key]["parameters"].items():
        short = name.partition(".")[2]
        if short in found:
            off = found[short]["value"] - row["value"]
            off = (off + 90.0) % 180.0 - 90.0 if short == "pa" else off
            assert abs(off) < WORST * row["uncertainty"], (name, found[short]["value"], row)


@pytest.mark.parametrize("sigma", ["none", "sigma.fits"])
def test_galfits_example(sigma: str, tmp_path: Path) -> None:
    found = run("galfit_example", tmp_path, "simple.feedme", change=("C) none ", f"C) {sigma} "))
    assert_agrees(found, "galfit_example", "sersic_sky_psf_sigma")
    published = json.loads((DATA / "galfit_example" / "reference.json").read_text())["galfitm_published"]
    assert abs(found["magnitude"]["value"] - published["mag"]) < published["err"]["mag"]


@pytest.mark.parametrize(
    ("file", "more", "key"),
    [
        ("config_sersic_ic3478_256.dat", "", "sersic_gain_mask"),
        ("config_sersic_ic3478_256.dat", " --psf psf_moffat_51.fits", "sersic_gain_mask_psf"),
        ("config_exponential_ic3478_256.dat", "", "exp_gain_mask"),
    ],
)
def test_imfits_example(file: str, more: str, key: str, tmp_path: Path) -> None:
    line = "imfit ic3478rss_256.fits --mask ic3478rss_256_mask.fits --gain 4.725 --readnoise 4.3 --sky 130.14" + more
    assert_agrees(run("ic3478", tmp_path, file, "--command", line), "ic3478", key)
