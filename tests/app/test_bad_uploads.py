"""Files that are no image are refused as they come, with nothing stored."""

import gzip

import numpy as np
import pytest

from tests.app.conftest import Service
from tests.app.images import fits_bytes, noise, npy_bytes

PROBLEM = "application/problem+json"
SOUND = fits_bytes([("DATA", noise())])

BAD_FILES = {
    "nothing at all": ("empty.fits", b""),
    "text": ("notes.fits", b"this is no image\n" * 500),
    "an executable": ("program", b"\x7fELF" + bytes(4000)),
    "a file cut in the header": ("cut.fits", SOUND[:1000]),
    "a file cut in the data": ("cut.fits", SOUND[:6000]),
    "no image in any HDU": ("none.fits", fits_bytes([("EMPTY", None)])),
    "a spectrum": ("line.fits", fits_bytes([("LINE", np.zeros(8))])),
    "a spectrum as npy": ("line.npy", npy_bytes(np.zeros(8))),
    "a pickle in npy": ("pickle.npy", npy_bytes(np.array([{"a": 1}]), allow_pickle=True)),
    "text in npy": ("text.npy", npy_bytes(np.array([["a", "b"]]))),
    "a cut npy": ("cut.npy", npy_bytes(noise())[:500]),
    "a gzip of text": ("text.fits.gz", gzip.compress(b"this is no image\n" * 500)),
    "a cut gzip": ("cut.fits.gz", gzip.compress(SOUND)[:3000]),
    "a gzip that inflates a thousandfold": ("bomb.fits.gz", gzip.compress(bytes(300 << 20), 9)),
}


@pytest.mark.parametrize(("filename", "content"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_is_no_image_is_refused_with_the_reason(service: Service, filename: str, content: bytes) -> None:
    response = service.client.post("/v1/uploads", params={"filename": filename}, content=content)
    problem = response.json()
    assert response.status_code == 422
    assert response.headers["content-type"] == PROBLEM
    assert problem["type"] == "urn:photfit:problem:file-unreadable"
    assert len(problem["detail"]) > 20
    assert "Traceback" not in response.text


def test_a_refused_file_leaves_nothing_behind(service: Service) -> None:
    before, stored = sorted(str(path) for path in service.data.rglob("*") if "uploads" in str(path)), service.stored()
    service.client.post("/v1/uploads", content=b"this is no image")
    assert sorted(str(path) for path in service.data.rglob("*") if "uploads" in str(path)) == before
    assert service.stored() == stored


def test_the_service_goes_on_after_every_bad_file(service: Service) -> None:
    for filename, content in BAD_FILES.values():
        service.client.post("/v1/uploads", params={"filename": filename}, content=content)
    assert service.client.get("/readyz").status_code == 200


def test_a_filename_is_shown_but_never_used_as_a_path(service: Service) -> None:
    response = service.client.post("/v1/uploads", params={"filename": "../../../etc/passwd"}, content=SOUND)
    assert response.status_code == 201
    assert response.json()["filename"] == "../../../etc/passwd"
    service.client.delete(response.json()["links"]["self"])


def test_a_form_without_a_file_is_refused(service: Service) -> None:
    response = service.client.post("/v1/uploads", files={"file": (None, "text")})
    assert (response.status_code, response.headers["content-type"]) == (400, PROBLEM)
