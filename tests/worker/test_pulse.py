"""A worker whose main loop hangs gives no sign of life; one that waits for its broker does."""

from worker.pulse import PATIENCE_SECONDS, Pulse


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def missed_after(clock: Clock, pulse: Pulse, seconds: float, broker_answers: bool) -> bool:
    """The last of the answers of so many seconds, asked every five."""
    missed = False
    for _ in range(int(seconds / 5)):
        clock.now += 5.0
        missed = pulse.is_missed(broker_answers)
    return missed


def test_a_main_loop_that_does_not_beat_is_missed() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    assert not missed_after(clock, pulse, PATIENCE_SECONDS, True)
    assert missed_after(clock, pulse, 10.0, True)
    pulse.beat()
    assert not missed_after(clock, pulse, 5.0, True)


def test_nobody_is_missed_while_the_broker_is_away() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    assert not missed_after(clock, pulse, 100.0 * PATIENCE_SECONDS, False)
    assert not missed_after(clock, pulse, PATIENCE_SECONDS, True)  # it has as long again to find the broker
    assert missed_after(clock, pulse, 10.0, True)
