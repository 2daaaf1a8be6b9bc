"""The shapes of priors. Their form is checked; none is available to a fit yet."""

from __future__ import annotations

from typing import Any

from fitting.spec.documents import refusal
from fitting.spec.faults import shown

PRIORS: dict[str, tuple[str, ...]] = {
    "normal": ("mean", "standard deviation"),
    "log_normal": ("mean of the logarithm", "standard deviation of the logarithm"),
    "uniform": ("low", "high"),
    "log_uniform": ("low", "high"),
    "truncated_normal": ("mean", "standard deviation", "low", "high"),
}
"""Name of each prior and the numbers that follow it."""


def check_prior(value: Any) -> None:
    """Raise a refusal: for a malformed prior saying what is wrong, for a sound one that it is not available yet."""
    if not isinstance(value, dict) or len(value) != 1:
        raise refusal(f"{shown(value)} is not a prior", 'an object such as {"normal": [2, 1]}')
    ((name, numbers),) = value.items()
    if name not in PRIORS:
        raise refusal(f"unknown prior {shown(name)}", "one of: " + ", ".join(PRIORS))
    wanted = PRIORS[name]
    if (
        not isinstance(numbers, list)
        or len(numbers) != len(wanted)
        or any(isinstance(number, bool) or not isinstance(number, int | float) for number in numbers)
    ):
        raise refusal(f"{shown(numbers)} does not describe a {name} prior", f"[{', '.join(wanted)}]")
    raise refusal(f"the prior {name!r} is not available yet", "no prior; limits by min and max are available")
