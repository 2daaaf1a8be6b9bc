"""A store in trouble: every route that needs it answers 503 or 507, with Retry-After and in words; none answers 500.

The stores are the real ones; what fails is below them: a server that refuses, hangs or is not there, and what the
operating system says of a folder.
"""

import errno
import http.server
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from obstore.store import from_url

from jobs.storage.blobs import BlobStore, FolderBlobs, ObjectBlobs
from tests.app.images import fits_bytes, noise
from tests.app.in_process import InProcess, catalogue_of, request_of

_IMAGE = fits_bytes([("DATA", noise())])
_OTHER = fits_bytes([("DATA", noise() + 1.0)])


@pytest.fixture(scope="module")
def names(running: InProcess) -> dict[str, str]:
    """What the places in routes' paths stand for."""
    upload, _ = running.upload(_IMAGE)
    fit = running.fit(request_of(upload))
    catalogue, _ = running.catalogue(catalogue_of(upload))
    places = {
        "image": "r",
        "plane": "model",
        "component": "disc",
        "catalogue_id": catalogue,
        "n": "1",
        "search_id": "sea_none",
        "key_id": "key_none",
    }
    return {"upload_id": upload, "fit_id": fit, **places}


READING = [
    "GET /v1/uploads/{upload_id}/preview.png", "GET /v1/uploads/{upload_id}/pixels.npy",
    "GET /v1/uploads/{upload_id}/header", "GET /v1/uploads/{upload_id}/sky",
    "POST /v1/uploads/{upload_id}/propose", "POST /v1/uploads/{upload_id}/searches", "POST /v1/fits", "POST /v1/import",
    "POST /v1/fits/{fit_id}/rerun", "GET /v1/fits/{fit_id}/parameters", "GET /v1/fits/{fit_id}/covariance",
    "GET /v1/fits/{fit_id}/best-fit", "GET /v1/fits/{fit_id}/chains", "GET /v1/fits/{fit_id}/provenance",
    "GET /v1/fits/{fit_id}/bundle.zip", "GET /v1/fits/{fit_id}/log",
    "GET /v1/fits/{fit_id}/images/{image}/component/{component}.fits",
    "GET /v1/fits/{fit_id}/images/{image}/{plane}.fits", "GET /v1/fits/{fit_id}/plots/{name}",
    "GET /v1/fits/{fit_id}/images/{image}/component/{component}.png",
    "GET /v1/fits/{fit_id}/images/{image}/{plane}.png",
    "GET /v1/fits/{fit_id}/images/{image}/component/{component}.npy",
    "GET /v1/fits/{fit_id}/images/{image}/{plane}.npy", "GET /v1/fits/{fit_id}/export",
    "GET /v1/fits/{fit_id}/export/{name}", "POST /v1/catalogues", "POST /v1/catalogues/{catalogue_id}/rerun",
    "POST /v1/catalogues/{catalogue_id}/retry", "GET /v1/catalogues/{catalogue_id}/table",
    "GET /v1/catalogues/{catalogue_id}/table (csv)", "GET /v1/catalogues/{catalogue_id}/rows/{n}",
]  # fmt: skip
"""Routes that read files."""
WRITING = ["PUT /v1/uploads", "POST /v1/uploads", "POST /v1/fits (form)"]
"""Routes that store one."""
DELETING = ["DELETE /v1/uploads/{upload_id}", "DELETE /v1/fits/{fit_id}", "DELETE /v1/catalogues/{catalogue_id}"]
"""Routes that delete one."""
ELSEWHERE = [
    "/uws/", "/v1/keys", "/v1/session", "/v1/me", "/v1/examples", "/v1/profiles", "/v1/methods", "/v1/priors",
    "/v1/skyportal",
]  # fmt: skip
"""What has nothing to do with files; UWS, which is asked by itself below; SkyPortal's analyses, which become fits by
what `POST /v1/fits` does."""
WITHOUT_FILES = [
    "GET /v1/uploads", "GET /v1/uploads/{upload_id}", "GET /v1/uploads/{upload_id}/planes", "GET /v1/fits",
    "GET /v1/fits/{fit_id}", "PATCH /v1/fits/{fit_id}", "POST /v1/fits/{fit_id}/cancel",
    "GET /v1/fits/{fit_id}/links", "POST /v1/fits/{fit_id}/links", "DELETE /v1/fits/{fit_id}/links/{key_id}",
    "GET /v1/catalogues/{catalogue_id}/links", "POST /v1/catalogues/{catalogue_id}/links",
    "DELETE /v1/catalogues/{catalogue_id}/links/{key_id}",
    "GET /v1/fits/{fit_id}/request", "GET /v1/fits/{fit_id}/events", "GET /v1/fits/{fit_id}/progress/residual.png",
    "GET /v1/catalogues", "GET /v1/catalogues/{catalogue_id}", "GET /v1/catalogues/{catalogue_id}/request",
    "PATCH /v1/catalogues/{catalogue_id}", "POST /v1/catalogues/{catalogue_id}/cancel",
    "GET /v1/catalogues/{catalogue_id}/events", "GET /v1/searches", "GET /v1/searches/{search_id}",
    "GET /v1/searches/{search_id}/proposal", "POST /v1/searches/{search_id}/cancel", "DELETE /v1/searches/{search_id}",
    "GET /v1/flags", "GET /healthz", "GET /readyz", "GET /metrics",
]  # fmt: skip
"""Routes that answer from the database alone, or only say how things stand."""


def test_every_route_is_known_here(running: InProcess) -> None:
    known = {*READING, *WRITING, *DELETING, *WITHOUT_FILES}
    for path, methods in running.app.openapi()["paths"].items():
        for method in methods:
            route = f"{method.upper()} {path}"
            assert route in known or path.startswith(tuple(ELSEWHERE)), f"is the store needed by {route}?"


def ask(running: InProcess, route: str, names: dict[str, str]) -> httpx.Response:
    """The answer to a request that would be answered well if the store did."""
    method, _, path = route.removesuffix(" (form)").removesuffix(" (csv)").partition(" ")
    file = "galfit.feedme" if "export" in path else "fit.png"
    address = path.replace("{name}", file).format(**names)
    request = request_of(names["upload_id"])
    bodies: dict[str, dict[str, Any]] = {
        "POST /v1/fits": {"json": request},
        "POST /v1/fits (form)": {
            "data": {"request": _as_text(request | {"images": [{"name": "r", "data": "new.fits"}]})},
            "files": {"new.fits": ("new.fits", _OTHER)},
        },
        "PUT /v1/uploads": {"content": _OTHER},
        "POST /v1/uploads": {"content": _OTHER},
        "POST /v1/uploads/{upload_id}/propose": {"json": {}},
        "POST /v1/uploads/{upload_id}/searches": {"json": {}},
        "POST /v1/import": {
            "json": {"text": "A) a.fits\nP) 0\n0) sky\n1) 1 1\nZ) 0\n", "files": {"a.fits": names["upload_id"]}}
        },
        "POST /v1/fits/{fit_id}/rerun": {"json": {}},
        "POST /v1/catalogues": {"json": catalogue_of(names["upload_id"])},
        "POST /v1/catalogues/{catalogue_id}/rerun": {"json": {}},
        "POST /v1/catalogues/{catalogue_id}/retry": {"json": {}},
        "PATCH /v1/catalogues/{catalogue_id}": {"json": {"name": "another"}},
    }
    queries = {"/v1/fits/{fit_id}/rerun": "?from=best"}
    query = (
        "?format=csv" if route.endswith("(csv)") else "?format=galfit" if "export" in path else queries.get(path, "")
    )
    answer: httpx.Response = running.client.request(method, address + query, **bodies.get(route, {}))
    return answer


def _as_text(document: object) -> str:
    return json.dumps(document)


def assert_passing(answer: httpx.Response, route: str, statuses: tuple[int, ...]) -> None:
    assert answer.status_code in statuses, (route, answer.status_code, answer.text[:300])
    assert int(answer.headers["Retry-After"]) > 0, route
    assert answer.headers["Content-Type"] == "application/problem+json", route
    assert answer.json()["status"] == answer.status_code, route
    if answer.status_code == 503:
        assert answer.json()["detail"] == "The file store does not answer just now.", route


class Refusing:
    """A server of S3 that answers every request in one way; `status` None is never."""

    def __init__(self, status: int | None, code: str = "") -> None:
        body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        self.over = over = threading.Event()
        self.asked = asked = list[str]()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked.append(self.path)
                if status is None:
                    over.wait(30)
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


OBJECT_STORES: dict[str, Callable[[], Refusing | None]] = {
    "503": lambda: Refusing(503, "ServiceUnavailable"),
    "SlowDown": lambda: Refusing(503, "SlowDown"),
    "403": lambda: Refusing(403, "InvalidAccessKeyId"),
    "500": lambda: Refusing(500, "InternalError"),
    "hanging": lambda: Refusing(None),
    "away": lambda: None,
}


@pytest.fixture
def object_store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[BlobStore]:
    """photfit's own store on a server in trouble; as patient as a test can wait."""
    server = OBJECT_STORES[request.param]()
    environment = {
        "AWS_ENDPOINT_URL": server.url if server else "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def impatient(url: str, **_: object) -> object:
        return from_url(
            url,
            retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
            client_options={"timeout": timedelta(milliseconds=150), "allow_http": True},
        )

    monkeypatch.setattr("jobs.storage.blobs.from_url", impatient)
    yield ObjectBlobs("s3://photfit")
    if server:
        assert server.asked, "the store never asked its server"
        server.close()


@pytest.mark.parametrize("object_store", list(OBJECT_STORES), indirect=True)
def test_an_object_store_in_trouble(running: InProcess, names: dict[str, str], object_store: BlobStore) -> None:
    good = running.services.blobs
    running.use(object_store)
    try:
        for route in (*READING, *WRITING):
            assert_passing(ask(running, route, names), route, (503,))
        for route in WITHOUT_FILES:
            if not route.endswith(("/events", "residual.png", "/readyz")):
                assert ask(running, route, names).status_code < 500, route
        ready = running.client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["blobs"]["ok"]) == (503, False)
    finally:
        running.use(good)


@pytest.fixture
def folder_refuses(running: InProcess, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, bool], None]:
    """Has the operating system refuse what is asked of the store's folder: with an error, all or only what is new."""
    blobs = running.services.blobs
    assert isinstance(blobs, FolderBlobs)

    def refuse(code: int, reads: bool) -> None:
        def within(path: object) -> bool:
            return isinstance(path, (str, os.PathLike)) and str(path).startswith(str(blobs.folder))

        def guarded(real: Callable[..., Any], place: Callable[..., object]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                if within(place(*args, **kwargs)):
                    raise OSError(code, os.strerror(code))
                return real(*args, **kwargs)

            return call

        monkeypatch.setattr(tempfile, "mkstemp", guarded(tempfile.mkstemp, lambda *_, **options: options.get("dir")))
        monkeypatch.setattr(
            tempfile, "TemporaryFile", guarded(tempfile.TemporaryFile, lambda *_, **options: options.get("dir"))
        )
        if reads:
            for name in ("open", "stat", "unlink"):
                monkeypatch.setattr(Path, name, guarded(getattr(Path, name), lambda path, *_, **__: path))

    return refuse


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.EROFS], ids=errno.errorcode.get)
def test_a_folder_that_cannot_be_used(
    running: InProcess, names: dict[str, str], folder_refuses: Callable[[int, bool], None], code: int
) -> None:
    folder_refuses(code, True)
    for route in (*READING, *WRITING):
        assert_passing(ask(running, route, names), route, (503,))
    assert running.client.get("/readyz").status_code == 503


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT], ids=errno.errorcode.get)
def test_a_full_disk(
    running: InProcess, names: dict[str, str], folder_refuses: Callable[[int, bool], None], code: int
) -> None:
    folder_refuses(code, False)
    for route in WRITING:
        assert_passing(ask(running, route, names), route, (507,))
    answer = ask(running, "GET /v1/fits/{fit_id}/log", names)
    assert answer.status_code == 200, "what is there can still be read"


@pytest.mark.parametrize("object_store", ["503"], indirect=True)
def test_uws_and_deletion_in_trouble(running: InProcess, object_store: BlobStore) -> None:
    """A record is deleted first, so that nobody finds it without its files: those that stay are orphans for `gc`."""
    upload, _ = running.upload(fits_bytes([("DATA", noise() + 2.0)]))
    fit = running.fit(request_of(upload))
    catalogue, _ = running.catalogue(catalogue_of(upload))
    job = running.client.post("/uws/fits", data={"REQUEST": _as_text(request_of(upload))}, follow_redirects=False)
    good = running.services.blobs
    running.use(object_store)
    try:
        answers = {
            "uws": running.client.post(f"{job.headers['Location']}/phase", data={"PHASE": "RUN"}),
            "upload": running.client.delete(f"/v1/uploads/{upload}"),
            "fit": running.client.delete(f"/v1/fits/{fit}"),
            "catalogue": running.client.delete(f"/v1/catalogues/{catalogue}"),
        }
    finally:
        running.use(good)
    assert_passing(answers["upload"], "DELETE upload", (503,))
    assert_passing(answers["fit"], "DELETE fit", (503,))
    assert_passing(answers["catalogue"], "DELETE catalogue", (503,))
    assert answers["uws"].status_code == 503, answers["uws"].text
    assert int(answers["uws"].headers["Retry-After"]) > 0


@pytest.mark.parametrize("object_store", ["hanging"], indirect=True)
def test_a_store_that_hangs_holds_nobody_for_long(
    running: InProcess, names: dict[str, str], object_store: BlobStore
) -> None:
    good = running.services.blobs
    running.use(object_store)
    began = time.monotonic()
    try:
        answer = ask(running, "GET /v1/fits/{fit_id}/log", names)
    finally:
        running.use(good)
    assert answer.status_code == 503
    assert time.monotonic() - began < 10.0
