"""A long request is read in a child, in a time that has an end."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.sandbox import upload_checks
from app.sandbox.pool import Sandbox
from fitting.spec import FitRequest, RequestInvalid, parse_request


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(workers=1, memory_bytes=4 << 30, seconds=60.0, preload=upload_checks.preload)
    made.start()
    yield made
    made.stop()


def request(components: int) -> dict[str, Any]:
    parameters = {"x": 5, "y": 5, "q": 0.5}
    galaxies = [{"name": f"c{n}", "profile": "sersic", "parameters": parameters} for n in range(components)]
    return {"images": [{"name": "r", "data": "r.fits"}], "components": galaxies}


def test_a_request_read_in_a_child_is_the_same(sandbox: Sandbox) -> None:
    found = sandbox.call(upload_checks.read_request, request(800), 60.0)
    assert isinstance(found, FitRequest)
    assert found == parse_request(request(800))


def test_its_faults_are_the_same(sandbox: Sandbox) -> None:
    faulty = request(800)
    faulty["components"][3]["parameters"] = {"x": "= c9.z", "y": 5}
    with pytest.raises(RequestInvalid) as caught:
        parse_request(faulty)
    assert sandbox.call(upload_checks.read_request, faulty, 60.0) == caught.value.faults


def test_one_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(document: object) -> FitRequest:
        while True:
            time.monotonic()

    monkeypatch.setattr(upload_checks, "parse_request", endless)
    found = upload_checks.read_request(request(1), 0.05)
    assert isinstance(found, tuple)
    assert "longer than 0.05 s" in found[0].message
