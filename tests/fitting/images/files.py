"""Simulated bands as files, and the request that fits them."""

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from fitting.problem import Problem
from tests.fitting.images.sky import BANDS, galaxy, request_of, sky

FLUXES = {"g": 3000.0, "r": 4000.0, "i": 5000.0}


def write_bands(folder: Path) -> dict[str, Any]:
    """Write g.fits, r.fits and i.fits, and give the request (paths as file names) that starts off the truth."""
    truth = request_of(galaxy(flux={"by_image": FLUXES}), sky())
    problem = Problem(truth, BANDS)
    generator = np.random.default_rng(4)
    for band, model in zip(BANDS, problem.model(problem.start()), strict=True):
        noise = generator.normal(0.0, band.variance[0, 0] ** 0.5, band.data.shape)
        fits.PrimaryHDU(model[0].numpy() + noise, band.header).writeto(folder / f"{band.name}.fits")
    start = galaxy(q=0.7, pa=25.0, r_e=2.5, n=1.4, flux={"by_image": {"g": 2500, "r": 4500, "i": 4600}})
    document = request_of(start, sky({"by_image": {"g": 19.0, "r": 19.0, "i": 19.0}})).document()
    for band, written in zip(BANDS, document["images"], strict=True):
        written["variance"] = {"constant": float(band.variance[0, 0])}
    return document
