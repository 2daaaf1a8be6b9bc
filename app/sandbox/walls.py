"""Walls around a process that reads a file from outside: no other file, no network, no program, no environment.

`close_walls` is called by the process itself, after everything is imported and before a hostile byte is read, and
cannot be undone. The kernel keeps the walls: landlock (Linux 5.13 and later) those around files, and with newer
versions around TCP and signals; seccomp those around sockets, programs and other processes. What a kernel does not have
is left out, and `walls_in_force` says what there is.
"""

import contextlib
import ctypes
import errno
import importlib.util
import json
import os
import platform
import struct
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME")
"""Variables of the environment that a reader of files may know: no setting of the service, and no key."""
_PHOTFIT = ("app", "fitting", "jobs", "photfit")
_SYSTEM_FOLDERS = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/usr/share/zoneinfo",
    "/usr/share/fonts",
)
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/dev/urandom", "/dev/null")

# linux/landlock.h
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""Numbers of landlock's system calls, the same on every architecture."""
_READ_FILE, _READ_FOLDER, _TRUNCATE, _WRITE_FILE = 1 << 2, 1 << 3, 1 << 14, 1 << 1
"""Rights of files, as bits."""
_RIGHTS_OF_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights of files each version of landlock knows; later ones know as many as the fifth."""
_NEVER = 1 << 0
"""The right to run a program, which nothing is given."""
# linux/prctl.h, linux/seccomp.h, linux/filter.h, linux/audit.h
_SET_SECCOMP, _SET_NO_NEW_PRIVILEGES, _SET_PARENT_DEATH_SIGNAL = 22, 38, 1
"""What prctl(2) is asked for."""
_MODE_FILTER = 2
"""Of seccomp: by a program."""
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
"""Instructions of such a program."""
_ALLOW, _FAIL_WITH = 0x7FFF0000, 0x00050000
"""What it answers of a system call."""
_NOT_PERMITTED = 1
"""EPERM, in such an answer."""
_FOREIGN_CALLS = 0x40000000
"""Numbers of system calls from here on are those of another interface, such as x32."""
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_FORBIDDEN: dict[str, tuple[int, int]] = {
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept4": (288, 242),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kill": (62, 129),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "setns": (308, 268),
    "unshare": (272, 97),
    "mount": (165, 40),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "open_by_handle_at": (304, 265),
}
"""System calls that fail, each by its number on x86-64 and on arm64."""


def walls_in_force() -> dict[str, str]:
    """What closes each wall on this machine, or "none", for people to read."""
    if sys.platform != "linux":
        return dict.fromkeys(("files", "network", "programs"), "none") | {"environment": "clean"}
    version, filters = _landlock_version(), _has_filters()
    files = f"landlock {version}" if version else "none"
    network = "seccomp" if filters else f"landlock {version}, TCP alone" if version >= 4 else "none"
    programs = "seccomp" if filters else files
    return {"files": files, "network": network, "programs": programs, "environment": "clean"}


def prepare_walls() -> None:
    """Look for what walls leave open, once for all forks of this process."""
    _library_places()
    _has_filters()


def close_walls(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """Leave this process the files named, Python's own, and folders to write to; nothing else, for good.

    Args:
        readable: files.
        writable: folders, whose files may be read, too.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    prepare_walls()  # both look at files, which is over with the first wall
    _close_files(libc, readable, writable)
    _close_calls(libc)


def end_with_parent(parent: int) -> None:
    """End this process when its parent ends, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, 9, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def clean_environment() -> None:
    """Forget the environment that this process was started with, keys of the service among it, but for a few words."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    os.environ.clear()
    with contextlib.suppress(OSError, ValueError, IndexError):
        # Where the kernel laid the variables down (proc(5), env_start and env_end), whence anybody could read them.
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        start, end = int(fields[47]), int(fields[48])
        if 0 < start < end:
            ctypes.memset(start, 0, end - start)
    os.environ.update(kept)


def _landlock_version() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_CREATE_RULESET, None, 0, 1)))


@cache
def _has_filters() -> bool:
    if platform.machine() not in _ARCHITECTURES:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    # Without a filter nothing is closed; a kernel that has filters complains of the address, others of the request.
    return bool(libc.prctl(_SET_SECCOMP, _MODE_FILTER, None, 0, 0)) and ctypes.get_errno() == errno.EFAULT


def _close_files(libc: ctypes.CDLL, readable: Iterable[Path], writable: Iterable[Path]) -> None:
    version = _landlock_version()
    if version == 0:
        return
    every = (1 << _RIGHTS_OF_VERSION[min(version, 5)]) - 1
    # Each version's structure is that of the one before and more: rights of files, of TCP, what is kept within.
    attributes = struct.pack("=Q", every)
    attributes += struct.pack("=Q", 3) if version >= 4 else b""
    attributes += struct.pack("=Q", 3) if version >= 6 else b""
    rules = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    looking = _READ_FILE | _READ_FOLDER
    for place in (*_library_places(), *readable):
        _allow(libc, rules, place, looking & every)
    _allow(libc, rules, Path("/dev/null"), (_READ_FILE | _WRITE_FILE) & every)
    for place in writable:
        _allow(libc, rules, place, every & ~_NEVER)
    if libc.syscall(_RESTRICT_SELF, rules, 0):
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, place: Path, rights: int) -> None:
    try:
        opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not place.is_dir():
        rights &= _READ_FILE | _WRITE_FILE | _TRUNCATE
    rule = struct.pack("=Qi", rights, opened)
    failed = libc.syscall(_ADD_RULE, rules, 1, rule, 0)
    os.close(opened)
    if failed:
        raise OSError(ctypes.get_errno(), "landlock_add_rule")


@cache
def _library_places() -> tuple[Path, ...]:
    """Where code is that may still be imported: Python's own, installed packages, this one, and shared libraries."""
    places = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    places |= {entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages", "lib-dynload")}
    for package in _PHOTFIT:
        found = importlib.util.find_spec(package)
        places |= set(found.submodule_search_locations or ()) if found is not None else set()
    found_places = (Path(place) for place in (*sorted(places), *_SYSTEM_FOLDERS, *_SYSTEM_FILES))
    return tuple(place for place in found_places if place.exists())


def _close_calls(libc: ctypes.CDLL) -> None:
    if not _has_filters():
        return
    architecture, column = _ARCHITECTURES[platform.machine()]
    program = _filter(architecture, sorted(numbers[column] for numbers in _FORBIDDEN.values()))
    code = ctypes.create_string_buffer(b"".join(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    if libc.prctl(_SET_SECCOMP, _MODE_FILTER, header, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def _filter(architecture: int, forbidden: Sequence[int]) -> list[bytes]:
    """The program by which the kernel decides: what is forbidden, and calls of another architecture, fail."""
    refuse = _instruction(_RETURN, _FAIL_WITH | _NOT_PERMITTED)
    program = [
        _instruction(_LOAD, 4),
        _instruction(_JUMP_IF_EQUAL, architecture, 1, 0),
        refuse,
        _instruction(_LOAD, 0),
        _instruction(_JUMP_IF_AT_LEAST, _FOREIGN_CALLS, 0, 1),
        refuse,
    ]
    for number in forbidden:
        program += [_instruction(_JUMP_IF_EQUAL, number, 0, 1), refuse]
    return [*program, _instruction(_RETURN, _ALLOW)]


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(walls_in_force()))  # for `photfit doctor`
