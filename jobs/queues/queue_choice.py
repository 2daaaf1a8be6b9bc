"""The choice of a queue: which workers a fit waits for."""

from collections.abc import Collection, Iterable

QUEUES = ("quick", "cpu", "gpu")
QUICK_SECONDS = 2.0
"""A fit that is expected to take no longer goes the way of previews."""


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
