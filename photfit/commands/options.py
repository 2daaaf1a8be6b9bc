"""Options that several commands take, and how failures of the client end a command."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from photfit.failures import CommandFailure, UserMistake, describe_faults

if TYPE_CHECKING:
    from photfit.answers import FitAnswer
    from photfit.client import Client

Decorated = Callable[..., Any]
_KEY = "photfit.key"


class NearChoice(click.Choice[str]):
    """A choice of words that asks about a slip."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        """What is said of a word that is none of them."""
        from fitting.spec import did_you_mean

        return super().get_invalid_choice_message(value, ctx).rstrip(".") + did_you_mean(value, self.choices)


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


def overwrite_option(command: Decorated) -> Decorated:
    """`--overwrite`, which lets results of an earlier fit give way."""
    return click.option("--overwrite", is_flag=True, help="Replace the results of another fit in that folder.")(command)


@contextlib.contextmanager
def report_failures() -> Iterator[None]:
    """While inside, what the client raises becomes a message and an exit code."""
    from photfit.client import Refused, ServiceError

    try:
        yield
    except Refused as error:
        faults = error.problem.faults if error.problem else ()
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


def require_result(fit: FitAnswer) -> CommandFailure | None:
    """Why a finished fit that has a result did not come to its end, or None where it did.

    Raises CommandFailure where it has no result.
    """
    if fit.state not in ("cancelled", "failed"):
        return None
    reason = "was cancelled"
    if fit.state == "failed":
        reason = f"failed: {fit.error.detail or fit.error.title if fit.error else 'the service gives no reason'}"
    elif fit.has_result:
        reason = "was cancelled; kept is what it had found"
    failure = CommandFailure(f"fit {fit.id} {reason}")
    if not fit.has_result:
        raise failure
    return failure


def print_parameters(client: Client, fit: FitAnswer) -> None:
    """Print a finished fit's parameters. Raises CommandFailure where it did not come to its end, after what it has."""
    from photfit.tables import parameters_report
    from photfit.terminal import terminal

    failure = require_result(fit)
    terminal().print(parameters_report(client.parameters(fit.id), title=fit.name or fit.id))
    if failure is not None:
        raise failure


model_argument = click.argument(
    "model_file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
"""A file of another program."""

imfit_command_option = click.option(
    "--command",
    "imfit_command",
    default="",
    metavar="TEXT",
    help='imfit\'s command line, which names the image: "imfit galaxy.fits --psf psf.fits --gain 4.7".',
)
"""What a configuration of imfit does not hold."""
