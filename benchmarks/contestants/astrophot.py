"""AstroPhot's side (0.18: pixel centres at whole numbers, radians, intensities per arcsec², here with pixels of 1″)."""

import math
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import astrophot as ap
import numpy as np
import torch

from benchmarks.contestants.answering import Actions, Facts, Timed, answer_questions, threads
from benchmarks.examples import Array, Example, Values

_ADAM_STEPS, _NUTS_DRAWS, _HMC_DRAWS, _CYCLES = 100, 20, 10, 5
"""How much of the slow methods is run."""


def group_model(data: Array, variance: Array, psf: Array | None, start: Values) -> ap.Model:
    """The model at a start, with AstroPhot's own defaults for sampling and integration."""
    kernel = None if psf is None else ap.image.PSFImage(data=psf)
    target = ap.image.TargetImage(data=data, variance=variance, pixelscale=1.0, psf=kernel)
    models = [ap.Model(name="sky", model_type="flat sky model", target=target, I0=start["sky.i"])]
    for galaxy in (name.removesuffix(".n") for name in start if name.endswith(".n")):
        x, y, q, pa, n, r_e, i_e = (start[f"{galaxy}.{name}"] for name in ("x", "y", "q", "pa", "n", "r_e", "i_e"))
        shape = {"center": [x, y], "q": q, "PA": math.radians(pa), "n": n, "Re": r_e, "Ie": i_e}
        models.append(
            ap.Model(name=galaxy, model_type="sersic galaxy model", target=target, psf_convolve=True, **shape)
        )
    return ap.Model(name="scene", model_type="group model", models=models, target=target)


def vector_of(example: Example, point: Values) -> torch.Tensor:
    """The point in AstroPhot's order, which is photfit's: sky, then x, y, q, pa, n, r_e, i_e of each galaxy."""
    values = [math.radians(point[name]) % math.pi if name.endswith(".pa") else point[name] for name in example.names]
    return torch.tensor(values, dtype=torch.float64)


def method_actions(scene: ap.Model, example: Example) -> dict[str, Callable[[Values], Timed]]:
    """The fitting methods. 0.18 has neither Adam nor NUTS of its own: torch's and Pyro's are run on its likelihood.

    Slow ones are run in part: the facts say how many times longer the whole is.
    """
    from pyro.infer import MCMC, NUTS

    covariance = torch.as_tensor(example_covariance(example), dtype=torch.float64)

    def chi2_facts(vector: torch.Tensor, **more: Any) -> Facts:
        chi2 = -2.0 * float(scene.gaussian_log_likelihood(vector).detach())
        return {"chi2_reduced": chi2 / example.degrees_of_freedom, **more}

    def iterative_components(point: Values) -> Timed:
        scene.set_values(vector_of(example, point))
        return Timed(lambda: ap.fit.Iter(scene, verbose=0).fit(), lambda _: chi2_facts(scene.get_values()))

    def iterative_parameters(point: Values) -> Timed:
        scene.set_values(vector_of(example, point))
        fit = ap.fit.IterParam(scene, chunks=11, chunk_order="random", max_iter=_CYCLES, verbose=0)
        note = f"at most {_CYCLES} cycles: a lower bound"
        return Timed(fit.fit, lambda _: chi2_facts(scene.get_values(), note=note))

    def gradient(point: Values) -> Timed:
        vector = vector_of(example, point).requires_grad_()
        optimizer = torch.optim.Adam([vector], lr=5e-3)

        def fit() -> None:
            for _ in range(_ADAM_STEPS):
                optimizer.zero_grad()
                (-scene.gaussian_log_likelihood(vector)).backward()
                optimizer.step()

        scale = 1000 / _ADAM_STEPS
        note = f"{_ADAM_STEPS} of 1000 steps, scaled"
        return Timed(fit, lambda _: chi2_facts(vector.detach(), scale=scale, note=note))

    def nuts(point: Values) -> Timed:
        start = vector_of(example, point)
        factor = torch.linalg.cholesky(covariance)

        def potential(values: dict[str, torch.Tensor]) -> torch.Tensor:
            return -scene.gaussian_log_likelihood(start + factor @ values["z"])

        kernel = NUTS(potential_fn=potential, adapt_mass_matrix=False)
        chain = MCMC(
            kernel,
            num_samples=_NUTS_DRAWS,
            warmup_steps=_NUTS_DRAWS // 5,
            initial_params={"z": torch.zeros_like(start)},
            disable_progbar=True,
        )
        scale = 100 / _NUTS_DRAWS
        note = f"Pyro's NUTS on AstroPhot's likelihood, whitened; {_NUTS_DRAWS} of 100 draws, scaled"
        return Timed(chain.run, lambda _: {"scale": scale, "note": note})

    def hmc(point: Values) -> Timed:
        scene.set_values(vector_of(example, point))
        fit = ap.fit.HMC(
            scene,
            initial_state=vector_of(example, point),
            max_iter=_HMC_DRAWS,
            warmup=_HMC_DRAWS // 10,
            leapfrog_steps=20,
            epsilon=0.1,
            inv_mass=covariance,
            progress_bar=False,
        )
        scale, note = 200 / _HMC_DRAWS, f"{_HMC_DRAWS} of 200 draws, scaled"
        return Timed(fit.fit, lambda _: chi2_facts(scene.get_values(), scale=scale, note=note))

    return {
        "iterative_components": iterative_components,
        "iterative_parameters": iterative_parameters,
        "gradient": gradient,
        "nuts": nuts,
        "hmc": hmc,
    }


def example_covariance(example: Example) -> np.ndarray:
    """The known covariance, in AstroPhot's units: angles in radians."""
    scale = np.array([math.pi / 180.0 if name.endswith(".pa") else 1.0 for name in example.names])
    return example.covariance * np.outer(scale, scale)


def enter(example: Example) -> Actions:
    """The group model of an example."""
    scene = group_model(example.data, example.variance, example.psf, example.start)
    weight = torch.as_tensor(1.0 / example.variance).T.flatten()
    data = torch.as_tensor(example.data).T.flatten()

    def model(point: Values) -> Timed:
        vector = vector_of(example, point)
        return Timed(
            lambda: scene(params=vector),
            lambda image: {"chi2_reduced": example.chi2_reduced(image.data.detach().numpy())},
        )

    def value_and_gradient(point: Values) -> Timed:
        vector = vector_of(example, point).requires_grad_()

        def ask() -> float:
            chi2 = -2.0 * scene.gaussian_log_likelihood(vector)
            chi2.backward()
            return float(chi2.detach())

        return Timed(ask, lambda chi2: {"chi2_reduced": chi2 / example.degrees_of_freedom})

    def normal_equations(point: Values) -> Timed:
        vector = vector_of(example, point)

        def ask() -> float:
            residual = data - scene(params=vector).flatten("data").detach()
            jacobian = scene.jacobian(params=vector).flatten("data").detach()
            ap.fit.func.gradient(jacobian, weight, data, data - residual)
            ap.fit.func.hessian(jacobian, weight)
            return float((weight * residual**2).sum())

        return Timed(ask, lambda chi2: {"chi2_reduced": chi2 / example.degrees_of_freedom})

    def lm(point: Values) -> Timed:
        vector = vector_of(example, point)

        def fit() -> ap.fit.LM:
            return ap.fit.LM(scene, initial_state=vector, verbose=0).fit()

        return Timed(
            fit,
            lambda end: {
                "chi2_reduced": float(end.res_loss()),
                "iterations": len(end.loss_history) - 1,
                "message": end.message,
            },
        )

    methods = method_actions(scene, example)
    return methods | {
        "model": model,
        "value_and_gradient": value_and_gradient,
        "normal_equations": normal_equations,
        "lm": lm,
    }


if __name__ == "__main__":
    torch.set_num_threads(threads())
    ap.config.set_logging_output(stdout=False, filename=None)
    answer_questions({name: version(name) for name in ("astrophot", "caskade", "torch", "numpy")}, enter)
