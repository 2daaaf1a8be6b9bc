"""Bytes that were damaged where they are stored: told of, mended where they can be, and never taken for good."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from jobs.storage.stored_files import sha256_of
from jobs.storage.uploads import blob_key
from tests.app.conftest import Service
from tests.app.test_fits import with_uploads

pytestmark = pytest.mark.timeout(400)

READS = [
    "parameters", "parameters?format=csv", "covariance", "best-fit", "plots/corner.png", "plots/fit.png", "bundle.zip",
    "images/image/model.fits", "images/image/model.png", "log", "provenance",
]  # fmt: skip


def flip(path: Path, count: int = 100) -> None:
    """Flip a bit in bytes of the first plane's pixels, or in the second half of a small file."""
    content = bytearray(path.read_bytes())
    begin, end = (10_000, 20_000) if len(content) > 30_000 else (len(content) // 2, len(content))
    for place in range(begin, end, max((end - begin) // count, 1)):
        content[place] ^= 4
    path.write_bytes(content)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_damaged_upload_is_refused_in_words_and_the_same_bytes_again_mend_it(
    working_service: Service, seed_request: dict[str, Any], seed_file: Path
) -> None:
    upload = working_service.upload(seed_file)
    stored = working_service.data / "blobs" / blob_key(sha256_of(seed_file))
    good = stored.read_bytes()
    flip(stored)
    request = with_uploads(seed_request, upload, seed_file.name)

    refused = working_service.client.post("/v1/fits", json=request)
    assert refused.status_code == 422
    assert "upload the file again" in refused.json()["faults"][0]["message"]
    assert working_service.upload(seed_file) == upload
    assert stored.read_bytes() == good
    answer = working_service.client.post("/v1/fits", json=request)
    assert answer.status_code == 202, answer.text
    assert working_service.finished(answer.json()["id"])["state"] == "succeeded"


@pytest.fixture(scope="module")
def answers() -> dict[str, httpx.Response]:
    return {}


@pytest.mark.slow
@pytest.mark.parametrize("damage", [halve, flip, Path.unlink], ids=["half", "flipped", "gone"])
def test_a_damaged_result_is_never_given_out(
    working_service: Service, seed_request: dict[str, Any], seed_file: Path, damage: Callable[[Path], None]
) -> None:
    request = with_uploads(seed_request, working_service.upload(seed_file), seed_file.name)
    fit = working_service.finished(working_service.client.post("/v1/fits", json=request).json()["id"])
    assert fit["state"] == "succeeded"
    whole = working_service.client.get(f"/v1/fits/{fit['id']}/bundle.zip")
    assert zipfile.ZipFile(io.BytesIO(whole.content)).testzip() is None
    folder = working_service.data / "blobs" / "fits" / fit["id"] / "1"
    results = [path for path in folder.rglob("*") if path.is_file() and path.parent.name not in ("plots", "previews")]
    for kept in (*folder.rglob("plots/*"), *folder.rglob("previews/**/*.png")):
        kept.unlink()
    for path in results:
        damage(path)
    for place in READS:
        answer = working_service.client.get(f"/v1/fits/{fit['id']}/{place}")
        assert answer.status_code == (410 if damage is Path.unlink else 500), (place, answer.status_code)
        problem = json.loads(answer.content)
        assert problem["type"].endswith("result-gone" if damage is Path.unlink else "result-damaged"), place
        assert "Run the fit again" in problem["detail"]
