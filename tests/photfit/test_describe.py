"""`photfit describe`: what a file holds, in lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits
from click.testing import CliRunner

from photfit.cli import main
from tests.fitting.files.test_sky_coordinates import header


def test_every_hdu_is_told_with_its_role_and_why(tmp_path: Path) -> None:
    data = np.ones((4, 6), dtype=np.float32)
    science = fits.ImageHDU(data, header(MAGZERO=25.0, BUNIT="adu"), name="SCI")
    hdus = [fits.PrimaryHDU(), science, fits.ImageHDU(data, name="ERR"), fits.ImageHDU(np.ones((3, 4, 6)), name="CUBE")]
    fits.HDUList(hdus).writeto(tmp_path / "a.fits")
    result = CliRunner().invoke(main, ["describe", str(tmp_path / "a.fits")])
    assert result.exit_code == 0, result.output
    lines = [line.strip() for line in result.output.splitlines()]
    assert "[1] SCI: image, 6 × 4, float32, adu" in lines
    assert "sigma, by the name ERR" in lines
    assert "zero point 25" in lines
    assert any("3 planes" in line for line in lines)
    assert any("HDU 2 as sigma" in line for line in lines)


def test_what_is_no_image_is_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.fits").write_bytes(b"nothing")
    result = CliRunner().invoke(main, ["describe", str(tmp_path / "a.fits")])
    assert result.exit_code != 0
    assert "none of the formats" in str(result.exception) + result.output
