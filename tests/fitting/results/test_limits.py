"""What a fit says of limits that it met or came near."""

import numpy as np
import pytest

from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, sersic

MODEL = [flat_sky(), sersic()]


@pytest.fixture(scope="module")
def data() -> np.ndarray:
    return noisy(rendered(MODEL))


def test_a_limit_within_the_uncertainty_is_spoken_of(data: np.ndarray) -> None:
    free = fitted(MODEL, image_of(data))
    n = next(row for row in free.parameters if row.name == "g.n")
    assert n.uncertainty is not None
    held = fitted([flat_sky(), sersic(n={"value": 1.5, "max": n.value + 0.5 * n.uncertainty})], image_of(data))
    far = fitted([flat_sky(), sersic(n={"value": 1.5, "max": n.value + 2.0 * n.uncertainty})], image_of(data))
    assert any("within one uncertainty of a limit" in text and "g.n" in text for text in held.warnings)
    assert far.warnings == ()


def test_an_angle_is_reported_within_one_turn_wherever_it_started(data: np.ndarray) -> None:
    for start in (35.0, 35.0 + 360.0, 35.0 - 180.0):
        result = fitted([flat_sky(), sersic(pa=start)], image_of(data))
        (pa,) = [row for row in result.parameters if row.name == "g.pa"]
        assert pa.value == pytest.approx(35.0, abs=1.0)
