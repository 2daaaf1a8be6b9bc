"""A real broker and real workers, restarted when they die, as a supervisor would."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import redis
from sqlalchemy import Engine

from fitting.spec import parse_request
from jobs.lifecycle import transitions
from jobs.lifecycle.events import client_url
from jobs.lifecycle.transitions import NewFit
from jobs.queues.doorbell import Doorbell
from jobs.settings import Settings
from jobs.storage import records, uploads
from jobs.storage.blobs import open_blobs
from jobs.storage.database import connect, migrate
from jobs.storage.schema import FINAL_STATES, FitRecord
from jobs.storage.stored_files import sha256_of
from photfit.broker import find_server
from tests.programs import KeptProgram
from tests.waiting import wait_until

__all__ = ["wait_until"]

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "three_galaxies"


class Program(KeptProgram):
    """A process that is started again whenever it ends, until it is stopped."""

    def kill(self) -> None:
        """SIGKILL the process and all that it started; it comes back."""
        family = [psutil.Process(self.handle.pid)]
        family += family[0].children(recursive=True)
        for process in family:
            process.kill()

    def stop(self) -> int:
        """SIGTERM, for good; the exit code."""
        self.wanted = False
        self.handle.send_signal(signal.SIGTERM)
        try:
            return self.handle.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.handle.pid, signal.SIGKILL)
            raise


class Service:
    """Database, blobs, broker and one worker in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(
            data_dir=folder,
            broker_url=f"redis+socket://{folder / 'b.sock'}?virtual_host=0",
            lease_seconds=4.0,
            reconcile_seconds=0.5,
            cancel_grace_seconds=3.0,
        )
        self.environment = {
            "PHOTFIT_DATA_DIR": str(folder),
            "PHOTFIT_BROKER_URL": self.settings.broker_url,
            "PHOTFIT_LEASE_SECONDS": "4",
            "PHOTFIT_RECONCILE_SECONDS": "0.5",
            "PHOTFIT_CANCEL_GRACE_SECONDS": "3",
            "PHOTFIT_WORKER_THREADS": "1",
        }
        self.broker = self.start_broker()
        self.engine: Engine = connect(self.settings)
        migrate(self.engine)
        self.blobs = open_blobs(self.settings.blobs)
        self.doorbell = Doorbell(self.settings)
        wait_until(self.broker_answers, 60, "the broker's start")
        self.worker = self.start_worker()

    def start_broker(self) -> Program:
        socket = str(self.folder / "b.sock")
        options = ["--port", "0", "--unixsocket", socket, "--appendonly", "yes", "--dir", str(self.folder)]
        return Program([find_server(), *options], {}, self.folder / "broker.log")

    def start_worker(self, *options: str) -> Program:
        return Program([sys.executable, "-m", "worker", *options], self.environment, self.folder / "worker.log")

    def broker_answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(client_url(self.settings.broker_url)).ping())
        except redis.RedisError:
            return False

    def wipe_broker(self) -> None:
        redis.Redis.from_url(client_url(self.settings.broker_url)).flushall()

    def upload(self, path: Path, owner: str = "local") -> str:
        sha256 = sha256_of(path)
        self.blobs.put_file(uploads.blob_key(sha256), path)
        record, _ = uploads.add_upload(
            self.engine, owner, filename=path.name, size=path.stat().st_size, sha256=sha256, description={}
        )
        return record.id

    def submit(self, request: dict[str, Any], queue: str = "cpu", owner: str = "local", **limits: Any) -> str:
        new = NewFit(owner, str(request.get("name", "")), request, queue, "auto", "0" * 64, **limits)
        record = transitions.create(self.engine, new)
        assert record is not None
        self.doorbell.ring(queue)
        return record.id

    def fit(self, fit_id: str, owner: str = "local") -> FitRecord:
        record = records.get_fit(self.engine, owner, fit_id)
        assert record is not None
        return record

    def finished(self, fit_id: str, seconds: float = 180.0, owner: str = "local") -> FitRecord:
        def final() -> FitRecord | None:
            record = self.fit(fit_id, owner)
            return record if record.state in FINAL_STATES else None

        return wait_until(final, seconds, f"the end of {fit_id} ({self.fit(fit_id, owner).state})")

    def close(self) -> None:
        for program in (self.worker, self.broker):
            program.stop()
        self.doorbell.close()
        self.engine.dispose()


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("s"))
    yield service
    service.close()


@pytest.fixture
def request_document(service: Service) -> dict[str, Any]:
    """The three galaxies, uploaded."""
    upload = service.upload(EXAMPLE / "three_galaxies.fits")
    document = json.loads((EXAMPLE / "request.json").read_text())
    return parse_request(document).with_references({"three_galaxies.fits": upload}).document()


@pytest.fixture
def slow_document(service: Service, tmp_path: Path) -> dict[str, Any]:
    """A fit of noise in a large image, over and over: it takes many seconds and reports all the while."""
    side = 500
    path = tmp_path / "noise.npy"
    np.save(path, np.random.default_rng(3).normal(100.0, 3.0, (side, side)))
    galaxies = [
        {
            "name": f"g{number}",
            "profile": "sersic",
            "parameters": {"x": 100 * number, "y": 250, "q": 0.7, "pa": 20, "n": 2, "r_e": 30, "i_e": 3},
        }
        for number in range(1, 5)
    ]
    document = {
        "images": [{"data": service.upload(path), "variance": {"constant": 9.0}}],
        "components": [{"name": "sky", "profile": "flat_sky", "parameters": {"i": 90}}, *galaxies],
        "stages": [{"method": "lm", "tolerance": 1e-15, "max_iterations": 1000}] * 100,
    }
    return parse_request(document).document()
