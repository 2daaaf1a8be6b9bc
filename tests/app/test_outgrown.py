"""The whole service on PostgreSQL and an S3 server in the place of the embedded SQLite and folder."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from jobs.settings import Settings
from jobs.storage.blobs import open_blobs
from jobs.storage.database import connect, revisions
from tests.app.conftest import EXAMPLES, Service, free_port, started_broker
from tests.app.test_fits import post_form


@pytest.fixture(scope="module")
def database_url(postgres_url: str) -> str:
    """A database of its own on the PostgreSQL server."""
    url = make_url(postgres_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("create database outgrown"))
    engine.dispose()
    return url.set(database="outgrown").render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def outgrown(tmp_path_factory: pytest.TempPathFactory, database_url: str, s3: str) -> Iterator[Service]:
    """A service with a worker on PostgreSQL and S3."""
    server = started_broker()
    stores = {"PHOTFIT_DATABASE_URL": database_url, "PHOTFIT_BLOB_URL": s3}
    made = Service(tmp_path_factory.mktemp("outgrown"), free_port(), server, stores)
    try:
        made.start()
        made.start_worker()
        yield made
    finally:
        made.stop()
        server.stop()


@pytest.mark.slow
def test_a_fit_goes_all_the_way_through_postgresql_and_s3(outgrown: Service, database_url: str, s3: str) -> None:
    folder = EXAMPLES / "three_galaxies"
    request: dict[str, Any] = json.loads((folder / "request.json").read_text())
    fit = post_form(outgrown, request, folder / "three_galaxies.fits").json()
    own = fit["links"]["self"]
    fit = outgrown.finished(fit["id"])
    assert fit["state"] == "succeeded", fit
    assert outgrown.client.get(f"{own}/parameters").json()["chi2_reduced"] == pytest.approx(1.012412, abs=1e-5)
    address = f"{own}/images/image/model.fits"
    model = outgrown.client.get(address)
    assert model.content.startswith(b"SIMPLE")
    part = outgrown.client.get(address, headers={"Range": "bytes=-2880", "If-Range": model.headers["etag"]})
    assert (part.status_code, part.content) == (206, model.content[-2880:])

    keys = open_blobs(s3).keys(f"fits/{fit['id']}")
    assert any(key.endswith("/parameters.json") for key in keys), "the results are in S3"
    assert not (outgrown.data / "photfit.sqlite").exists()
    assert not (outgrown.data / "blobs").exists()
    engine = connect(Settings(database_url=database_url))
    found, newest = revisions(engine)
    engine.dispose()
    assert found == newest

    assert outgrown.client.delete(own).status_code == 204
    assert open_blobs(s3).keys(f"fits/{fit['id']}") == []


def test_it_says_that_it_is_ready(outgrown: Service) -> None:
    checks = outgrown.client.get("/readyz").json()["checks"]
    assert {name for name, check in checks.items() if check["ok"]} == set(checks)
