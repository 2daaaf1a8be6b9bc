"""The folder of a command: tried before the work, filled whole, one fit at a time."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import fitting.plots
import fitting.run
import fitting.stages
from photfit.cli import main
from photfit.output_folder import OutputFolder
from photfit.stopping import GentleStop
from tests.fitting.scene import noisy, rendered, sersic


def request_file(folder: Path, name: str = "g", stages: Any = ({"method": "lm"},), **galaxy: Any) -> Path:
    """A request of one galaxy beside its image, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "data[1].npy", noisy(rendered([sersic()])))
    image = {"name": "r", "data": {"path": "data[1].npy"}, "variance": {"constant": 1}}
    document = {"images": [image], "components": [sersic(name, **galaxy)], "stages": list(stages)}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document))
    return path


def fit(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["fit", *map(str, arguments)])


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def unused_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that must not be asked."""

    def fail(*_: Any, **__: Any) -> None:
        pytest.fail("the work was begun")

    monkeypatch.setattr(fitting.run, "run", fail)


@pytest.mark.usefixtures("unused_engine")
@pytest.mark.parametrize("output", ["/proc/nothing", "/dev/null/below", "file", "file/below", "/dev/full"])
def test_a_folder_that_takes_nothing_is_refused_before_the_work(output: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    shown = fit(request_file(tmp_path), "-o", tmp_path / output)
    assert shown.exit_code == 2
    assert "Traceback" not in shown.output
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.usefixtures("unused_engine")
def test_a_full_disk_is_told_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    shown = fit(request_file(tmp_path), "-o", tmp_path / "out")
    assert shown.exit_code == 2
    assert "No space left on device" in shown.stderr


def test_two_fits_never_share_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    sampled = ({"method": "lm"}, {"method": "metropolis", "warmup": 5, "samples": 20, "chains": 2})
    assert fit(request_file(tmp_path, "first", sampled), "-o", out).exit_code == 0
    first = files(out)
    assert {"chains.nc", "plots/trace.png", "images/r/component/first.fits", "best-fit.json"} <= first
    before = (out / "parameters.json").read_bytes()

    refused = fit(request_file(tmp_path, "second"), "-o", out)
    assert refused.exit_code == 2
    assert "--overwrite" in refused.stderr
    assert (files(out), (out / "parameters.json").read_bytes()) == (first, before)

    assert fit(request_file(tmp_path, "second"), "-o", out, "--overwrite").exit_code == 0
    assert fit(request_file(tmp_path, "second"), "-o", tmp_path / "fresh").exit_code == 0
    assert files(out) == files(tmp_path / "fresh") | {"notes.txt"}


def test_a_request_beside_its_results_stays_as_it_is(tmp_path: Path) -> None:
    path = request_file(tmp_path).rename(tmp_path / "request.json")
    before = path.read_text()
    for more in ((), ("--overwrite",)):
        assert fit(path, "-o", tmp_path, *more).exit_code == 0
    assert path.read_text() == before
    assert {"completed_request.json", "best-fit.json", "data[1].npy"} <= files(tmp_path)


def test_a_fit_from_a_best_fit_does_not_write_over_it(tmp_path: Path) -> None:
    assert fit(request_file(tmp_path), "-o", tmp_path / "out").exit_code == 0
    best = tmp_path / "out" / "best-fit.json"
    before = best.read_text()
    refused = fit(best, "-o", best.parent, "--overwrite")
    assert (refused.exit_code, best.read_text()) == (2, before)
    assert "begins from it" in refused.stderr


def test_what_was_there_stays_where_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "parameters.json").write_text("{}")
    folder = OutputFolder.tried(tmp_path, overwrite=True)
    filling = folder.filling()
    (filling.__enter__() / "parameters.json").write_text("half")
    filling.__exit__(OSError, OSError("full"), None)
    assert files(tmp_path) == {"parameters.json"}
    assert (tmp_path / "parameters.json").read_text() == "{}"


def test_the_request_at_the_optimum_runs_from_where_it_lies(tmp_path: Path) -> None:
    out = tmp_path / "results" / "deep"
    assert fit(request_file(tmp_path / "data", n=2.5), "-o", out).exit_code == 0
    assert fit(out / "best-fit.json", "-o", tmp_path / "again").exit_code == 0
    first, again = (json.loads((place / "parameters.json").read_text()) for place in (out, tmp_path / "again"))
    assert again["chi2"] == pytest.approx(first["chi2"], rel=1e-9)
    assert again["stages"][0]["iterations"] <= 2
    shown = CliRunner().invoke(main, ["render", str(out / "request.json"), "-o", str(tmp_path / "shown")])
    assert shown.exit_code == 0, shown.output


def test_square_brackets_are_printed(tmp_path: Path) -> None:
    document = json.loads(request_file(tmp_path).read_text()) | {"name": "[bold]three[/bold] :star: tile.fits[1]"}
    (tmp_path / "named.json").write_text(json.dumps(document))
    shown = fit(tmp_path / "named.json", "-o", tmp_path / "out")
    assert "[bold]three[/bold] :star: tile.fits[1]" in shown.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_was_found(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever starts the tests in the background has them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    look, reports = GentleStop.look, 0

    def press(stop: GentleStop) -> bool:
        nonlocal reports
        reports += 1
        wanted = look(stop)
        if reports > 30 and not wanted:
            signal.raise_signal(number)
        return wanted

    monkeypatch.setattr(GentleStop, "look", press)
    stages = ({"method": "lm"}, {"method": "metropolis", "warmup": 5, "samples": 500_000, "chains": 2})
    shown = fit(request_file(tmp_path, stages=stages), "-o", tmp_path / "out")
    assert shown.exit_code == 130, shown.output
    assert "stage 2, metropolis, was stopped before its end" in shown.stderr
    assert "g.r_e" in shown.stdout
    assert {"chains.nc", "parameters.json", "covariance.json", "best-fit.json"} <= files(tmp_path / "out")
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def test_a_plot_that_fails_takes_no_numbers_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> bytes:
        raise ZeroDivisionError("no width")

    monkeypatch.setattr(fitting.plots, "draw_plot", fail)
    shown = fit(request_file(tmp_path), "-o", tmp_path / "out")
    assert shown.exit_code == 0, shown.output
    assert "the plot corner could not be drawn: no width" in shown.stderr
    assert {"parameters.json", "best-fit.json"} <= files(tmp_path / "out")


@pytest.mark.usefixtures("unused_engine")
def test_a_rendering_tries_its_folder_first(tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["render", str(request_file(tmp_path)), "-o", "/proc/nothing"])
    assert shown.exit_code == 2
    assert "takes no results" in shown.stderr


def test_a_stage_that_fails_leaves_its_results_and_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a matrix is singular")

    monkeypatch.setattr(fitting.stages, "METHOD_RUNNERS", {**fitting.stages.METHOD_RUNNERS, "nuts": fail})
    shown = fit(request_file(tmp_path, stages=({"method": "lm"}, {"method": "nuts"})), "-o", tmp_path / "out")
    assert shown.exit_code == 1, shown.output
    assert "stage 2, nuts, failed by a fault of photfit (RuntimeError)" in shown.stderr
    assert "Traceback" not in shown.output
    assert "a matrix is singular" in (tmp_path / "out" / "log.txt").read_text()
    assert {"parameters.json", "covariance.json", "plots/corner.png"} <= files(tmp_path / "out")
    assert "plots/trace.png" not in files(tmp_path / "out")
