"""netCDF-4: chains as one file in ArviZ's InferenceData layout: groups `posterior` and `sample_stats`.

Written and read with h5netcdf alone, so that a service need not load xarray to hand a chain out;
``arviz.from_netcdf`` opens it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np

from fitting.chains.chains import Chains

_STATISTICS = {"lp": "log_posterior", "acceptance_rate": "acceptance", "diverging": "divergent", "energy": "energy"}
"""ArviZ's name of each number that goes with a draw, and ours."""


def write_chains(
    chains: Chains, diagnostics: Mapping[str, Any], path: Path, *, method: str, units: Mapping[str, str]
) -> None:
    """Write chains to `path`.

    Args:
        chains: the draws.
        diagnostics: as JSON (`Diagnostics.document`); kept as an attribute.
        path: replaced where it exists.
        method: the sampler's name.
        units: of each parameter.
    """
    count, length, _ = chains.draws.shape
    with h5netcdf.File(path, "w") as file:
        file.attrs["method"] = method
        file.attrs["inference_library"] = "photfit"
        file.attrs["diagnostics"] = json.dumps(diagnostics, ensure_ascii=False)
        file.attrs["parameters"] = json.dumps(list(chains.names))
        posterior, statistics = file.create_group("posterior"), file.create_group("sample_stats")
        for group in (posterior, statistics):
            group.dimensions = {"chain": count, "draw": length}
            group.create_variable("chain", ("chain",), data=np.arange(count))
            group.create_variable("draw", ("draw",), data=np.arange(length))
            group.attrs["inference_library"] = "photfit"
            group.attrs["sampling_time"] = chains.seconds
        for place, name in enumerate(chains.names):
            variable = posterior.create_variable(name, ("chain", "draw"), data=chains.draws[:, :, place])
            variable.attrs["units"] = units.get(name, "")
        for name, field in _STATISTICS.items():
            values = getattr(chains, field)
            if values is not None and values.dtype == bool:
                # netCDF has no truth values; this is how xarray writes and reads them.
                statistics.create_variable(name, ("chain", "draw"), data=values.astype(np.int8)).attrs["dtype"] = "bool"
            elif values is not None:
                statistics.create_variable(name, ("chain", "draw"), data=values)
        statistics.create_variable("step_size", ("chain",), data=chains.step_size)


def read_chains(path: Path) -> Chains:
    """The chains that `write_chains` wrote."""
    with h5netcdf.File(path, "r") as file:
        names = tuple(json.loads(file.attrs["parameters"]))
        posterior, statistics = file["posterior"], file["sample_stats"]
        fields: dict[str, Any] = {
            field: statistics[name][...] if name in statistics.variables else None
            for name, field in _STATISTICS.items()
        }
        draws = np.stack([posterior[name][...] for name in names], axis=-1)
        divergent = fields["divergent"]
        return Chains(
            names,
            draws,
            fields["log_posterior"],
            fields["acceptance"],
            None if divergent is None else divergent.astype(bool),
            fields["energy"],
            statistics["step_size"][...],
            float(posterior.attrs["sampling_time"]),
        )


def read_diagnostics(path: Path) -> dict[str, Any]:
    """The diagnostics that `write_chains` was given."""
    with h5netcdf.File(path, "r") as file:
        document: dict[str, Any] = json.loads(file.attrs["diagnostics"])
        return document


def read_origin(path: Path) -> tuple[str, dict[str, str]]:
    """The sampler's name, and each parameter's unit."""
    with h5netcdf.File(path, "r") as file:
        names = json.loads(file.attrs["parameters"])
        return str(file.attrs["method"]), {name: str(file["posterior"][name].attrs["units"]) for name in names}
