"""Whatever is killed, no fit is lost and none is done twice."""

from collections import Counter
from typing import Any

import pytest

from jobs.schema import FINAL_STATES
from tests.worker.conftest import Service, wait_until

JOBS = 200

pytestmark = pytest.mark.timeout(900)


def test_200_fits_outlive_three_dead_workers_a_dead_broker_and_a_wiped_one(
    service: Service, request_document: dict[str, Any]
) -> None:
    small = {
        **request_document,
        "images": [{**request_document["images"][0], "window": {"x": [25, 85], "y": [25, 80]}}],
    }
    ids = [service.submit(small) for _ in range(JOBS)]
    done = 0

    def done_now() -> int:
        return sum(service.fit(fit_id).state in FINAL_STATES for fit_id in ids)

    faults = (
        (10, service.worker.kill),
        (50, service.broker.kill),
        (90, service.worker.kill),
        (120, service.wipe_broker),
        (150, service.worker.kill),
    )
    for threshold, fault in faults:
        done = wait_until(lambda threshold=threshold: done_now() >= threshold and done_now(), 240, f"{threshold} fits")
        fault()
        wait_until(service.broker_answers, 60, "the broker's return")
    assert done < JOBS, "the last fault came before the end"
    wait_until(lambda: done_now() == JOBS, 300, f"the end of all ({done_now()} of {JOBS})")
    finished = [service.fit(fit_id) for fit_id in ids]
    assert Counter(record.state for record in finished) == {"succeeded": JOBS}
    assert sum(record.crashes for record in finished) <= 3
    assert service.worker.starts == 4
    for record in finished:
        committed = f"fits/{record.id}/{record.attempt}/parameters.json"
        assert service.blobs.size(committed), "the result that counts is there"
