"""What a stage's options must have in common with the rest of the request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic_core import InitErrorDetails

from fitting.spec.components import ComponentSpec
from fitting.spec.documents import Document, detail, moved
from fitting.spec.methods import EnsembleOptions, IterativeComponentsOptions, MinimizerOptions, SamplerOptions
from fitting.spec.parameters.rows import Row

MOST_NUMBERS = 200_000_000
"""Numbers that a stage's chains may hold: 1.6 GB."""


def stage_faults(
    stages: Sequence[Document], components: Sequence[ComponentSpec], rows: Sequence[Row]
) -> list[InitErrorDetails]:
    """Faults of stages, given by their options, that do not suit the components or the free rows of the table."""
    free = [row.name for row in rows if row.expression is None and not row.spec.fixed]
    return [
        moved(fault, ("stages", place))
        for place, options in enumerate(stages)
        for fault in _faults(options, components, free)
    ]


def _faults(options: Document, components: Sequence[ComponentSpec], free: Sequence[str]) -> Iterator[InitErrorDetails]:
    if isinstance(options, MinimizerOptions):
        yield from options.not_free(free)
    if isinstance(options, IterativeComponentsOptions):
        yield from options.unknown_components([component.name for component in components])
    if isinstance(options, EnsembleOptions):
        yield from options.too_few_walkers(len(free))
    if isinstance(options, SamplerOptions):
        chains = options.chain_count(len(free))
        if options.samples * chains * len(free) > MOST_NUMBERS:
            message = f"{options.samples} draws of {chains} chains in {len(free)} free parameters are too many to keep"
            yield detail(("samples",), message, f"at most {MOST_NUMBERS // (chains * len(free))}")
