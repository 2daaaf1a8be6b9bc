"""Draws what each light profile looks like, for its page of the reference: `make profile-pictures`.

The engine draws them: an image with a logarithmic stretch, and the brightness along the major axis for some values of
the parameter that tells most about the profile.
"""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

import photfit
from fitting.spec.profiles import PROFILES

FOLDER = Path(__file__).resolve().parent / "images" / "profiles"
SIDE = 101
PLACE = {"x": 50.0, "y": 50.0, "q": 0.6}
TURNED = 30.0
"""Position angle of what the image shows, degrees."""
WITHOUT = ("basis", "flat_sky", "image_psf", "pixelated")
"""Profiles that are what their user makes of them, or the same everywhere: no picture says more."""
VALUES: dict[str, dict[str, float]] = {
    "plane_sky": {"i": 10.0, "di_dx": 0.05, "di_dy": 0.1},
    "bilinear_sky": {
        f"i_{row}_{column}": 10.0 + row * column + 2.0 * (row == 1) for row in range(3) for column in range(3)
    },
    "sersic": {"n": 4.0, "r_e": 12.0, "i_e": 1.0},
    "exponential": {"h": 8.0, "i_0": 1.0},
    "de_vaucouleurs": {"r_e": 12.0, "i_e": 1.0},
    "gaussian": {"fwhm": 20.0, "i_0": 1.0},
    "moffat": {"beta": 2.5, "fwhm": 14.0, "i_0": 1.0},
    "nuker": {"alpha": 3.0, "beta": 1.6, "gamma": 0.3, "r_b": 12.0, "i_b": 1.0},
    "king": {"r_t": 40.0, "r_c": 6.0, "i_0": 1.0},
    "modified_king": {"r_t": 40.0, "alpha": 2.0, "r_c": 6.0, "i_0": 1.0},
    "ferrers": {"alpha": 2.0, "beta": 0.5, "r_out": 36.0, "i_0": 1.0},
    "core_sersic": {"n": 4.0, "r_b": 8.0, "alpha": 4.0, "gamma": 0.1, "r_e": 20.0, "i_b": 1.0},
    "einasto": {"alpha": 0.25, "r_s": 12.0, "i_s": 1.0},
    "broken_exponential": {"h_2": 4.0, "r_b": 22.0, "alpha": 1.0, "h_1": 14.0, "i_0": 1.0},
    "isothermal": {"r_c": 6.0, "i_0": 1.0},
    "gaussian_ring": {"sigma_r": 4.0, "r_ring": 24.0, "i_r": 1.0},
    "spline": {"i_1": 1.0, "i_2": 0.5, "i_3": 0.4, "i_4": 0.1, "i_5": 0.01},
    "multi_gaussian": {"sigma_1": 2.0, "i_1": 1.0, "sigma_2": 7.0, "i_2": 0.3, "sigma_3": 18.0, "i_3": 0.06},
    "formula": {"h": 8.0, "i_0": 1.0},
    "edge_on_disk": {"n": 1.0, "h": 14.0, "z_0": 3.0, "i_0": 1.0},
    "edge_on_ring": {"r": 26.0, "sigma_r": 5.0, "sigma_z": 2.5, "i_0": 1.0},
    "gaussian_ellipsoid": {
        "inclination": 60.0,
        "azimuth": 20.0,
        "sigma_a": 16.0,
        "sigma_b": 10.0,
        "sigma_c": 4.0,
        "flux": 1.0,
    },
    "point_source": {"flux": 1.0},
    "gaussian_psf": {"fwhm": 12.0, "flux": 1.0},
    "moffat_psf": {"beta": 3.0, "fwhm": 12.0, "flux": 1.0},
    "airy_psf": {"fwhm": 12.0, "flux": 1.0},
}
"""What each is drawn with."""
VARIED: dict[str, tuple[str, tuple[float, ...]]] = {
    "sersic": ("n", (0.5, 1.0, 2.0, 4.0, 8.0)),
    "moffat": ("beta", (1.5, 2.5, 5.0)),
    "nuker": ("gamma", (0.0, 0.3, 1.0)),
    "king": ("r_t", (20.0, 40.0, 80.0)),
    "modified_king": ("alpha", (1.0, 2.0, 4.0)),
    "ferrers": ("alpha", (0.5, 2.0, 4.0)),
    "core_sersic": ("gamma", (0.0, 0.3, 0.8)),
    "einasto": ("alpha", (0.15, 0.25, 0.8)),
    "broken_exponential": ("h_2", (4.0, 8.0, 28.0)),
    "gaussian_ring": ("sigma_r", (2.0, 4.0, 8.0)),
    "moffat_psf": ("beta", (1.5, 3.0, 6.0)),
}
"""A parameter that changes the profile's form, and values of it."""
_DEEPEST = 4.0
"""Decades below the brightest pixel that are shown."""


def drawn(name: str, values: dict[str, float], pa: float) -> np.ndarray:
    """The image of one component, (SIDE, SIDE), its major axis `pa` degrees from +y."""
    has = {each.name for each in PROFILES[name].parameters}
    place = {key: value for key, value in (PLACE | {"pa": pa}).items() if key in has}
    component: dict[str, Any] = {"name": "a", "profile": name, "parameters": place | values}
    psf = None
    if name == "point_source":
        y, x = np.mgrid[-20:21, -20:21]
        psf = (1.0 + (x**2 + y**2) / 60.0) ** -3.0
    return np.asarray(photfit.model_image([component], (SIDE, SIDE), psf=psf))


def figure_of(name: str) -> Figure:
    """The image, and brightness along the major axis."""
    figure = Figure(figsize=(5.0, 2.2), dpi=80, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.25))
    image = drawn(name, VALUES[name], TURNED)
    bright = float(image.max())
    floor = bright * 10.0**-_DEEPEST
    left.imshow(image if name.endswith("_sky") else np.log10(np.clip(image, floor, None)), origin="lower", cmap="magma")
    left.set_axis_off()
    parameter, choices = VARIED.get(name, ("", (0.0,)))
    for value in choices:
        changed = VALUES[name] | ({parameter: value} if parameter else {})
        light = drawn(name, changed, 0.0)[50:98, 50]
        right.plot(
            np.arange(len(light)), np.where(light > 0.0, light, np.nan), label=f"{value:g}" if parameter else None
        )
    if not name.endswith("_sky"):
        right.set_yscale("log")
        right.set_ylim(bottom=max(right.get_ylim()[0], floor))
    right.set_xlabel("pixels along the major axis", fontsize="small")
    right.set_ylabel("data per pixel", fontsize="small")
    right.tick_params(labelsize="x-small")
    if parameter:
        right.legend(title=parameter, fontsize="x-small", title_fontsize="x-small", frameon=False)
    return figure


def draw() -> None:
    """Write all pictures."""
    mpl.use("agg")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PROFILES:
        if name not in WITHOUT:
            figure_of(name).savefig(FOLDER / f"{name}.png", pil_kwargs={"optimize": True}, metadata={"Software": None})


if __name__ == "__main__":
    draw()
