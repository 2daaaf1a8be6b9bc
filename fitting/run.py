"""Run of a fit: one request, from arrays to result, by its stages in order."""

import math
import re
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fitting.inputs import ImageData
from fitting.memory_faults import memory_faults
from fitting.methods.minimizers import TRY
from fitting.methods.progress import Report, ignore
from fitting.methods.results import MinimizerResult
from fitting.methods.samplers import Shelf
from fitting.methods.uncertainties import SizeLimit, size_limits
from fitting.model_noise import noise_notices
from fitting.problem import Problem, threads_for
from fitting.result_parts import ResultParts, no_covariance
from fitting.results import (
    Covariance,
    Derived,
    FitResult,
    FittedParameter,
    ImageResult,
    OnlyLight,
    bad_fit_notice,
    clipped_limits,
    correlation_notice,
    covariance_at,
    derived_values,
    distortion_notices,
    flux_slope,
    goodness,
    lost_components,
    near_limit_notice,
    noise_notice,
    reported_interval,
    scaled_interval,
    smaller_than_pixel_notices,
    surroundings,
    total_notices,
    two_way_notices,
    undetermined_notices,
)
from fitting.spec import Fault, FitRequest, Notice, RequestInvalid
from fitting.stages import Outcome, drawn_rows, run_stages

QUANTILES = (0.16, 0.5, 0.84)
"""Of the posterior, reported for each parameter: the median, and one standard deviation of a normal to either side."""

_COMPONENT_BYTES = 64 * 2**20
"""Bytes of the images of single components up to which a result has them, 64 MiB; chosen by hand."""


def run(
    request: FitRequest,
    images: Sequence[ImageData],
    *,
    device: str = "cpu",
    report: Report = ignore,
    shelf: Shelf | None = None,
) -> FitResult:
    """Run the stages of a request.

    ::

        request = parse_request(document)
        images = load_images(request, locate)
        result = run(complete_request(request, images), images)
        write_result(result, folder)

    Args:
        request: every parameter has a value or a link (`fitting.first_values.complete_request`).
        images: from `fitting.inputs.load_images`.
        device: a torch device, "cpu" or "cuda"; "gpu" means "cuda", "auto" the GPU if there is one.
        report: called at least once an iteration; may raise `Cancelled`, which comes through, or `StopAndKeep`, which
            ends the fit with what it has found. So does a stage that fails after others: `FitResult.failure`.
        shelf: where samplers keep checkpoints; the same request, run again with the same shelf, goes on from there.

    Raises:
        RequestInvalid: the device is a GPU, and there is none.
        OutOfMemory: an allocation failed, of main memory or of the GPU's.
    """
    torch.manual_seed(request.seed)
    place = torch_device(device)
    with memory_faults():
        problem = Problem(request, images, place)
        with threads_for(problem.pixels):
            return run_problem(problem, images, report, shelf)


def run_problem(
    problem: Problem, images: Sequence[ImageData], report: Report = ignore, shelf: Shelf | None = None
) -> FitResult:
    """Run the stages of a problem's request; see `run`."""
    parts = ResultParts(report)
    outcome = run_stages(problem, parts.listen, shelf)
    with parts.watching(outcome.problem, outcome.stopped is not None):
        return _result(outcome.problem, images, outcome, str(problem.device), parts)


def torch_device(device: str) -> torch.device:
    """The torch device that a request's `device` means on this machine.

    Raises:
        RequestInvalid: it is a GPU, and torch finds none.
    """
    found = torch.cuda.is_available()
    if device == "auto":
        return torch.device("cuda" if found else "cpu")
    if device in ("gpu", "cuda") and not found:
        raise RequestInvalid([Fault("$.device", f"{device!r}, but torch finds no GPU on this machine", "cpu or auto")])
    return torch.device("cuda" if device == "gpu" else device)


def _result(
    problem: Problem, images: Sequence[ImageData], outcome: Outcome, device: str, parts: ResultParts
) -> FitResult:
    end = outcome.end
    covariance = parts.part("the covariance", lambda: covariance_at(problem, end), no_covariance(problem))
    limits: list[SizeLimit] = []
    if outcome.records and outcome.sampled is None and outcome.stopped is None and parts.stopped is None:
        end, limits = parts.part(
            "the look for components that are not resolved",
            lambda: size_limits(problem, outcome.end, _unsure(problem, outcome.end, covariance)),
            (end, limits),
        )
    unmoved = _unmoved(problem, outcome) - set(covariance.unfelt)
    at_end = problem.parameters.values(end.theta)
    values = at_end.physical[0]
    if parts.stopped is None and (limits or unmoved):
        covariance = parts.part(
            "the covariance",
            lambda: covariance_at(problem, end, unmoved, _only_light(problem, images, values, limits)),
            no_covariance(problem),
        )
    if parts.stopped is not None:
        end, limits = outcome.end, []
        at_end = problem.parameters.values(end.theta)
        values = at_end.physical[0]
    models = problem.model(end.theta)
    how_good = goodness(problem, at_end, models)
    chi2 = how_good.chi2
    fitted = bool(outcome.records)
    message = end.message
    open_ = undetermined_notices(problem, end, covariance, limits, unmoved) if fitted else []
    if limits:
        message = f"{message}; {'; '.join(notice.sentence for notice in open_ if notice.code == 'unresolved')}"
    elif (undetermined := [name for name in covariance.undetermined if name not in unmoved]) and open_:
        few = [notice.sentence for notice in open_ if notice.code == "too-few-pixels"]
        message = f"{message}; {few[0] if few else 'the data do not determine ' + ', '.join(undetermined)}"
    if outcome.stopped is not None and len(outcome.records) + len(outcome.not_run) < len(problem.request.stages):
        message = f"{message}; {outcome.stopped}"
    lost = lost_components(problem, covariance) if fitted and chi2 > 2.0 * problem.degrees_of_freedom else []
    if lost:
        message = f"{message}; the data feel nothing of {', '.join(lost)}, and something else is missing: {TRY}"
    notices = [notice for image in images for notice in image.notices]
    if covariance.at_limit:
        names = ", ".join(covariance.at_limit)
        sentence = f"at a limit, and left out of the covariance: {names}"
        notices.append(Notice("at-limit", sentence, f"parameters {names}"))
    nothing: list[Notice] = []
    underived: list[Derived] = []
    small = smaller_than_pixel_notices(problem, images, values) if fitted else []
    of_totals = parts.part("the look at total fluxes", lambda: total_notices(problem, images, values), nothing)
    notices += [*clipped_limits(problem.request), *open_, *small, *of_totals]
    sampled = outcome.sampled
    draws = (
        None
        if sampled is None
        else parts.part("the quantiles of the chains", lambda: drawn_rows(problem, sampled.chains), None)
    )
    derived = parts.part(
        "the derived values",
        lambda: derived_values(problem, images, values, covariance, draws),
        underived,
    )
    notices += [
        *two_way_notices(images, derived),
        *parts.part("the look at distortion", lambda: distortion_notices(problem, images, values), nothing),
    ]
    fitted_rows = _fitted_parameters(problem, values, covariance, outcome, draws, chi2)
    planes = _planes(problem, images, end.theta, models)
    notices += [*outcome.notices, *noise_notices(problem, outcome.renewed)]
    if fitted:
        notices += filter(None, (near_limit_notice(problem.table, fitted_rows), *map(correlation_notice, planes)))
        if problem.request.noise.name != "student_t":
            free = round(len(problem.names) / len(planes))
            of_noise = [*filter(None, (noise_notice(plane, free) for plane in planes))]
            notices += of_noise
            if len(of_noise) < len(planes):
                reduced = chi2 / max(problem.degrees_of_freedom, 1)
                notices += filter(None, [bad_fit_notice(problem.table, fitted_rows, reduced)])
    converged = not fitted or (
        end.converged and not lost and set(covariance.undetermined) <= set(covariance.unfelt) and math.isfinite(chi2)
    )
    notices += parts.notices
    if end.converged and not converged:  # the search did, the fit did not
        message = re.sub("^converged", "the search ended in a minimum", message)
    return FitResult(
        request=problem.request,
        converged=converged,
        message=message,
        chi2=chi2,
        degrees_of_freedom=problem.degrees_of_freedom,
        n_pixels=problem.pixels,
        log_likelihood=how_good.log_likelihood,
        deviance=how_good.deviance,
        log_prior=how_good.log_prior,
        objective=float(end.equations.chi2),
        parameters=fitted_rows,
        derived=tuple(derived),
        covariance=covariance,
        stages=outcome.records,
        images=planes,
        sampled=outcome.sampled,
        notices=tuple(notices),
        provenance=surroundings(problem.request, device),
        stopped=outcome.stopped if outcome.stopped is not None else parts.stopped,
        failure=outcome.failure if outcome.stopped is not None else parts.failure,
    )


def _only_light(
    problem: Problem, images: Sequence[ImageData], values: Tensor, limits: Sequence[SizeLimit]
) -> list[OnlyLight]:
    """What is known of components that are not resolved: their total flux, at values of the table's rows."""
    return [
        OnlyLight(limit.amplitude, limit.shape, flux_slope(problem, images, values, limit.component))
        for limit in limits
    ]


def _unmoved(problem: Problem, outcome: Outcome) -> frozenset[str]:
    """Free parameters that a search which found no minimum left where they began, inside their limits."""
    if not outcome.records or outcome.end.converged or outcome.sampled is not None:
        return frozenset()
    start, end = problem.start()[0], outcome.end.theta[0]
    same = (start == end) & (end > problem.lower) & (end < problem.upper)
    return frozenset(name for name, still in zip(problem.names, same.tolist(), strict=True) if still)


def _unsure(problem: Problem, end: MinimizerResult, covariance: Covariance) -> set[str]:
    """Free parameters whose uncertainty is none, or half their value and more."""
    values = problem.parameters.values(end.theta).physical[0].tolist()
    unsure = set()
    for row, value, sigma in zip(problem.table, values, covariance.sigmas(), strict=True):
        if row.free and (sigma is None or sigma > 0.5 * abs(value)):
            unsure.add(row.name)
    return unsure


def _fitted_parameters(
    problem: Problem, values: Tensor, covariance: Covariance, outcome: Outcome, draws: Tensor | None, chi2: float
) -> tuple[FittedParameter, ...]:
    scatter = math.sqrt(max(chi2, 0.0) / max(problem.degrees_of_freedom, 1))
    ranges: dict[str, np.ndarray] = {}
    if draws is not None:
        ranges = dict(zip(map(str, QUANTILES), np.quantile(draws.numpy(), QUANTILES, axis=0), strict=True))
    resampled = [0.0] * len(values) if outcome.bootstrap is None else outcome.bootstrap.tolist()
    rows = zip(problem.table, values.tolist(), covariance.sigmas(), strict=True)
    fitted = []
    for place, (row, value, sigma) in enumerate(rows):
        levels = {name: float(level[place]) for name, level in ranges.items()}
        interval = reported_interval(row, value, outcome.intervals.get(row.name))
        period = row.description.period
        if row.turns and period is not None:
            value = row.as_reported(value)
            turns = round((levels["0.5"] - value) / period) if levels else 0
            levels = {name: level - turns * period for name, level in levels.items()}
        fitted.append(
            FittedParameter(
                name=row.name,
                value=value,
                uncertainty=sigma,
                uncertainty_scaled=None if sigma is None else sigma * scatter,
                uncertainty_bootstrap=resampled[place] or None,
                interval=interval,
                interval_scaled=None if interval is None else scaled_interval(row, value, interval, scatter),
                quantiles=levels if levels and levels["0.16"] < levels["0.84"] else None,
                unit=row.description.unit,
                free=row.free,
                at_limit=row.name in covariance.at_limit,
            )
        )
    return tuple(fitted)


def _planes(
    problem: Problem, images: Sequence[ImageData], theta: Tensor, models: Sequence[Tensor]
) -> tuple[ImageResult, ...]:
    names = [component.name for component in problem.request.components if component.role == "light"]
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
            image.flux_scale,
        )
        for place, image in enumerate(images)
    )
