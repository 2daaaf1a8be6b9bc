"""What a request will need, before it has run."""

from typing import Any

import pytest

from fitting.spec import METHODS, parse_request
from jobs.queues.costs import expected_bytes, expected_seconds

SKY = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 1}}
GALAXY = {
    "name": "a",
    "profile": "sersic",
    "parameters": {"x": 5, "y": 5, "q": 0.5, "pa": 10, "n": 2, "r_e": 3, "i_e": 9},
}


def seconds(*stages: dict[str, Any], pixels: int = 10_000) -> float:
    return expected_seconds(request(*stages), pixels)


def request(*stages: dict[str, Any]) -> Any:
    return parse_request({"images": [{"data": "a.fits"}], "components": [SKY, GALAXY], "stages": list(stages)})


@pytest.mark.parametrize("method", METHODS)
def test_every_method_takes_time_that_grows_with_the_image(method: str) -> None:
    stage = {"method": method}
    assert seconds() < seconds(stage) < seconds(stage, pixels=1_000_000)


def test_stages_add_up_and_draws_count() -> None:
    lm, chains = {"method": "lm"}, {"method": "metropolis", "samples": 1000, "warmup": 100}
    assert seconds(lm, chains) > max(seconds(lm), seconds(chains))
    assert seconds({**chains, "samples": 10_000}) > 5 * seconds(chains)


def test_memory_grows_with_pixels_and_draws() -> None:
    few, many = request({"method": "lm"}), request({"method": "metropolis", "samples": 100_000})
    assert expected_bytes(few, 4_000_000) > expected_bytes(few, 10_000) > 100 << 20
    assert expected_bytes(many, 10_000) > expected_bytes(few, 10_000)


def test_the_seed_problem_takes_tenths_of_a_second() -> None:
    assert 0.1 < seconds({"method": "lm"}) < 1.0


def test_many_free_parameters_cost_what_they_did() -> None:
    """3,000 levels of skies on 30 images of 30 × 30 pixels: 5,775 MiB and 55 s on one core."""
    images = [{"name": f"i{number}", "data": "a.fits"} for number in range(30)]
    levels = {"i": {"by_image": {image["name"]: 1.0 for image in images}}}
    skies = [{**SKY, "name": f"s{number}", "parameters": levels} for number in range(100)]
    asked = parse_request({"images": images, "components": skies, "stages": [], "frame": "pixel"})
    assert 5_775 << 20 < expected_bytes(asked, 27_000) < 2 * 5_775 << 20
    assert 10.0 < expected_seconds(asked, 27_000) < 100.0
