"""Deployments to be troubled: the whole service as processes, each started again when it ends, as systemd would.

embedded    `photfit serve` with two workers: SQLite, a folder, a private broker
outgrown    API, two workers, broker, PostgreSQL and an S3 server, each by itself
"""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import Engine, create_engine, text

from photfit.broker import find_server
from tests.programs import KeptProgram

ROOT = Path(__file__).parents[2]
LEASE_SECONDS = 6.0
"""A short lease keeps campaigns short; what is late is late in leases, so that it loses nothing of their meaning."""
_PAUSE = 0.2
"""Seconds before what ended is started again."""
START_SECONDS = 180.0
"""Loading torch on a machine that does much else."""
MOST_CRASHES = 20
"""Campaigns kill more often than fits may crash; the auditor counts who was blamed for what."""


class Unavailable(Exception):
    """This machine lacks what a set-up or a fault needs; the message names it."""


class Keeper(KeptProgram):
    """A program that is started again whenever it ends, until it is stopped."""

    def family(self) -> list[psutil.Process]:
        """The process and all below it, itself first."""
        try:
            own = psutil.Process(self.handle.pid)
            return [process for process in (own, *own.children(recursive=True)) if alive(process)]
        except psutil.NoSuchProcess:
            return []

    def stop(self, seconds: float = 45.0) -> None:
        """SIGTERM, for good; what is left after some time is killed."""
        self.wanted = False
        family = self.family()
        with contextlib.suppress(ProcessLookupError):
            self.handle.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.handle.wait(seconds)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.handle.wait()


def alive(process: psutil.Process) -> bool:
    """Whether a process still does something."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def free_port() -> int:
    """A loopback port that nothing listened at a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Deployment(ABC):
    """What both set-ups have: a folder, an address, keepers, and a view of the database of its own."""

    name = ""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = settings
        self.keepers: dict[str, Keeper] = {}
        self.client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def environment(self) -> dict[str, str]:
        """What every process of the service has in its environment."""
        return {
            "PHOTFIT_DATA_DIR": str(self.data),
            "PHOTFIT_LEASE_SECONDS": f"{LEASE_SECONDS:g}",
            "PHOTFIT_RECONCILE_SECONDS": "0.5",
            "PHOTFIT_CANCEL_GRACE_SECONDS": "3",
            "PHOTFIT_MAX_CRASHES": str(MOST_CRASHES),
            "PHOTFIT_WORKER_THREADS": "1",
            "PHOTFIT_REQUESTS_PER_MINUTE": "100000",
            "OMP_NUM_THREADS": "1",
            "TMPDIR": str(self.temporary),
            **self.settings,
        }

    def keep(self, name: str, arguments: list[str], **environment: str) -> None:
        """Start a program, and again whenever it ends."""
        log = self.folder / f"{name.replace(' ', '-')}.log"
        self.keepers[name] = Keeper(arguments, self.environment() | environment, log, _PAUSE)

    def ready(self) -> bool:
        """Whether the service says that it can work."""
        with contextlib.suppress(httpx.HTTPError):
            return self.client.get("/readyz", timeout=5).status_code == 200
        return False

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        """Return once API and both workers are there."""
        wait(lambda: self.ready() and len(self.of("worker child")) >= 2, seconds, "the start of the service")

    # Processes by what they do.

    def everything(self) -> list[psutil.Process]:
        """Every process of the service."""
        return [process for keeper in self.keepers.values() for process in keeper.family()]

    def of(self, role: str) -> list[psutil.Process]:
        """Living processes of a role: api, broker, supervisor, worker, worker child, sandbox child."""
        return [process for process in self.everything() if role_of(process) == role]

    # The database, read beside the service.

    def rows(self) -> dict[str, dict[str, Any]]:
        """Records of all fits by id, as the database has them now; raises where it cannot be read."""
        query = "select id, name, state, attempt, crashes, worker, error, finished_at, version from fits"
        with self.engine().connect() as connection:
            return {row["id"]: dict(row) for row in connection.execute(text(query)).mappings()}

    @abstractmethod
    def engine(self) -> Engine:
        """A connection of its own to the service's database."""

    @abstractmethod
    def database_url(self) -> str:
        """As SQLAlchemy writes it."""

    @abstractmethod
    def blob_keys(self) -> list[str]:
        """Everything in the store, with what begins with a dot."""

    @abstractmethod
    def start(self) -> None:
        """Start everything, and return when it is ready."""

    def stop(self) -> None:
        """End everything; what is left of it is killed and counted by `left_over`."""
        for keeper in reversed(list(self.keepers.values())):
            keeper.stop()
        self.client.close()

    def left_over(self) -> list[str]:
        """Command lines of processes of this service that are still there; they are ended."""
        left = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("PHOTFIT_DATA_DIR") == str(self.data) and alive(process):
                    left.append(" ".join(process.cmdline())[:120])
                    process.kill()
        return left

    def admin(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the administrator's."""
        return subprocess.run(
            [sys.executable, "-m", "photfit", "admin", *words],
            env={**os.environ, **self.environment()},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )


def role_of(process: psutil.Process) -> str:
    """What a process of the service does."""
    with contextlib.suppress(psutil.Error):
        line = process.cmdline()
        words = " ".join(line)
        if "serve" in line and "photfit" in line:
            return "supervisor"
        if "valkey" in words or "redis-server" in words:
            return "broker"
        if "tracker import main" in words:
            return "tracker"
        if "worker" in line and "-m" in line:
            return "worker"
        if "app" in line and "-m" in line:
            return "api"
        parent = process.parent()
        if parent is not None and "spawn_main" in words:
            return {"worker": "worker child", "api": "sandbox child"}.get(role_of(parent), "other")
        if parent is not None and role_of(parent) == "api":
            return "sandbox child"
    return "other"


class Embedded(Deployment):
    """`photfit serve`, kept by what keeps services: it comes back when it ends."""

    name = "embedded"

    def start(self) -> None:
        command = [sys.executable, "-m", "photfit", "serve", "--port", str(self.port), "--data-dir", str(self.data)]
        self.keep("serve", [*command, "--workers", "2", "--quick-workers", "0"])
        self.wait_until_ready()

    def database_url(self) -> str:
        return f"sqlite:///{self.data / 'photfit.sqlite'}"

    def engine(self) -> Engine:
        if not hasattr(self, "_engine"):
            self._engine = create_engine(self.database_url(), connect_args={"timeout": 2})
        return self._engine

    def broker_folder(self) -> Path:
        """Where the broker has its files."""
        return self.data / "broker"

    def broker_url(self) -> str:
        """As redis-py writes it; raises where the broker has no socket."""
        return f"unix://{self.broker_folder() / 'broker.sock'}"

    def blob_folder(self) -> Path:
        """Where uploads and results lie."""
        return self.data / "blobs"

    def blob_keys(self) -> list[str]:
        folder = self.blob_folder()
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


class Store:
    """An S3 server in this process that answers well, or not, as it is told.

    `trouble` is a status that every request gets instead; `stored` is told the path of every object that comes in.
    """

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.trouble: int | None = None
        self.stored: Callable[[str], None] | None = None
        self.port = free_port()
        self._answers = DomainDispatcherApplication(create_backend_app)
        self.back()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self.trouble is not None:
            code = {503: "SlowDown", 403: "AccessDenied"}[self.trouble]
            start_response(f"{self.trouble} {code}", [("Content-Type", "application/xml")])
            return [f"<Error><Code>{code}</Code></Error>".encode()]
        if environ["REQUEST_METHOD"] == "PUT" and self.stored is not None:
            self.stored(environ["PATH_INFO"])
        answer: Iterable[bytes] = self._answers(environ, start_response)
        return answer

    def away(self) -> None:
        """Listen no more; what was stored stays."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def back(self) -> None:
        """Listen (again)."""
        from moto.moto_server.werkzeug_app import MotoRequestHandler
        from werkzeug.serving import make_server

        self._server = make_server(
            "127.0.0.1", self.port, self._answer, threaded=True, request_handler=MotoRequestHandler
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()


class Outgrown(Deployment):
    """Every part by itself: PostgreSQL, an S3 server, a broker, the API, two workers."""

    name = "outgrown"

    def start(self) -> None:
        try:
            import boto3
            import moto.server  # noqa: F401
        except ImportError as error:
            raise Unavailable(f"{error.name} is not installed") from error
        self._start_postgres()
        self.store = Store()
        os.environ.update(self._s3())
        boto3.client("s3", endpoint_url=self._s3()["AWS_ENDPOINT_URL"]).create_bucket(Bucket="photfit")
        self.broker_folder().mkdir()
        socket_path = self.folder / "b.sock"
        options = ["--port", "0", "--unixsocket", str(socket_path), "--appendonly", "yes"]
        self.keep("broker", [find_server(), *options, "--dir", str(self.broker_folder())])
        wait(socket_path.exists, 20, "the broker's start")
        self.keep("api", [sys.executable, "-m", "app", "--host", "127.0.0.1", "--port", str(self.port)])
        wait(self.api_answers, START_SECONDS, "the API's start")  # it makes the tables
        for number in (1, 2):
            self.keep(f"worker {number}", [sys.executable, "-m", "worker", "--sole", "--name", f"box:{number}"])
        self.wait_until_ready()

    def api_answers(self) -> bool:
        """Whether the API is there at all."""
        with contextlib.suppress(httpx.HTTPError):
            return self.client.get("/healthz", timeout=5).status_code == 200
        return False

    def _s3(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.store.port}",
            "AWS_ALLOW_HTTP": "true",
        }

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "PHOTFIT_DATABASE_URL": self.database_url(),
            "PHOTFIT_BLOB_URL": "s3://photfit/prefix",
            "PHOTFIT_BROKER_URL": f"redis+socket://{self.folder / 'b.sock'}?virtual_host=0",
        }

    def _start_postgres(self) -> None:
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_ctl")) or [shutil.which("pg_ctl")]
        if found[-1] is None:
            raise Unavailable("PostgreSQL is not installed")
        programs = Path(found[-1]).parent
        # The server refuses to run as root: there it runs as the user that its package makes.
        user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        self._postgres_folder = Path(subprocess.check_output([*user, "mktemp", "-d"], text=True).strip())
        data = str(self._postgres_folder / "data")
        made = [*user, str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "photfit"]
        subprocess.run(made, check=True, timeout=60, capture_output=True)
        options = f"-c listen_addresses='' -k {self._postgres_folder} -c fsync=off"
        log = str(self._postgres_folder / "log")
        self._pg_ctl = [*user, str(programs / "pg_ctl"), "-D", data, "-w", "-l", log, "-o", options]
        self.start_database()

    def start_database(self) -> None:
        """Have PostgreSQL answer (again)."""
        subprocess.run([*self._pg_ctl, "start"], check=True, timeout=60, stdout=subprocess.DEVNULL)

    def stop_database(self) -> None:
        """End PostgreSQL as a power cut would."""
        command = [*self._pg_ctl, "-m", "immediate", "stop"]
        subprocess.run(command, check=False, timeout=60, stdout=subprocess.DEVNULL)

    def database_url(self) -> str:
        return f"postgresql+psycopg://photfit@/postgres?host={self._postgres_folder}"

    def engine(self) -> Engine:
        if not hasattr(self, "_engine"):
            self._engine = create_engine(self.database_url(), pool_pre_ping=True)
        return self._engine

    def broker_folder(self) -> Path:
        return self.folder / "broker"

    def broker_url(self) -> str:
        return f"unix://{self.folder / 'b.sock'}"

    def blob_keys(self) -> list[str]:
        import boto3

        client = boto3.client("s3", endpoint_url=self._s3()["AWS_ENDPOINT_URL"])
        pages = client.get_paginator("list_objects_v2").paginate(Bucket="photfit", Prefix="prefix/")
        return sorted(item["Key"].removeprefix("prefix/") for page in pages for item in page.get("Contents", []))

    def stop(self) -> None:
        super().stop()
        if hasattr(self, "_pg_ctl"):
            self.stop_database()
            shutil.rmtree(self._postgres_folder, ignore_errors=True)
        if hasattr(self, "store"):
            self.store.away()


SETUPS: dict[str, type[Deployment]] = {made.name: made for made in (Embedded, Outgrown)}


@contextlib.contextmanager
def deployed(setup: str, folder: Path, **settings: str) -> Iterator[Deployment]:
    """A service of a set-up in an empty folder; everything of it is ended at the end."""
    deployment = SETUPS[setup](folder, settings)
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.stop()
        deployment.left_over()


def wait(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Return when the condition holds; raises TimeoutError, saying for what, where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.1)


def send(processes: Iterable[psutil.Process], number: signal.Signals) -> int:
    """Signal processes that are still there; how many were."""
    count = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
            count += 1
    return count
