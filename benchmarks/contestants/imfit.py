"""imfit's side, through pyimfit (pixels count from 1; ellipticity 1 − q; every parameter between limits)."""

from importlib.metadata import version
from typing import Any

import numpy as np
import pyimfit
from pyimfit import FunctionSetDescription, ModelDescription, ParameterDescription

from benchmarks.contestants.answering import Actions, Timed, answer_questions, threads
from benchmarks.examples import GALAXIES, Array, Example, Values

_ROOM = 20.0
"""A centre may move by so many pixels."""


def description(point: Values) -> ModelDescription:
    """The scene with the point's values as start and wide limits."""
    scene = ModelDescription()
    for galaxy in GALAXIES:
        x, y, q, pa, n, r_e, i_e = (point[f"{galaxy}.{name}"] for name in ("x", "y", "q", "pa", "n", "r_e", "i_e"))
        sersic = pyimfit.make_imfit_function("Sersic", label=galaxy)
        sersic.PA.setValue(pa, [pa - 180.0, pa + 180.0])
        sersic.ell.setValue(1.0 - q, [0.0, 0.99])
        sersic.n.setValue(n, [0.36, 8.0])
        sersic.I_e.setValue(i_e, [0.0, 1e8])
        sersic.r_e.setValue(r_e, [0.05, 200.0])
        scene.addFunctionSet(_at(galaxy, _position("X0", x), _position("Y0", y), sersic))
    sky = pyimfit.make_imfit_function("FlatSky", label="sky")
    sky.I_sky.setValue(point["sky.i"], [-1e4, 1e4])
    corner = (ParameterDescription(axis, 1.0, fixed=True) for axis in ("X0", "Y0"))
    scene.addFunctionSet(_at("sky", *corner, sky))
    return scene


def _position(axis: str, value: float) -> ParameterDescription:
    return ParameterDescription(axis, value + 1.0, [value + 1.0 - _ROOM, value + 1.0 + _ROOM])


def _at(label: str, x: ParameterDescription, y: ParameterDescription, function: Any) -> FunctionSetDescription:
    place = FunctionSetDescription(label, x, y)
    place.addFunction(function)
    return place


def vector_of(point: Values) -> Array:
    """The point in imfit's order."""
    values = []
    for galaxy in GALAXIES:
        x, y, q, pa, n, r_e, i_e = (point[f"{galaxy}.{name}"] for name in ("x", "y", "q", "pa", "n", "r_e", "i_e"))
        values += [x + 1.0, y + 1.0, pa, 1.0 - q, n, i_e, r_e]
    return np.array([*values, 1.0, 1.0, point["sky.i"]])


def enter(example: Example) -> Actions:
    """The scene of an example; imfit has no derivatives of its own, so it answers for the model and the fit."""

    def fitter(point: Values) -> pyimfit.Imfit:
        imfit = pyimfit.Imfit(description(point), psf=example.psf, maxThreads=threads())
        imfit.loadData(example.data, error=example.variance, error_type="variance")
        return imfit

    started = fitter(example.start)

    def model(point: Values) -> Timed:
        vector = vector_of(point)
        return Timed(
            lambda: started.getModelImage(newParameters=vector),
            lambda image: {"chi2_reduced": example.chi2_reduced(image)},
        )

    def lm(point: Values) -> Timed:
        imfit = fitter(point)
        return Timed(
            lambda: imfit.doFit(solver="LM"),
            lambda end: {
                "chi2_reduced": float(end.fitStatReduced),
                "iterations": int(end.nIter),
                "evaluations": int(end.nFuncEvals),
                "converged": bool(end.fitConverged),
            },
        )

    return {"model": model, "lm": lm}


if __name__ == "__main__":
    answer_questions({name: version(name) for name in ("pyimfit", "numpy")}, enter)
