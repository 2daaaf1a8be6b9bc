"""Ids sort by age, also those of one millisecond and those made while the clock was set back."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from jobs import ids


def test_ids_of_one_process_sort_by_age_and_none_comes_twice() -> None:
    made = [ids.new_id("fit") for _ in range(5000)]
    assert made == sorted(set(made))


def test_ids_sort_by_age_while_the_clock_stands_still_or_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    times = iter([now, now, now, now - 7_200 * 10**9, now - 7_200 * 10**9, now + 10**6])
    monkeypatch.setattr("jobs.ids.time.time_ns", lambda: next(times))
    made = [ids.new_id("fit") for _ in range(6)]
    assert made == sorted(set(made))


def test_ids_made_by_threads_at_once_are_all_different() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.new_id("fit"), range(2000)))
    assert len(set(made)) == 2000


def test_an_id_says_its_time() -> None:
    before = time.time_ns() // 1_000_000
    letters = ids.new_id("fit").removeprefix("fit_")
    number = 0
    for letter in letters:
        number = number << 5 | ids._ALPHABET.index(letter)
    assert len(letters) == 26
    assert before <= number >> 80 <= time.time_ns() // 1_000_000 + 1
