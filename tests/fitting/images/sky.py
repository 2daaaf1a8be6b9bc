"""Small images on the sky: headers with rotated, flipped, sheared and distorted coordinates, and requests of them."""

from typing import Any

import numpy as np
from astropy.io import fits

from fitting.inputs import ImageData
from fitting.spec import FitRequest, parse_request

CENTRE = (150.1, 2.2)
"""Right ascension and declination of the middle of every image."""
GALAXY = {"ra": CENTRE[0], "dec": CENTRE[1], "q": 0.6, "pa": 35.0, "n": 1.7, "r_e": 2.0, "flux": 4000.0}


def header(
    shape: tuple[int, int],
    scale: float,
    turn: float = 0.0,
    mirrored: bool = False,
    shear: float = 0.0,
    centre: tuple[float, float] = CENTRE,
    projection: str = "TAN",
) -> fits.Header:
    """Celestial coordinates of `scale` arcsec per pixel, turned by degrees, east to the left unless mirrored."""
    angle = np.radians(turn)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = (
        np.diag([1.0 if mirrored else -1.0, 1.0]) @ rotation @ np.array([[1.0, shear], [0.0, 1.0]]) * scale / 3600.0
    )
    cards = {
        "NAXIS": 2,
        "NAXIS1": shape[1],
        "NAXIS2": shape[0],
        "CTYPE1": f"RA---{projection}",
        "CTYPE2": f"DEC--{projection}",
    }
    cards |= {"CRVAL1": centre[0], "CRVAL2": centre[1], "CRPIX1": 0.5 * (shape[1] + 1), "CRPIX2": 0.5 * (shape[0] + 1)}
    cards |= {f"CD{i}_{j}": float(matrix[i - 1, j - 1]) for i in (1, 2) for j in (1, 2)}
    made = fits.Header()
    made.update(cards)
    return made


def image(
    name: str, shape: tuple[int, int], sigma: float = 1.0, zero_point: float | None = 25.0, **wcs: Any
) -> ImageData:
    """A blank image with constant noise."""
    scale = wcs["scale"]
    return ImageData(
        name, np.zeros(shape), np.full(shape, sigma**2), np.zeros(shape, bool),
        pixel_scale=scale, zero_point=zero_point, header=header(shape, **wcs),
    )  # fmt: skip


BANDS = (
    image("g", (61, 61), sigma=1.0, scale=0.4, turn=20.0),
    image("r", (75, 81), sigma=0.6, scale=0.3, turn=-75.0, mirrored=True),
    image("i", (50, 48), sigma=1.5, scale=0.5, turn=160.0, shear=0.05),
)
"""Three images of one field: other pixels, rotations and noise, one of them mirrored, one sheared."""


def request_of(*components: dict[str, Any], names: tuple[str, ...] = ("g", "r", "i"), **keys: Any) -> FitRequest:
    """A request in frame sky."""
    images = [{"name": name, "data": f"{name}.fits"} for name in names]
    document = {"frame": "sky", "images": images, "components": list(components), "stages": [{"method": "lm"}]}
    return parse_request({**document, **keys})


def galaxy(name: str = "a", **changes: Any) -> dict[str, Any]:
    """`GALAXY` as a component, with changes; None takes a parameter away."""
    parameters = {key: value for key, value in {**GALAXY, **changes}.items() if value is not None}
    return {"name": name, "profile": "sersic", "parameters": parameters}


def sky(level: Any = 20.0) -> dict[str, Any]:
    """A flat sky, data units per arcsec²."""
    return {"name": "sky", "profile": "flat_sky", "parameters": {"i": level}}
