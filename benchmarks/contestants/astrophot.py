"""AstroPhot's side (0.18: pixel centres at whole numbers, radians, intensities per arcsec², here with pixels of 1″)."""

import math
from importlib.metadata import version

import astrophot as ap
import torch

from benchmarks.contestants.answering import Actions, Timed, answer_questions, threads
from benchmarks.examples import GALAXIES, Example, Values


def group_model(example: Example) -> ap.Model:
    """The model at the tutorial's start, with AstroPhot's own defaults for sampling and integration."""
    psf = None if example.psf is None else ap.image.PSFImage(data=example.psf)
    target = ap.image.TargetImage(data=example.data, variance=example.variance, pixelscale=1.0, psf=psf)
    start = example.start
    models = [ap.Model(name="sky", model_type="flat sky model", target=target, I0=start["sky.i"])]
    for galaxy in GALAXIES:
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


def enter(example: Example) -> Actions:
    """The group model of an example."""
    scene = group_model(example)
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

    return {"model": model, "value_and_gradient": value_and_gradient, "normal_equations": normal_equations, "lm": lm}


if __name__ == "__main__":
    torch.set_num_threads(threads())
    ap.config.set_logging_output(stdout=False, filename=None)
    answer_questions({name: version(name) for name in ("astrophot", "caskade", "torch", "numpy")}, enter)
