"""The interval of a ratio, by pairs of known times."""

import pytest

from benchmarks.before_and_after import Row, compared

ROW = Row("three_galaxies", "model", 1)


def test_the_same_times_are_not_slower() -> None:
    row = compared(ROW, [1.0, 1.1, 0.9, 1.05], [1.02, 1.08, 0.91, 1.05])
    assert row.ratio == pytest.approx(1.0, abs=0.02)
    assert not row.slower


def test_noise_does_not_make_a_row_slower_but_many_pairs_do() -> None:
    assert not compared(ROW, [1.0, 1.0], [1.05, 1.20]).slower
    assert compared(ROW, [1.0] * 7, [1.08, 1.10, 1.12, 1.09, 1.11, 1.10, 1.10]).slower
