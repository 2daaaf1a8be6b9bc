"""Values and uncertainties are rounded as a paper rounds them."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitting.rounding import Rounded, round_asymmetric, round_measurement, round_reported


@pytest.mark.parametrize(
    ("value", "uncertainty", "expected"),
    [
        (0.827, 0.119, ("0.83", "0.12")),  # two examples of the Review of Particle Physics
        (0.827, 0.367, ("0.8", "0.4")),
        (67.93775329, 0.00410150, ("67.938", "0.004")),
        (31.52689311, 0.07788871, ("31.53", "0.08")),
        (285.67370885, 1.05631489, ("285.7", "1.1")),
        (583.9125256, 2.7108491, ("583.9", "2.7")),
        (12345.6, 120.0, ("12350", "120")),
        (12345.6, 678.0, ("12300", "700")),
        (1.0, 0.0967, ("1.00", "0.10")),
        (1.0, 0.0999999, ("1.00", "0.10")),
        (-0.0001, 0.04, ("0.00", "0.04")),
    ],
)
def test_the_uncertainty_decides_the_digits(value: float, uncertainty: float, expected: tuple[str, str]) -> None:
    assert round_measurement(value, uncertainty) == expected


def test_very_small_numbers_share_a_power_of_ten() -> None:
    assert round_measurement(1.20361e-8, 1.17e-10) == ("1.204e-08", "0.012e-08")


def test_very_large_numbers_share_a_power_of_ten() -> None:
    assert round_measurement(123456789.0, 2345.0) == ("1.234568e+08", "0.000023e+08")


def test_numbers_of_any_size_are_rounded_together() -> None:
    value, uncertainty = round_measurement(-1.5e300, 2.5e-300)
    assert (float(value), float(uncertainty)) == (-1.5e300, 2.5e-300)


@pytest.mark.parametrize("uncertainty", [None, 0.0, -1.0, float("nan"), float("inf")])
def test_without_an_uncertainty_the_value_has_six_digits(uncertainty: float | None) -> None:
    assert round_measurement(3.14159265, uncertainty) == ("3.14159", "")


def test_a_value_that_is_not_finite_is_shown_as_it_is() -> None:
    assert round_measurement(float("nan"), 1.0) == ("nan", "")


@given(
    st.floats(-1e12, 1e12, allow_nan=False),
    st.floats(1e-9, 1e9, allow_nan=False),
)
def test_rounding_moves_the_value_by_less_than_half_its_uncertainty(value: float, uncertainty: float) -> None:
    shown, _ = round_measurement(value, uncertainty)
    assert abs(Decimal(shown) - Decimal(repr(value))) <= Decimal(repr(uncertainty)) / 2


@given(st.floats(-1e12, 1e12, allow_nan=False), st.floats(1e-9, 1e9, allow_nan=False))
def test_the_shown_uncertainty_is_true_to_15_percent(value: float, uncertainty: float) -> None:
    _, shown = round_measurement(value, uncertainty)
    assert abs(Decimal(shown) / Decimal(repr(uncertainty)) - 1) < Decimal("0.15")


@pytest.mark.parametrize(
    ("value", "below", "above", "expected"),
    [
        (1.47679, 0.4508, 0.6322, ("1.5", "0.5", "0.6")),
        (4.12489, 0.1397, 0.8043, ("4.12", "0.14", "0.80")),
        (1.2e-8, 1.2e-10, 2.5e-10, ("1.200e-08", "0.012e-08", "0.025e-08")),
        (2.0, 0.0, 0.3, ("2", "", "")),
        (2.0, 0.3, math.inf, ("2", "", "")),
    ],
)
def test_an_interval_is_rounded_to_its_smaller_side(
    value: float, below: float, above: float, expected: tuple[str, str, str]
) -> None:
    assert round_asymmetric(value, below, above) == expected


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((1.026, 2.109), Rounded("1.5", below="0.5", above="0.6")),
        ((None, 2.109), Rounded("1.5", "0.5")),
        ((1.477, 2.109), Rounded("1.5", "0.5")),
        (None, Rounded("1.5", "0.5")),
    ],
)
def test_an_interval_of_two_ends_stands_in_the_place_of_the_uncertainty(
    interval: tuple[float | None, float | None] | None, expected: Rounded
) -> None:
    assert round_reported(1.477, 0.489, interval) == expected


def test_what_is_fixed_has_a_value_alone() -> None:
    assert round_reported(1.5, None, None) == Rounded("1.5")
