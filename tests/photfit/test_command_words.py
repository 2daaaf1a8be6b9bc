"""What the command line says of slips, of what is not installed and of what a machine does not allow; exit codes."""

from __future__ import annotations

import errno
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from fitting.spec import did_you_mean
from photfit.cli import COMMANDS, main
from photfit.commands import cancel
from photfit.commands.compare import NOT_COMPARABLE
from photfit.extras import missing_library
from photfit.failures import EXIT_CODES, CommandFailure, UserMistake
from photfit.stopping import STOPPED_EXIT_CODE

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def lacking(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a library is not installed."""
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: found(name, *more) if name != module else None)


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("sersik", ["sersic", "moffat"], "; did you mean sersic?"),
        ("Sersic", ["sersic", "moffat"], "; did you mean sersic?"),
        ("re", ["r_e", "n", "x"], "; did you mean r_e?"),
        ("R_E", ["r_e", "n", "x"], "; did you mean r_e?"),
        ("quasar", ["sersic", "moffat"], ""),
        ("", ["sersic"], ""),
        ("s" * 10_000, ["sersic"], ""),
        (7, ["sersic"], ""),
    ],
)
def test_a_slip_is_asked_about(word: object, known: list[str], meant: str) -> None:
    assert did_you_mean(word, known) == meant


@pytest.mark.parametrize(("slip", "meant"), [("fti", "fit"), ("statsu", "status"), ("Serve", "serve")])
def test_a_slip_of_a_command_is_asked_about(slip: str, meant: str) -> None:
    result = run(slip)
    assert result.exit_code == 2
    assert f"No such command '{slip}'. Did you mean " in result.stderr
    assert meant in result.stderr


def test_a_slip_of_a_profile_or_an_option_is_asked_about() -> None:
    assert "did you mean sersic?" in run("profiles", "sersik").stderr
    assert "--output" in run("propose", "x.fits", "--ouput", "y").stderr


@pytest.mark.parametrize(
    ("module", "remedy"),
    [
        ("sqlalchemy.orm", "'photfit[server]'"),
        ("torch", "'photfit[worker]'"),
        ("psutil", "'photfit[server]'"),
        ("yaml", "'photfit[server]'"),
        ("threadpoolctl", "'photfit[worker]'"),
        ("psycopg", "'photfit[postgres]'"),
        ("nothing_of_ours", "nothing-of-ours"),
    ],
)
def test_a_library_that_is_missing_is_asked_for_by_what_brings_it(module: str, remedy: str) -> None:
    found = missing_library(ImportError("no", name=module))
    assert found == f"this needs {module.partition('.')[0]} here: pip install {remedy}"


def test_a_fault_of_photfits_own_imports_is_not_explained_away() -> None:
    assert missing_library(ImportError("no", name="photfit.nowhere")) is None


@pytest.mark.parametrize(
    ("raised", "code", "sentence"),
    [
        (ModuleNotFoundError("no", name="celery"), 2, "photfit: this needs celery here: pip install 'photfit[server]'"),
        (OSError(errno.EACCES, "Permission denied", "/x/y"), 1, "photfit: /x/y: Permission denied"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "No space left on device"),
    ],
)
def test_what_a_machine_does_not_have_or_allow_is_a_sentence(
    raised: Exception, code: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise raised

    monkeypatch.setattr(cancel.command, "callback", fail)
    result = run("cancel", "fit_1")
    assert result.exit_code == code
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["worker"], ["serve"], ["demo"]])
def test_what_starts_processes_says_first_what_is_missing(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lacking("torch", monkeypatch)
    result = run(*command)
    assert result.exit_code == 2
    assert result.stderr.startswith("photfit: this needs torch here: pip install 'photfit[")


def test_a_closed_pipe_ends_a_command_quietly() -> None:
    command = f"{sys.executable} -m photfit profiles | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.stderr == ""


def test_the_page_lists_every_exit_code() -> None:
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    listed = {int(code): meaning for code, meaning in re.findall(r"^\| (\d+) \| (.*) \|$", page, re.M)}
    assert listed == EXIT_CODES


def test_every_exit_code_that_the_code_has_is_listed() -> None:
    kinds = [CommandFailure, *CommandFailure.__subclasses__()]
    used = {kind.exit_code for kind in kinds} | {STOPPED_EXIT_CODE, click.UsageError.exit_code, NOT_COMPARABLE, 0}
    assert UserMistake in kinds
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "photfit").rglob("*.py"))
    written = re.findall(r"(?:exit_code = |\.exit\()(\d+)", code)
    assert used | {int(number) for number in written} == set(EXIT_CODES)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_PHOTFIT_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("photfit ", set(COMMANDS)),
        ("photfit fi", {"fit"}),
        ("photfit profiles ser", {"sersic"}),
    ],
)
def test_commands_and_profiles_are_completed(words: str, expected: set[str]) -> None:
    begun = words.split(" ")
    environment = {"_PHOTFIT_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(begun) - 1)}
    result = CliRunner().invoke(main, [], prog_name="photfit", env=environment)
    assert {line.partition(",")[2] for line in result.stdout.splitlines()} == expected


def test_the_doctor_calls_an_empty_database_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.sqlite").touch()
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("PHOTFIT_DATABASE_URL", f"sqlite:///{tmp_path}/empty.sqlite")
    line = next(line for line in run("doctor").stdout.splitlines() if " database " in line)
    assert "✓" in line
    assert "is empty: the first start makes its tables" in line


@pytest.mark.parametrize(("allow", "named"), [("", True), ("true", False)])
def test_the_doctor_names_what_lets_a_store_be_plain_http(
    allow: str, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTFIT_BLOB_URL", "s3://bucket/photfit")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ALLOW_HTTP", allow)
    monkeypatch.setattr("jobs.storage.blobs.open_blobs", lambda _: refusing())
    assert ("AWS_ALLOW_HTTP=true" in run("doctor").stdout) == named


def refusing() -> Any:
    class Store:
        def check(self) -> None:
            raise RuntimeError("no store")

    return Store()


def test_the_doctor_prints_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking("sqlalchemy", monkeypatch)
    result = run("doctor")
    assert result.exit_code == 1
    assert "'photfit[server]'" in result.stdout
