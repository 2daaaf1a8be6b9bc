"""`photfit worker`: one more worker for a service that runs elsewhere."""

from __future__ import annotations

import os
import sys

import click


@click.command("worker")
def command() -> None:
    """Run one worker in the foreground.

    It finds the service by the environment, as PHOTFIT_DATABASE_URL, PHOTFIT_BLOB_URL and PHOTFIT_BROKER_URL.
    """
    from photfit.extras import require_extras

    require_extras("worker")
    os.execv(sys.executable, [sys.executable, "-m", "worker"])  # noqa: S606 - no shell is the point
