"""Uploads whose stored bytes are damaged or gone: told of wherever they are asked for, and mended."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.images import fits_bytes, noise
from tests.app.in_process import InProcess, request_of
from tests.app.test_store_in_trouble import ask

_SMALL = fits_bytes([("DATA", noise())])
_LARGE = fits_bytes([("DATA", noise()), *((f"MORE{number}", noise(360)) for number in range(3))])
READS = ["preview.png", "pixels.npy", "sky"]
NAMES = {"image": "r", "plane": "model", "component": "disc"}


def flip(path: Path) -> None:
    """Flip bits of the pixels, which no reader can notice."""
    content = bytearray(path.read_bytes())
    content[-3000] ^= 0x40
    path.write_bytes(content)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


CASES = [(_SMALL, flip, 500), (_LARGE, flip, 500), (_LARGE, halve, 500), (_SMALL, Path.unlink, 410)]


@pytest.mark.slow
@pytest.mark.parametrize(("content", "damage", "status"), CASES, ids=["small", "large", "half", "gone"])
def test_damaged_bytes_are_never_handed_out(
    running: InProcess, content: bytes, damage: Callable[[Path], None], status: int
) -> None:
    upload, key = running.upload(content)
    fit = running.fit(request_of(upload))
    stored = running.folder / "blobs" / key
    for read in READS:  # also of a file that was good when it was first asked for
        assert running.client.get(f"/v1/uploads/{upload}/{read}").status_code == 200
    damage(stored)
    for address in (*(f"uploads/{upload}/{read}" for read in READS), f"fits/{fit}/bundle.zip"):
        answer = running.client.get(f"/v1/{address}")
        assert answer.status_code == status, (address, answer.text[:200])
        problem = answer.json()
        assert problem["type"].endswith("upload-gone" if status == 410 else "upload-damaged")
        assert upload in problem["detail"]
        assert "Upload the file again" in problem["detail"]
    for route in ("POST /v1/fits", "POST /v1/import", "POST /v1/uploads/{upload_id}/propose"):
        answer = ask(running, route, NAMES | {"upload_id": upload, "fit_id": fit})
        assert answer.status_code == 422, (route, answer.text)
        assert "upload the file again" in answer.json()["faults"][0]["message"]
    assert running.client.get(f"/v1/fits/{fit}/bundle.zip", params={"inputs": False}).status_code == 200

    assert running.upload(content)[0] == upload
    for read in READS:
        assert running.client.get(f"/v1/uploads/{upload}/{read}").status_code == 200
