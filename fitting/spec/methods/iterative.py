"""``iterative_components`` and ``iterative_parameters``: cycles over blocks of the model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator
from pydantic_core import InitErrorDetails

from fitting.spec.documents import detail, excerpt, listed, refuse
from fitting.spec.methods.method_description import Calls, MethodDescription
from fitting.spec.methods.minimizers import MinimizerOptions, Tolerance

Cycles = Annotated[int, Field(ge=1, le=100_000, description="Most cycles over all blocks.")]


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
                    message = f"component {excerpt(name)} is in a group already"
                    faults.append(detail(("groups", place, position), message, "each component at most once"))
                seen.add(name)
        if faults:
            raise refuse("IterativeComponentsOptions", faults)
        return self

    def unknown_components(self, names: Iterable[str]) -> list[InitErrorDetails]:
        """Faults of groups that name a component that is none of `names`."""
        known = dict.fromkeys(names)
        expected = listed(known)
        return [
            detail(("groups", place, position), f"unknown component {excerpt(name)}", expected)
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


def _calls(options: IterativeComponentsOptions | IterativeParametersOptions, _: int) -> Calls:
    return Calls(equations=min(options.max_cycles, 20) * 3.0)


ITERATIVE_COMPONENTS = MethodDescription(
    name="iterative_components",
    description="Cycles over components or groups, each fitted to what the others leave: for crowded, large images.",
    options=IterativeComponentsOptions,
    calls=_calls,
)
ITERATIVE_PARAMETERS = MethodDescription(
    name="iterative_parameters",
    description="Cycles over chunks of parameters: for many parameters that links tie together.",
    options=IterativeParametersOptions,
    calls=_calls,
)
