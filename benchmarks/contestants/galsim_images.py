"""GalSim as a draughtsman: `python galsim_images.py CASES.json IMAGES.npz`, in an environment that has it.

Each case's galaxy is convolved with its pixel by integration in real space, on a grid of pixel centres.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import galsim
import numpy as np


def main(cases: Path, images: Path) -> None:
    """Draw every case."""
    document = json.loads(cases.read_text())
    drawn = {case["name"]: draw(case) for case in document}
    np.savez_compressed(images, version=np.array(galsim.__version__), **drawn)


def draw(case: dict[str, Any]) -> np.ndarray:
    """The pixel integrals of one case, [y, x], total flux one."""
    precise = galsim.GSParams(
        integration_relerr=1e-8, integration_abserr=1e-12, realspace_relerr=1e-6, realspace_abserr=1e-10
    )
    galaxy = round_profile(case, precise)
    q = case["q"]
    # GalSim's radii are geometric means; ours are semi-major axes.
    galaxy = galaxy.shear(q=q, beta=(90.0 + case["pa"]) * galsim.degrees)
    pixel = galsim.Convolve([galaxy, galsim.Pixel(1.0)], real_space=True, gsparams=precise)
    side = case["side"]
    shift = (case["x"] - 0.5 * (side - 1), case["y"] - 0.5 * (side - 1))
    image = galsim.ImageD(side, side, scale=1.0)
    pixel.shift(*shift).drawImage(image=image, method="no_pixel")
    return np.asarray(image.array)


def round_profile(case: dict[str, Any], precise: Any) -> Any:
    """The galaxy before it is flattened, of total flux one."""
    root = math.sqrt(case["q"])
    shape = case["shape"]
    if case["profile"] == "sersic":
        return galsim.Sersic(n=shape["n"], half_light_radius=shape["r_e"] * root, gsparams=precise)
    if case["profile"] == "moffat":
        return galsim.Moffat(beta=shape["beta"], fwhm=shape["fwhm"] * root, gsparams=precise)
    return galsim.Gaussian(fwhm=shape["fwhm"] * root, gsparams=precise)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
