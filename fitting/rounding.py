"""Values and uncertainties as a paper prints them.

The rule is the Particle Data Group's (Review of Particle Physics, introduction, section 5.3): where the three leading
digits of the uncertainty lie in 100 to 354 it keeps two digits, in 355 to 949 one, and in 950 to 999 it is rounded up
to 1000 and keeps two. The value is rounded to the same decimal place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

_VALUE_DIGITS = 6
"""Digits of a value that has no uncertainty; chosen by hand."""
_PLAIN_EXPONENTS = range(-4, 7)
_ONE_DIGIT_FROM = 355
"""Three leading digits of an uncertainty from which it keeps one (Particle Data Group, see above)."""
_ALL_DIGITS = Context(prec=700)
"""Of any two numbers of float64, from the first digit of the larger to the last of the smaller."""


class Rounded(NamedTuple):
    """A value as text and what it is uncertain by: `uncertainty` to both sides, or else `below` and `above`; all three
    are empty where nothing usable is known.
    """

    value: str
    uncertainty: str = ""
    below: str = ""
    above: str = ""


def round_reported(value: float, uncertainty: float | None, interval: Sequence[float | None] | None) -> Rounded:
    """What a result says of a parameter: with the distances to the ends of its interval if it has both, else with its
    uncertainty.
    """
    lower, upper = interval or (None, None)
    if lower is not None and upper is not None:
        text, below, above = round_asymmetric(value, value - lower, upper - value)
        if below:
            return Rounded(text, below=below, above=above)
    return Rounded(*round_measurement(value, uncertainty))


def round_measurement(value: float, uncertainty: float | None) -> tuple[str, str]:
    """The value and its uncertainty as text, rounded to the digits that the uncertainty supports.

    Without a usable uncertainty (None, zero, negative, not finite) the value has six significant digits and the
    uncertainty's text is empty. Very large and very small values share a power of ten: `("1.204e-08", "0.012e-08")`.
    """
    if not math.isfinite(value):
        return str(value), ""
    if uncertainty is None or not math.isfinite(uncertainty) or uncertainty <= 0:
        return f"{value:.{_VALUE_DIGITS}g}", ""
    place = _last_place(uncertainty)
    exponent = _shared_exponent(value, uncertainty)
    return _fixed_point(value, place, exponent), _fixed_point(uncertainty, place, exponent)


def round_asymmetric(value: float, below: float, above: float) -> tuple[str, str, str]:
    """The value and the distances to the ends of its interval as text, all to the digits that the smaller one supports.

    Where either is no usable uncertainty the value has six significant digits and both distances' texts are empty.
    """
    smaller, larger = sorted((below, above))
    if not math.isfinite(value) or not math.isfinite(larger) or not smaller > 0:
        return round_measurement(value, None)[0], "", ""
    place, exponent = _last_place(smaller), _shared_exponent(value, larger)
    return (
        _fixed_point(value, place, exponent),
        _fixed_point(below, place, exponent),
        _fixed_point(above, place, exponent),
    )


def _last_place(uncertainty: float) -> int:
    """The power of ten of the last digit that is kept."""
    exact = Decimal(repr(uncertainty))
    leading = exact.adjusted()
    three = int(exact.scaleb(2 - leading).to_integral_value(ROUND_HALF_EVEN))
    if three < _ONE_DIGIT_FROM:
        return leading - 1
    return leading


def _shared_exponent(value: float, uncertainty: float) -> int:
    """The power of ten that both are divided by: 0 where plain digits read well."""
    largest = max(Decimal(repr(abs(value))), Decimal(repr(uncertainty))).adjusted()
    return 0 if largest in _PLAIN_EXPONENTS else largest


def _fixed_point(number: float, place: int, exponent: int) -> str:
    unit = Decimal(1).scaleb(place)
    rounded = Decimal(repr(number)).quantize(unit, ROUND_HALF_EVEN, _ALL_DIGITS).scaleb(-exponent, _ALL_DIGITS)
    rounded = abs(rounded) if rounded == 0 else rounded
    digits = f"{rounded:.{max(0, exponent - place)}f}"
    return f"{digits}e{exponent:+03d}" if exponent else digits
