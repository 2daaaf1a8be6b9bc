"""Fit series: one request for many images on this machine, a folder for each, and one table of all."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from photfit.answers import FitAnswer, ProblemAnswer
from photfit.failures import CommandFailure, UserMistake
from photfit.results import FetchedSource, Fit, fits_table

if TYPE_CHECKING:
    from photfit.local import LocalFit

TABLE = "fits.ecsv"
"""What the table of a series is called, in the folder of its results."""


@dataclass(frozen=True)
class SeriesRow:
    """What became of one image: a row of the table.

    Attributes:
        index: of the image, from 0.
        item: the image.
        fit: what was found; None where there was nothing to keep.
        error: why.
    """

    index: int
    item: str
    fit: Fit | None
    error: CommandFailure | None = None


def expanded(images: Sequence[str]) -> list[str]:
    """The images, with patterns (``*``, ``?``) as the files that they name, in alphabetical order.

    Raises UserMistake where a pattern names none.
    """
    found: list[str] = []
    for image in images:
        pattern, bracket, rest = image.partition("[")
        if not {"*", "?"} & set(pattern):
            found.append(image)
            continue
        files = sorted(glob.glob(os.path.expanduser(pattern), recursive=True))
        if not files:
            raise UserMistake(f"{pattern} names no files")
        found += [file + bracket + rest for file in files]
    return found


def folders_of(images: Sequence[str]) -> list[str]:
    """What the folder of each image's results is called: as its file, with a number where that is taken."""
    taken: dict[str, int] = {}
    names = []
    for image in images:
        stem = Path(image.partition("[")[0]).name.partition(".")[0] or "image"
        taken[stem] = taken.get(stem, 0) + 1
        names.append(stem if taken[stem] == 1 else f"{stem}_{taken[stem]}")
    return names


def fit_series(
    images: Sequence[str], output: Path, fit_one: Callable[[str, Path], LocalFit], stopped: Callable[[], bool]
) -> Iterator[SeriesRow]:
    """Fit each image into a folder of its own below `output`; what cannot be fitted is a row like any other.

    Args:
        images: files.
        output: the folder.
        fit_one: fits an image into a folder. Raises CommandFailure.
        stopped: whether the rest is to be left out.
    """
    for index, (image, folder) in enumerate(zip(images, folders_of(images), strict=True)):
        if stopped():
            return
        try:
            outcome = fit_one(image, output / folder)
        except CommandFailure as failure:
            yield SeriesRow(index, image, None, failure)
        else:
            yield SeriesRow(index, image, _as_fit(outcome, folder), outcome.failure)


def write_table(rows: Sequence[SeriesRow], output: Path) -> Path:
    """Write the table of a series, ECSV. Raises UserMistake where it cannot be written."""
    path = output / TABLE
    try:
        output.mkdir(parents=True, exist_ok=True)
        fits_table(rows).write(path, format="ascii.ecsv", overwrite=True)
    except OSError as error:
        raise UserMistake(f"{path} cannot be written: {error.strerror or error}") from error
    return path


def _as_fit(outcome: LocalFit, folder: str) -> Fit:
    """A fit of this process as what tables are made of."""
    now = datetime.now(UTC)
    failure = outcome.failure
    answer = FitAnswer(
        id=folder,
        name=outcome.name,
        state="succeeded" if failure is None else "failed",
        created_at=now,
        finished_at=now,
        error=None if failure is None else ProblemAnswer(title="failed", detail=failure.message),
        has_result=True,
    )
    return Fit(FetchedSource(answer, {"parameters": outcome.parameters}, {}), answer)
