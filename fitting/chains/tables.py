"""Chains as one table: FITS (binary table) or ECSV, a row for each draw, with units."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Column, Table

from fitting.chains.chains import Chains
from fitting.tabling import unit_of, write_table


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
