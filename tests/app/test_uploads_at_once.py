"""The same bytes uploaded and deleted at once, by HTTP: whoever is told that an upload is there finds its bytes."""

import threading

from tests.app.images import fits_bytes, noise
from tests.app.in_process import InProcess

_ROUNDS = 8
"""Of each of two that upload, read and delete: in either order of any two of the steps, several times."""


def test_the_same_bytes_uploaded_and_deleted_at_once(running: InProcess) -> None:
    content = fits_bytes([("DATA", noise() + 5.0)])
    seen: list[tuple[str, int]] = []
    kept: list[str] = []

    def come_and_go(keep: bool) -> None:
        for number in range(_ROUNDS):
            sent = running.client.put("/v1/uploads", params={"filename": "same.fits"}, content=content)
            seen.append(("put", sent.status_code))
            upload = sent.json().get("id", "none")
            seen.append(("read", running.client.get(f"/v1/uploads/{upload}/pixels.npy").status_code))
            if keep and number == _ROUNDS - 1:
                kept.append(upload)
            else:
                seen.append(("delete", running.client.delete(f"/v1/uploads/{upload}").status_code))

    threads = [threading.Thread(target=come_and_go, args=(keep,)) for keep in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for step, status in seen if step == "put"} <= {200, 201}
    # The other one may have deleted it first: that is told as such, and nothing is a fault of the service.
    assert {status for step, status in seen if step == "read"} <= {200, 404, 410}
    assert {status for step, status in seen if step == "delete"} <= {204, 404}
    last = running.client.put("/v1/uploads", content=content)
    assert last.status_code in (200, 201)
    assert running.client.get(f"/v1/uploads/{last.json()['id']}/pixels.npy").status_code == 200
    assert not list((running.folder / "blobs").rglob(".putting-*"))
