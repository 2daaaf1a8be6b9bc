"""`photfit mcp`: a photfit service as tools for an assistant."""

from __future__ import annotations

import click

from photfit.commands.options import open_client, url_option
from photfit.failures import UserMistake


@click.command("mcp")
@url_option
def command(url: str) -> None:
    """Offer a photfit service to an assistant, by the Model Context Protocol on standard input and output.

    An assistant's configuration names this command; its tools are propose, fit, status, look and compare. Images are
    read from this machine, under your account of the service.
    """
    try:
        from photfit.assistant import make_server
    except ImportError as error:
        raise UserMistake(f"this needs {error.name} here: pip install 'photfit[assistant]'") from error
    with open_client(url) as client:
        make_server(client).run("stdio")
