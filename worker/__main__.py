"""Worker process: `python -m worker`, with the queues that it serves and its name."""

import argparse
import os
import secrets
import socket
import sys
from pathlib import Path

from fitting import WAIT_POLICY
from jobs.settings import Settings


def main(arguments: list[str] | None = None) -> None:
    """Serve the queues until SIGTERM or SIGINT; a running fit then goes back to the queue."""
    parser = argparse.ArgumentParser(prog="python -m worker", description="Run photfit's fits.")
    parser.add_argument("--queues", help="comma-separated: quick, cpu, gpu (default: what this machine can serve)")
    parser.add_argument("--name", help="what the worker is called (default: host and process id)")
    parser.add_argument(
        "--sole",
        action="store_true",
        help="no other worker has this name: what one of that name held before is free at once, and not only when "
        "its lease is over",
    )
    options = parser.parse_args(arguments)

    from jobs.queues.queue_choice import QUEUES

    settings = Settings()
    queues = (options.queues or settings.worker_queues or ",".join(_servable_queues())).replace(" ", "")
    unknown = [queue for queue in queues.split(",") if queue not in QUEUES]
    if unknown:
        sys.exit(f"photfit worker: unknown queue {', '.join(unknown)}; there are {', '.join(QUEUES)}")
    threads = settings.worker_threads or max(1, (os.cpu_count() or 1) // settings.workers)
    name = options.name or f"{socket.gethostname()}:{os.getpid()}"
    os.environ.update(
        {
            "PHOTFIT_WORKER_NAME": name,
            "PHOTFIT_WORKER_INCARNATION": secrets.token_hex(8),
            "PHOTFIT_WORKER_QUEUES": queues,
            "OMP_NUM_THREADS": str(threads),
            "MKL_NUM_THREADS": str(threads),
            WAIT_POLICY: "PASSIVE",  # threads that wait must not spin where the API wants the core
        }
    )
    from jobs.operation.logs import configure_logging
    from jobs.operation.parentage import watch_supervisor
    from jobs.storage.database import database_at_start

    configure_logging()
    watch_supervisor()
    database_at_start(settings, "photfit worker")
    from worker.application import application, take_over

    if options.sole:
        take_over(name)
    application.worker_main(
        ["worker", "-Q", queues, "-n", f"photfit@{name}", "--without-gossip", "--without-mingle", "--loglevel=INFO"]
    )


def _servable_queues() -> tuple[str, ...]:
    """The queues for this machine's devices, found without importing torch."""
    has_gpu = any(Path("/dev").glob("nvidia[0-9]*")) and os.environ.get("CUDA_VISIBLE_DEVICES", "all") != ""
    return ("gpu", "quick", "cpu") if has_gpu else ("quick", "cpu")


if __name__ == "__main__":
    main()
