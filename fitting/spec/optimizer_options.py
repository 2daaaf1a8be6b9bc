"""Options of the optimisers and of the bootstrap: one model per method."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator
from pydantic_core import InitErrorDetails

from fitting.spec.documents import Document, detail, refuse
from fitting.spec.faults import shown

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

Scaling = Literal["covariance", "curvature", "none"]
Tolerance = Annotated[float, Field(gt=0.0, lt=1.0, description="Stop when chi-squared falls by less, relatively.")]
Cycles = Annotated[int, Field(ge=1, le=100_000, description="Most cycles over all blocks.")]
ScalingField = Annotated[
    Scaling,
    Field(description="Units of the search: the covariance at the start, the curvature there, or none."),
]


class MinimizerOptions(Document):
    """What every method that ends in a minimum may be asked for beside it."""

    intervals: Annotated[
        bool | Annotated[tuple[str, ...], Strict(False)],
        Field(description="Find asymmetric uncertainties from the profile of chi-squared: of all, or of those named."),
    ] = False

    def not_free(self, free: Iterable[str]) -> list[InitErrorDetails]:
        """Faults of intervals asked for parameters that are none of the `free`."""
        known = tuple(free)
        return [
            detail(("intervals", place), f"{shown(name)} is no free parameter", "one of: " + ", ".join(known))
            for place, name in enumerate(() if isinstance(self.intervals, bool) else self.intervals)
            if name not in known
        ]


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


class IterativeComponentsOptions(MinimizerOptions):
    """Options of ``iterative_components``.

    ``groups`` names the components that are fitted together; those that it leaves out are fitted one at a time.
    """

    max_cycles: Cycles = 100
    tolerance: Tolerance = 1e-6
    groups: Annotated[
        tuple[Annotated[tuple[str, ...], Strict(False), Field(min_length=1)], ...],
        Strict(False),
        Field(description="Components fitted together, by name."),
    ] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        seen: set[str] = set()
        faults = []
        for place, group in enumerate(self.groups):
            for position, name in enumerate(group):
                if name in seen:
                    message = f"component {shown(name)} is in a group already"
                    faults.append(detail(("groups", place, position), message, "each component at most once"))
                seen.add(name)
        if faults:
            raise refuse("IterativeComponentsOptions", faults)
        return self

    def unknown_components(self, names: Iterable[str]) -> list[InitErrorDetails]:
        """Faults of groups that name a component that is none of `names`."""
        known = tuple(names)
        return [
            detail(("groups", place, position), f"unknown component {shown(name)}", "one of: " + ", ".join(known))
            for place, group in enumerate(self.groups)
            for position, name in enumerate(group)
            if name not in known
        ]


class IterativeParametersOptions(MinimizerOptions):
    """Options of ``iterative_parameters``: chunks by their size or by their number, two chunks if neither is given."""

    chunk_size: Annotated[int | None, Field(ge=1, description="Free parameters in a chunk.")] = None
    chunks: Annotated[int | None, Field(ge=1, description="Chunks in a cycle; not with chunk_size.")] = None
    order: Annotated[
        Literal["random", "sequential"], Field(description="Random chunks are drawn anew in every cycle.")
    ] = "random"
    max_cycles: Cycles = 100
    tolerance: Tolerance = 1e-6

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if self.chunk_size is not None and self.chunks is not None:
            fault = detail(("chunks",), "chunks and chunk_size are both given", "one of the two")
            raise refuse("IterativeParametersOptions", [fault])
        return self


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


class BootstrapOptions(Document):
    """Options of ``bootstrap``."""

    samples: Annotated[int, Field(ge=2, le=100_000, description="Resampled images that are fitted.")] = 50
    max_iterations: Annotated[int, Field(ge=1, le=10_000, description="Most steps of each refit.")] = 30
    seed: Annotated[int | None, Field(ge=0, lt=2**63, description="Of the resampling; the request's if left out.")] = (
        None
    )


def unknown_faults(key: str, value: str, known: Iterable[str]) -> list[InitErrorDetails]:
    """The fault of an option `key` whose value is none of `known`, if it is none."""
    if value in known:
        return []
    return [detail((key,), f"unknown {key} {shown(value)}", "one of: " + ", ".join(known))]
