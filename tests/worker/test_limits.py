"""Fits that take more than they may: they fail with a reason, keep what they found, and the worker goes on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.worker.conftest import Service

QUICK = {"method": "lm", "max_iterations": 1}


@pytest.mark.slow
def test_limits_end_a_fit_and_not_its_worker(service: Service, slow_document: dict[str, Any], tmp_path: Path) -> None:
    stages = slow_document["stages"]
    kept = service.submit({**slow_document, "stages": [QUICK, *stages[1:]]}, time_limit=6.0)
    chains = [{"method": "metropolis", "warmup": 2, "samples": 100_000, "chains": 2}]
    drawn = service.submit({**slow_document, "stages": chains}, time_limit=3.0)
    path = tmp_path / "large.npy"
    np.save(path, np.random.default_rng(4).normal(100.0, 3.0, (2500, 2500)))
    images = [{**slow_document["images"][0], "data": service.upload(path)}]
    large = service.submit({**slow_document, "images": images, "stages": [QUICK]}, memory_limit=64)
    within = service.submit({**slow_document, "stages": [QUICK]}, time_limit=300.0, memory_limit=4096)

    record = service.finished(kept)
    assert (record.state, record.attempt, record.crashes) == ("failed", 1, 0)
    assert record.error is not None
    assert record.error["kept"]
    assert record.error["type"] == "urn:photfit:problem:out-of-time"
    parameters = json.loads(service.blobs.read(f"fits/{kept}/1/parameters.json"))
    assert len(parameters["stages"]) > 1
    assert parameters["stages"][-1]["message"].startswith("not converged: out of time")
    assert any("stopped before its end" in warning for warning in record.warnings)

    record = service.finished(drawn)
    assert record.error is not None
    assert (record.state, record.error["kept"]) == ("failed", True)
    assert f"fits/{drawn}/1/chains.nc" in service.blobs.keys(f"fits/{drawn}/1")

    record = service.finished(large)
    assert record.error is not None
    assert (record.state, record.error["title"], record.error["status"]) == ("failed", "Out of memory", 422)
    assert "64 MiB" in record.error["detail"]

    assert service.finished(within).state == "succeeded"
    assert service.worker.starts == 1
