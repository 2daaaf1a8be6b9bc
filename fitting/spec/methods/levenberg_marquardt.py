"""``lm``: Levenberg-Marquardt, once or from several starts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fitting.spec.methods.method_description import Calls, MethodDescription
from fitting.spec.methods.minimizers import MinimizerOptions


class LmOptions(MinimizerOptions):
    """Options of ``lm``, Levenberg-Marquardt, once or from several starts."""

    max_iterations: Annotated[int, Field(ge=1, le=100_000, description="Most accepted or rejected steps.")] = 100
    tolerance: Annotated[
        float, Field(gt=0.0, lt=1.0, description="Stop when a step lowers chi-squared by less than this fraction.")
    ] = 1e-9
    restarts: Annotated[
        int, Field(ge=0, le=10_000, description="Further starts, drawn around the first; the best end is kept.")
    ] = 0
    spread: Annotated[
        float, Field(gt=0.0, le=100.0, description="Standard deviation of the starts, in each parameter's step scale.")
    ] = 1.0


LM = MethodDescription(
    name="lm",
    description="Levenberg-Marquardt least squares: the nearest minimum and its covariance, or the best of several.",
    options=LmOptions,
    calls=lambda options, _: Calls(equations=min(options.max_iterations, 15) * max(options.restarts, 1)),
)
