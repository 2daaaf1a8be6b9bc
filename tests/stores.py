"""Real stores for tests: a PostgreSQL server where one is installed, and an S3 server."""

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server: the one that the environment names, else one that is started here."""
    if url := os.environ.get("PHOTFIT_TEST_POSTGRES_URL"):
        yield url
        return
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb")]
    if found[-1] is None:
        pytest.skip("no PostgreSQL server is installed and PHOTFIT_TEST_POSTGRES_URL is not set")
    programs = Path(found[-1]).parent
    folder = Path(tempfile.mkdtemp(prefix="photfit-pg-"))
    # The server refuses to run as root: there it runs as the user that its package makes.
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    subprocess.run([*user, programs / "initdb", "-D", data, "-A", "trust", "-U", "photfit"], check=True, timeout=60)
    options = f"-c listen_addresses='' -k {folder} -c fsync=off"
    log = str(folder / "log")
    control = [*user, programs / "pg_ctl", "-D", data, "-w", "-l", log, "-o", options]
    subprocess.run([*control, "start"], check=True, timeout=60)
    yield f"postgresql://photfit@/postgres?host={folder}"
    subprocess.run([*user, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, timeout=60)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server on loopback with a bucket, and the environment that finds it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
    }
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    boto3.client("s3", endpoint_url=address, region_name="us-east-1").create_bucket(Bucket="photfit")
    yield "s3://photfit/some/prefix"
    server.stop()
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
