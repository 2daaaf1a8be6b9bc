"""Local source: a fit of this process, as `Fit` asks for it, while it runs and when it is done."""

from __future__ import annotations

import copy
import itertools
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from fitting.spec import FitRequest
from fitting.spec.plots import PLOTS, ChoiceInvalid, PlotUnavailable, read_choices
from photfit.answers import FitAnswer, FitProgress, NoticeAnswer, ProblemAnswer, State
from photfit.results import DocumentName, FinishedSource

if TYPE_CHECKING:
    from fitting.methods.progress import Progress
    from fitting.results import FitResult

_NUMBERS = itertools.count(1)
_REPORT_SECONDS = 0.1
"""Between two reports of a running fit: as often as a bar is drawn anew; chosen by hand."""


class RunningFit:
    """A fit while it runs, told to a report as a service would tell it."""

    def __init__(self, request: FitRequest, report: Callable[[FitAnswer], None] | None) -> None:
        self._request = request
        self._report = report
        self._began = datetime.now(UTC)
        self._told = -_REPORT_SECONDS

    def take(self, progress: Progress) -> None:
        """Pass a snapshot of the engine's on, a few times a second."""
        now = time.monotonic()
        if self._report is None or now - self._told < _REPORT_SECONDS:
            return
        self._told = now
        at = FitProgress(
            stage=progress.stage,
            stages=progress.stages,
            method=progress.method,
            fraction=progress.fraction,
            iteration=progress.iteration,
            chi2_reduced=progress.chi2_reduced,
            message=progress.message,
        )
        answer = FitAnswer(id="local", name=self._request.name, state="running", created_at=self._began, progress=at)
        self._report(answer)


class LocalSource(FinishedSource):
    """A fit of this process that is done; its files are written when one is first asked for.

    Args:
        request: as it was asked for.
        result: what the engine made of it.
    """

    def __init__(self, request: FitRequest, result: FitResult) -> None:
        self._result = result
        self._documents: dict[str, dict[str, Any]] = {}
        now = datetime.now(UTC)
        notices = tuple(
            NoticeAnswer(code=notice.code, sentence=notice.sentence, where=notice.where) for notice in result.notices
        )
        state: State = "succeeded" if result.stopped is None else "cancelled" if result.failure is None else "failed"
        why = None if result.stopped is None else f"{result.stopped}; kept is what had been found"
        self._answer = FitAnswer(
            id=f"local-{next(_NUMBERS)}",
            name=request.name,
            labels=request.labels,
            state=state,
            created_at=now,
            finished_at=now,
            error=None if why is None else ProblemAnswer(title=state, detail=why),
            warnings=tuple(notice.sentence for notice in notices),
            notices=notices,
            has_result=True,
        )
        self._request = request

    def __getstate__(self) -> dict[str, Any]:
        """All that a fit is asked for, as values: another process, or a later one, needs neither engine nor image."""
        folder = Path(self._files.name)
        return {
            "answer": self._answer,
            "documents": {name: self.document(name) for name in get_args(DocumentName)},
            "files": {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The fit as it was, in files of its own."""
        self._answer = state["answer"]
        self._documents = state["documents"]
        folder = tempfile.TemporaryDirectory(prefix="photfit-")
        for name, content in state["files"].items():
            file = Path(folder.name, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self.__dict__["_files"] = folder

    def document(self, name: DocumentName) -> dict[str, Any]:
        """A JSON document of the result."""
        if name in self._documents:
            return copy.deepcopy(self._documents[name])
        from fitting.results import (
            best_fit_document,
            covariance_document,
            parameters_document,
            provenance_document,
        )

        match name:
            case "parameters":
                return parameters_document(self._result)
            case "covariance":
                return covariance_document(self._result)
            case "best_fit":
                return best_fit_document(self._result)
            case "provenance":
                return provenance_document(self._result)
            case "request":
                return self._request.document()

    def content(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """The bytes of a file of the result. Raises FileNotFoundError where it has none, ValueError for bad choices."""
        folder, _, rest = path.partition("/")
        if folder == "plots":
            return self._plot(rest, query or {})
        file = Path(self._files.name, path)
        if not file.is_file():
            raise FileNotFoundError(f"this fit has no {path}{_why_missing(path)}")
        return file.read_bytes()

    def _plot(self, file: str, query: Mapping[str, str]) -> bytes:
        from photfit.results import library

        name, _, format_ = file.partition(".")
        if name not in PLOTS:
            raise FileNotFoundError(f"there is no plot {name!r}; there are {', '.join(PLOTS)}")
        library("matplotlib", f"the plot {name}")
        from fitting.plots import draw_plot

        try:
            choices = read_choices(PLOTS[name], query.get("image"), query.get("parameters"), query.get("truth"))
            return draw_plot(Path(self._files.name), name, format_, choices)
        except PlotUnavailable as error:
            raise FileNotFoundError(f"this fit {error}: it cannot have the plot {name}") from error
        except ChoiceInvalid as error:
            expected = f" (expected {error.expected})" if error.expected else ""
            raise ValueError(f"{error.option}: {error.message}{expected}") from error

    @cached_property
    def _files(self) -> tempfile.TemporaryDirectory[str]:
        """The result's folder, there as long as the fit."""
        from fitting.results import write_result

        folder = tempfile.TemporaryDirectory(prefix="photfit-")
        write_result(self._result, Path(folder.name))
        return folder


def _why_missing(path: str) -> str:
    if path == "chains.nc":
        return ": none of its stages drew chains"
    if "/component/" in path:
        return ": no such component in that image, or too many to keep each by itself"
    return ""
