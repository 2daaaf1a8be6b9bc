"""Fits that ask for a GPU, through the API, the broker and a worker that has one."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.app.conftest import Service, wait_until
from tests.app.test_fits import post_form

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def submitted(service: Service, request: dict[str, Any], image: Path) -> str:
    """The id of a fit that has been accepted."""
    response = post_form(service, request, image)
    assert response.status_code == 202, response.text
    identity: str = response.json()["id"]
    return identity


@pytest.mark.parametrize("device", ["gpu", "cuda", "auto"])
def test_a_fit_runs_on_the_gpu(
    working_service: Service, seed_request: dict[str, Any], seed_file: Path, device: str
) -> None:
    stages = [{"method": "lm"}, {"method": "nuts", "warmup": 20, "samples": 50, "chains": 2}]
    fit_id = submitted(working_service, {**seed_request, "device": device, "stages": stages}, seed_file)
    fit = working_service.finished(fit_id)
    assert (fit["state"], fit["device"]) == ("succeeded", "cuda"), fit
    parameters = working_service.client.get(f"/v1/fits/{fit_id}/parameters").json()
    assert parameters["stages"][0]["chi2_reduced"][1] == pytest.approx(1.012412, abs=2e-6)
    assert torch.cuda.get_device_name() in json.dumps(
        working_service.client.get(f"/v1/fits/{fit_id}/provenance").json()
    )


def test_a_killed_worker_on_a_gpu_costs_an_attempt(
    working_service: Service, seed_request: dict[str, Any], seed_file: Path
) -> None:
    stages = [{"method": "nuts", "warmup": 50, "samples": 1500, "chains": 2}]
    request = {**seed_request, "device": "gpu", "stages": [{"method": "lm"}, *stages]}
    fit_id = submitted(working_service, request, seed_file)

    def sampling() -> bool:
        fit = working_service.client.get(f"/v1/fits/{fit_id}").json()
        return bool(fit["progress"] and fit["progress"]["method"] == "nuts" and fit["progress"]["iteration"] > 100)

    wait_until(sampling, 120, "draws")
    working_service.workers[-1].stop(signal.SIGKILL)
    working_service.start_worker()
    fit = working_service.finished(fit_id)
    assert (fit["state"], fit["attempt"], fit["device"]) == ("succeeded", 2, "cuda"), fit
