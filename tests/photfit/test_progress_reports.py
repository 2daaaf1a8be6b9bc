"""Progress while one waits: a bar in a notebook, a bar in a terminal, lines elsewhere."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from photfit.answers import FitAnswer, FitProgress, QueuePlace
from photfit.results import Fit, NoResult, shown_progress
from photfit.results.progress_reports import fraction_done, headline

AT = FitProgress(stage=1, stages=2, method="nuts", fraction=0.4, iteration=12, chi2_reduced=1.0131)


def answer(state: Any = "running", **members: Any) -> FitAnswer:
    return FitAnswer(id="fit_1", name="<g> [r]", state=state, created_at=datetime.now(UTC), **members)


class Waiting:
    """A source whose fit is told three times, and then finished."""

    def __init__(self, *told: FitAnswer) -> None:
        self.told = list(told)

    def state(self) -> FitAnswer:
        return self.told[0]

    def wait(self, timeout: float | None, report: Any) -> FitAnswer:
        for each in self.told:
            if report is not None:
                report(each)
        return self.told[-1]

    def cancel(self) -> FitAnswer:
        return answer("cancelled")

    def document(self, name: str) -> dict[str, Any]:
        raise AssertionError(name)

    def content(self, path: str, query: Any = None) -> bytes:
        raise AssertionError(path)


def waiting() -> Fit:
    place = QueuePlace(name="cpu", position=3)
    return Fit(Waiting(answer("queued", queue=place), answer(progress=AT), answer("failed")))


def test_a_line_says_where_a_fit_is() -> None:
    assert headline(answer("queued", queue=QueuePlace(name="cpu", position=3))) == "<g> [r] queued, number 3"
    expected = "<g> [r] running: nuts (2 of 2), iteration 12, reduced chi-squared 1.0131"
    assert headline(answer(progress=AT)) == expected
    assert (fraction_done(answer(progress=AT)), fraction_done(answer("failed")), fraction_done(answer())) == (0.4, 1, 0)


def test_a_notebook_has_a_bar_that_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    display = ModuleType("IPython.display")
    display.HTML = str  # type: ignore[attr-defined]
    display.display = lambda *_, **__: SimpleNamespace(update=shown.append)  # type: ignore[attr-defined]
    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    waiting().wait(progress=True)
    assert shown[1].startswith('<progress value="0.400" max="1"></progress> &lt;g&gt; [r] running: nuts')
    assert shown[2].startswith('<progress value="1.000"')


def test_a_terminal_has_a_bar_that_prints_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "150")
    waiting().wait(progress=True)
    assert "<g> [r] failed" in stream.getvalue()


def test_elsewhere_lines_tell_of_what_changes(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as report:
        for each in (answer("queued"), answer("queued"), answer(progress=AT), answer(progress=AT)):
            report(each)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["<g> [r] queued", "<g> [r] running"]


def test_a_fit_without_a_result_says_why() -> None:
    fit = Fit(Waiting(answer(progress=AT)))
    assert repr(fit).startswith("<fit <g> [r] running: nuts")
    assert "<progress" in fit._repr_html_()
    assert "&lt;g&gt;" in fit._repr_html_()
    with pytest.raises(NoResult, match="this fit is running and has no result yet"):
        _ = fit.parameters
    with pytest.raises(NoResult, match="this fit has no result: it failed"):
        _ = waiting().wait().chi2
    assert fit.cancel().state == "cancelled"
