"""The client on a network that fails, and its errors."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from photfit.client import Client, Refused, ServiceError, ServiceUnreachable, WaitTimeout


def fit_document(state: str = "succeeded") -> dict[str, Any]:
    return {"id": "fit_1", "name": "n", "state": state, "created_at": "2026-01-02T03:04:05Z", "something_new": 1}


@pytest.fixture
def client(network: Any) -> Client:
    return Client(network.url)


def test_a_dropped_connection_is_tried_again(network: Any, client: Client) -> None:
    network.script = [None, (200, fit_document())]
    assert client.status("fit_1").state == "succeeded"


def test_a_repeated_submission_carries_the_same_key(network: Any, client: Client) -> None:
    network.script = [None, (202, fit_document("queued"))]
    client.submit({"name": "n"})
    keys = [headers["Idempotency-Key"] for _, _, headers in network.seen]
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_two_submissions_carry_different_keys(network: Any, client: Client) -> None:
    network.script = [(202, fit_document("queued"))] * 2
    client.submit({"name": "n"})
    client.submit({"name": "n"})
    assert len({headers["Idempotency-Key"] for _, _, headers in network.seen}) == 2


def test_a_service_that_is_not_available_for_a_moment_is_asked_again(network: Any, client: Client) -> None:
    network.script = [(503, {"detail": "starting"}), (200, fit_document())]
    assert client.status("fit_1").id == "fit_1"


def test_an_upload_is_sent_whole_on_each_try(network: Any, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "a.fits"
    file.write_bytes(b"x" * 5000)
    network.script = [None, (201, {"id": "upl_1"})]
    assert client.upload(file).id == "upl_1"
    assert len({headers["Content-Length"] for _, _, headers in network.seen}) == 1


def test_a_refusal_is_not_repeated(network: Any, client: Client) -> None:
    network.script = [(422, {"detail": "wrong", "faults": []})]
    with pytest.raises(Refused, match="wrong"):
        client.submit({})
    assert len(network.seen) == 1


def test_a_refusal_carries_the_faults(network: Any, client: Client) -> None:
    fault = {"path": "$.components[0].profile", "message": "unknown", "expected": "sersic"}
    network.script = [(422, {"title": "t", "status": 422, "detail": "d", "faults": [fault]})]
    with pytest.raises(Refused) as caught:
        client.submit({})
    assert caught.value.problem is not None
    assert caught.value.problem.faults[0].path == "$.components[0].profile"


def test_an_answer_that_is_no_json_is_not_a_photfit_service(network: Any, client: Client) -> None:
    network.script = [(500, {})]
    with pytest.raises(ServiceError, match="500"):
        client.status("fit_1")


def test_nothing_at_the_address_says_what_to_do() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(ServiceUnreachable, match="photfit serve"):
        Client(url).status("fit_1")


def test_waiting_ends_with_the_fit(network: Any, client: Client) -> None:
    network.script = [(200, fit_document("running")), (200, fit_document("failed"))]
    assert client.wait("fit_1").state == "failed"


def test_waiting_asks_for_final_states(network: Any, client: Client) -> None:
    network.script = [(200, fit_document())]
    client.wait("fit_1")
    assert "state=succeeded" in network.seen[0][1]


def test_waiting_gives_up_after_its_time(network: Any, client: Client) -> None:
    network.script = [(200, fit_document("running"))]
    with pytest.raises(WaitTimeout, match="it goes on"):
        client.wait("fit_1", timeout=0.0)


def test_a_download_that_fails_leaves_no_file(network: Any, client: Client, tmp_path: Path) -> None:
    network.script = [(404, {"detail": "nothing there"})]
    with pytest.raises(Refused):
        client.download("/x", tmp_path / "x.fits")
    assert list(tmp_path.iterdir()) == []
