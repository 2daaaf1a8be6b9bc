"""The draws of a sampler as a result keeps them: netCDF in the layout of an ArviZ InferenceData."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """Draws of the free parameters.

    Attributes:
        names: of the parameters, in the table's order.
        values: (chain, draw, parameter), in reported units.
        r_hat, ess: rank-normalised split R-hat and bulk effective sample size by parameter, as far as known.
    """

    names: tuple[str, ...]
    values: Array
    r_hat: Mapping[str, float] = field(default_factory=dict)
    ess: Mapping[str, float] = field(default_factory=dict)

    def remark(self, name: str) -> str:
        """R-hat and effective draws of a parameter, as far as they are known."""
        parts = []
        if name in self.r_hat:
            parts.append(f"R\N{COMBINING CIRCUMFLEX ACCENT} {self.r_hat[name]:.3f}")
        if name in self.ess:
            parts.append(f"ESS {self.ess[name]:.0f}")
        return "   ".join(parts)


def read_draws(path: Path) -> Draws:
    """The draws of a result's chains.nc: one variable over chain and draw for each parameter."""
    import h5netcdf

    with h5netcdf.File(path, "r") as file:
        posterior = file["posterior"]
        names = tuple(json.loads(file.attrs["parameters"]))
        values = np.stack([posterior[name][...] for name in names], axis=-1).astype(np.float64)
        diagnostics = json.loads(file.attrs["diagnostics"])
    return Draws(names, values, _known(diagnostics.get("r_hat", {})), _known(diagnostics.get("ess_bulk", {})))


def _known(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}
