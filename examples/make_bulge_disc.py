"""Makes the example `bulge_disc`: a galaxy with a bulge and a disc, two neighbours, and what a detector adds.

    python examples/make_bulge_disc.py

The light is rendered by photfit (`photfit render` at the truth below), then comes a star that saturates, Poisson noise,
read noise and a bad column. Star and column are in the mask. It writes the image with its variance, mask and PSF, the
truth, and a request whose starting values are rounded guesses. Seeded: the same photfit makes the same pixels.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from photfit.local import render_here

FOLDER = Path(__file__).resolve().parent / "bulge_disc"
SHAPE = (200, 200)
SEED = 20260711

GAIN = 2.5
"""Electrons per data unit."""
READ_NOISE = 6.0
"""Electrons."""
FULL_WELL = 12000.0
"""Data units; a pixel with more is saturated."""
ZERO_POINT = 26.2
PIXEL_SCALE = 0.262
"""Arcsec."""

PSF_SIZE, PSF_FWHM, PSF_BETA = 41, 4.2, 3.2
STAR = {"x": 42.3, "y": 47.6, "flux": 4e5}
STAR_MASK_RADIUS = 24.0
BAD_COLUMN = 171

TRUTH: dict[str, dict[str, float]] = {
    "sky": {"i": 118.0},
    "bulge": {"x": 97.42, "y": 103.18, "q": 0.82, "pa": 48.0, "n": 3.1, "r_e": 5.6, "i_e": 420.0},
    "disc": {"x": 97.42, "y": 103.18, "q": 0.44, "pa": 36.5, "n": 1.0, "r_e": 27.0, "i_e": 95.0},
    "north": {"x": 139.75, "y": 156.4, "q": 0.68, "pa": 118.0, "n": 1.6, "r_e": 7.3, "i_e": 130.0},
    "west": {"x": 152.1, "y": 62.85, "q": 0.9, "pa": 15.0, "n": 2.4, "r_e": 4.4, "i_e": 210.0},
}
GUESSES: dict[str, dict[str, object]] = {
    "sky": {"i": 110},
    "bulge": {"x": 97, "y": 103, "q": 0.9, "pa": 40, "n": {"value": 2.5, "min": 0.5, "max": 8}, "r_e": 7, "i_e": 300},
    "disc": {
        "x": "= bulge.x",
        "y": "= bulge.y",
        "q": 0.5,
        "pa": 40,
        "n": {"value": 1, "fixed": True},
        "r_e": 22,
        "i_e": 80,
    },
    "north": {"x": 140, "y": 156, "q": 0.8, "pa": 110, "n": 1.2, "r_e": 6, "i_e": 100},
    "west": {"x": 152, "y": 63, "q": 0.8, "pa": 30, "n": 2, "r_e": 5, "i_e": 150},
}

Image = NDArray[np.float64]


def moffat(x: float, y: float, shape: tuple[int, int], flux: float = 1.0) -> Image:
    """A Moffat star sampled at pixel centres (Moffat 1969, A&A 3, 455)."""
    alpha = PSF_FWHM / (2 * np.sqrt(2 ** (1 / PSF_BETA) - 1))
    rows, columns = np.indices(shape, dtype=np.float64)
    radius2 = (columns - x) ** 2 + (rows - y) ** 2
    return np.asarray(flux * (PSF_BETA - 1) / (np.pi * alpha**2) * (1 + radius2 / alpha**2) ** -PSF_BETA)


def psf_kernel() -> Image:
    """The PSF as an image whose pixels sum to one."""
    centre = (PSF_SIZE - 1) / 2
    kernel = moffat(centre, centre, (PSF_SIZE, PSF_SIZE))
    return np.asarray(kernel / kernel.sum())


def components(parameters: dict[str, dict[str, object]]) -> list[dict[str, object]]:
    """The components of a request with these parameters."""
    profiles = {name: "flat_sky" if name == "sky" else "sersic" for name in parameters}
    return [{"name": name, "profile": profiles[name], "parameters": values} for name, values in parameters.items()]


def render_truth() -> Image:
    """The light of sky and galaxies through the PSF, in data units per pixel."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blank = [fits.PrimaryHDU(np.zeros(SHAPE)), fits.ImageHDU(psf_kernel(), name="PSF")]
        fits.HDUList(blank).writeto(folder / "blank.fits")
        image = {"data": "blank.fits[0]", "variance": {"constant": 1.0}, "psf": "blank.fits[PSF]"}
        request = {"images": [image], "components": components({**TRUTH}), "stages": []}
        (folder / "request.json").write_text(json.dumps(request))
        (model,) = render_here(folder / "request.json", folder / "out")
        return np.asarray(fits.getdata(model), dtype=np.float64)


def observe(light: Image) -> tuple[Image, Image, NDArray[np.uint8]]:
    """Data, variance and mask (1 is bad) of light that falls on the detector."""
    random = np.random.default_rng(SEED)
    expected = light + moffat(STAR["x"], STAR["y"], SHAPE, STAR["flux"])
    variance = expected / GAIN + (READ_NOISE / GAIN) ** 2
    data = random.poisson(expected * GAIN) / GAIN + random.normal(0.0, READ_NOISE / GAIN, SHAPE)
    rows, columns = np.indices(SHAPE)
    near_star = np.hypot(columns - STAR["x"], rows - STAR["y"]) < STAR_MASK_RADIUS
    saturated = data > FULL_WELL
    bleeding = saturated.any(axis=0) & (np.abs(rows - STAR["y"]) < 2 * STAR_MASK_RADIUS)
    data[saturated | (bleeding & (np.abs(columns - STAR["x"]) < 1.5))] = FULL_WELL
    data[:, BAD_COLUMN] = -37.0
    mask = near_star | bleeding | (columns == BAD_COLUMN)
    return data, variance, mask.astype(np.uint8)


def header() -> fits.Header:
    """World coordinates, zero point, gain and read noise, as a reduced frame carries them."""
    step = PIXEL_SCALE / 3600
    cards = [
        ("OBJECT", "BULGE+DISC", "simulated by examples/make_bulge_disc.py"),
        ("BUNIT", "adu", "data units"),
        ("GAIN", GAIN, "[e-/adu]"),
        ("RDNOISE", READ_NOISE, "[e-]"),
        ("SATURATE", FULL_WELL, "[adu]"),
        ("MAGZERO", ZERO_POINT, "magnitude of 1 adu"),
        ("CTYPE1", "RA---TAN", ""),
        ("CTYPE2", "DEC--TAN", ""),
        ("CUNIT1", "deg", ""),
        ("CUNIT2", "deg", ""),
        ("CRVAL1", 150.1163, ""),
        ("CRVAL2", 2.2058, ""),
        ("CRPIX1", 100.5, ""),
        ("CRPIX2", 100.5, ""),
        ("CD1_1", -step, ""),
        ("CD1_2", 0.0, ""),
        ("CD2_1", 0.0, ""),
        ("CD2_2", step, ""),
    ]
    return fits.Header(cards)


def main() -> None:
    """Write the image, the request and the truth."""
    data, variance, mask = observe(render_truth())
    FOLDER.mkdir(exist_ok=True)
    planes = [
        fits.PrimaryHDU(data.astype(np.float32), header()),
        fits.ImageHDU(variance.astype(np.float32), name="VARIANCE"),
        fits.ImageHDU(mask, name="MASK"),
        fits.ImageHDU(psf_kernel(), name="PSF"),
    ]
    planes[0].name = "DATA"
    fits.HDUList(planes).writeto(FOLDER / "bulge_disc.fits", overwrite=True)
    names = {"data": "DATA", "variance": "VARIANCE", "mask": "MASK", "psf": "PSF"}
    image = {"name": "r", **{role: f"bulge_disc.fits[{hdu}]" for role, hdu in names.items()}}
    request = {
        "name": "bulge and disc",
        "images": [image],
        "components": components(GUESSES),
        "stages": [{"method": "lm"}],
        "seed": 42,
    }
    truth = {f"{name}.{key}": value for name, values in TRUTH.items() for key, value in values.items()}
    _write(FOLDER / "request.json", request)
    _write(FOLDER / "truth.json", {"parameters": truth})


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
