"""One request, from arrays to result: the problem, its stages in order, and what came out."""

import math
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fitting import __version__
from fitting.inputs.images import ImageData
from fitting.methods import METHOD_RUNNERS
from fitting.methods.levenberg_marquardt import MinimizerResult
from fitting.methods.progress import Progress, Report, ignore
from fitting.problem import Problem
from fitting.results.covariance import Covariance, covariance_at
from fitting.results.derived import derived_values
from fitting.results.goodness import goodness
from fitting.results.result import FitResult, FittedParameter, ImageResult, StageRecord
from fitting.spec import FitRequest, StageSpec

_ONE_THREAD_PIXELS = 40_000

_COMPONENT_BYTES = 64 * 2**20
"""Images of single components are kept as long as all of them together need no more than this."""


def run(request: FitRequest, images: Sequence[ImageData], *, device: str = "cpu", report: Report = ignore) -> FitResult:
    """Run the stages of a request.

    Args:
        request: every parameter has a value or a link (`fitting.inputs.complete_request`).
        images: from `fitting.inputs.load_images`.
        device: a torch device, "cpu" or "cuda"; "gpu" means "cuda", "auto" the GPU if there is one.
        report: called at least once an iteration; may raise `Cancelled`, which comes through.
    """
    torch.manual_seed(request.seed)
    place = torch_device(device)
    problem = Problem(request, images, place)
    with _threads_for(problem):
        return _run(problem, request, images, report, str(place))


def _run(problem: Problem, request: FitRequest, images: Sequence[ImageData], report: Report, device: str) -> FitResult:
    end = _at(problem, problem.start())
    records: list[StageRecord] = []
    for number, stage in enumerate(request.stages):
        end, record = _run_stage(problem, stage, end, _stage_report(problem, request, number, report))
        records.append(record)
    return _result(problem, images, end, tuple(records), device)


@contextmanager
def _threads_for(problem: Problem) -> Iterator[None]:
    """One thread for small images: they gain nothing from more, and lose much where other processes want the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if problem.pixels <= _ONE_THREAD_PIXELS else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def torch_device(device: str) -> torch.device:
    """The torch device that a request's `device` means on this machine."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device("cuda" if device == "gpu" else device)


def _run_stage(
    problem: Problem, stage: StageSpec, start: MinimizerResult, report: Callable[[int, int, float], None]
) -> tuple[MinimizerResult, StageRecord]:
    began = time.perf_counter()
    end = METHOD_RUNNERS[stage.method](problem, start.theta, stage.options, report)
    canonical = problem.canonical(end.theta)
    if not torch.equal(canonical, end.theta):
        end = replace(end, theta=canonical, equations=problem.normal_equations(canonical))
    freedom = max(problem.degrees_of_freedom, 1)
    reduced = (float(start.equations.chi2) / freedom, float(end.equations.chi2) / freedom)
    seconds = time.perf_counter() - began
    record = StageRecord(stage.method, end.iterations, end.evaluations, seconds, reduced, end.converged, end.message)
    return end, record


def _at(problem: Problem, theta: Tensor) -> MinimizerResult:
    """θ as the end of no search at all: what a request without stages asks for."""
    equations = problem.normal_equations(theta)
    return MinimizerResult(theta, equations, 0, 0, True, "the model at the given parameters", (float(equations.chi2),))


def _stage_report(
    problem: Problem, request: FitRequest, number: int, report: Report
) -> Callable[[int, int, float], None]:
    """Turns a method's (iteration, most iterations, χ²) into progress of the whole fit."""
    stages, method = len(request.stages), request.stages[number].method
    freedom = max(problem.degrees_of_freedom, 1)

    def tell(iteration: int, most: int, chi2: float) -> None:
        fraction = (number + min(1.0, iteration / max(most, 1))) / stages
        reduced = chi2 / freedom
        message = f"{method}: iteration {iteration}, reduced chi-squared {reduced:.6g}"
        report(Progress(number, stages, method, fraction, iteration, reduced, message))

    return tell


def _result(
    problem: Problem, images: Sequence[ImageData], end: MinimizerResult, records: tuple[StageRecord, ...], device: str
) -> FitResult:
    covariance = covariance_at(problem, end)
    at_end = problem.parameters.values(end.theta)
    values = at_end.physical[0]
    models = problem.model(end.theta)
    how_good = goodness(problem, at_end, models)
    chi2 = how_good.chi2
    fitted = bool(records)
    message = end.message
    if fitted and covariance.undetermined:
        message = f"{message}; the data do not determine {', '.join(covariance.undetermined)}"
    warnings = [warning for image in images for warning in image.warnings]
    if covariance.at_limit:
        warnings.append(f"at a limit, and left out of the covariance: {', '.join(covariance.at_limit)}")
    return FitResult(
        request=problem.request,
        converged=fitted is False or (end.converged and not covariance.undetermined and math.isfinite(chi2)),
        message=message,
        chi2=chi2,
        degrees_of_freedom=problem.degrees_of_freedom,
        n_pixels=problem.pixels,
        log_likelihood=how_good.log_likelihood,
        deviance=how_good.deviance,
        log_prior=how_good.log_prior,
        objective=float(end.equations.chi2),
        parameters=_fitted(problem, values, covariance, chi2),
        derived=tuple(derived_values(problem, images, values, covariance)),
        covariance=covariance,
        stages=records,
        images=_planes(problem, images, end.theta, models),
        warnings=tuple(warnings),
        provenance=_provenance(problem.request, device),
    )


def _fitted(problem: Problem, values: Tensor, covariance: Covariance, chi2: float) -> tuple[FittedParameter, ...]:
    scatter = math.sqrt(max(chi2, 0.0) / max(problem.degrees_of_freedom, 1))
    sigmas = map(covariance.sigma, np.eye(len(values)))
    fitted = []
    for row, value, sigma in zip(problem.table, values.tolist(), sigmas, strict=True):
        if row.turns and row.description.period is not None:
            value %= row.description.period
        scaled = None if sigma is None else sigma * scatter
        at_limit = row.name in covariance.at_limit
        fitted.append(FittedParameter(row.name, value, sigma, scaled, row.description.unit, row.free, at_limit))
    return tuple(fitted)


def _planes(
    problem: Problem, images: Sequence[ImageData], theta: Tensor, models: Sequence[Tensor]
) -> tuple[ImageResult, ...]:
    names = [component.name for component in problem.request.components]
    shown = {image.name: {item.name for item in problem.request.seen_in(image.name)} for image in images}
    keep = len(names) * sum(image.data.nbytes for image in images) <= _COMPONENT_BYTES
    lights = {name: problem.model(theta, [name]) for name in names} if keep else {}
    return tuple(
        ImageResult(
            image.name,
            image.data,
            models[place][0].cpu().numpy(),
            problem.images[place].variance(models[place][0]).cpu().numpy(),
            image.mask,
            image.origin,
            image.header,
            {name: light[place][0].cpu().numpy() for name, light in lights.items() if name in shown[image.name]},
        )
        for place, image in enumerate(images)
    )


def _provenance(request: FitRequest, device: str) -> dict[str, Any]:
    return {
        "photfit": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "astropy": version("astropy"),
        "python": platform.python_version(),
        "device": device,
        "dtype": "float64",
        "seed": request.seed,
    }
