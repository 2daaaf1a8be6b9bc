"""Whatever is killed, no fit is lost and none is done twice."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from jobs.storage.schema import FINAL_STATES
from tests.worker.conftest import Service, wait_until

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Ordeal:
    """So many fits, and what happens to the service once so many of them have ended."""

    fits: int
    faults: tuple[tuple[int, str], ...]

    def count(self, fault: str) -> int:
        return sum(name == fault for _, name in self.faults)


SHORT = Ordeal(12, ((3, "kill the worker"), (7, "wipe the broker")))
LONG = Ordeal(
    200,
    (
        (10, "kill the worker"),
        (50, "kill the broker"),
        (90, "kill the worker"),
        (120, "wipe the broker"),
        (150, "kill the worker"),
    ),
)


@pytest.mark.parametrize("ordeal", [SHORT, pytest.param(LONG, marks=pytest.mark.slow)], ids=["12 fits", "200 fits"])
def test_every_fit_outlives_dead_workers_and_dead_or_wiped_brokers_and_ends_once(
    service: Service, request_document: dict[str, Any], ordeal: Ordeal
) -> None:
    happen = {
        "kill the worker": service.worker.kill,
        "kill the broker": service.broker.kill,
        "wipe the broker": service.wipe_broker,
    }
    small = {
        **request_document,
        "images": [{**request_document["images"][0], "window": {"x": [25, 85], "y": [25, 80]}}],
    }
    ids = [service.submit(small) for _ in range(ordeal.fits)]
    done = 0

    def done_now() -> int:
        return sum(service.fit(fit_id).state in FINAL_STATES for fit_id in ids)

    for threshold, fault in ordeal.faults:
        done = wait_until(lambda threshold=threshold: done_now() >= threshold and done_now(), 240, f"{threshold} fits")
        happen[fault]()
        wait_until(service.broker_answers, 60, "the broker's return")
    assert done < ordeal.fits, "the last fault came before the end"
    wait_until(lambda: done_now() == ordeal.fits, 300, f"the end of all ({done_now()} of {ordeal.fits})")
    finished = [service.fit(fit_id) for fit_id in ids]
    assert Counter(record.state for record in finished) == {"succeeded": ordeal.fits}
    assert sum(record.crashes for record in finished) <= ordeal.count("kill the worker")
    assert service.worker.starts == 1 + ordeal.count("kill the worker")
    for record in finished:
        committed = f"fits/{record.id}/{record.attempt}/parameters.json"
        assert service.blobs.size(committed), "the result that counts is there"
