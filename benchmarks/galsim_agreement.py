"""`python -m benchmarks.galsim_agreement`: photfit's images beside GalSim's, and writes results/galsim.json.

GalSim integrates over pixels in real space. With a PSF, both apply the same discrete kernel to the pixel values,
GalSim's by direct summation. GalSim lives in `.bench-venv`; `--python` names another environment that has it.
"""

import datetime
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from scipy.signal import convolve

from benchmarks.peers import ENVIRONMENT
from benchmarks.run import RESULTS, machine
from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.profiles import RADIAL_PROFILES
from fitting.profiles.radial import total_flux
from fitting.spec import parse_request

SIDE = 61
KERNEL_SIDE = 15
PLACES = ({"x": 30.0, "y": 30.0, "q": 1.0, "pa": 0.0}, {"x": 30.3, "y": 29.6, "q": 0.6, "pa": 35.0})
SHAPES = (
    ("gaussian", {"fwhm": 4.0}),
    ("gaussian", {"fwhm": 9.0}),
    ("moffat", {"fwhm": 4.0, "beta": 2.5}),
    ("moffat", {"fwhm": 7.0, "beta": 4.5}),
    ("sersic", {"n": 0.7, "r_e": 5.0}),
    ("sersic", {"n": 1.0, "r_e": 6.0}),
    ("sersic", {"n": 2.5, "r_e": 6.0}),
    ("sersic", {"n": 4.0, "r_e": 8.0}),
)
SCRIPT = Path(__file__).parent / "contestants" / "galsim_images.py"


@click.command()
@click.option("--python", default=str(ENVIRONMENT / "bin" / "python"), show_default=True, help="With GalSim installed.")
def main(python: str) -> None:
    """Draw every case with both, and compare."""
    wide = SIDE + KERNEL_SIDE - 1
    margin = KERNEL_SIDE // 2
    cases = [
        {
            "name": f"{profile}_{number}_{place}",
            "profile": profile,
            "shape": shape,
            "side": wide,
            **_moved(where, margin),
        }
        for number, (profile, shape) in enumerate(SHAPES)
        for place, where in enumerate(PLACES)
    ]
    theirs = _drawn_by_galsim(cases, python)
    kernel = _kernel()
    rows = {}
    for case in cases:
        exact = theirs[case["name"]]
        sharp = _difference(_ours(case, None, margin), exact[margin:-margin, margin:-margin])
        blurred = _difference(_ours(case, kernel, margin), convolve(exact, kernel, mode="valid", method="direct"))
        rows[case["name"]] = {**{key: case[key] for key in ("profile", "shape", "q")}, "sharp": sharp, "psf": blurred}
        print(
            f"{case['name']:14}",
            case["q"],
            case["shape"],
            f"without PSF {sharp:.1e}, with PSF {blurred:.1e} of the peak",
        )
    results = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(1),
        "galsim": str(theirs["version"]),
        "largest_difference_over_peak": rows,
    }
    (RESULTS / "galsim.json").write_text(json.dumps(results, indent=1) + "\n")


def _moved(place: dict[str, float], margin: int) -> dict[str, float]:
    return place | {"x": place["x"] + margin, "y": place["y"] + margin}


def _drawn_by_galsim(cases: list[dict[str, Any]], python: str) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory(prefix="photfit-galsim-") as folder:
        asked, drawn = Path(folder) / "cases.json", Path(folder) / "images.npz"
        asked.write_text(json.dumps(cases))
        subprocess.run([python, str(SCRIPT), str(asked), str(drawn)], check=True, cwd=folder)
        with np.load(drawn) as images:
            return {name: images[name] for name in images.files}


def _kernel() -> np.ndarray:
    """A flattened Moffat function, its sum one."""
    y, x = np.mgrid[:KERNEL_SIDE, :KERNEL_SIDE] - KERNEL_SIDE // 2
    kernel = (1.0 + ((x - 0.1) ** 2 + ((y + 0.2) / 0.85) ** 2) / 4.0) ** -3.0
    return np.asarray(kernel / kernel.sum())


def _ours(case: dict[str, Any], psf: np.ndarray | None, margin: int) -> np.ndarray:
    """photfit's image of total flux one."""
    amplitude = "i_e" if case["profile"] == "sersic" else "i_0"
    place = {"x": case["x"] - margin, "y": case["y"] - margin, "q": case["q"], "pa": case["pa"]}
    component = {"name": "g", "profile": case["profile"], "parameters": place | case["shape"] | {amplitude: 1.0}}
    request = parse_request({"images": [{"name": "image", "data": "image.fits"}], "components": [component]})
    data = np.zeros((SIDE, SIDE))
    image = ImageData("image", data, np.ones_like(data), np.zeros(data.shape, dtype=bool), psf=psf)
    problem = Problem(request, [image])
    return np.asarray(problem.model(problem.start())[0][0]) / _flux(case)


def _flux(case: dict[str, Any]) -> float:
    """Total flux at unit amplitude."""
    profile = RADIAL_PROFILES[case["profile"]]
    number = {name: torch.tensor(value, dtype=torch.float64) for name, value in case["shape"].items()}
    one = torch.tensor(1.0, dtype=torch.float64)
    return float(
        total_flux(profile, one * case["q"], [number[name] for name in profile.shape], number[profile.scale], one)
    )


def _difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max() / theirs.max())


if __name__ == "__main__":
    main()
