"""Makes the example `three_bands`: one galaxy in g, r and i, each with its own pixels, point-spread function and depth.

    python examples/make_three_bands.py

The galaxy gets redder and larger towards the blue, as discs with old bulges do. The light is rendered by photfit
(`photfit render` at the truth below); Poisson noise of a CCD is added. Each band's file has image and variance; the
frames are shifted and turned against each other, and the request says everything on the sky. Seeded.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

FOLDER = Path(__file__).resolve().parent / "three_bands"
SIZE = 96
SEED = 20261201
RA, DEC = 150.1163, 2.2058


@dataclass(frozen=True)
class Band:
    """A filter: wavelength (nm), pixel (arcsec), turn (degree), seeing (pixel), zero point, sky, electrons a unit."""

    name: str
    wavelength: float
    scale: float
    turn: float
    seeing: float
    zero_point: float
    sky: float
    gain: float

    def psf(self) -> dict[str, object]:
        """The point-spread function as a request has it."""
        return {"moffat": {"fwhm": self.seeing, "beta": 3.0}}

    def header(self) -> fits.Header:
        """World coordinates, zero point and gain."""
        step, angle = self.scale / 3600, np.deg2rad(self.turn)
        cards = {"FILTER": self.name, "MAGZERO": self.zero_point, "GAIN": self.gain}
        cards |= {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CUNIT1": "deg", "CUNIT2": "deg"}
        cards |= {"CRVAL1": RA, "CRVAL2": DEC, "CRPIX1": 48.2 + self.turn, "CRPIX2": 47.6}
        cards |= {"CD1_1": -step * np.cos(angle), "CD1_2": step * np.sin(angle)}
        cards |= {"CD2_1": step * np.sin(angle), "CD2_2": step * np.cos(angle)}
        return fits.Header(cards)


BANDS = (
    Band("g", 480.0, 0.262, 0.0, 4.6, 27.0, 40.0, 3.0),
    Band("r", 620.0, 0.262, 3.0, 4.0, 27.2, 70.0, 3.2),
    Band("i", 770.0, 0.262, -2.0, 3.5, 26.9, 110.0, 2.9),
)
MAGNITUDES = {"g": 18.60, "r": 17.95, "i": 17.60}
TRUTH: dict[str, object] = {"ra": RA, "dec": DEC, "q": 0.55, "pa": 35.0, "n": 1.4}
SIZES = (3.4, -0.25)
"""Coefficients of the half-light radius, in arcsec, as a Chebyshev polynomial of wavelength."""


def request(images: list[dict[str, object]], galaxy: dict[str, object], sky: dict[str, object]) -> dict[str, object]:
    """A request of these images with a sky and one galaxy."""
    return {
        "name": "three bands",
        "frame": "sky",
        "images": images,
        "components": [
            {"name": "sky", "profile": "flat_sky", "parameters": {"i": {"by_image": sky}}},
            {"name": "galaxy", "profile": "sersic", "parameters": galaxy},
        ],
        "stages": [{"method": "lm"}],
    }


def image(band: Band) -> dict[str, object]:
    """A band's image, as a request has it."""
    names = {"data": f"{band.name}.fits[DATA]", "variance": f"{band.name}.fits[VARIANCE]", "psf": band.psf()}
    return {"name": band.name, **names, "zero_point": band.zero_point, "wavelength": band.wavelength}


def write(band: Band, data: np.ndarray, variance: np.ndarray, folder: Path) -> None:
    """A band's file."""
    planes = [
        fits.PrimaryHDU(data.astype(np.float32), band.header()),
        fits.ImageHDU(variance.astype(np.float32), band.header(), name="VARIANCE"),
    ]
    planes[0].name = "DATA"
    fits.HDUList(planes).writeto(folder / f"{band.name}.fits", overwrite=True)


def main() -> None:
    """Write the three files, the request and the truth."""
    FOLDER.mkdir(exist_ok=True)
    random = np.random.default_rng(SEED)
    galaxy = TRUTH | {"r_e": {"polynomial": list(SIZES)}, "magnitude": {"by_image": MAGNITUDES}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blank = np.zeros((SIZE, SIZE))
        for band in BANDS:
            write(band, blank, blank + 1, folder)
        truth = request([image(band) for band in BANDS], galaxy, {band.name: band.sky for band in BANDS})
        (folder / "truth.json").write_text(json.dumps(truth))
        subprocess.run([sys.executable, "-m", "photfit", "render", "truth.json", "-o", "out"], cwd=folder, check=True)
        for band in BANDS:
            light = fits.getdata(folder / "out" / band.name / "model.fits").astype(float)
            write(band, random.poisson(light * band.gain) / band.gain, light / band.gain, FOLDER)
    start: dict[str, object] = {"ra": round(RA, 4), "dec": round(DEC, 4), "q": 0.7, "pa": 20.0, "n": 1.0}
    start |= {"r_e": {"polynomial": [3.0, 0.0]}, "magnitude": {"by_image": {"g": 18.5, "r": 18.0, "i": 17.5}}}
    asked = request([image(band) for band in BANDS], start, {"g": 38.0, "r": 68.0, "i": 108.0})
    parameters = {f"galaxy.{key}": value for key, value in TRUTH.items()}
    parameters |= {f"galaxy.magnitude[{band}]": value for band, value in MAGNITUDES.items()}
    parameters |= {f"galaxy.r_e.c{power}": value for power, value in enumerate(SIZES)}
    _write(FOLDER / "request.json", asked)
    _write(FOLDER / "truth.json", {"parameters": parameters})
    (FOLDER / "about.txt").write_text(
        "One galaxy in three bands, each with pixels and seeing of its own, fitted together on the sky.\n"
    )


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
