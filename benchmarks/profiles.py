"""`python -m benchmarks.profiles`: what each profile costs beside a Sérsic, and writes results/profiles.json.

Sérsics with modified isophotes are among them.

The model image and the normal equations of one component, 201×201 pixels, q = 0.6, in one thread. Profiles take turns,
so that a slow moment hits all of them, and the least of the rounds counts. A profile with more parameters has more
derivatives to make.
"""

import datetime
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.run import RESULTS, machine
from fitting.first_values import Galaxy
from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.profiles import RADIAL_PROFILES
from fitting.spec import PROFILES, parse_request

SIDE = 201
ROUNDS = 25
PLACE = {"x": 100.3, "y": 99.6, "q": 0.6, "pa": 35.0}
SHAPES: dict[str, dict[str, float]] = {
    "sersic": {"n": 2.5, "r_e": 15.0, "i_e": 1.0},
    "exponential": {"h": 9.0, "i_0": 1.0},
    "de_vaucouleurs": {"r_e": 15.0, "i_e": 1.0},
    "gaussian": {"fwhm": 20.0, "i_0": 1.0},
    "moffat": {"fwhm": 15.0, "beta": 2.5, "i_0": 1.0},
    "nuker": {"r_b": 8.0, "alpha": 2.0, "beta": 2.5, "gamma": 0.3, "i_b": 1.0},
    "king": {"r_c": 6.0, "r_t": 50.0, "i_0": 1.0},
    "modified_king": {"r_c": 6.0, "r_t": 50.0, "alpha": 1.5, "i_0": 1.0},
    "ferrers": {"r_out": 30.0, "alpha": 2.0, "beta": 0.5, "i_0": 1.0},
    "core_sersic": {"n": 4.0, "r_b": 4.0, "r_e": 20.0, "alpha": 5.0, "gamma": 0.2, "i_b": 1.0},
    "broken_exponential": {"h_1": 15.0, "h_2": 6.0, "r_b": 25.0, "alpha": 1.0, "i_0": 1.0},
    "isothermal": {"r_c": 6.0, "i_0": 1.0},
    "gaussian_ring": {"r_ring": 25.0, "sigma_r": 5.0, "i_r": 1.0},
    "spline": {"i_1": 30.0, "i_2": 12.0, "i_3": 3.0, "i_4": 1.0, "i_5": 0.2, "r_unit": 2.0},
    "multi_gaussian": {"sigma_1": 4.0, "i_1": 9.0, "sigma_2": 10.0, "i_2": 3.0, "sigma_3": 25.0, "i_3": 1.0},
}
"""Shape parameters of radial profiles; one that is not named here is drawn as it starts in a fit of `GALAXY`."""
GALAXY = Galaxy(**PLACE, **SHAPES["sersic"])
"""The Sérsic that others stand beside."""
_CENTRE = {"x": 100.3, "y": 99.6}
OTHERS: dict[str, dict[str, float]] = {
    "edge_on_disk": _CENTRE | {"pa": 35.0, "n": 1.0, "h": 15.0, "z_0": 4.0, "i_0": 1.0},
    "edge_on_ring": _CENTRE | {"pa": 35.0, "r": 25.0, "sigma_r": 5.0, "sigma_z": 4.0, "i_0": 1.0},
    "gaussian_ellipsoid": _CENTRE
    | {"pa": 35.0, "inclination": 50.0, "azimuth": 20.0, "sigma_a": 20.0, "sigma_b": 12.0, "sigma_c": 8.0, "flux": 1e3},
    "gaussian_psf": PLACE | {"fwhm": 4.0, "flux": 1e3},
    "moffat_psf": PLACE | {"fwhm": 4.0, "beta": 3.0, "flux": 1e3},
    "airy_psf": PLACE | {"fwhm": 4.0, "flux": 1e3},
}
"""Profiles without the ellipse's parameters and one scale length."""
GEOMETRIES: dict[str, tuple[Any, dict[str, float]]] = {
    "superellipse": ("superellipse", {"c0": 0.3}),
    "superellipse, discy": ("superellipse", {"c0": -0.3}),
    "fourier": (
        {"fourier": [1, 3]},
        {"fourier_1_amplitude": 0.1, "fourier_1_phase": 20.0, "fourier_3_amplitude": 0.1, "fourier_3_phase": 50.0},
    ),
    "bending": ({"bending": [1, 2]}, {"bending_1": 0.2, "bending_2": 0.7}),
    "warp": (
        {"warp": [10, 40]},
        {"warp_1_q": 0.8, "warp_2_q": 1.2, "warp_1_pa": 10.0, "warp_2_pa": 40.0},
    ),
    "rotation": (
        "rotation",
        {
            "rotation_inner": 3.0,
            "rotation_outer": 30.0,
            "rotation_angle": 120.0,
            "rotation_inclination": 40.0,
            "rotation_pa": 25.0,
            "rotation_power": 0.7,
        },
    ),
    "truncation": ({"truncation": ["outer"]}, {"outer_truncation": 30.0, "outer_truncation_width": 10.0}),
    "rays": ({"rays": 3}, {f"ray_{number}_{what}": 1.2 for number in (2, 3) for what in ("size", "brightness")}),
    "wedges": ({"wedges": 3}, {f"wedge_{number}_{what}": 1.2 for number in (2, 3) for what in ("size", "brightness")}),
}
"""Modifiers of a Sérsic's isophotes, and their parameters."""


def components() -> dict[str, dict[str, Any]]:
    """What is measured, by name."""
    started = {name: _first_values(name) for name in RADIAL_PROFILES if name not in SHAPES}
    plain = {name: {"profile": name, "parameters": PLACE | shape} for name, shape in (SHAPES | started).items()}
    others = {name: {"profile": name, "parameters": parameters} for name, parameters in OTHERS.items()}
    modified = {
        name: {"profile": "sersic", "geometry": [geometry], "parameters": PLACE | SHAPES["sersic"] | own}
        for name, (geometry, own) in GEOMETRIES.items()
    }
    return {name: {"name": "g", **component} for name, component in (plain | others | modified).items()}


def _first_values(name: str) -> dict[str, float]:
    """What a fit of `GALAXY` by this profile starts from."""
    first_shape = PROFILES[name].first_shape
    assert first_shape is not None
    return first_shape.values(GALAXY, None)


def main() -> None:
    """Measure, print and write."""
    torch.set_num_threads(1)
    problems = {name: _problem(component) for name, component in components().items()}
    questions: dict[tuple[str, str], Callable[[], Any]] = {}
    for name, problem in problems.items():
        theta = problem.start()
        questions[name, "model"] = lambda problem=problem, theta=theta: problem.value(theta)
        questions[name, "normal_equations"] = lambda problem=problem, theta=theta: problem.normal_equations(theta)
    least = dict.fromkeys(questions, np.inf)
    for _ in range(ROUNDS):
        for question, ask in questions.items():
            started = time.perf_counter()
            ask()
            least[question] = min(least[question], time.perf_counter() - started)
    rows = {name: _row(name, least, len(problem.names)) for name, problem in problems.items()}
    results = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(1),
        "pixels": SIDE**2,
        "profiles": rows,
    }
    (RESULTS / "profiles.json").write_text(json.dumps(results, indent=1) + "\n")
    for name, row in rows.items():
        print(f"{name:20}", *(f"{key} {value:.3g}" for key, value in row.items()), sep="  ")


def _row(name: str, least: dict[tuple[str, str], float], parameters: int) -> dict[str, float]:
    """Milliseconds, and the ratios to a Sérsic."""
    model, equations = least[name, "model"], least[name, "normal_equations"]
    return {
        "parameters": parameters,
        "model_ms": 1e3 * model,
        "normal_equations_ms": 1e3 * equations,
        "model_ratio": model / least["sersic", "model"],
        "normal_equations_ratio": equations / least["sersic", "normal_equations"],
    }


def _problem(component: dict[str, Any]) -> Problem:
    request = parse_request({"images": [{"name": "image", "data": "image.fits"}], "components": [component]})
    data = np.zeros((SIDE, SIDE))
    return Problem(request, [ImageData("image", data, np.ones_like(data), np.zeros(data.shape, dtype=bool))])


if __name__ == "__main__":
    main()
