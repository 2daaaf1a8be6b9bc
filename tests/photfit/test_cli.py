"""The commands: what they say when something is wrong, and with which exit code."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from photfit.cli import COMMANDS, main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    """The three galaxies' request, to be spoilt, beside no image."""
    path = tmp_path / "request.json"
    path.write_text((EXAMPLES / "three_galaxies" / "request.json").read_text())
    return path


def spoil(path: Path, **members: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **members}))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage:")


@pytest.mark.parametrize("name", ["fit", "render"])
def test_a_missing_request_file_is_the_users_mistake(name: str, tmp_path: Path) -> None:
    result = run(name, tmp_path / "none.json", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr == f"photfit: {tmp_path}/none.json cannot be read: No such file or directory\n"


def test_a_file_that_is_no_json_says_where(request_file: Path, tmp_path: Path) -> None:
    request_file.write_text('{"name": }')
    result = run("fit", request_file, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "line 1, column 10" in result.stderr


def test_a_fault_is_told_with_its_json_path(request_file: Path, tmp_path: Path) -> None:
    spoil(request_file, components=[{"name": "s", "profile": "sersick", "parameters": {}}])
    result = run("fit", request_file, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "$.components[0].profile" in result.stderr


def test_every_fault_is_told(request_file: Path, tmp_path: Path) -> None:
    spoil(request_file, seed="x", stages=[{"method": "magic"}])
    result = run("fit", request_file, "-o", tmp_path / "out")
    assert "$.seed" in result.stderr
    assert "$.stages[0]" in result.stderr


def test_a_fault_is_no_traceback(request_file: Path, tmp_path: Path) -> None:
    spoil(request_file, images=[])
    assert "Traceback" not in run("fit", request_file, "-o", tmp_path / "out").output


def test_a_local_fit_names_the_image_that_is_missing(request_file: Path, tmp_path: Path) -> None:
    result = run("fit", request_file, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "three_galaxies.fits" in result.stderr


def test_submit_names_the_image_that_is_missing(request_file: Path) -> None:
    result = run("submit", request_file)
    assert result.exit_code == 2
    assert "$.images[0].data: there is no file" in result.stderr


@pytest.mark.parametrize("name", ["status", "watch", "cancel"])
def test_no_service_is_one_line_and_exit_code_1(name: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    result = run(name, "fit_1", "--url", url)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"photfit: no photfit service answers at {url}")
    assert result.stderr.count("\n") == 1


def test_serve_names_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port), "--data-dir", tmp_path)
    assert result.exit_code == 2
    assert (
        result.stderr
        == f"photfit: cannot listen on 127.0.0.1 port {port}: Address already in use; choose another with --port\n"
    )


def test_serve_names_a_data_directory_that_it_cannot_make(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("serve", "--data-dir", tmp_path / "file" / "below")
    assert result.exit_code == 2
    assert "cannot be used: Not a directory" in result.stderr


def test_profiles_lists_every_profile() -> None:
    result = run("profiles")
    assert "sersic" in result.stdout
    assert "flat_sky" in result.stdout


def test_profiles_refuses_an_unknown_name() -> None:
    result = run("profiles", "sersick")
    assert result.exit_code == 2
    assert "there are airy_psf" in result.stderr


def test_version_is_the_distributions() -> None:
    assert run("--version").stdout.startswith("photfit 0.")
