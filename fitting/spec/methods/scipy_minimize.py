"""``scipy``: the methods of ``scipy.optimize.minimize``."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from fitting.spec.documents import refuse
from fitting.spec.methods.method_description import Calls, MethodDescription
from fitting.spec.methods.minimizers import MinimizerOptions, ScalingField, unknown_faults

SCIPY_METHODS = (
    "nelder-mead",
    "powell",
    "cg",
    "bfgs",
    "newton-cg",
    "l-bfgs-b",
    "tnc",
    "cobyla",
    "cobyqa",
    "slsqp",
    "trust-constr",
    "dogleg",
    "trust-ncg",
    "trust-exact",
    "trust-krylov",
)
"""Every method of ``scipy.optimize.minimize``; a test holds the list against SciPy."""


class ScipyOptions(MinimizerOptions):
    """Options of ``scipy``: a method of ``scipy.optimize.minimize``."""

    solver: Annotated[str, Field(description="One of: " + ", ".join(SCIPY_METHODS))] = "l-bfgs-b"
    max_iterations: Annotated[int, Field(ge=1, le=1_000_000, description="Most iterations.")] = 1000
    tolerance: Annotated[float, Field(gt=0.0, lt=1.0, description="The method's own tolerance.")] = 1e-12
    scaling: ScalingField = "covariance"

    @model_validator(mode="after")
    def _known(self) -> Self:
        faults = unknown_faults("solver", self.solver, SCIPY_METHODS)
        if faults:
            raise refuse("ScipyOptions", faults)
        return self


SCIPY = MethodDescription(
    name="scipy",
    description="Any method of scipy.optimize.minimize, with bounds, gradient and curvature where it takes them.",
    options=ScipyOptions,
    calls=lambda options, _: Calls(gradients=min(options.max_iterations, 200)),
)
