"""Formats of chains, as people ask for them: JSON, npz, tables, Parquet or netCDF; thinned, or of some parameters."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Column, Table

from fitting.chains.chains import Chains
from fitting.chains.netcdf import read_chains, read_diagnostics, read_origin, write_chains
from fitting.faults import UserFault
from fitting.result_tables import unit_of, write_table


def write_chains_table(
    chains: Chains, diagnostics: Mapping[str, Any], units: Mapping[str, str], path: Path, format_: str
) -> None:
    """Columns ``chain``, ``draw``, ``log_posterior``, then the parameters; the diagnostics are metadata.

    Args:
        chains: the draws.
        diagnostics: as JSON.
        units: of each parameter, as reported.
        path: the new file.
        format_: ``ecsv`` or ``fits``.
    """
    count, length, _ = chains.draws.shape
    columns = [
        Column(np.repeat(np.arange(count, dtype=np.int32), length), "chain"),
        Column(np.tile(np.arange(length, dtype=np.int32), count), "draw"),
        Column(chains.log_posterior.ravel(), "log_posterior"),
    ]
    columns += [
        Column(chains.draws[:, :, place].ravel(), name, unit=unit_of(units.get(name, "")))
        for place, name in enumerate(chains.names)
    ]
    table = Table(columns)
    # A header of FITS takes no nested values, and no text beyond ASCII.
    table.meta["diagnostics" if format_ == "ecsv" else "DIAGNOST"] = json.dumps(diagnostics)
    write_table(table, path, format_)


_BLOCK = 4096
"""Draws that are turned into text at once; chosen by hand, bounds memory."""


class UnknownParameter(UserFault):
    """The chains have no parameter of this name."""


def convert(source: Path, target: Path, format_: str, thin: int = 1, parameters: Sequence[str] | None = None) -> None:
    """Write the chains of a netCDF file in another format.

    Args:
        source: as `write_chains` wrote it.
        target: the new file.
        format_: one of `FORMATS`.
        thin: every so-manieth draw of each chain is kept.
        parameters: which, in this order; all where None. The diagnostics are those of all draws.

    Raises:
        UnknownParameter: see there.
    """
    chains, diagnostics = read_chains(source), read_diagnostics(source)
    known = set(chains.names)
    for name in parameters or ():
        if name not in known:
            raise UnknownParameter(f"there is no free parameter {name!r}; there are: {', '.join(chains.names)}")
    chains = chains.thinned(thin) if parameters is None else chains.of_parameters(parameters).thinned(thin)
    if format_ in ("netcdf", "ecsv", "fits"):
        method, units = read_origin(source)
        if format_ == "netcdf":
            write_chains(chains, diagnostics, target, method=method, units=units)
        else:
            write_chains_table(chains, diagnostics, units, target, format_)
    else:
        _WRITERS[format_](chains, diagnostics, target)


def _write_json(chains: Chains, diagnostics: dict[str, Any], path: Path) -> None:
    """The document of ``GET /v1/fits/{id}/chains``, piece by piece: the text of all is never in memory."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"names":' + json.dumps(list(chains.names)) + ',"chains":[')
        for number, draws in enumerate(chains.draws):
            file.write("," if number else "")
            _write_array(file.write, draws)
        file.write('],"log_posterior":[')
        for number, values in enumerate(chains.log_posterior):
            file.write("," if number else "")
            _write_array(file.write, values)
        file.write('],"diagnostics":' + json.dumps(diagnostics, ensure_ascii=False, allow_nan=False) + "}")


def _write_array(write: Callable[[str], object], values: np.ndarray) -> None:
    write("[")
    for first in range(0, len(values), _BLOCK):
        write("," if first else "")
        block = values[first : first + _BLOCK]
        plain = block if np.isfinite(block).all() else np.where(np.isfinite(block), block, None)  # type: ignore[call-overload]
        write(json.dumps(plain.tolist(), separators=(",", ":"), allow_nan=False)[1:-1])
    write("]")


def _write_npz(chains: Chains, diagnostics: dict[str, Any], path: Path) -> None:
    """Arrays `names`, `chains`, `log_posterior`, `acceptance`, `step_size`, and `diagnostics` as JSON text."""
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            names=np.array(chains.names),
            chains=chains.draws,
            log_posterior=chains.log_posterior,
            acceptance=chains.acceptance,
            step_size=chains.step_size,
            diagnostics=np.array(json.dumps(diagnostics, ensure_ascii=False)),
        )


def _write_csv(chains: Chains, _diagnostics: dict[str, Any], path: Path) -> None:
    """A row for each draw: chain, draw, log_posterior, then the parameters."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["chain", "draw", "log_posterior", *chains.names])
        for number, (draws, values) in enumerate(zip(chains.draws, chains.log_posterior, strict=True)):
            rows = zip(draws, values.tolist(), strict=True)
            writer.writerows([number, draw, value, *row.tolist()] for draw, (row, value) in enumerate(rows))


def _write_parquet(chains: Chains, diagnostics: dict[str, Any], path: Path) -> None:
    """The columns of the CSV; the diagnostics are metadata of the file."""
    import pyarrow
    from pyarrow import parquet

    count, length, _ = chains.draws.shape
    columns = {
        "chain": np.repeat(np.arange(count, dtype=np.int32), length),
        "draw": np.tile(np.arange(length, dtype=np.int32), count),
        "log_posterior": chains.log_posterior.ravel(),
    } | {name: chains.draws[:, :, place].ravel() for place, name in enumerate(chains.names)}
    table = pyarrow.table(columns)
    text = json.dumps(diagnostics, ensure_ascii=False)
    parquet.write_table(table.replace_schema_metadata({"diagnostics": text}), path)


_WRITERS: dict[str, Callable[[Chains, dict[str, Any], Path], None]] = {
    "json": _write_json,
    "npz": _write_npz,
    "csv": _write_csv,
    "parquet": _write_parquet,
}

FORMATS = (*_WRITERS, "ecsv", "fits", "netcdf")
"""What `convert` can write."""
