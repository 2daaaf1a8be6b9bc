"""Answers that a browser opens by itself can run nothing: files, plots as SVG, errors, streams."""

import json

import pytest

from jobs.storage.stored_files import described
from tests.app.images import fits_bytes, noise
from tests.app.in_process import InProcess, request_of
from tests.app.test_store_in_trouble import ask


@pytest.fixture(scope="module")
def names(running: InProcess) -> dict[str, str]:
    upload, _ = running.upload(fits_bytes([("DATA", noise() + 3.0)]), "<script>alert(1)</script>.svg")
    fit = running.fit(request_of(upload) | {"name": "<script>alert(1)</script>"})
    # A plot that was drawn before, as anybody's names could have come into it.
    plot = running.folder / "plot.svg"
    plot.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    running.services.blobs.put_file(f"fits/{fit}/1/plots/profile-r.svg", plot)
    plot.write_text(json.dumps(described(plot)))
    running.services.blobs.put_file(f"fits/{fit}/1/plots/profile-r.svg.json", plot)
    return {"upload_id": upload, "fit_id": fit, "image": "r", "plane": "model", "component": "disc"}


ROUTES = [
    "GET /v1/fits/{fit_id}/plots/profile.svg", "GET /v1/fits/{fit_id}/images/{image}/{plane}.fits",
    "GET /v1/fits/{fit_id}/log", "GET /v1/fits/{fit_id}/best-fit", "GET /v1/fits/{fit_id}/chains?format=netcdf",
    "GET /v1/uploads/{upload_id}", "GET /v1/uploads/{upload_id}/pixels.npy", "GET /v1/uploads/{upload_id}/preview.png",
    "GET /v1/fits/{fit_id}/bundle.zip", "GET /v1/nothing/<script>", "GET /uws/fits", "GET /healthz", "GET /metrics",
    "DELETE /v1/uploads", "POST /v1/fits/{fit_id}/rerun",
]  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_nothing_runs_in_an_answer(running: InProcess, names: dict[str, str], route: str) -> None:
    answer = ask(running, route, names)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert not answer.headers["Content-Type"].startswith("text/html")


def test_an_svg_is_one_and_nothing_runs_in_it(running: InProcess, names: dict[str, str]) -> None:
    answer = ask(running, ROUTES[0], names)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
