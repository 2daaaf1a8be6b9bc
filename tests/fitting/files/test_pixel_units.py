"""Units of pixels: squares of the data's are variances, one over them weights, and logarithms no flux."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from fitting.files import describe_file, recognise_planes
from fitting.files.pixel_units import noise_of_unit, why_no_flux
from fitting.inputs import load_images
from fitting.spec import parse_request


@pytest.mark.parametrize(
    ("unit", "data", "noise"),
    [
        ("electron2", "electron", "variance"), ("electron*electron", "electron", "variance"),
        ("(MJy/sr)2", "MJy/sr", "variance"), ("MJy2 / sr2", "MJy/sr", "variance"), ("nJy**2", "nJy", "variance"),
        ("adu^2", "ADU", "variance"), ("1/nanomaggy^2", "nanomaggy", "weight"), ("nanomaggy^-2", "nanomaggy", "weight"),
        ("(nmgy)-2", "nmgy", "weight"), ("1 / nJy2", "nJy", "weight"), ("nJy-2", "nJy", "weight"),
        ("electron", "electron", None), ("", "", None), (None, "Jy", None), ("Jy/arcsec2", "Jy", None),
        ("s", "electron", None), ("ELECTRONS/S", "ELECTRONS/S", None), ("mJy2", "Jy", None),
    ],
)  # fmt: skip
def test_a_noise_is_told_by_its_unit_beside_the_datas(unit: str | None, data: str, noise: str | None) -> None:
    assert noise_of_unit(unit, data) == noise


@pytest.mark.parametrize(
    "unit", ["mag", "mag/arcsec2", "mag(AB)", "log(Jy)", "dex", "1/nanomaggy^2", "nJy-2", "s", "arcsec"]
)
def test_what_is_no_flux_is_told(unit: str) -> None:
    assert why_no_flux(unit)


@pytest.mark.parametrize(
    "unit",
    [
        "", "Jy", "maggy", "nanomaggies", "nmgy/arcsec2", "uJy/arcsec^2", "erg/s/cm2", "erg s-1 cm-2", "W m-2", "W.m-2",
        "Jy arcsec-2", "cm-2", "1/arcsec2", "counts/s", "ELECTRONS/S", "DN", "e-", "10.0*nanoJansky", "K", "MJy/sr",
        "10**(-20)*erg/s/cm**2/Angstrom", "photon / (cm2 s)", "data units",
    ],
)  # fmt: skip
def test_units_of_flux_and_counts_go_without_a_word(unit: str) -> None:
    assert why_no_flux(unit) is None


def test_data_in_magnitudes_are_told_where_they_are_described_and_where_they_are_fitted(tmp_path: Path) -> None:
    path = tmp_path / "image.fits"
    fits.writeto(path, np.random.default_rng(1).normal(25.0, 0.1, (20, 20)), fits.Header({"BUNIT": "mag/arcsec2"}))
    assert "a logarithm of flux" in describe_file(path).hdus[0].warnings[0]
    sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 0}}
    request = parse_request({"images": [{"data": "image.fits", "variance": {"constant": 1}}], "components": [sky]})
    (image,) = load_images(request, tmp_path.joinpath)
    assert "pixels-not-flux" in [notice.code for notice in image.notices]


def test_a_name_that_its_unit_contradicts_gives_way_and_is_said(tmp_path: Path) -> None:
    """Four arms of one file: the same names, and the error plane in the data's unit, its square, or one over it."""
    for unit, kind in (("electron", "sigma"), ("electron2", "variance"), ("electron-2", "weight")):
        hdus = [fits.PrimaryHDU(), *(fits.ImageHDU(np.ones((9, 8)), name=name) for name in ("SCI", "ERR"))]
        hdus[1].header["BUNIT"], hdus[2].header["BUNIT"] = "electron", unit
        fits.HDUList(hdus).writeto(tmp_path / "image.fits", overwrite=True)
        planes = recognise_planes(describe_file(tmp_path / "image.fits"), None)
        assert planes.hdus == {"data": 1, kind: 2}
        assert ("BUNIT" in planes.warnings[0]) == (kind != "sigma")
