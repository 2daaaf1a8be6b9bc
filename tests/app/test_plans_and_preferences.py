"""Dry runs, places in the queue, and waiting for the finished fit."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from app.http.request_parameters import preferred_wait
from app.models.fits import FitPlan
from fitting.spec import parse_request
from tests.app.conftest import EXAMPLES, Service, wait_until
from tests.app.test_fits import post_form, with_uploads
from tests.app.test_whole_path import finished

REQUEST: dict[str, Any] = json.loads((EXAMPLES / "three_galaxies" / "request.json").read_text())


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0.0),
        ("wait=10", 10.0),
        ("respond-async, wait=5", 5.0),
        ("handling=lenient; wait=7", 7.0),
        ('Wait = "3"', 3.0),
        ("wait=9999", 60.0),
        ("wait=-1", 0.0),
        ("wait=x", 0.0),
        ("await=5", 0.0),
    ],
)
def test_the_preference_is_read_as_the_standard_has_it(header: str | None, seconds: float) -> None:
    assert preferred_wait(header) == seconds


def planned(service: Service, request: dict[str, Any], *paths: Path) -> Any:
    files = [("request", (None, json.dumps(request), "application/json"))]
    files += [("file", (path.name, path.read_bytes(), "application/fits")) for path in paths]  # type: ignore[misc]
    return service.client.post("/v1/fits", params={"dry_run": True}, files=files)


def test_a_plan_says_what_would_be_done_and_nothing_is_stored(service: Service, seed_file: Path) -> None:
    before = service.stored()
    components = [dict(component) for component in REQUEST["components"]]
    components[0] = {**components[0], "parameters": {}}
    response = planned(service, {**REQUEST, "components": components}, seed_file)
    assert response.status_code == 200, response.text
    plan = response.json()
    FitPlan.model_validate(plan, strict=False)
    sky = parse_request(plan["request"]).components[0].parameters["i"]
    assert 10 < sky.value < 100  # type: ignore[union-attr, operator]
    assert (plan["n_pixels"], plan["free_parameters"], plan["stages"]) == (9801, 22, ["lm"])
    assert 0.05 < plan["estimated_seconds"] < 60
    assert plan["estimated_memory_bytes"] > 100 << 20
    assert (plan["queue"]["name"], plan["queue"]["estimated_start"]) == ("cpu", None)
    assert service.stored() == before


def test_a_plan_of_a_profile_of_ones_own_finds_its_first_values(service: Service, seed_file: Path) -> None:
    own = {
        "name": "own",
        "profile": "formula",
        "brightness": "i0 * exp(-(r / h) ** c)",
        "parameters": {"h": {"unit": "pixel", "scale": "log"}, "i0": {"unit": "data/pixel"}, "c": 1},
    }
    response = planned(service, {**REQUEST, "components": [REQUEST["components"][0], own]}, seed_file)
    assert response.status_code == 200, response.text
    found = response.json()["request"]["components"][1]
    assert found["options"]["brightness"] == own["brightness"]
    assert 1 < found["parameters"]["h"] < 100
    assert found["parameters"]["c"] == 1
    own["brightness"] = "i0 * exp(-r * h)"
    refused = planned(service, {**REQUEST, "components": [own]}, seed_file)
    assert refused.status_code == 422
    assert any("exp takes a pure number" in fault["message"] for fault in refused.json()["faults"])


def test_a_plan_of_a_faulty_request_has_its_faults(service: Service, seed_file: Path) -> None:
    response = planned(service, {**REQUEST, "stages": [{"method": "nosuch"}]}, seed_file)
    assert (response.status_code, response.json()["faults"][0]["path"]) == (422, "$.stages[0].method")


@pytest.mark.slow
def test_a_queued_fit_has_a_place_that_moves_up(make_service: Callable[..., Service], seed_file: Path) -> None:
    service = make_service()
    request = with_uploads(REQUEST, service.upload(seed_file), seed_file.name)
    made = [service.client.post("/v1/fits", json=request).json() for _ in range(3)]
    assert made[0]["queue"] == {"name": "cpu", "position": 1, "estimated_start": None}

    def positions() -> list[int | None]:
        fits = [service.client.get(fit["links"]["self"]).json() for fit in made]
        return [fit["queue"] and fit["queue"]["position"] for fit in fits]

    wait_until(lambda: positions() == [1, 2, 3], 10, "places")
    tag = service.client.get(made[2]["links"]["self"]).headers["etag"]
    service.client.post(made[0]["links"]["cancel"])
    wait_until(lambda: positions() == [None, 1, 2], 10, "places that moved up")
    unchanged = {"If-None-Match": tag}
    assert service.client.get(made[2]["links"]["self"], headers=unchanged).status_code == 200


def test_a_request_without_stages_is_quick(service: Service, seed_file: Path) -> None:
    plan = planned(service, {**REQUEST, "stages": []}, seed_file).json()
    assert (plan["queue"]["name"], plan["stages"]) == ("quick", [])


def test_who_prefers_to_wait_gets_the_finished_fit(working_service: Service, seed_file: Path) -> None:
    response = post_form(working_service, REQUEST, seed_file, headers={"Prefer": "wait=60"})
    assert (response.status_code, response.json()["state"]) == (200, "succeeded")
    assert response.headers["preference-applied"] == "wait=60"
    again = working_service.client.post(response.json()["links"]["rerun"], headers={"Prefer": "wait=60"})
    assert (again.status_code, again.json()["state"]) == (200, "succeeded")


def test_who_waits_too_short_is_told_that_it_is_queued(service: Service, seed_file: Path) -> None:
    response = post_form(service, REQUEST, seed_file, headers={"Prefer": "wait=1"})
    assert (response.status_code, response.json()["state"]) == (202, "queued")


@pytest.mark.slow
def test_estimated_starts_are_near_what_happens(working_service: Service, seed_file: Path) -> None:
    """Twenty fits of very different lengths at once, after a few that set the pace."""
    service = working_service
    request = with_uploads(REQUEST, service.upload(seed_file), seed_file.name)
    chains = {"method": "metropolis", "warmup": 100, "chains": 2}

    def asked(number: int) -> dict[str, Any]:
        stages = [{"method": "lm"}, *([{**chains, "samples": 400 * (number % 4)}] if number % 4 else [])]
        response = service.client.post("/v1/fits", json={**request, "stages": stages, "seed": number})
        assert response.status_code == 202, response.text
        fit: dict[str, Any] = response.json()
        return fit

    for fit in [asked(number) for number in range(8)]:
        assert finished(service, fit)["state"] == "succeeded"
    waiting = [asked(number) for number in range(20)]
    told = [service.client.get(fit["links"]["self"]).json() for fit in waiting]
    pairs = []
    for before in told:
        after = finished(service, before)
        if before["state"] == "queued":
            estimated, asked_at, started = (
                datetime.fromisoformat(text)
                for text in (before["queue"]["estimated_start"], before["created_at"], after["started_at"])
            )
            pairs.append(((started - asked_at).total_seconds(), (estimated - asked_at).total_seconds()))
    ratios = [estimated / actual for actual, estimated in pairs if actual > 1.0]
    print(f"{len(ratios)} waits of {min(pairs)[0]:.1f} to {max(pairs)[0]:.1f} s; estimated / actual: {sorted(ratios)}")
    assert len(ratios) >= 8
    assert 0.5 < median(ratios) < 2.0


def test_limits_beyond_the_services_are_told(make_service: Callable[..., Service], seed_file: Path) -> None:
    service = make_service(max_fit_seconds="100", max_fit_memory_mib="1000")
    limits = {"seconds": 200, "memory_mib": 2000}
    response = planned(service, {**REQUEST, "limits": limits}, seed_file)
    assert response.status_code == 422
    assert [fault["path"] for fault in response.json()["faults"]] == ["$.limits.seconds", "$.limits.memory_mib"]
    assert planned(service, {**REQUEST, "limits": {"seconds": 50}}, seed_file).status_code == 200
    assert planned(service, {**REQUEST, "limits": {"seconds": -1}}, seed_file).status_code == 422
