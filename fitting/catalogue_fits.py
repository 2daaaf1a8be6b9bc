"""Fits of a catalogue's rows: images read, rows of one shape fitted together, and what came out as rows of a table.

::

    plan = plan_catalogue(parse_catalogue(document), locate, folder / "objects.parquet")
    table = fit_rows(plan, 0, plan.rows, locate)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from fitting.batch import FailedFit, fit_batch
from fitting.catalogues import (
    COVARIANCE,
    CRITERIA,
    GOODNESS,
    QUANTILES,
    ROW,
    AnswerColumn,
    CataloguePlan,
    Locate,
    RowRequest,
    column_name,
    is_of_row,
    kinds_of,
    number_columns,
)
from fitting.faults import OutOfMemory, PassingFault, UserFault
from fitting.files import DEFAULT_LIMITS, ReadLimits
from fitting.first_values import complete_request
from fitting.inputs import ImageData, load_images
from fitting.methods.progress import Cancelled, Progress, StopAndKeep, TimeIsUp
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import TOTAL, FitRequest, ParameterTable, RequestInvalid
from fitting.spec.catalogues import encode_flags

POOR = 3.0
"""Reduced chi-squared above which a fit is flagged as poor, as notices have it (`fitting.results.goodness`)."""
_FEWEST = 5
"""Used pixels to a free parameter, below which they are few; chosen by hand."""
_MOVED = 3.0
"""Pixels that a component may move, whatever its size; chosen by hand: a catalogue's positions are better."""
_BATCH_PIXELS = 8_000_000
"""Pixels of all images that are read and fitted together: some 300 MB with variances, masks and models; by hand."""
_SAMPLER_CODES = frozenset(
    {
        "chains-too-short",
        "chains-apart",
        "draws-too-few",
        "chains-unmixed",
        "trajectories-divergent",
        "tails-unexplored",
        "importance-unreliable",
    }
)

Report = Callable[[int], None]
"""Called with how many rows are done; may raise `Cancelled`."""


def _ignore(_: int) -> None:
    """A report that nobody reads."""


@dataclass
class _Trial:
    """A row with one model, on its way from request to result."""

    asked: RowRequest
    images: Sequence[ImageData] = ()
    result: FitResult | None = None
    flags: list[str] = field(default_factory=list)
    message: str = ""


def fit_rows(
    plan: CataloguePlan,
    start: int,
    stop: int,
    locate: Locate,
    *,
    report: Report = _ignore,
    limits: ReadLimits = DEFAULT_LIMITS,
) -> pa.Table:
    """Fit rows start to stop (not included).

    Returns:
        A row for each, in order: its number as ``row``, and the answer's columns but for those of the input.

    Raises:
        PassingFault: something that is needed does not answer just now.
    """
    answers: list[dict[str, Any]] = []
    columns: dict[str, AnswerColumn] = {column.name: column for column in plan.parameters}
    held: list[list[_Trial]] = []
    pixels = 0
    for row in plan.expansion.rows(start, stop):
        trials = [_read(asked, locate, limits) for asked in row]
        held.append(trials)
        pixels += sum(image.data.size for trial in trials for image in trial.images)
        if pixels > _BATCH_PIXELS:
            answers += _answers(plan, held, columns, report, len(answers))
            held, pixels = [], 0
    answers += _answers(plan, held, columns, report, len(answers))
    return _table(plan, answers, columns, start)


def _read(asked: RowRequest, locate: Locate, limits: ReadLimits) -> _Trial:
    """The images of a row's request, or why it has none."""
    trial = _Trial(asked)
    if asked.centre_outside:
        trial.flags.append("centre_outside")
    if asked.partly_outside:
        trial.flags.append("partly_outside")
    if asked.neighbours:
        trial.flags.append("blended")
    if asked.request is None:
        trial.flags.append("bad_input")
        trial.message = asked.message
        return trial
    try:
        trial.images = load_images(asked.request, locate, limits)
    except RequestInvalid as error:
        masked = all(fault.code == "fully-masked" for fault in error.faults)
        trial.flags.append("fully_masked" if masked else "bad_input")
        trial.message = "; ".join(f"{fault.path.removeprefix('$.')} {fault.message}" for fault in error.faults[:3])
    except OutOfMemory as error:
        trial.flags.append("crashed")
        trial.message = f"out of memory: {error}"
    return trial


def _answers(
    plan: CataloguePlan, held: Sequence[Sequence[_Trial]], columns: dict[str, AnswerColumn], report: Report, done: int
) -> list[dict[str, Any]]:
    """Fit what was read, rows of one shape together, and say what came out of each row."""
    shapes: dict[Any, list[_Trial]] = {}
    for trials in held:
        for trial in trials:
            if trial.images:
                shapes.setdefault(_shape(trial), []).append(trial)
    models, ended = len(plan.expansion.catalogue.model_names), 0
    for together in shapes.values():
        before = ended

        def tell(count: int, before: int = before) -> None:
            report(done + (before + count) // models)

        _fit(together, tell)
        ended += len(together)
    found = []
    for trials in held:
        found.append(_answer(plan, trials, columns))
        for trial in trials:
            trial.images, trial.result = (), None
    report(done + len(found))
    return found


def _shape(trial: _Trial) -> Any:
    """What trials that are fitted together have in common."""
    request = trial.asked.request
    assert request is not None
    planes = tuple(
        (image.data.shape, None if image.psf is None else image.psf.shape, image.psf_oversampling)
        for image in trial.images
    )
    components = tuple((item.name, item.profile) for item in request.components)
    return trial.asked.model, planes, components


def _fit(together: Sequence[_Trial], report: Report) -> None:
    requests = [trial.asked.request for trial in together if trial.asked.request is not None]
    seconds = None if requests[0].limits is None else requests[0].limits.seconds
    if seconds is not None:
        for number, (trial, request) in enumerate(zip(together, requests, strict=True), 1):
            _take(trial, _within_time(request, trial.images, seconds))
            report(number)
        return
    ends = fit_batch(requests, [trial.images for trial in together], device=requests[0].device, report=report)
    for trial, end in zip(together, ends, strict=True):
        _take(trial, end)


def _within_time(request: FitRequest, images: Sequence[ImageData], seconds: float) -> FitResult | FailedFit:
    """One fit, ended with what it has found when its time is up."""
    until = time.monotonic() + seconds

    def look(_: Progress) -> None:
        if time.monotonic() > until:
            raise TimeIsUp

    try:
        return run(complete_request(request, images), images, device=request.device, report=look)
    except StopAndKeep as error:
        return FailedFit(error)
    except (PassingFault, Cancelled):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is one row's
        return FailedFit(error)


def _take(trial: _Trial, end: FitResult | FailedFit) -> None:
    """What became of a trial."""
    if isinstance(end, FailedFit):
        error = end.error
        if isinstance(error, RequestInvalid):
            trial.flags.append("bad_input")
            trial.message = "; ".join(fault.message for fault in error.faults[:3])
        elif isinstance(error, UserFault):
            trial.flags.append("bad_input")
            trial.message = str(error)
        elif isinstance(error, TimeIsUp):
            trial.flags.append("out_of_time")
            trial.message = "out of time before there was anything to keep"
        elif isinstance(error, OutOfMemory):
            trial.flags.append("crashed")
            trial.message = f"out of memory: {error}"
        else:
            trial.flags.append("crashed")
            trial.message = f"an error of photfit's own: {type(error).__name__}: {str(error)[:200]}"
        return
    trial.result, trial.message = end, end.message
    trial.flags += _flags_of(end, trial.images)


def _flags_of(result: FitResult, images: Sequence[ImageData]) -> Iterator[str]:
    """Flags of a fit that has a result."""
    free = [row for row in result.parameters if row.free]
    codes = {notice.code for notice in result.notices}
    if not result.converged:
        yield "not_converged"
    if any(row.at_limit for row in free):
        yield "at_limit"
    if result.stages and any(row.uncertainty is None and not row.at_limit for row in free):
        yield "no_covariance"
    if result.n_pixels < _FEWEST * len(free):
        yield "few_pixels"
    if "model-lacks-structure" in codes or not result.chi2_reduced <= POOR:
        yield "poor_fit"
    if _moved(result, images):
        yield "moved"
    if result.stopped is not None:
        yield "out_of_time"
    if _SAMPLER_CODES & codes:
        yield "do_not_trust_sampler"


def _moved(result: FitResult, images: Sequence[ImageData]) -> bool:
    """Whether one of the row's components ended far from where it began, given there by the request."""
    table = ParameterTable.of(result.request)
    starts = {row.name: row for row in table}
    ends = {row.name: row.value for row in result.parameters}
    scale = next((image.pixel_scale for image in images if image.pixel_scale), None)
    for component in result.request.components:
        if not is_of_row(component.name):
            continue
        on_sky = f"{component.name}.ra" in starts
        names = [f"{component.name}.{name}" for name in (("ra", "dec") if on_sky else ("x", "y"))]
        if not all(name in starts and starts[name].free for name in names):
            continue
        (a, b), (c, d) = [starts[name].value or 0.0 for name in names], [ends[name] for name in names]
        if on_sky:
            moved = 3600.0 * math.hypot((c - a) * math.cos(math.radians(b)), d - b)
            least = _MOVED * (scale or 1.0)
        else:
            moved, least = math.hypot(c - a, d - b), _MOVED
        if moved > max(least, ends.get(f"{component.name}.r_e", 0.0)):
            return True
    return False


def _answer(plan: CataloguePlan, trials: Sequence[_Trial], columns: dict[str, AnswerColumn]) -> dict[str, Any]:
    """A row of the answer: the best of its models, or why there is none."""
    catalogue = plan.expansion.catalogue
    sound = [trial for trial in trials if trial.result is not None]
    figures = {trial.asked.model: _figures(trial.result) for trial in sound if trial.result is not None}
    row: dict[str, Any] = {ROW: trials[0].asked.number, "seconds": sum(map(_seconds, sound)) or None}
    if catalogue.models is not None:
        row |= {f"{name}_{model}": value for model, each in figures.items() for name, value in each.items()}
    if not sound:
        row["flags"] = encode_flags({name for trial in trials for name in trial.flags})
        row["message"] = trials[0].message
        return row
    best = min(sound, key=lambda trial: _rank(figures[trial.asked.model], catalogue.choose))
    assert best.result is not None
    flags = set(best.flags)
    if catalogue.models is not None:
        row["model"] = best.asked.model
        if "poor_fit" in flags:
            flags.add("no_model_fits")
    row |= _numbers(best.result, columns)
    row |= {name: value for name, value in figures[best.asked.model].items() if name in ("bic", "aic")}
    row["flags"] = encode_flags(flags)
    row["message"] = _message(best, trials)
    if "covariance" in catalogue.keep:
        row["covariance"] = best.result.covariance.matrix.ravel().tolist()
    return row


def _message(best: _Trial, trials: Sequence[_Trial]) -> str:
    """The best model's message, and why others could not be compared with it."""
    failed = [f"{trial.asked.model} was not fitted: {trial.message}" for trial in trials if trial.result is None]
    return "; ".join((best.message, *failed))


def _rank(figures: dict[str, float | None], choose: str) -> float:
    value = figures.get(choose)
    if value is None or not math.isfinite(value):
        return math.inf
    return -value if choose == "log_evidence" else value


def _figures(result: FitResult) -> dict[str, float | None]:
    """What models are compared by: keys of `CRITERIA`."""
    free = sum(row.free for row in result.parameters)
    evidence = [(stage.diagnostics or {}).get("log_evidence") for stage in result.stages]
    values = (
        result.deviance + free * math.log(max(result.n_pixels, 1)),
        result.deviance + 2.0 * free,
        result.chi2_reduced,
        next((value for value in reversed(evidence) if value is not None), None),
    )
    return dict(zip(CRITERIA, values, strict=True))


def _seconds(trial: _Trial) -> float:
    return 0.0 if trial.result is None else sum(stage.seconds for stage in trial.result.stages)


def _numbers(result: FitResult, columns: dict[str, AnswerColumn]) -> dict[str, Any]:
    """Parameters and derived values of a result; columns that are not known yet are put down."""
    found: dict[str, Any] = {
        "chi2": result.chi2,
        "chi2_reduced": result.chi2_reduced,
        "degrees_of_freedom": result.degrees_of_freedom,
        "n_pixels": result.n_pixels,
        "iterations": sum(stage.iterations for stage in result.stages),
        "notices": " ".join(sorted({notice.code for notice in result.notices})),
    }
    kinds = kinds_of(result.request)
    diagnostics = {} if result.sampled is None else result.sampled.diagnostics
    for row in result.parameters:
        if not row.free or not is_of_row(row.name.partition(".")[0]):
            continue
        beside: dict[str, float | None] = {"err": row.uncertainty, "err_scaled": row.uncertainty_scaled}
        beside["lower"], beside["upper"] = row.interval or (None, None)
        beside |= {kind: (row.quantiles or {}).get(level) for level, kind in QUANTILES.items()}
        beside["rhat"] = diagnostics.get("r_hat", {}).get(row.name)
        beside["ess"] = diagnostics.get("ess_bulk", {}).get(row.name)
        stem = column_name(row.name)
        found |= {stem: row.value, **{f"{stem}_{kind}": beside[kind] for kind in kinds}}
    neighbours = any(not is_of_row(item.name) for item in result.request.components)
    for item in result.derived:
        of = item.name.partition(".")[0].split("+")
        if not all(map(is_of_row, of)) or (of == [TOTAL] and neighbours):
            continue
        stem = column_name(item.name)
        if stem not in columns:
            words = f"{item.name}, worked out from the parameters"
            columns.update({column.name: column for column in number_columns(item.name, item.unit, words, ("err",))})
        found |= {stem: item.value, f"{stem}_err": item.uncertainty}
    return found


def _table(
    plan: CataloguePlan, answers: Sequence[dict[str, Any]], columns: dict[str, AnswerColumn], start: int
) -> pa.Table:
    assert [row[ROW] for row in answers] == list(range(start, start + len(answers)))
    every = [*columns.values(), *GOODNESS]
    if "covariance" in plan.expansion.catalogue.keep:
        every.insert(len(columns), COVARIANCE)
    fields = [pa.field(ROW, pa.int64()), *(column.field for column in every)]
    arrays = [pa.array([_plain(row.get(each.name)) for row in answers], each.type) for each in fields]
    return pa.table(arrays, schema=pa.schema(fields))


def _plain(value: Any) -> Any:
    """A number that is not finite as one that is missing."""
    if isinstance(value, float | np.floating) and not math.isfinite(value):
        return None
    return value
