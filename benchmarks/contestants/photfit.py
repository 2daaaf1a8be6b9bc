"""photfit's side: the three questions, `lm` with its covariance, and whole runs of the request by each method."""

import json
from collections.abc import Callable
from copy import deepcopy
from importlib.metadata import version
from typing import Any

import torch

from benchmarks.contestants.answering import Actions, Facts, Timed, answer_questions, threads
from benchmarks.examples import FOLDER, Example, Values
from fitting.first_values import complete_request
from fitting.inputs import load_images
from fitting.methods.minimizers import levenberg_marquardt
from fitting.problem import Problem
from fitting.render import compiled
from fitting.results import FitResult, covariance_at
from fitting.run import run
from fitting.spec import parse_request

METHODS: dict[str, dict[str, Any]] = {
    "iterative_components": {},
    "iterative_parameters": {"chunks": 2},
    "gradient": {"optimizer": "adam", "steps": 1000},
    "nuts": {"warmup": 20, "samples": 100, "chains": 1},
    "hmc": {"warmup": 20, "samples": 200, "leapfrog_steps": 20, "chains": 1},
    "metropolis": {"warmup": 100, "samples": 500, "chains": 10},
    "gradient_tutorial": {
        "method": "gradient",
        "optimizer": "adam",
        "learning_rate": 5e-3,
        "steps": 1000,
        "tolerance": 1e-300,
    },
    "hmc_tutorial": {
        "method": "hmc",
        "warmup": 20,
        "samples": 200,
        "leapfrog_steps": 20,
        "step_size": 0.1,
        "chains": 1,
    },
    "metropolis_tutorial": {"method": "metropolis", "warmup": 0, "samples": 5000, "chains": 1},
}
"""Options of each method as the figures to reach have them."""


def method_action(document: dict[str, Any], images: Any, method: str) -> Callable[[Values], Timed]:
    """A whole run of the request with one stage of a method, from a point."""

    def prepare(point: Values) -> Timed:
        own = deepcopy(document)
        for component in own["components"]:
            for name in component["parameters"]:
                component["parameters"][name] = point[f"{component['name']}.{name}"]
        own["stages"] = [{"method": method} | METHODS[method]]
        request = parse_request(own)
        return Timed(lambda: run(request, images), method_facts)

    return prepare


def method_facts(result: FitResult) -> Facts:
    """Where a method ended, and of a sampler the least effective sample size."""
    stage = result.stages[-1]
    facts: Facts = {
        "chi2_reduced": result.chi2_reduced,
        "iterations": stage.iterations,
        "evaluations": stage.evaluations,
        "message": stage.message,
    }
    diagnostics = getattr(stage, "diagnostics", None)
    if diagnostics:
        facts["least_ess"] = min((value or 0.0 for value in diagnostics["ess_bulk"].values()), default=0.0)
    return facts


def enter(example: Example) -> Actions:
    """The problem of an example's request."""
    folder = FOLDER / example.name
    document = json.loads((folder / "request.json").read_text())
    request = parse_request(document)
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
        "best_fit": whole_run,
    } | {method: method_action(document, images, method) for method in METHODS}


if __name__ == "__main__":
    torch.set_num_threads(threads())
    compiled.compile_loops()
    compiled.load()
    answer_questions({name: version(name) for name in ("photfit", "torch", "numpy", "astropy")}, enter)
