"""Uploads that are large, and clients that go away in the middle of one."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.app.conftest import Service, wait_until
from tests.app.images import fits_bytes, noise

MakeService = Callable[..., Service]
MIB = 1 << 20


def table_claiming(mebibytes: int) -> bytes:
    """The header of a table of so many rows of a mebibyte."""
    cards = {
        "XTENSION": "'BINTABLE'",
        "BITPIX": "8",
        "NAXIS": "2",
        "NAXIS1": str(MIB),
        "NAXIS2": str(mebibytes),
        "PCOUNT": "0",
        "GCOUNT": "1",
        "TFIELDS": "1",
        "TFORM1": f"'{MIB}B'",
    }
    lines = [f"{key:<8}= {value:>20}".ljust(80) for key, value in cards.items()]
    return ("".join(lines) + "END".ljust(80)).ljust(2880).encode()


def large_file(mebibytes: int) -> Iterator[bytes]:
    """A FITS file with an image and a table of so many MiB, piece by piece."""
    yield fits_bytes([("SCI", noise())])
    yield table_claiming(mebibytes)
    for _ in range(mebibytes):
        yield bytes(MIB)
    yield bytes(-mebibytes * MIB % 2880)


@pytest.mark.slow
def test_a_gigabyte_leaves_the_api_small(make_service: MakeService) -> None:
    service = make_service(max_upload_bytes=str(2048 * MIB))
    assert service.api.handle is not None
    process = psutil.Process(service.api.handle.pid)
    done, peak = threading.Event(), [process.memory_info().rss]

    def watch() -> None:
        while not done.wait(0.05):
            peak.append(process.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        response = service.client.post("/v1/uploads", content=large_file(1024), timeout=300)
    finally:
        done.set()
        watching.join()
    print(f"API: {peak[0] / MIB:.0f} MiB before, at most {max(peak) / MIB:.0f} MiB during 1 GiB")
    assert response.status_code == 201, response.text
    assert response.json()["size"] > 1024 * MIB
    assert max(peak) < 300 * MIB


def files_of(service: Service) -> set[Path]:
    """What the blob store holds."""
    return {path for path in (service.data / "blobs").rglob("*") if path.is_file()}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_client_that_goes_away_leaves_nothing(service: Service, chunked: bool) -> None:
    before, blobs = service.stored(), files_of(service)
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {50 * MIB}"
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(f"POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n".encode())
        for _ in range(5):
            piece = bytes(MIB)
            connection.sendall(b"100000\r\n" + piece + b"\r\n" if chunked else piece)
        receiving = service.data / "receiving"
        wait_until(lambda: any(path.stat().st_size for path in receiving.glob("*/*")), 20, "the first bytes")
    wait_until(lambda: not any(receiving.glob("*")), 20, "the end of what was left")
    assert service.stored() == before
    assert files_of(service) == blobs
    assert service.client.get("/healthz").status_code == 200
