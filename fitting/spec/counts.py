"""Counts in sentences: a number with its noun, and the verb that follows, in singular or plural.

>>> counted(1, "galaxy"), counted(0, "star"), counted(3, "galaxy")
('1 galaxy', '0 stars', '3 galaxies')
>>> f"{counted(1, 'pixel')} {was(1)} masked"
'1 pixel was masked'
"""

from __future__ import annotations

import re


def counted(number: int, noun: str, *, before: str = "") -> str:
    """A number and its noun, which has an s or -ies where it is not one.

    Args:
        number: how many.
        noun: in singular, such as ``pixel`` or ``galaxy``.
        before: what stands between them, such as ``more``.
    """
    plural = re.sub(r"(?<![aeiou])y\Z", "ie", re.sub(r"(x|ch|sh|s)\Z", r"\1e", noun)) + "s"
    return " ".join(filter(None, (str(number), before, noun if number == 1 else plural)))


def was(number: int) -> str:
    """The verb after so many: was or were."""
    return "was" if number == 1 else "were"


def verb(number: int, singular: str, plural: str) -> str:
    """The verb after so many, such as looks or look."""
    return singular if number == 1 else plural
