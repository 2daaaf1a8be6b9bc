"""A call behind walls: a fork of a child, which has what it needs imported, runs it, and is gone when it has answered.

The fork may open the files that the call names and write into the folders that it names, and nothing else
(`app.sandbox.walls`); what a hostile file did to it goes with it. Its answer is pickled, and read by the service with
`read_answer`, which makes data of photfit's own kinds and nothing else.
"""

import builtins
import io
import os
import pickle
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from app.sandbox.walls import close_walls, end_with_parent

_PIECE = 1 << 20
"""Bytes read at once from the pipe, chosen by hand."""
_OWN_PACKAGES = ("app", "fitting")
"""Whose classes of data an answer may hold."""
_PLAIN = {
    ("collections", "OrderedDict"),
    ("datetime", "datetime"),
    ("pathlib", "PosixPath"),
    ("types", "MappingProxyType"),
}
_PLAIN_TYPES = ("set", "frozenset", "bytearray", "complex", "slice", "range", "object", "dict", "list", "tuple", "str")


class TookTooLong(Exception):
    """The call took longer than it may; its process was ended."""


class ProcessEnded(Exception):
    """The call's process ended without an answer; `exitcode` is minus a signal's number where that ended it."""

    def __init__(self, exitcode: int) -> None:
        super().__init__(exitcode)
        self.exitcode = exitcode


def run_walled(seconds: float, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """Run in a child: the answer of a call, pickled, for `read_answer`. Raises TookTooLong or ProcessEnded.

    Where a process cannot be forked safely (outside of Linux), the child itself runs the call, without walls.
    """
    if sys.platform != "linux":
        return _answer(seconds, function, args, kwargs)
    work = tempfile.mkdtemp(prefix="photfit-sandbox-")
    parent = os.getpid()
    reading, writing = os.pipe()
    try:
        fork = os.fork()
        if fork == 0:
            _run_and_leave(parent, writing, Path(work), seconds, function, args, kwargs)
        os.close(writing)
        return _receive(fork, reading, seconds)
    finally:
        os.close(reading)
        shutil.rmtree(work, ignore_errors=True)


def read_answer(answer: bytes) -> Any:
    """What a call returned; raises what it raised."""
    returned, value = _OwnKinds(io.BytesIO(answer)).load()
    if returned:
        return value
    if isinstance(value, Exception):
        raise value
    raise pickle.UnpicklingError("what was raised is no error")


class _OwnKinds(pickle.Unpickler):
    """Makes data of photfit's own classes and of plain Python, whatever the bytes ask for."""

    def find_class(self, module: str, name: str) -> Any:
        """The class of that name; never a function that does something."""
        if module == "builtins":
            found = getattr(builtins, name, None)
            if name in _PLAIN_TYPES or (isinstance(found, type) and issubclass(found, BaseException)):
                return found
        elif (module, name) in _PLAIN:
            return super().find_class(module, name)
        elif module.partition(".")[0] in _OWN_PACKAGES and module in sys.modules and "." not in name:
            found = getattr(sys.modules[module], name, None)
            if isinstance(found, type) and found.__module__ == module and _holds_data(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an answer")


def _holds_data(kind: type) -> bool:
    return is_dataclass(kind) or hasattr(kind, "model_fields") or issubclass(kind, BaseException)


def _run_and_leave(
    parent: int,
    writing: int,
    work: Path,
    seconds: float,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    """In the fork: close the walls, run, answer, and end without running anything else of the child's."""
    status = 1
    try:
        end_with_parent(parent)
        tempfile.tempdir = str(work)
        os.closerange(3, writing)
        os.closerange(writing + 1, 1 << 16)
        named = list(_places((args, kwargs)))
        folders = [place if place.is_dir() else place.parent for place in named if not place.is_file()]
        close_walls([place for place in named if place.is_file()], [work, *folders])
        left = memoryview(_answer(seconds, function, args, kwargs))
        while left:
            left = left[os.write(writing, left) :]
        status = 0
    finally:
        os._exit(status)


def _answer(seconds: float, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """What the function returns or raises, pickled; a limit on processor time holds even if the service has stalled."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    try:
        return pickle.dumps((True, function(*args, **kwargs)))
    except MemoryError:
        # A library's subclass would make the service import that library to read it.
        return pickle.dumps((False, MemoryError()))
    except Exception as error:  # noqa: BLE001 - whatever it is goes back as it is, as far as the service may read it
        own = type(error).__module__.partition(".")[0] in ("builtins", *_OWN_PACKAGES)
        return pickle.dumps((False, error if own else RuntimeError(f"{type(error).__name__}: {error}")))


def _places(value: Any) -> Iterator[Path]:
    """Paths among the arguments of a call."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, Mapping):
        yield from _places(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _places(item)


def _receive(fork: int, reading: int, seconds: float) -> bytes:
    """What a fork has written when it ends; it is ended where that takes too long."""
    ends = time.monotonic() + seconds
    answer = bytearray()
    whole = False
    while not whole and (left := ends - time.monotonic()) > 0:
        if select.select([reading], [], [], left)[0]:
            piece = os.read(reading, _PIECE)
            answer += piece
            whole = not piece
    if not whole:
        os.kill(fork, signal.SIGKILL)
    _, status = os.waitpid(fork, 0)
    if not whole:
        raise TookTooLong
    if status != 0:
        raise ProcessEnded(os.waitstatus_to_exitcode(status))
    return bytes(answer)
