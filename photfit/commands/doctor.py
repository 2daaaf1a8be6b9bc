"""`photfit doctor`: whether everything that the service needs is there, and what to do where it is not."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from photfit.commands.admin.service_database import settings

_ROOM_TO_WORK = 1 << 30
"""Bytes of disk below which the doctor objects. Chosen by hand: a few results of large images."""
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
"""Variables that name an object store which is not Amazon's."""


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is well, and a sentence: what was found, or what to do."""

    name: str
    well: bool
    remark: str


@click.command("doctor")
@click.option(
    "--data-dir",
    envvar="PHOTFIT_DATA_DIR",
    show_envvar=True,
    type=click.Path(file_okay=False),
    help="The service's folder, where it was started with one.",
)
@click.pass_context
def command(context: click.Context, data_dir: str | None) -> None:
    """Look whether all that the service needs is there; exit code 1 where something is not.

    It looks with the service's settings (PHOTFIT_…) at what they name, and changes nothing.
    """
    from pathlib import Path

    from rich.table import Table
    from rich.text import Text

    from photfit.terminal import terminal

    context.obj = None if data_dir is None else Path(data_dir)
    table = Table("", "what", "found", show_header=False, box=None)
    findings = list(_findings())
    for finding in findings:
        mark = Text("✓", style="green") if finding.well else Text("✗", style="red")
        table.add_row(mark, finding.name, finding.remark)
    terminal().print(table)
    context.exit(0 if all(finding.well for finding in findings) else 1)


def _findings() -> Iterator[Finding]:
    yield Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0])
    yield _find_modules("the server", ("fastapi", "celery", "sqlalchemy"), "pip install 'photfit[server]'")
    yield _find_modules("the engine", ("torch", "astropy"), "pip install 'photfit[worker]'")
    if importlib.util.find_spec("sqlalchemy") is None:
        return
    for name, look in (("data", _data), ("database", _database), ("broker", _broker), ("files", _files)):
        yield _finding(name, look)
    yield _finding("walls around files", _walls)
    yield _finding("accounts", _accounts)
    yield _finding("GPU", _gpu)


def _finding(name: str, look: Callable[[], tuple[bool, str]]) -> Finding:
    """A look that may fail in the words of whatever library it goes through."""
    try:
        return Finding(name, *look())
    except Exception as error:  # noqa: BLE001 - what goes wrong is the finding
        return Finding(name, False, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")


def _find_modules(name: str, modules: tuple[str, ...], remedy: str) -> Finding:
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    return Finding(name, not missing, f"{', '.join(missing)} missing: {remedy}" if missing else "installed")


def _walls() -> tuple[bool, str]:
    # The service's own code says it, in a process of its own.
    asked = [sys.executable, "-m", "app.sandbox.walls"]
    answer = subprocess.run(asked, capture_output=True, check=True, timeout=30)  # noqa: S603 - words of our own
    walls = json.loads(answer.stdout)
    shown = ", ".join(f"{what}: {keeper}" for what, keeper in walls.items())
    if "none" in walls.values():
        return True, f"{shown}; this kernel has no more (landlock and seccomp of Linux would close all)"
    return True, shown


def _data() -> tuple[bool, str]:
    folder = settings().data_dir.absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(there, os.W_OK):
        return False, f"{folder} cannot be written: choose another with PHOTFIT_DATA_DIR"
    free = shutil.disk_usage(there).free
    return free > _ROOM_TO_WORK, f"{folder}, {free / 2**30:.1f} GiB free"


def _database() -> tuple[bool, str]:
    from pathlib import Path

    from jobs.storage.database import NewerTables, connect, refuse_newer, revisions

    url = settings().database
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return True, f"{url} is made at the first start"
    engine = connect(settings())
    try:
        with engine.connect() as connection:
            refuse_newer(connection)
        found, newest = revisions(engine)
    except NewerTables as error:
        return False, str(error)
    finally:
        engine.dispose()
    shown = engine.url.render_as_string(hide_password=True)
    if found is None:
        return True, f"{shown} is empty: the first start makes its tables"
    if found == newest:
        return True, f"{shown}, tables of version {found}"
    return False, f"{shown} has tables of version {found}, this program's are {newest}: the next start brings them up"


def _broker() -> tuple[bool, str]:
    import redis

    from jobs.lifecycle.events import client_url

    if "PHOTFIT_BROKER_URL" not in os.environ:
        from photfit.broker import find_server

        return True, f"`photfit serve` starts its own: {find_server()}"
    client = redis.Redis.from_url(client_url(settings().broker_url), socket_timeout=2, socket_connect_timeout=2)
    version = client.info("server")["redis_version"]
    policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "")
    client.close()
    if policy != "noeviction":
        return False, f"version {version} forgets messages when memory is short: set maxmemory-policy noeviction"
    return True, f"answers, version {version}"


def _files() -> tuple[bool, str]:
    from jobs.storage.blobs import open_blobs

    endpoint = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "")
    allowed = os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true", "yes", "y", "on", "t")
    if settings().blobs.startswith("s3:") and endpoint.startswith("http:") and not allowed:
        return False, f"the store at {endpoint} is plain http, which is refused: set AWS_ALLOW_HTTP=true, or use https"
    open_blobs(settings().blobs).check()
    return True, f"{settings().blobs} takes files"


def _accounts() -> tuple[bool, str]:
    if settings().exposes_everything(settings().host):
        return False, f"other machines reach {settings().host}: set PHOTFIT_ACCOUNTS to true or false"
    return True, "users need a key" if settings().accounts else f"none; whoever reaches {settings().host} is let in"


def _gpu() -> tuple[bool, str]:
    import torch

    if not torch.cuda.is_available():
        return True, "none; fits run on the CPU"
    names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return True, ", ".join(names)
