"""photfit's side: the three questions, `lm` with its covariance, and a whole run of the request."""

import json
from importlib.metadata import version
from typing import Any

import torch

from benchmarks.contestants.answering import Actions, Facts, Timed, answer_questions, threads
from benchmarks.examples import FOLDER, Example, Values
from fitting.inputs import complete_request, load_images
from fitting.methods.levenberg_marquardt import levenberg_marquardt
from fitting.problem import Problem
from fitting.results.covariance import covariance_at
from fitting.run import run
from fitting.spec import parse_request


def enter(example: Example) -> Actions:
    """The problem of an example's request."""
    folder = FOLDER / example.name
    request = parse_request(json.loads((folder / "request.json").read_text()))
    images = load_images(request, lambda file: folder / file)
    request = complete_request(request, images)
    problem = Problem(request, images)

    def theta_of(point: Values) -> torch.Tensor:
        values = torch.tensor([[point[name] for name in problem.table.names]], dtype=torch.float64)
        return problem.parameters.theta_of(values)

    def chi2_facts(chi2: torch.Tensor) -> Facts:
        return {"chi2_reduced": float(chi2) / problem.degrees_of_freedom}

    def model(point: Values) -> Timed:
        theta = theta_of(point)
        return Timed(
            lambda: problem.model(theta), lambda images: {"chi2_reduced": example.chi2_reduced(images[0][0].numpy())}
        )

    def value_and_gradient(point: Values) -> Timed:
        theta = theta_of(point)
        return Timed(lambda: problem.value_and_gradient(theta), lambda answer: chi2_facts(answer[0]))

    def normal_equations(point: Values) -> Timed:
        theta = theta_of(point)
        return Timed(lambda: problem.normal_equations(theta), lambda answer: chi2_facts(answer.chi2))

    def lm(point: Values) -> Timed:
        theta = theta_of(point)

        def fit() -> Any:
            end = levenberg_marquardt(problem, theta)
            covariance_at(problem, end)
            return end

        return Timed(
            fit,
            lambda end: (
                chi2_facts(end.equations.chi2)
                | {"iterations": end.iterations, "evaluations": end.evaluations, "converged": end.converged}
            ),
        )

    def whole_run(_point: Values) -> Timed:
        return Timed(lambda: run(request, images), lambda result: {"chi2_reduced": result.chi2_reduced})

    return {
        "model": model,
        "value_and_gradient": value_and_gradient,
        "normal_equations": normal_equations,
        "lm": lm,
        "run": whole_run,
    }


if __name__ == "__main__":
    torch.set_num_threads(threads())
    answer_questions({name: version(name) for name in ("photfit", "torch", "numpy", "astropy")}, enter)
