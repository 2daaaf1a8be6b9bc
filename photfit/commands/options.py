"""Options that several commands take, and how failures of the client end a command."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from photfit.failures import CommandFailure, UserMistake, describe_faults

if TYPE_CHECKING:
    from photfit.answers import Fit
    from photfit.client import Client

Decorated = Callable[..., Any]
_KEY = "photfit.key"


def url_option(command: Decorated) -> Decorated:
    """`--url`, the service to speak to, and `--api-key`, which it may ask for; `connected` finds the key by itself."""
    return click.option(
        "--url",
        envvar="PHOTFIT_URL",
        default="http://127.0.0.1:8700",
        show_default=True,
        show_envvar=True,
        help="The photfit service.",
    )(
        click.option(
            "--api-key",
            envvar="PHOTFIT_KEY",
            show_envvar=True,
            metavar="KEY",
            expose_value=False,
            callback=_remember_key,
            help="Your key, where the service has accounts.",
        )(command)
    )


def request_argument(command: Decorated) -> Decorated:
    """The request file."""
    return click.argument("request_file", metavar="REQUEST.json", type=click.Path(path_type=Path))(command)


def output_option(command: Decorated) -> Decorated:
    """`-o`, the folder that results are written to."""
    return click.option(
        "-o",
        "--output",
        required=True,
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder for the results.",
    )(command)


@contextlib.contextmanager
def report_failures() -> Iterator[None]:
    """While inside, what the client raises becomes a message and an exit code."""
    from photfit.client import Refused, ServiceError

    try:
        yield
    except Refused as error:
        faults = (error.problem.faults if error.problem else None) or ()
        raise UserMistake(describe_faults(faults) or str(error)) from error
    except ServiceError as error:
        raise CommandFailure(str(error)) from error


def _remember_key(context: click.Context, _: click.Parameter, key: str | None) -> None:
    context.meta[_KEY] = key


@contextlib.contextmanager
def open_client(url: str) -> Iterator[Client]:
    """A client of the service, with its failures told."""
    from photfit.client import Client

    with report_failures(), Client(url, key=click.get_current_context().meta.get(_KEY)) as client:
        yield client


def require_success(fit: Fit) -> None:
    """Raise CommandFailure where a finished fit has no result."""
    if fit.state == "cancelled":
        raise CommandFailure(f"fit {fit.id} was cancelled")
    if fit.state == "failed":
        reason = fit.error.detail or fit.error.title if fit.error else "the service gives no reason"
        raise CommandFailure(f"fit {fit.id} failed: {reason}")
