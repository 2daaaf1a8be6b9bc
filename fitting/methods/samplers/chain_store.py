"""Checkpoints: the draws of a sampler while they grow, and the shelf on which they outlive its process.

`draws-N.f64` holds the rows from row N on as they were drawn, little-endian float64: chain, log_posterior, energy,
acceptance, divergent, then the reported parameters. `checkpoint.npz` (arrays only, never pickles) holds the sampler's
state and says which rows belong to it. Each checkpoint adds one file of rows and then replaces the state, so that what
it costs follows what was drawn since the last. Whoever is killed in between leaves rows that no checkpoint knows; the
next attempt draws them again, the same.
"""

import io
import json
import os
import time
import zipfile
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np


class Shelf(Protocol):
    """Files by names such as ``stage-1/checkpoint.npz``."""

    def read(self, name: str) -> bytes | None:
        """A file's content, or None where there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Keep a file, in place of one of the same name; whoever is killed on the way leaves the old one."""


class FolderShelf:
    """Files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """See `Shelf`."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """See `Shelf`."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".new")
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


class Compartment:
    """The part of a shelf whose names begin with a prefix."""

    def __init__(self, shelf: Shelf, prefix: str) -> None:
        self._shelf = shelf
        self._prefix = prefix

    def read(self, name: str) -> bytes | None:
        """See `Shelf`."""
        return self._shelf.read(f"{self._prefix}/{name}")

    def write(self, name: str, content: bytes) -> None:
        """See `Shelf`."""
        self._shelf.write(f"{self._prefix}/{name}", content)


State = dict[str, np.ndarray]
"""What a checkpoint holds, by name; every sampler's `state` says which names are its."""
COLUMNS = ("chain", "log_posterior", "energy", "acceptance", "divergent")
"""What stands before the reported parameters in each row."""
_LEADING_COLUMNS = len(COLUMNS)
"""How many those are."""
_ROW = np.dtype("<f8")
"""Numbers of a row: float64, little-endian whatever the machine."""
CHECKPOINT_NAME = "checkpoint.npz"
"""What the sampler goes on from; the draws stand in files beside it."""


class ChainStore:
    """The draws of one sampler.

    Args:
        names: of the parameters.
        chains: how many.
        samples: draws of each chain.
        shelf: where to keep checkpoints; None keeps none.
        fingerprint: what must be the same for a checkpoint to be of use (method, options, seed, model).
        interval: seconds between checkpoints; a kill loses at most about this much. Five, chosen by hand, are a
            small share of any run that is worth resuming.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        chains: int,
        samples: int,
        shelf: Shelf | None = None,
        fingerprint: str = "",
        interval: float = 5.0,
    ) -> None:
        self.names = names
        self._shelf = shelf
        self._header = json.dumps([*COLUMNS, *names, chains, samples, fingerprint])
        self._interval = interval
        self._last_save = time.monotonic()
        self.samples = samples
        self._counts = np.zeros(chains, dtype=np.int64)
        self._rows = np.full((chains, samples, _LEADING_COLUMNS + len(names)), np.nan)
        self._pending_rows: list[np.ndarray] = []
        self._segments: list[int] = []
        self._rows_stored = 0

    def resume(self) -> State | None:
        """The state of the last checkpoint, its rows taken back; None where there is none of this run."""
        state = self._read_checkpoint()
        if state is None:
            return None
        segments, stored = state.pop("segments").tolist(), int(state.pop("rows"))
        rows = self._read_rows(segments, stored)
        if rows is None:
            return None
        self._segments, self._rows_stored = segments, stored
        for chain in range(len(self._counts)):
            chain_rows = rows[rows[:, 0] == chain]
            self._rows[chain, : len(chain_rows)] = chain_rows
            self._counts[chain] = len(chain_rows)
        return state

    def _read_checkpoint(self) -> State | None:
        """The checkpoint, if it is whole and of this run."""
        content = None if self._shelf is None else self._shelf.read(CHECKPOINT_NAME)
        if content is None:
            return None
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                state = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None
        return state if str(state.pop("header", "")) == self._header else None

    def _read_rows(self, segments: list[int], stored: int) -> np.ndarray | None:
        """The first `stored` rows, or None where some of them are missing."""
        assert self._shelf is not None
        width = self._rows.shape[-1]
        parts = [np.empty((0, width))]
        for first, after in pairwise([*segments, stored]):
            content = self._shelf.read(f"draws-{first}.f64")
            if content is None or len(content) != (after - first) * width * _ROW.itemsize:
                return None
            parts.append(np.frombuffer(content, dtype=_ROW).reshape(-1, width))
        return np.concatenate(parts)

    def add(self, chains: np.ndarray, columns: Mapping[str, np.ndarray], parameters: np.ndarray) -> None:
        """One more draw of each of some chains.

        Args:
            chains: (k,), which; each at most once.
            columns: by the names after "chain" in `COLUMNS`, (k,) each; what is left out is not a number.
            parameters: reported values, (k, parameters).
        """
        rows = np.full((len(chains), self._rows.shape[-1]), np.nan)
        rows[:, 0] = chains
        for place, name in enumerate(COLUMNS[1:], start=1):
            if name in columns:
                rows[:, place] = columns[name]
        rows[:, _LEADING_COLUMNS:] = parameters
        self._rows[chains, self._counts[chains]] = rows
        self._counts[chains] += 1
        if self._shelf is not None:
            self._pending_rows.append(rows)

    def tick(self, state: Callable[[], State]) -> None:
        """Write a checkpoint if the last is older than the interval."""
        if self._shelf is not None and time.monotonic() - self._last_save >= self._interval:
            self.save(state())

    def save(self, state: State) -> None:
        """Keep the rows since the last checkpoint, then replace it."""
        if self._shelf is None:
            return
        if self._pending_rows:
            rows = np.concatenate(self._pending_rows)
            self._shelf.write(f"draws-{self._rows_stored}.f64", rows.astype(_ROW).tobytes())
            self._segments.append(self._rows_stored)
            self._rows_stored += len(rows)
            self._pending_rows.clear()
        known: dict[str, Any] = {"header": np.asarray(self._header), "rows": np.asarray(self._rows_stored)}
        file = io.BytesIO()
        np.savez(file, segments=np.asarray(self._segments, dtype=np.int64), **(known | state))
        self._shelf.write(CHECKPOINT_NAME, file.getvalue())
        self._last_save = time.monotonic()

    @property
    def draw_count(self) -> int:
        """Draws that every chain has."""
        return int(self._counts.min())

    @property
    def draws(self) -> np.ndarray:
        """Reported values (chain, draw, parameter), as many as every chain has."""
        return self._rows[:, : self.draw_count, _LEADING_COLUMNS:]

    def column(self, name: str) -> np.ndarray:
        """One of `COLUMNS`, (chain, draw)."""
        return self._rows[:, : self.draw_count, COLUMNS.index(name)]

    def column_or_none(self, name: str) -> np.ndarray | None:
        """A copy of one of `COLUMNS`; None where no draw has it."""
        column = self.column(name)
        return None if np.isnan(column).all() else column.copy()
