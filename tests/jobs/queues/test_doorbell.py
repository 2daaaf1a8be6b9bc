"""Which queue a request goes to."""

import pytest

from jobs.queues.queue_choice import QUICK_SECONDS, choose_queue

CPU, GPU, QUICK, CPU_ALONE = ("quick", "cpu"), ("gpu", "quick", "cpu"), ("quick",), ("cpu",)
SHORT, LONG = QUICK_SECONDS, QUICK_SECONDS + 0.1


@pytest.mark.parametrize(
    ("device", "stages", "seconds", "workers", "queue"),
    [
        ("auto", 0, LONG, [], "quick"),
        ("cpu", 0, SHORT, [CPU_ALONE], "quick"),
        ("auto", 1, SHORT, [CPU], "quick"),
        ("auto", 1, SHORT, [CPU_ALONE, QUICK], "quick"),
        ("auto", 1, SHORT, [CPU_ALONE], "cpu"),
        ("auto", 1, SHORT, [], "cpu"),
        ("auto", 1, LONG, [CPU, QUICK], "cpu"),
        ("auto", 2, LONG, [CPU, GPU], "gpu"),
        ("auto", 2, SHORT, [GPU], "quick"),
        ("cpu", 2, LONG, [GPU], "cpu"),
        ("gpu", 0, SHORT, [CPU], "gpu"),
        ("cuda", 1, SHORT, [], "gpu"),
    ],
)
def test_the_queue_is_chosen_by_size_device_and_who_works(
    device: str, stages: int, seconds: float, workers: list[tuple[str, ...]], queue: str
) -> None:
    assert choose_queue(device, stages, seconds, workers) == queue
