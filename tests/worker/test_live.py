"""What a running fit shows through its record and the blob store."""

from typing import Any

import numpy as np
import pytest

from jobs.lifecycle import transitions
from tests.worker.conftest import Service, wait_until

GALAXY = ("x", "y", "q", "pa", "n", "r_e", "i_e")
NAMES = ["sky.i", *(f"g{number}.{name}" for number in range(1, 5) for name in GALAXY)]


@pytest.mark.slow
def test_a_running_fit_tells_its_parameters_and_shows_its_residual(
    service: Service, slow_document: dict[str, Any]
) -> None:
    fit_id = service.submit(slow_document)

    def with_picture() -> dict[str, Any] | None:
        progress = service.fit(fit_id).progress
        return progress if progress and progress["residual"] else None

    progress = wait_until(with_picture, 180, "a picture")
    assert progress["residual"]["sequence"] >= 1
    assert list(progress["parameters"]) == NAMES
    assert all(np.isfinite(value) for value in progress["parameters"].values())
    assert progress["parameters_at_start"]["sky.i"] == 90.0
    assert abs(progress["parameters"]["sky.i"] - 100.0) < 1.0, "the noise's mean"
    assert service.blobs.keys(f"fits/{fit_id}") == [f"fits/{fit_id}/1/live/residual-0.png"]

    transitions.request_cancel(service.engine, "local", fit_id)
    record = service.finished(fit_id, 20.0)
    assert record.state == "cancelled"
    kept = service.blobs.keys(f"fits/{fit_id}")
    assert f"fits/{fit_id}/1/parameters.json" in kept, "what it had found"
    assert not [key for key in kept if "/live/" in key]
    assert record.progress is not None
    assert record.progress["residual"] is None
    assert list(record.progress["parameters"]) == NAMES


@pytest.mark.slow
def test_a_result_s_record_tells_no_parameters_beside_it(service: Service, request_document: dict[str, Any]) -> None:
    record = service.finished(service.submit(request_document))
    assert record.progress is not None
    assert "parameters" not in record.progress
