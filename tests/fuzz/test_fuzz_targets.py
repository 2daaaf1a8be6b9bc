"""A short form of `make fuzz`: inputs that once went wrong, those that the corpus begins with, and seeded mutations."""

import random
import time

import pytest

from tests.fuzz.mutations import mutate
from tests.fuzz.targets import SLOW_SECONDS, TARGETS, Target

MUTATIONS = 60


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_nothing_but_refusals_comes_of_mutated_inputs(target: Target) -> None:
    generator = random.Random(17)
    seeds = target.seeds()
    inputs = [*target.found(), *seeds, *(mutate(generator.choice(seeds), seeds, generator) for _ in range(MUTATIONS))]
    for number, content in enumerate(inputs):
        start = time.perf_counter()
        try:
            target.call(content)
        except Exception as error:
            raise AssertionError(f"input {number}: {type(error).__name__}: {error}") from error
        assert time.perf_counter() - start < SLOW_SECONDS, f"input {number} takes too long"


def test_a_target_tells_a_fault_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import fitting.spec

    def falls_over(text: bytes) -> None:
        raise KeyError("a fault of photfit")

    monkeypatch.setattr(fitting.spec, "read_request", falls_over)
    with pytest.raises(KeyError):
        TARGETS["request"].call(b"{}")
