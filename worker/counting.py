"""Counting what became of a fit, for whoever looks after the service; never at the fit's expense."""

from collections.abc import Sequence

import structlog
import torch

from fitting.results.result import StageRecord
from jobs.lifecycle.transitions import Claim
from jobs.operation import tallies
from jobs.queues import presence
from jobs.storage import records
from worker.bench import Bench

_log = structlog.get_logger("photfit.worker")


def count_attempt(tools: Bench, claim: Claim, stages: Sequence[StageRecord]) -> None:
    """Note how an attempt ended, how long its fit had waited, how long its stages ran, and what the GPUs hold."""
    try:
        tallies.add(tools.engine, [*_of_record(tools, claim), *_of_stages(stages)])
        if memory := _gpu_memory():
            presence.report_memory(tools.engine, tools.worker, memory)
    except Exception:  # noqa: BLE001 - figures for operators must not fail a fit
        _log.exception("an attempt was not counted")


def _of_record(tools: Bench, claim: Claim) -> list[tallies.Tally]:
    record = records.get_fit(tools.engine, claim.owner, claim.fit_id)
    if record is None:
        return []
    noted = [tallies.once("finished", record.state)]
    if claim.attempt == 1 and record.started_at is not None:
        noted += tallies.lasting("wait", record.queue, (record.started_at - record.created_at).total_seconds())
    return noted


def _of_stages(stages: Sequence[StageRecord]) -> list[tallies.Tally]:
    return [tally for stage in stages for tally in tallies.lasting("stage", stage.method, stage.seconds)]


def _gpu_memory() -> dict[str, dict[str, int]]:
    """Bytes in use and in all, of each GPU; the most that this worker held at once."""
    if not torch.cuda.is_available():
        return {}
    figures = {}
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        held = torch.cuda.max_memory_allocated(number)
        figures[f"cuda:{number}"] = {"used": total - free, "total": total, "most_held": held}
    return figures
