"""Small fields of Gaussian galaxies for tests of catalogues, drawn by closed forms and not by photfit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table
from numpy.typing import NDArray
from scipy.special import erf

SKY = 3.0
SIDE = 120
SCALE = 0.25
"""Arcsec a pixel."""
PLACES = ((30.0, 30.0), (80.0, 35.0), (40.0, 85.0), (90.0, 90.0))


def gaussian(shape: tuple[int, int], place: tuple[float, float], sigma: float, flux: float) -> NDArray[np.float64]:
    """A round Gaussian, exactly integrated over pixels."""
    edges = [np.arange(size + 1) - 0.5 for size in shape]
    steps = [
        np.diff(0.5 * erf((edge - at) / (sigma * np.sqrt(2.0)))) for edge, at in zip(edges, place[::-1], strict=True)
    ]
    return flux * np.outer(*steps)


def header() -> fits.Header:
    """A tangent plane about 150, 2."""
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.0, "CRPIX1": 61.0, "CRPIX2": 61.0}
    return fits.Header(cards | {"CDELT1": -SCALE / 3600.0, "CDELT2": SCALE / 3600.0})


def write_field(folder: Path, places: tuple[tuple[float, float], ...] = PLACES, noise: float = 1.0) -> Table:
    """``field.fits`` (SCI, VAR) with a galaxy of σ = 2 and flux 2000 at each place, and ``objects.csv``."""
    rng = np.random.default_rng(7)
    data = SKY + rng.normal(0.0, noise, (SIDE, SIDE))
    for place in places:
        data += gaussian(data.shape, place, 2.0, 2000.0)
    hdus = [
        fits.ImageHDU(data, header(), name="SCI"),
        fits.ImageHDU(np.full_like(data, noise**2), header(), name="VAR"),
    ]
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(folder / "field.fits")
    x, y = np.array(places).T
    table = Table({"id": np.arange(len(x)), "x": x, "y": y})
    for name, value in {"r50": 2.4, "a": 2.0, "b": 1.9, "mag": 27.0 - 2.5 * np.log10(2000.0)}.items():
        table[name] = value
    table.write(folder / "objects.csv")
    return table


def document(**more: Any) -> dict[str, Any]:
    """A catalogue of the field."""
    window = {"around": {"x": {"column": "x"}, "y": {"column": "y"}}, "size": 32}
    image = {
        "name": "r",
        "data": "field.fits[SCI]",
        "variance": "field.fits[VAR]",
        "zero_point": 27.0,
        "window": window,
    }
    galaxy = {
        "x": {"column": "x"},
        "y": {"column": "y"},
        "q": "= row.b / row.a",
        "n": {"value": 0.5, "fixed": True},
        "r_e": {"value": {"column": "r50"}, "min": 0.2},
        "magnitude": {"column": "mag"},
    }
    components = [{"name": "sky", "profile": "flat_sky"}, {"name": "g", "profile": "sersic", "parameters": galaxy}]
    template = {"images": [image], "components": components, "stages": [{"method": "lm"}]}
    return {"objects": "objects.csv", "template": template, **more}
