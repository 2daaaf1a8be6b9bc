"""pysersic's side (JAX, single precision; pixel centres at whole numbers, total fluxes, angles from +y in radians).

Its PixelRenderer is used: with its default, which sums Gaussians, the χ²ᵣ of the seed problem's optimum is 69.
Without a PSF it is given one of a single pixel, since it must have one. Compiling is not counted for the model and the
gradient, which are asked many times, but for fits, which a user waits for.
"""

import math
from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.infer import init_to_median
from pysersic import FitMulti
from pysersic.priors import PySersicMultiPrior
from pysersic.rendering import PixelRenderer
from scipy.special import gamma, gammaincinv

from benchmarks.contestants.answering import Actions, Timed, answer_questions
from benchmarks.examples import GALAXIES, Array, Example, Values

Parameters = dict[str, Any]
_SKY_ERROR = 1.0
_WARMUP, _DRAWS = 20, 100


def total_flux(n: float, q: float, r_e: float, i_e: float) -> float:
    """Of a Sérsic (Graham & Driver 2005, PASA 22, 118, equation 2)."""
    b = float(gammaincinv(2.0 * n, 0.5))
    return 2.0 * math.pi * n * q * r_e**2 * i_e * math.exp(b) * b ** (-2.0 * n) * float(gamma(2.0 * n))


def parameters_of(point: Values) -> tuple[Parameters, float]:
    """pysersic's parameters of the galaxies at a point, and the sky."""
    found: Parameters = {}
    for number, galaxy in enumerate(GALAXIES):
        x, y, q, pa, n, r_e, i_e = (point[f"{galaxy}.{name}"] for name in ("x", "y", "q", "pa", "n", "r_e", "i_e"))
        own = {"xc": x, "yc": y, "flux": total_flux(n, q, r_e, i_e), "r_eff": r_e, "n": n, "ellip": 1.0 - q}
        found |= {f"{name}_{number}": value for name, value in own.items()}
        found[f"theta_{number}"] = math.radians(pa)
    return found, point["sky.i"]


def fitter(example: Example, psf: Array, point: Values) -> FitMulti:
    """A fit whose priors, pysersic's own for such a catalogue, are centred on the point."""
    parameters, sky = parameters_of(point)
    column = {"x": "xc", "y": "yc", "flux": "flux", "r": "r_eff", "theta": "theta"}
    catalogue: dict[str, list[Any]] = {
        name: [parameters[f"{theirs}_{number}"] for number in range(len(GALAXIES))] for name, theirs in column.items()
    }
    catalogue["type"] = ["sersic"] * len(GALAXIES)
    prior = PySersicMultiPrior(catalogue, sky_type="flat", sky_guess=sky, sky_guess_err=_SKY_ERROR)
    return FitMulti(example.data, np.sqrt(example.variance), psf, prior, renderer=PixelRenderer)


def enter(example: Example) -> Actions:
    """The scene of an example."""
    psf = np.pad([[1.0]], 1) if example.psf is None else example.psf / example.psf.sum()
    renderer = PixelRenderer(example.data.shape, jnp.array(psf.astype(np.float32)))
    data, weight = (jnp.array(plane.astype(np.float32)) for plane in (example.data, 1.0 / example.variance))

    @jax.jit
    def image(parameters: Parameters, sky: float) -> Any:
        return renderer.render_for_model(parameters, ["sersic"] * len(GALAXIES), "") + sky

    @jax.jit
    @jax.value_and_grad
    def chi2(inputs: tuple[Parameters, float]) -> Any:
        return ((data - image(*inputs)) ** 2 * weight).sum()

    def model(point: Values) -> Timed:
        inputs = parameters_of(point)
        return Timed(
            lambda: image(*inputs).block_until_ready(),
            lambda found: {"chi2_reduced": example.chi2_reduced(np.asarray(found, dtype=np.float64))},
        )

    def value_and_gradient(point: Values) -> Timed:
        inputs = parameters_of(point)
        return Timed(
            lambda: jax.block_until_ready(chi2(inputs)),
            lambda found: {"chi2_reduced": float(found[0]) / example.degrees_of_freedom},
        )

    def best_fit(point: Values) -> Timed:
        fit = fitter(example, psf, point)
        return Timed(
            lambda: fit.find_MAP(rkey=jax.random.PRNGKey(3)),
            lambda found: {"chi2_reduced": example.chi2_reduced(np.asarray(found["model"], dtype=np.float64))},
        )

    def nuts(point: Values) -> Timed:
        fit = fitter(example, psf, point)

        def sample() -> Any:
            return fit.sample(
                rkey=jax.random.PRNGKey(3),
                num_samples=_DRAWS,
                num_warmup=_WARMUP,
                num_chains=1,
                init_strategy=init_to_median,
                mcmc_kwargs={"progress_bar": False},
                return_model=False,
            )

        return Timed(sample, lambda _: {"note": "pysersic's NUTS, compiled within the time"})

    return {"model": model, "value_and_gradient": value_and_gradient, "best_fit": best_fit, "nuts": nuts}


if __name__ == "__main__":
    answer_questions({name: version(name) for name in ("pysersic", "jax", "numpyro")}, enter)
