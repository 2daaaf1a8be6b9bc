"""The supervisor of `photfit serve`: a private broker, workers and the API as one tree over one data directory.

A child that ends is started again, after a pause that doubles while it keeps ending soon. One that runs and gives no
sign of life is ended first. A stop ends the workers
first, so that a running job goes back to the queue, then the API, then the broker.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import os
import select
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO

import click
import httpx

from photfit.broker import forget_state, private_broker, start_broker
from photfit.failures import CommandFailure, UserMistake
from photfit.liveness import ANSWER_LOOKS, WORKER_LOOKS, LifeWatch, TouchedFile, api_answers
from photfit.processes import Child

STOP_PATIENCE = {"worker": 20.0, "api": 8.0, "broker": 5.0}
"""Seconds that each role has after SIGTERM before SIGKILL. Chosen by hand: a worker first gives its fit back."""

_FIRST_PAUSE = 0.2
"""Seconds before a child that ended is started again, doubled each time. Chosen by hand."""
_LONGEST_PAUSE = 30.0
"""Seconds: the doubling ends here. Chosen by hand: a broken child costs little, a mended one is back soon."""
_STEADY_SECONDS = 30.0
"""Seconds after which a child counts as well, and its pause is the first again. Chosen by hand."""
_CHECK_SECONDS = 0.25
"""Seconds between looks at the children, where no signal says that one has ended. Chosen by hand."""
_FUTILE_STARTS = 4
"""Ends of a child, before the service was ever ready, that tell it will not be. Chosen by hand: 1.4 s of pauses."""
_READY_SECONDS = 120.0
"""Seconds that the first start has. Chosen by hand: the engine's imports on a slow, cold disk."""
_CANNOT_START = 78
"""Exit code of a child that has said why it cannot start, and would not the next time either
(`NOT_STARTED` of jobs/storage/database.py)."""
_WORKER = (sys.executable, "-m", "worker")
_ONE_THREAD = {"PHOTFIT_WORKER_THREADS": "1"}
"""Of a worker for what is quick: on small images a second thread gains nothing, and takes a core from the others."""


@dataclass(frozen=True)
class ServeOptions:
    """What `photfit serve` was asked for.

    `quick_workers` do previews and short fits alone. `broker_url` None means a private broker, `accounts` None that
    nobody said whether there are any.
    """

    host: str
    port: int
    data_directory: Path
    workers: int
    quick_workers: int = 1
    broker_url: str | None = None
    accounts: bool | None = None

    @property
    def url(self) -> str:
        """Where the service answers, as seen from this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104 - asked, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@dataclass
class SupervisedChild:
    """A child and when it is due to start again."""

    child: Child
    role: str
    pause: float = _FIRST_PAUSE
    started_at: float = 0.0
    due_at: float | None = None
    endings: int = 0
    ended_with: int | None = None
    watch: LifeWatch | None = None

    def start(self) -> None:
        """Start it now."""
        if self.watch is not None:
            self.watch.begin()
        self.child.start()
        self.started_at = time.monotonic()
        self.due_at = None

    def restart_if_due(self, now: float) -> None:
        """Plan a start of a child that has ended, and carry it out when its pause is over.

        A broker that ends as soon as it starts is started without what it had: it cannot read it.
        """
        if self.due_at is None and not self.child.running():
            code = self.ended_with = self.child.exit_code()
            self.endings += 1
            self.child.clear()
            self.pause = _FIRST_PAUSE if now - self.started_at > _STEADY_SECONDS else self.pause
            self.due_at = now + self.pause
            ending = f"exit code {code}" if code is None or code >= 0 else signal.Signals(-code).name
            click.echo(f"photfit: {self.child.name} ended ({ending}); starting it again", err=True)
            if self.role == "broker" and code and code > 0 and now - self.started_at < _STEADY_SECONDS:
                forget_state(self.child)
            self.pause = min(2 * self.pause, _LONGEST_PAUSE)
        if self.due_at is not None and now >= self.due_at:
            self.start()

    def end_if_silent(self, now: float) -> None:
        """End a child that runs and gives no sign of life; it is started again as one that ended by itself."""
        if self.due_at is None and self.watch is not None and self.child.running() and self.watch.look(now):
            click.echo(f"photfit: {self.child.name} gives no sign of life; it is ended", err=True)
            self.child.clear()


@dataclass
class Supervisor:
    """The tree of one service; `run` returns when it was told to stop."""

    options: ServeOptions
    announce: Callable[[str], None]
    children: list[SupervisedChild] = field(default_factory=list)
    _quick: list[Child] = field(default_factory=list)
    _stopping: bool = False

    def run(self) -> None:
        """Start everything, say when it is ready, keep it running until SIGINT or SIGTERM, and end it all.

        Raises UserMistake where the port is taken or everybody would be let in unasked, CommandFailure where a part
        cannot be started.
        """
        check_exposure(self.options)
        check_port(self.options)
        with self._signals() as wake:
            try:
                self._start_all()
                self._wait_until_ready(wake)
                self._start_quick_workers()
                while not self._stopping:
                    self._step(wake)
            finally:
                self._stop_all()

    def _start_all(self) -> None:
        broker_url = self.options.broker_url
        if not broker_url:
            child, address = private_broker(self.options.data_directory / "broker")
            start_broker(child, address)
            watch = LifeWatch(address.answers, ANSWER_LOOKS)
            self.children.append(SupervisedChild(child, "broker", started_at=time.monotonic(), watch=watch))
            broker_url = address.url()
        environment = service_environment(self.options, broker_url)
        for number in range(1, self.options.workers + 1):
            self._add_worker(Child(f"worker {number}", self._worker(f"{number}"), environment))
        answers = LifeWatch(lambda: api_answers(self.options.url), ANSWER_LOOKS)
        self._add(Child("api", [sys.executable, "-m", "app"], environment), "api", answers)
        self._quick = [
            Child(
                f"quick worker {number}",
                [*self._worker(f"quick-{number}"), "--queues", "quick"],
                environment | _ONE_THREAD,
            )
            for number in range(1, self.options.quick_workers + 1)
        ]

    def _worker(self, number: str) -> list[str]:
        """A worker's command, by a name that is this service's on this machine, and the same after each start: so what
        a killed one held is free as soon as the next one starts.
        """
        return [*_WORKER, "--sole", "--name", f"{socket.gethostname()}:{self.options.port}-{number}"]

    def _start_quick_workers(self) -> None:
        """After the others, which a start on few cores would only slow down."""
        for child in self._quick:
            if not self._stopping:
                self._add_worker(child)

    def _add_worker(self, child: Child) -> None:
        """With a file that it touches as long as it goes on."""
        folder = self.options.data_directory / "alive"
        folder.mkdir(exist_ok=True, mode=0o700)
        sign = folder / child.name.replace(" ", "-")
        child.environment = {**child.environment, "PHOTFIT_WORKER_ALIVE_FILE": str(sign)}
        self._add(child, "worker", LifeWatch(TouchedFile(sign), WORKER_LOOKS))

    def _add(self, child: Child, role: str, watch: LifeWatch | None = None) -> None:
        member = SupervisedChild(child, role, watch=watch)
        self.children.append(member)
        member.start()

    def _wait_until_ready(self, wake: socket.socket) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not self._stopping:
            if is_ready(self.options.url):
                self.announce(self.options.url)
                return
            hopeless = [member.child.name for member in self.children if member.ended_with == _CANNOT_START]
            if hopeless:
                raise CommandFailure(f"{hopeless[0]} cannot start; its message is above")
            failing = [member.child.name for member in self.children if member.endings >= _FUTILE_STARTS]
            if failing:
                raise CommandFailure(f"{failing[0]} ends as soon as it starts; its messages are above")
            if time.monotonic() > deadline:
                raise CommandFailure(
                    f"the service was not ready in {_READY_SECONDS:.0f} s; {self.options.url}/readyz says why"
                )
            self._step(wake)

    def _step(self, wake: socket.socket) -> None:
        """Wait for a signal or a moment, then look after the children."""
        readable, _, _ = select.select([wake], [], [], _CHECK_SECONDS)
        if readable:
            wake.recv(4096)
        now = time.monotonic()
        for member in self.children:
            if not self._stopping:
                member.end_if_silent(now)
                member.restart_if_due(now)

    def _stop_all(self) -> None:
        for role in ("worker", "api", "broker"):
            children = [member.child for member in self.children if member.role == role]
            for child in children:
                child.ask_to_stop()
            for child in children:
                child.wait_for_end(STOP_PATIENCE[role])

    @contextlib.contextmanager
    def _signals(self) -> Iterator[socket.socket]:
        """While inside, SIGINT and SIGTERM ask for the end; they and SIGCHLD make the socket readable."""
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)}
        previous_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, self._ask_to_stop)
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(previous_fd)
            for number, handler in before.items():
                signal.signal(number, handler)
            reader.close()
            writer.close()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True


class DataDirectory:
    """A folder, made if it is not there and locked (flock) while in use as a context manager.

    The lock goes with the process that holds it, however that ends. Entering raises UserMistake where another service
    holds the folder or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    def __enter__(self) -> DataDirectory:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self.path / "serve.lock").open("a+", encoding="ascii")
        except OSError as error:
            reason = error.strerror or error
            raise UserMistake(f"the data directory {self.path} cannot be used: {reason}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            who = f" (process {holder})" if holder else ""
            raise UserMistake(
                f"the data directory {self.path} is in use by another photfit serve{who}; "
                "stop it, or choose another with --data-dir"
            ) from error
        for message in warnings_of_modes(self.path):
            click.echo(f"photfit: {message}", err=True)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None


def warnings_of_modes(folder: Path) -> list[str]:
    """What of a data directory other users of this machine can reach: the database in it holds everybody's fits."""
    database = folder / "photfit.sqlite"
    others = stat.S_IRWXG | stat.S_IRWXO
    wide = [
        (path, own)
        for path, own in ((folder, "700"), (database, "600"))
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & others
    ]
    return [
        f"warning: other users of this machine may get at {path} (mode {stat.S_IMODE(path.stat().st_mode):04o}); "
        f"`chmod {own} {path}` keeps it to you"
        for path, own in wide
    ]


def service_environment(options: ServeOptions, broker_url: str) -> dict[str, str]:
    """The environment of workers and API: what they add to this program's own."""
    accounts = {} if options.accounts is None else {"PHOTFIT_ACCOUNTS": str(options.accounts).lower()}
    return {
        **accounts,
        "PHOTFIT_SUPERVISOR": str(os.getpid()),
        "PHOTFIT_DATA_DIR": str(options.data_directory),
        "PHOTFIT_BROKER_URL": broker_url,
        "PHOTFIT_HOST": options.host,
        "PHOTFIT_PORT": str(options.port),
        "PHOTFIT_WORKERS": str(options.workers),
    }


def check_exposure(options: ServeOptions) -> None:
    """Raise UserMistake where other machines reach the service and nobody has said whether it has accounts."""
    if options.accounts is None and not _is_loopback(options.host):
        raise UserMistake(
            f"other machines can reach {options.host or 'every address'}: say --accounts, so that users need a key "
            "(`photfit admin users add NAME` makes one, once the service has started), or --no-accounts to let in "
            "whoever reaches it"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_port(options: ServeOptions) -> None:
    """Raise UserMistake where the host or port cannot be listened on."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise UserMistake(
            f"cannot listen on {options.host} port {options.port}: {error.strerror or error}; "
            "choose another with --port"
        ) from error


def is_ready(url: str) -> bool:
    """Whether the API at `url` says that it and what it needs are ready.

    Workers that an earlier service had, which it misses, do not count: this one starts its own.
    """
    try:
        answer = httpx.get(f"{url}/readyz", timeout=5, trust_env=False)
        checks = answer.json()["checks"]
    except (httpx.TransportError, ValueError, KeyError):
        return False
    return answer.is_success or all(check["ok"] for name, check in checks.items() if name != "workers")
