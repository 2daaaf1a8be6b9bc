"""Best-fit request: that of a result, whose parameters begin where the fit ended; to go on from, or to render."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from fitting.results.result import FitResult
from fitting.spec import FitRequest, ParameterTable, TableParameter


def best_fit_request(result: FitResult) -> FitRequest:
    """The request with every value at its best; limits, links, priors, constraints, stages and options as they were."""
    found = {parameter.name: parameter.value for parameter in result.parameters}
    values = {
        row.name: _inside(row, found[row.name])
        for row in ParameterTable.of(result.request)
        if row.expression is None and row.name in found and isfinite(found[row.name])
    }
    return result.request.with_values(values)


def best_fit_document(result: FitResult, files: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON of ``best-fit.json``.

    Args:
        result: of a run.
        files: what the document calls files that the request calls otherwise, such as paths as seen from its folder.
    """
    return best_fit_request(result).with_references(files or {}).document()


def _inside(row: TableParameter, value: float) -> float:
    """The value within its limits, from which rounding, or a turn of an angle, may have taken it."""
    low, high, period = row.min, row.max, row.description.period
    if row.fixed:
        return value if row.value is None else row.value
    if period is not None and low is not None and value < low:
        value += period * -((value - low) // period)
    if period is not None and high is not None and value > high:
        value -= period * -((high - value) // period)
    value = value if low is None else max(value, low)
    return value if high is None else min(value, high)
