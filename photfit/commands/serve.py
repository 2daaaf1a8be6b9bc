"""`photfit serve`: the whole service on this machine."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("serve")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="PHOTFIT_HOST",
    show_envvar=True,
    help="Address to listen on.",
)
@click.option(
    "--port",
    default=8700,
    show_default=True,
    envvar="PHOTFIT_PORT",
    show_envvar=True,
    type=click.IntRange(1, 65535),
    help="Port to listen on.",
)
@click.option(
    "--data-dir",
    default="photfit-data",
    show_default=True,
    envvar="PHOTFIT_DATA_DIR",
    show_envvar=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that holds the database, the files and the broker's state.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    envvar="PHOTFIT_WORKERS",
    show_envvar=True,
    type=click.IntRange(1, 256),
    help="Worker processes; they share the cores.",
)
@click.option(
    "--quick-workers",
    default=1,
    show_default=True,
    envvar="PHOTFIT_QUICK_WORKERS",
    show_envvar=True,
    type=click.IntRange(0, 256),
    help="Further workers, of one thread each, for previews and short fits alone, so that these wait for no long fit.",
)
@click.option(
    "--broker-url",
    envvar="PHOTFIT_BROKER_URL",
    show_envvar=True,
    help="A running broker, in Celery's form; a private one if left out.",
)
@click.option(
    "--accounts/--no-accounts",
    default=None,
    envvar="PHOTFIT_ACCOUNTS",
    show_envvar=True,
    help="Whether users need a key and see only their own; has to be said where HOST is not this machine's alone.",
)
def command(
    host: str,
    port: int,
    data_dir: Path,
    workers: int,
    quick_workers: int,
    broker_url: str | None,
    accounts: bool | None,
) -> None:
    """Run the service here: API, workers and a private broker, until Ctrl-C.

    Needs no root, no Docker and no other server.
    """
    from photfit.extras import require_extras

    require_extras("server", "worker")
    from photfit.supervisor import DataDirectory, ServeOptions, Supervisor

    with DataDirectory(data_dir) as directory:
        options = ServeOptions(host, port, directory.path, workers, quick_workers, broker_url, accounts)
        Supervisor(options, announce=lambda url: click.echo(f"photfit is ready at {url} (Ctrl-C stops it)")).run()
        click.echo("photfit has stopped")
