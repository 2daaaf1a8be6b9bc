"""A sound request to start from."""

from typing import Any

import pytest


@pytest.fixture
def document() -> dict[str, Any]:
    """A sky and three galaxies, every parameter given."""
    start = {"x": 66.5, "y": 65.5, "q": 0.6, "pa": 40.0, "n": 1.5, "r_e": 25.0, "i_e": 100.0}
    return {
        "name": "three galaxies",
        "images": [{"name": "r", "data": "three.fits[DATA]", "variance": "three.fits[VARIANCE]"}],
        "components": [
            {"name": "sky", "profile": "flat_sky", "parameters": {"i": 25.1}},
            *({"name": name, "profile": "sersic", "parameters": dict(start)} for name in "abc"),
        ],
        "stages": [{"method": "lm"}],
        "seed": 42,
    }
