"""Counts in sentences."""

import doctest

import pytest

from fitting.spec import counts
from fitting.spec.counts import counted, verb, was


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "galaxy", "0 galaxies"),
        (1, "galaxy", "1 galaxy"),
        (2, "star", "2 stars"),
        (2, "box", "2 boxes"),
        (2, "array", "2 arrays"),
        (1, "box", "1 box"),
    ],
)
def test_nouns_follow_their_number(number: int, noun: str, said: str) -> None:
    assert counted(number, noun) == said


def test_verbs_follow_their_number() -> None:
    assert [was(number) for number in (0, 1, 2)] == ["were", "was", "were"]
    assert [verb(number, "looks", "look") for number in (0, 1, 2)] == ["look", "looks", "look"]
    assert counted(1, "source", before="more") == "1 more source"


def test_the_examples_hold() -> None:
    assert doctest.testmod(counts).failed == 0
