"""Local catalogues: every row of a table fitted here, by processes with one thread each, part by part.

Finished parts lie in a folder beside the output until the table is whole, so that a run that was stopped goes on where
it was. A part that ends its process is tried alone, then halved until the row is found.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fitting.spec import RequestInvalid
from fitting.spec.catalogues import FAILED, CatalogueRequest, decode_flags, parse_catalogue
from fitting.spec.counts import counted
from photfit.failures import CommandFailure, UserMistake, describe_faults
from photfit.submission import locate_from, read_document

if TYPE_CHECKING:
    from fitting.catalogues import CataloguePlan

FORMATS: Mapping[str, str] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".ecsv": "ecsv",
    ".fits": "fits",
    ".vot": "votable",
    ".xml": "votable",
    ".json": "json",
}
"""Formats of the output by the end of its name."""
_FIRST_PART = 16
"""Rows of the first parts, of which the rate is learnt; chosen by hand."""
_PART_SECONDS = 5.0
"""Seconds that a part is to take: what is lost at most by a stop, and seen of progress at least; chosen by hand."""
_MOST_PART = 20_000
"""Rows of a part, at most; chosen by hand for its memory."""
_LOOK = 0.2
"""Seconds between looks at whether to stop."""


@dataclass
class CatalogueProgress:
    """How far a local catalogue is: rows by what became of them, and how many there were when it began."""

    total: int
    done: int = 0
    flagged: int = 0
    failed: int = 0
    kept: int = 0
    began: float = field(default_factory=time.monotonic)
    flags: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Rows a second, of those of this run."""
        return (self.done - self.kept) / max(time.monotonic() - self.began, 1e-3)

    def add(self, table: Any) -> None:
        """Count the rows of a finished part."""
        flags = table.column("flags").to_pylist()
        self.done += len(flags)
        self.flagged += sum(mask != 0 for mask in flags)
        self.failed += sum(mask & FAILED != 0 or value is None for mask, value in zip(flags, _chi2(table), strict=True))
        self.flags.update(name for mask in flags for name in decode_flags(mask))
        self.notices.update(code for text in table.column("notices").to_pylist() if text for code in text.split())


def _chi2(table: Any) -> list[float | None]:
    values: list[float | None] = table.column("chi2").to_pylist()
    return values


Report = Callable[[CatalogueProgress], None]
Stop = Callable[[], bool]
Part = tuple[int, int]
"""First row, and one past the last."""


class Stopped(CommandFailure):
    """The run was stopped; what it had finished is kept."""


def fit_catalogue_here(
    request_file: Path,
    output: Path,
    report: Report,
    *,
    stop: Stop = lambda: False,
    processes: int = 0,
    overwrite: bool = False,
) -> CatalogueProgress:
    """Fit every row of a catalogue and write the table.

    Args:
        request_file: the request; files count from its folder.
        output: the table, whose format follows from the end of its name.
        report: called when a part is done.
        stop: asked now and then whether to end; finished parts are kept, and the same call goes on with them.
        processes: how many; 0 means one for each core that this process may use, 1 this process itself.
        overwrite: whether an output that is there, and parts of another request, give way.

    Raises:
        UserMistake: the request or the whole of its files has faults, or the output is in the way.
        Stopped: it was stopped.
    """
    form = FORMATS.get(output.suffix.lower())
    if form is None:
        raise UserMistake(f"{output} ends in none of: {', '.join(FORMATS)}")
    if output.exists() and not overwrite:
        raise UserMistake(f"{output} is there already; --overwrite replaces it")
    request = read_document(request_file, parse_catalogue)
    folder = _work_folder(request, request_file, output, overwrite=overwrite)
    plan = _plan(request_file, folder)
    progress = CatalogueProgress(plan.rows)
    parts = _finished(folder, progress)
    progress.kept = progress.done
    report(progress)
    run = _Run(request_file, folder, parts, progress, report, stop, processes or len(os.sched_getaffinity(0)))
    if run.processes == 1 or plan.rows <= _FIRST_PART:
        run.here(plan)
    else:
        run.in_processes()
    _write(plan, parts, output, form)
    shutil.rmtree(folder, ignore_errors=True)
    return progress


def _work_folder(request: CatalogueRequest, request_file: Path, output: Path, *, overwrite: bool) -> Path:
    """The folder of finished parts, with what they are of; one of another request gives way or is refused."""
    folder = output.with_name(f"{output.name}.parts")
    identity = _identity(request, request_file)
    mark = folder / "identity.json"
    try:
        if folder.exists() and (not mark.exists() or mark.read_text(encoding="utf-8") != identity):
            if not overwrite:
                message = f"{folder} holds parts of another request, or of other files"
                raise UserMistake(f"{message}; --overwrite removes it")
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        mark.write_text(identity, encoding="utf-8")
    except OSError as error:
        raise UserMistake(f"{folder} cannot be written: {error.strerror or error}") from error
    return folder


def _identity(request: CatalogueRequest, request_file: Path) -> str:
    """What a request asks, and of which files, as JSON: parts of the same go together."""
    files = {}
    for _, reference in request.references():
        path = locate_from(request_file.parent, reference.file)
        with contextlib.suppress(OSError):
            state = path.stat()
            files[reference.file] = [state.st_size, state.st_mtime_ns]
    text = json.dumps({"request": request.document(), "files": files}, sort_keys=True)
    return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest()})


def _plan(request_file: Path, folder: Path) -> CataloguePlan:
    """The plan of a catalogue. Raises UserMistake with every fault of the whole."""
    try:
        from fitting.catalogues import plan_catalogue
    except ImportError as error:
        raise UserMistake(f"this needs {error.name} here: pip install 'photfit[worker]'") from error
    request = read_document(request_file, parse_catalogue)
    try:
        return plan_catalogue(request, partial(locate_from, request_file.parent), folder / "objects.parquet")
    except RequestInvalid as error:
        (folder / "objects.parquet").unlink(missing_ok=True)
        raise UserMistake(f"{request_file} has faults:\n{describe_faults(error.faults)}") from error


def _finished(folder: Path, progress: CatalogueProgress) -> dict[int, Path]:
    """The parts that are done, by their first row; they are counted."""
    import pyarrow.parquet

    parts = {}
    for path in sorted(folder.glob("part-*.parquet")):
        start, _ = map(int, path.stem.removeprefix("part-").split("-"))
        progress.add(pyarrow.parquet.read_table(path, columns=["flags", "chi2", "notices"]))
        parts[start] = path
    return parts


def _write(plan: CataloguePlan, parts: Mapping[int, Path], output: Path, form: str) -> None:
    from fitting.catalogues import AnswerPart, AnswerParts, write_answer

    aside = output.with_name(f".{output.name}.new")
    try:
        done = [AnswerPart(start, _stop_of(path), path) for start, path in sorted(parts.items())]
        write_answer(AnswerParts(plan.expansion.objects, done, plan.parameters), aside, form)
        aside.replace(output)
    except OSError as error:
        raise CommandFailure(f"{output} took no table ({error.strerror or error}): its parts are kept") from error
    finally:
        aside.unlink(missing_ok=True)


def _stop_of(path: Path) -> int:
    """One past the last row of a part, by its file's name."""
    return int(path.stem.rpartition("-")[2])


def _part_path(folder: Path, part: Part) -> Path:
    return folder / f"part-{part[0]:012}-{part[1]:012}.parquet"


@dataclass
class _Run:
    """A run over the rows that are not done yet."""

    request_file: Path
    folder: Path
    parts: dict[int, Path]
    progress: CatalogueProgress
    report: Report
    stop: Stop
    processes: int
    seconds: float = 0.0
    rows: int = 0

    def here(self, plan: CataloguePlan) -> None:
        """Every row that is left, in this process."""
        locate = partial(locate_from, self.request_file.parent)
        for part in self._left():
            self._look()
            began = time.monotonic()
            _fit_part(plan, part, locate, self.folder)
            self._done(part, time.monotonic() - began)

    def in_processes(self) -> None:
        """Every row that is left, in processes of their own."""
        left, suspects = self._left(), list[tuple[Part, int]]()
        while True:
            try:
                with self._pool(self.processes) as pool:
                    self._feed(pool, left, suspects)
            except BrokenProcessPool:
                left = self._left(dict(part for part, _ in suspects))
            else:
                break
        while suspects:
            suspects += self._alone(*suspects.pop())

    def _feed(self, pool: ProcessPoolExecutor, left: Iterator[Part], suspects: list[tuple[Part, int]]) -> None:
        """Keep the pool busy until nothing is left; parts in hand when a process ends become suspects."""
        busy: dict[Future[float], Part] = {}
        try:
            while True:
                while len(busy) < self.processes + 1 and (part := next(left, None)) is not None:
                    busy[pool.submit(_fit_part_here, part)] = part
                if not busy:
                    return
                for ended in wait(busy, _LOOK, FIRST_COMPLETED).done:
                    seconds = ended.result()
                    self._done(busy.pop(ended), seconds)
                if self.stop():
                    for future in [future for future in busy if future.cancel()]:
                        del busy[future]
                    for ended in wait(busy).done:
                        self._done(busy.pop(ended), ended.result())
                    self._look()
        except BrokenProcessPool:
            suspects += [(part, 1) for part in busy.values() if not _part_path(self.folder, part).exists()]
            raise

    def _alone(self, part: Part, attempt: int) -> list[tuple[Part, int]]:
        """Fit a part with nothing beside it; what is to be tried next of it where its process ends again."""
        self._look()
        try:
            with self._pool(1) as pool:
                self._done(part, pool.submit(_fit_part_here, part).result())
            return []
        except BrokenProcessPool:
            start, stop = part
            if attempt < 2:
                return [(part, attempt + 1)]
            if stop - start > 1:
                middle = (start + stop) // 2
                return [((start, middle), 2), ((middle, stop), 2)]
            _write_crashed(self.folder, part)
            self._done(part, 0.0)
            return []

    def _pool(self, processes: int) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(processes, context, _begin, (self.request_file, self.folder))

    def _left(self, others: Mapping[int, int] | None = None) -> Iterator[Part]:
        """Parts of what is not done, each sized by what the last ones took.

        Args:
            others: parts that are seen to elsewhere, stop by start.
        """
        taken = {start: _stop_of(path) for start, path in self.parts.items()}
        taken |= others or {}
        row = 0
        while row < self.progress.total:
            if row in taken:
                row = taken[row]
                continue
            wanted = _FIRST_PART if self.rows == 0 else int(_PART_SECONDS * self.rows / max(self.seconds, 1e-3))
            end = row + min(max(wanted, _FIRST_PART), _MOST_PART)
            end = min([end, self.progress.total, *(start for start in taken if start > row)])
            yield row, end
            row = end

    def _done(self, part: Part, seconds: float) -> None:
        import pyarrow.parquet

        path = _part_path(self.folder, part)
        self.parts[part[0]] = path
        self.seconds, self.rows = self.seconds + seconds, self.rows + part[1] - part[0]
        self.progress.add(pyarrow.parquet.read_table(path, columns=["flags", "chi2", "notices"]))
        self.report(self.progress)

    def _look(self) -> None:
        if self.stop():
            done, total = self.progress.done, self.progress.total
            raise Stopped(f"stopped with {done} of {counted(total, 'row')} done; the same command goes on from there")


_PLANNED: dict[str, Any] = {}
"""Plan and folder of a process of the pool."""


def _begin(request_file: Path, folder: Path) -> None:
    """What a process of the pool does first: one thread, no Ctrl-C, the plan."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    import torch

    from fitting.render import compiled

    torch.set_num_threads(1)
    compiled.compile_beside()
    plan = _plan(request_file, folder)
    _PLANNED.update(plan=plan, folder=folder, locate=partial(locate_from, request_file.parent))


def _fit_part_here(part: Part) -> float:
    """Fit a part in a process of the pool; how many seconds it took."""
    began = time.monotonic()
    _fit_part(_PLANNED["plan"], part, _PLANNED["locate"], _PLANNED["folder"])
    return time.monotonic() - began


def _fit_part(plan: CataloguePlan, part: Part, locate: Callable[[str], Path], folder: Path) -> None:
    import pyarrow.parquet

    from fitting.catalogue_fits import fit_rows
    from fitting.render import compiled

    compiled.load()
    _keep(pyarrow, fit_rows(plan, *part, locate), _part_path(folder, part))


def _keep(pyarrow: Any, table: Any, path: Path) -> None:
    """Write a part so that it is there as a whole or not at all."""
    aside = path.with_suffix(".new")
    pyarrow.parquet.write_table(table, aside)
    aside.replace(path)


def _write_crashed(folder: Path, part: Part) -> None:
    import pyarrow.parquet

    from fitting.catalogues import crashed_row

    _keep(pyarrow, crashed_row(part[0]), _part_path(folder, part))
