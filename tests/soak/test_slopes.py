"""Slopes of a soak: what grows is told, what is flat is not."""

import numpy as np
import pytest

from tests.soak.__main__ import series_table, slope, too_steep

TIMES = [5.0 * number for number in range(720)]


def series(an_hour: float) -> list[float]:
    """100 at first, growing steadily, with the noise of a process."""
    noise = np.random.default_rng(1).normal(0.0, 0.5, len(TIMES))
    return [100.0 + an_hour * time / 3600.0 + wobble for time, wobble in zip(TIMES, noise, strict=True)]


def test_a_slope_is_an_hours() -> None:
    assert slope(TIMES, series(40.0)) == pytest.approx(40.0, abs=1.0)
    assert slope(TIMES, series(0.0)) == pytest.approx(0.0, abs=1.0)


def test_the_first_part_does_not_count() -> None:
    values = [0.0 if time < 600.0 else 80.0 for time in TIMES]
    assert slope(TIMES, values) == pytest.approx(0.0, abs=1e-9)


def test_what_grows_as_sandbox_children_once_did_is_too_steep() -> None:
    flat = {"memory": series(0.0), "files": series(0.0), "threads": series(0.0)}
    roles = {"api": flat, "sandbox child": flat | {"memory": series(40.0)}}
    (line,) = too_steep(60.0, TIMES, roles)
    assert line.startswith("sandbox child: memory +")
    assert too_steep(5.0, TIMES, roles) == [], "minutes are not judged"
    assert "| sandbox child |" in series_table(TIMES, roles, {"blobs": series(10.0)})
