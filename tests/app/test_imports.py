"""Models of other programs over HTTP: the request, its rows, and nothing read but what the body names."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fitting.spec import parse_request
from photfit.client import Client, Refused
from tests.app.conftest import Service
from tests.app.images import fits_bytes, noise

FEEDME = """A) sky/galaxy.fits
C) none
G) limits.txt
H) 1 64 1 64
J) 25
K) 0.2 0.2
P) 0

0) sersic
1) 30 31 1 1
3) 18 1
4) 5 1
5) 2 1
9) 0.7 1
10) 20 1
Q) what
"""


def test_a_feedme_is_a_request_of_uploads(service: Service, tmp_path: Path) -> None:
    (tmp_path / "galaxy.fits").write_bytes(fits_bytes([("SCI", noise(64))]))
    with Client(str(service.client.base_url)) as client:
        upload = client.upload(tmp_path / "galaxy.fits").id
        found = client.import_model(FEEDME, texts={"limits.txt": "1 n 0.5 to 6"}, files={"galaxy.fits": upload})
    request = parse_request(found["request"])
    assert {plane.file for _, plane in request.references()} == {upload}
    assert found["request"]["components"][0]["parameters"]["n"] == {"value": 2.0, "min": 0.5, "max": 6.0}
    assert found["request"]["images"][0]["variance"]["datum"]["scatter"] == pytest.approx(np.std(noise(64)), rel=0.1)
    assert [row["text"] for row in found["rows"] if row["why_not"]] == ["Q) what"]


def test_nothing_of_the_host_is_read(service: Service) -> None:
    text = FEEDME.replace("limits.txt", "/etc/passwd").replace("sky/galaxy.fits", "/etc/hostname")
    found: dict[str, Any] = service.client.post("/v1/import", json={"text": text}).json()
    assert {row["text"] for row in found["rows"] if row["why_not"]} == {"A) /etc/hostname", "G) /etc/passwd", "Q) what"}


def test_what_is_no_model_is_refused_in_a_sentence(service: Service) -> None:
    with Client(str(service.client.base_url)) as client, pytest.raises(Refused, match="no model that photfit knows"):
        client.import_model("hello")
    assert service.client.post("/v1/import", json={"text": FEEDME, "files": {"a": "upl_none"}}).status_code == 422
