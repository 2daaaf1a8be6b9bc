"""A reader of files, whatever a file makes it do, reaches no other file, no network, no program and no environment."""

import ctypes
import errno
import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.sandbox.pool import Sandbox, SandboxDied
from app.sandbox.walled_call import read_answer
from app.sandbox.walls import walls_in_force

SECRET = "a-key-of-the-service"

needs_landlock = pytest.mark.skipif(walls_in_force()["files"] == "none", reason="needs a kernel with landlock")
needs_seccomp = pytest.mark.skipif(walls_in_force()["programs"] != "seccomp", reason="needs a kernel with seccomp")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    os.environ["PHOTFIT_TEST_SECRET"] = SECRET
    made = Sandbox(workers=1, memory_bytes=2 << 30, seconds=20.0, preload=gc.enable)
    made.start()
    made.call(max, 1, 2)
    del os.environ["PHOTFIT_TEST_SECRET"]
    yield made
    made.stop()


def read(given: Path, wanted: str) -> str:
    assert given.read_text() == "given"
    return Path(wanted).read_text()


def write(folder: Path, wanted: str) -> str:
    (folder / "made").write_text("made")
    Path(wanted).write_text("changed")
    return "written"


def list_folder(wanted: str) -> list[str]:
    return os.listdir(wanted)


def open_socket(family: int, kind: int) -> str:
    with socket.socket(family, kind):
        return "opened"


def connect(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        return "connected"


def run_program() -> int:
    return subprocess.run(["/bin/true"], check=False).returncode


def exec_program() -> None:
    os.execv("/bin/true", ["true"])


def environment() -> list[str]:
    return list(os.environ.values())


def kill_parent() -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def trace_parent() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace(16, os.getppid(), 0, 0)
    return ctypes.get_errno()


def memory_of_parent() -> bytes:
    with open(f"/proc/{os.getppid()}/environ", "rb") as file:
        return file.read()


def import_more() -> str:
    import sqlite3
    import wave

    return f"{wave.__name__} {sqlite3.__name__}"


class Harmful:
    """What a hostile file might send back in the place of an answer."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def answer_with_harm() -> object:
    return Harmful()


@pytest.fixture
def given(tmp_path: Path) -> Path:
    path = tmp_path / "given"
    path.write_text("given")
    return path


@needs_landlock
@pytest.mark.parametrize("place", ["beside", "/etc/passwd", "/proc/self/environ", "/proc/self/maps"])
def test_no_file_but_the_one_given_is_read(sandbox: Sandbox, given: Path, place: str) -> None:
    beside = given.with_name("beside")
    beside.write_text("another's")
    with pytest.raises(PermissionError):
        sandbox.call(read, given, str(beside) if place == "beside" else place)
    assert sandbox.call(read, given, str(given)) == "given"


@needs_landlock
def test_files_of_one_call_are_not_open_to_the_next(sandbox: Sandbox, given: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    later.write_text("given")
    assert sandbox.call(read, given, str(given)) == "given"
    with pytest.raises(PermissionError):
        sandbox.call(read, later, str(given))


@needs_landlock
def test_nothing_is_written_but_in_the_folder_given(sandbox: Sandbox, given: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(PermissionError):
        sandbox.call(write, folder, str(given))
    assert given.read_text() == "given"
    assert (folder / "made").read_text() == "made"


@needs_landlock
@pytest.mark.parametrize("place", ["/", "/proc", "/tmp", "/home"])
def test_no_folder_is_listed(sandbox: Sandbox, place: str) -> None:
    with pytest.raises(PermissionError):
        sandbox.call(list_folder, place)


@needs_seccomp
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_no_socket_is_opened(sandbox: Sandbox, family: int, kind: int) -> None:
    with pytest.raises(PermissionError):
        sandbox.call(open_socket, int(family), int(kind))


@needs_seccomp
def test_no_address_is_reached(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(PermissionError):
        sandbox.call(connect, listening.getsockname()[1])


@needs_seccomp
@pytest.mark.parametrize("function", [run_program, exec_program, kill_parent])
def test_no_program_is_run_and_no_process_reached(sandbox: Sandbox, function: object) -> None:
    with pytest.raises(PermissionError):
        sandbox.call(function)  # type: ignore[arg-type]


@needs_seccomp
def test_no_process_is_traced(sandbox: Sandbox) -> None:
    assert sandbox.call(trace_parent) == errno.EPERM


def test_the_environment_of_the_service_is_not_there(sandbox: Sandbox) -> None:
    assert SECRET not in sandbox.call(environment)


@needs_landlock
def test_the_parents_environment_is_not_there(sandbox: Sandbox) -> None:
    with pytest.raises(PermissionError):
        sandbox.call(memory_of_parent)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_cleaned_environment_is_gone_from_the_process() -> None:
    code = (
        "from app.sandbox.walls import clean_environment; import os; clean_environment(); "
        "print(sorted(set(os.environ) - {'LC_CTYPE'}), open('/proc/self/environ', 'rb').read().count(b'hidden'))"
    )
    environ = {"PATH": "/bin", "LANG": "C", "PHOTFIT_SECRET": "hidden", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['LANG', 'PATH'] 0"


def test_more_is_imported_behind_the_walls(sandbox: Sandbox) -> None:
    assert sandbox.call(import_more) == "wave sqlite3"


def test_an_answer_that_is_code_is_not_run(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxDied):
        sandbox.call(answer_with_harm)


@pytest.mark.parametrize("function", [os.system, eval, getattr, __import__])
def test_answers_hold_no_functions(function: object) -> None:
    with pytest.raises(pickle.UnpicklingError):
        read_answer(pickle.dumps((True, function)))
