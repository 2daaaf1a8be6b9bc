"""A worker that is killed in the middle of a long chain: the next attempt goes on from the last checkpoint."""

import json
from typing import Any

import pytest

from jobs.lifecycle import transitions
from jobs.storage.blobs import checkpoint_folder
from tests.worker.conftest import Service, wait_until

SAMPLES = 10_000


def sampling(document: dict[str, Any], samples: int) -> dict[str, Any]:
    """The request with a long random walk behind its fit; every draw is an evaluation."""
    walk = {"method": "metropolis", "warmup": 10, "samples": samples, "chains": 1, "screen": False}
    return document | {"stages": [{"method": "lm"}, walk]}


def moves(service: Service, fit_id: str) -> int:
    """How far the random walk of the running fit is."""
    progress = service.fit(fit_id).progress
    return progress["iteration"] if progress and progress["method"] == "metropolis" else 0


@pytest.mark.slow
def test_a_killed_sampler_goes_on_where_its_last_checkpoint_was(
    service: Service, request_document: dict[str, Any]
) -> None:
    fit_id = service.submit(sampling(request_document, SAMPLES))
    folder = checkpoint_folder(fit_id)
    wait_until(lambda: f"{folder}/stage-1/checkpoint.npz" in service.blobs.keys(folder), 90, "a checkpoint")
    reached = moves(service, fit_id)
    service.worker.kill()
    wait_until(lambda: service.fit(fit_id).attempt == 2, 60, "the second attempt")
    first = wait_until(lambda: moves(service, fit_id), 60, "the walk's going on")
    assert first > 0.3 * reached, "it did not begin again"
    transitions.request_cancel(service.engine, "local", fit_id)
    assert service.finished(fit_id, 10.0).state == "cancelled"
    wait_until(lambda: not service.blobs.keys(folder), 10, "the end of what was kept for the next attempt")


@pytest.mark.slow
def test_a_chain_is_whole_and_its_checkpoints_are_gone_when_it_is_done(
    service: Service, request_document: dict[str, Any]
) -> None:
    record = service.finished(service.submit(sampling(request_document, 100)))
    assert record.state == "succeeded", record.error
    keys = service.blobs.keys(f"fits/{record.id}")
    assert f"fits/{record.id}/1/chains.nc" in keys
    folder = checkpoint_folder(record.id)
    wait_until(lambda: not service.blobs.keys(folder), 10, "the end of what was kept for a next attempt")
    stages = json.loads(service.blobs.read(f"fits/{record.id}/1/parameters.json"))["stages"]
    assert stages[1]["diagnostics"]["draws"] == 100
