"""Choice of a queue: which workers a fit waits for.

    >>> choose_queue("auto", stages=1, seconds=0.4, worker_queues=[["quick"], ["quick", "cpu"]])
    'quick'
    >>> choose_queue("auto", stages=1, seconds=60.0, worker_queues=[["quick", "cpu"], ["gpu", "quick", "cpu"]])
    'gpu'

Its caller is `app.domain.submission.queue_for`; seconds come from `jobs.queues.costs`. Why there is a queue for what is
quick: docs/decisions/0022-a-worker-for-what-is-quick.md.
"""

from collections.abc import Collection, Iterable

QUEUES = ("quick", "cpu", "gpu")
"""Every queue: previews and short fits, fits on processors, fits on GPUs."""
QUICK_SECONDS = 2.0
"""Seconds of one core: a fit that is expected to take no longer goes the way of previews (docs/decisions/0022)."""


def choose_queue(device: str, stages: int, seconds: float, worker_queues: Iterable[Collection[str]]) -> str:
    """The queue of a request: `quick` for previews, and for short fits where a worker serves it; else by device and by
    what live workers serve.

    Args:
        device: of the request: auto, cpu, gpu or cuda.
        stages: how many it has.
        seconds: that it is expected to take.
        worker_queues: the queues of each worker that is alive.
    """
    if device in ("gpu", "cuda"):
        return "gpu"
    served = {queue for queues in worker_queues for queue in queues}
    if stages == 0 or (seconds <= QUICK_SECONDS and "quick" in served):
        return "quick"
    return "gpu" if device == "auto" and "gpu" in served else "cpu"
