"""Parts of catalogues: the rows of one, fitted, as one Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fitting.catalogue_fits import fit_rows
from fitting.catalogues import CataloguePlan, plan_catalogue
from fitting.faults import UserFault
from fitting.spec.catalogues import parse_catalogue
from jobs.lifecycle import catalogues
from jobs.lifecycle.transitions import Claim
from jobs.storage.blobs import BlobStore
from jobs.storage.schema import CatalogueRecord, FitRecord, PartRecord
from jobs.storage.stored_files import fault_of


class TableDamaged(UserFault):
    """The stored table of a catalogue's objects is not what was stored."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"the stored table of the objects {fault}, by a fault of the service: ask for the catalogue again."
        )


Located = Callable[[Iterable[str]], Mapping[str, Path]]
"""Where uploads can be read, by their ids; raises a user's fault where one is gone."""


def fit_part(
    engine: Engine, blobs: BlobStore, claim: Claim, located: Located, look: Callable[[int], None], folder: Path
) -> Path:
    """Fit the rows of a part and leave them in a file; what became of them is noted in its record.

    Args:
        look: called with how many rows are done; may raise `fitting.methods.progress.Cancelled`.
        folder: that takes the file.
    """
    with Session(engine) as session:
        part = session.get(PartRecord, claim.fit_id)
        record = session.get(CatalogueRecord, claim.catalogue_id)
        assert part is not None
        assert record is not None
        previous = session.get(FitRecord, part.previous) if part.previous else None
    document = record.retries[part.retry - 1]["request"] if part.retry else record.request
    request = parse_catalogue(document)
    with ExitStack() as stack:
        objects_key = catalogues.objects_key(record.id)
        fault = None if record.objects_file is None else fault_of(blobs, objects_key, record.objects_file)
        if fault is not None:
            raise TableDamaged(fault)
        objects = stack.enter_context(blobs.local(objects_key))
        table_file = None if request.objects.file is None else request.objects.file.file
        paths = located({reference.file for _, reference in request.references()} - {table_file})
        plan = plan_catalogue(request, paths.__getitem__, objects)
        if part.numbers is None:
            table = fit_rows(plan, part.start, part.stop, paths.__getitem__, report=look)
        else:
            old = None
            if previous is not None and previous.state == "succeeded":
                key = catalogues.part_key(previous.id, previous.attempt)
                known = (previous.result_files or {}).get(catalogues.PART_FILE)
                if known is None or fault_of(blobs, key, known) is None:  # else all of its rows are fitted anew
                    old = pa.parquet.read_table(stack.enter_context(blobs.local(key)))
            table = _again(plan, part, old, paths, look)
    counts, seconds = counts_of(table)
    catalogues.record_rows(engine, part.id, counts, seconds, "")
    path = folder / catalogues.PART_FILE
    pa.parquet.write_table(table, path)
    return path


def _again(
    plan: CataloguePlan, part: PartRecord, old: pa.Table | None, paths: Mapping[str, Path], look: Callable[[int], None]
) -> pa.Table:
    """The rows of a part of a retry: some fitted anew, the others as they were."""
    anew = set(part.numbers or ()) if old is not None else set(range(part.start, part.stop))
    tables = [] if old is None else [old.filter(pa.array([row not in anew for row in old.column("row").to_pylist()]))]
    for start, stop in _ranges(sorted(anew)):
        tables.append(fit_rows(plan, start, stop, paths.__getitem__, report=look))
    whole = pa.concat_tables(tables, promote_options="default")
    return whole.filter(pa.array([part.start <= row < part.stop for row in whole.column("row").to_pylist()])).sort_by(
        "row"
    )


def _ranges(numbers: list[int]) -> list[tuple[int, int]]:
    """Runs of whole numbers, each as first and one past the last."""
    if not numbers:
        return []
    breaks = np.flatnonzero(np.diff(numbers) > 1) + 1
    return [(int(run[0]), int(run[-1]) + 1) for run in np.split(np.array(numbers), breaks)]


def counts_of(table: pa.Table) -> tuple[dict[str, int], float]:
    """How many rows of an answer have numbers, flags, none; and the seconds of all."""
    flags: list[int] = table.column("flags").to_pylist()
    failed = table.column("chi2").null_count
    seconds: list[Any] = table.column("seconds").to_pylist()
    counts = {"fitted": len(flags) - failed, "failed": failed, "flagged": sum(mask != 0 for mask in flags)}
    return counts, sum(value for value in seconds if value)
