"""Output folder of a command: tried before the work, filled whole, and never with two fits at once.

folder = OutputFolder.tried(Path("out"), overwrite=False, spare=[request_file])
with folder.filling() as place:      # beside what is there, on the same disk
    write_result(result, place)      # and moved to its own place at the end
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fitting.spec.plots import PLANES, PLOT_FORMATS, PLOTS
from photfit.failures import UserMistake

_MARKS = ("parameters.json", "covariance.json", "provenance.json", "best-fit.json", "chains.nc")
"""Files by which a folder shows that it holds a fit's results."""
_DOCUMENTS = (*_MARKS, "request.json", "completed_request.json", "log.txt")
_ASIDE = {"request.json": "completed_request.json"}
"""What a result's file is called where the user's own lies in its place."""
_TABLES = ("parameters", "covariance", "chains")
_TABLE_SUFFIXES = ("csv", "ecsv", "fits", "vot", "tex", "npz", "parquet")
_LEAST_ROOM = 1 << 20
"""Bytes that are written to try a folder: a MiB, more than a file system grants without having it. Chosen by hand."""


@dataclass(frozen=True)
class OutputFolder:
    """A folder that takes files.

    Attributes:
        path: where it is.
        spare: files that must not be written over or removed: what the work begins from.
        made: folders that were not there before, the innermost first.
    """

    path: Path
    spare: frozenset[Path]
    made: tuple[Path, ...] = ()

    @classmethod
    def tried(cls, path: Path, *, overwrite: bool, spare: Iterable[Path] = ()) -> OutputFolder:
        """The folder, made where it is not there, after it has taken a file.

        Args:
            path: of the folder.
            overwrite: whether results of another fit in it give way.
            spare: files of the user's that stay as they are.

        Raises:
            UserMistake: it cannot be made or written, holds another fit's results, or one of `spare` lies where a
                result would be written.
        """
        kept = frozenset(file.resolve() for file in spare)
        made = tuple(place for place in (path, *path.parents) if not os.path.lexists(place))
        try:
            path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path) as trial:
                trial.write(b"\0" * _LEAST_ROOM)
                trial.flush()
                os.fsync(trial.fileno())
        except OSError as error:
            raise UserMistake(f"{path} takes no results: {error.strerror or error}; name another folder") from error
        folder = cls(path, kept, made)
        earlier = [name for name in _MARKS if (path / name).exists() and (path / name).resolve() not in kept]
        if earlier and not overwrite:
            raise UserMistake(
                f"{path} holds the results of a fit ({', '.join(earlier)}): name another folder, or replace them with "
                "--overwrite"
            )
        documents = {(path / name).resolve() for name in _DOCUMENTS if name not in _ASIDE}
        pictures = [(path / name).resolve() for name in ("images", "plots")]
        for file in sorted(kept):
            if file in documents or any(file.is_relative_to(place) for place in pictures):
                folder.leave()
                raise UserMistake(f"{file} would be written over, and the fit begins from it: name another folder")
        return folder

    def leave(self) -> None:
        """Remove what was made to try the folder, where nothing came to lie in it."""
        for made in self.made:
            with contextlib.suppress(OSError):
                made.rmdir()

    @contextlib.contextmanager
    def filling(self) -> Iterator[Path]:
        """A new folder to fill; at the end what is in it takes the place of an earlier fit's results.

        Where writing fails nothing of the earlier ones is gone. A request.json that the fit began from stays; the one
        with first values filled in is then completed_request.json.
        """
        with tempfile.TemporaryDirectory(prefix=".photfit-", dir=self.path) as name:
            place = Path(name)
            yield place
            self.clear()
            for part in sorted(place.rglob("*")):
                target = self.path / part.relative_to(place)
                if target.resolve() in self.spare:
                    target = target.with_name(_ASIDE[target.name])
                if part.is_dir():
                    target.mkdir(exist_ok=True)
                else:
                    part.replace(target)

    def clear(self) -> None:
        """Remove what photfit wrote of an earlier fit, and nothing else."""
        folders = [*self._image_folders("component"), *self._image_folders(), Path("images"), Path("plots")]
        for file in list(self._earlier_files()):
            if file.is_file() and file.resolve() not in self.spare:
                file.unlink()
        for folder in folders:
            with contextlib.suppress(OSError):  # not there, or something else lies in it
                (self.path / folder).rmdir()

    def _earlier_files(self) -> Iterator[Path]:
        for folder in self._image_folders():
            yield from (self.path / folder / f"{plane}.fits" for plane in PLANES)
            yield from (self.path / folder / "component").glob("*.fits")
        yield from (self.path / "plots" / f"{plot}.{suffix}" for plot in PLOTS for suffix in PLOT_FORMATS)
        yield from (self.path / f"{table}.{suffix}" for table in _TABLES for suffix in _TABLE_SUFFIXES)
        if any((self.path / name).exists() for name in _MARKS):
            yield from (self.path / name for name in _DOCUMENTS)

    def _image_folders(self, below: str = "") -> list[Path]:
        """Folders of the images that the earlier fit's parameters name."""
        try:
            document = json.loads((self.path / "parameters.json").read_text(encoding="utf-8"))
            names = [str(image["name"]) for image in document["images"]]
        except (OSError, ValueError, KeyError, TypeError):
            return []
        return [Path("images", name, below) for name in names if Path(name).name == name]


def keep_elsewhere() -> Path:
    """A folder among the machine's temporary ones, for results that their own folder does not take."""
    return Path(tempfile.mkdtemp(prefix="photfit-result-"))
