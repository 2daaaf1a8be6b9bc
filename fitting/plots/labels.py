"""Labels of figures: how parameters and numbers read."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fitting.rounding import round_measurement

MINUS = "\N{MINUS SIGN}"
_UNITS = {"degree": "deg"}


def unit_text(unit: str) -> str:
    """A unit as it stands in a label, in square brackets; nothing for a pure number."""
    return f"[{_UNITS.get(unit, unit)}]" if unit else ""


def measured_text(value: float, uncertainty: float | None, unit: str = "") -> str:
    """``67.938 ± 0.004 pixel``, rounded as a paper would."""
    text, spread = round_measurement(float(value), None if uncertainty is None else float(uncertainty))
    parts = [text, f"± {spread}" if spread else "", _UNITS.get(unit, unit)]
    return typographic(" ".join(part for part in parts if part))


def credible_text(median: float, low: float, high: float) -> str:
    """``67.938 +0.004 −0.005``: a median and the distances to two quantiles, rounded to the smaller of them."""
    below, above = median - low, high - median
    text, spread = round_measurement(median, min(below, above))
    if not spread or "e" in text:
        return typographic(f"{median:.6g} +{above:.2g} -{below:.2g}")
    digits = len(spread.partition(".")[2])
    return typographic(f"{text} +{above:.{digits}f} -{below:.{digits}f}")


def power_text(value: float) -> str:
    """A power of ten as a reader knows it: 1000, 0.01, 10⁶."""
    exponent = round(math.log10(value))
    if -4 < exponent < 5:
        return f"{value:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def signed_text(value: float) -> str:
    """``+0.3``, ``−1.0``."""
    return typographic(f"{value:+.1f}")


def typographic(text: str) -> str:
    """With true minus signs."""
    return text.replace("-", MINUS)


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """At most so many round numbers, evenly spaced, between two and a little off both."""
    margin = 0.06 * (high - low)
    first, last = low + margin, high - margin
    exponent = math.floor(math.log10((last - first) / most)) if last > first else 0
    for step in (mantissa * 10.0**power for power in range(exponent, exponent + 3) for mantissa in (1.0, 2.0, 5.0)):
        ticks = np.arange(math.ceil(first / step), math.floor(last / step) + 1) * step
        if len(ticks) <= most:
            return [float(tick) for tick in ticks]
    return []


def tick_texts(ticks: Sequence[float]) -> list[str]:
    """Numbers with as many decimals as it takes to tell them apart, very large and small ones by powers of ten."""
    if not ticks:
        return []
    largest = max(abs(tick) for tick in ticks)
    if largest > 0 and not 1e-4 <= largest < 1e6:
        return [typographic(f"{tick:.3g}") for tick in ticks]
    spacing = float(np.diff(ticks).min()) if len(ticks) > 1 else max(abs(ticks[0]), 1e-9)
    for digits in range(9):
        texts = [f"{tick:.{digits}f}" for tick in ticks]
        exact = np.allclose([float(text) for text in texts], ticks, rtol=0, atol=1e-3 * spacing)
        if exact and len(set(texts)) == len(texts):
            break
    return [typographic(text) for text in texts]
