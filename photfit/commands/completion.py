"""`photfit completion`: commands, options and names completed by the shell."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes a shell complete commands, options, files and names of profiles.

    \b
    bash   eval "$(photfit completion bash)"     in ~/.bashrc
    zsh    eval "$(photfit completion zsh)"      in ~/.zshrc
    fish   photfit completion fish > ~/.config/fish/completions/photfit.fish
    """
    from click.shell_completion import get_completion_class

    from photfit.cli import main

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(main, {}, "photfit", "_PHOTFIT_COMPLETE").source())
