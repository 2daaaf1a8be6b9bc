"""`photfit explain`: what a notice or a flag means, and what to do about it."""

from __future__ import annotations

import click

from photfit.failures import UserMistake


def _completed(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:  # noqa: ARG001
    return [code for code in _explanations() if code.startswith(begun)]


@click.command("explain")
@click.argument("code", required=False, shell_complete=_completed)
def command(code: str | None) -> None:
    """Say what a notice of a fit, or a flag of a catalogue's row, means, and what to do about it.

    Without CODE, list all codes. What the service's errors mean stands on its page /help.
    """
    from fitting.spec import did_you_mean
    from photfit.terminal import terminal

    known = _explanations()
    if code is None:
        terminal().print("\n".join(known))
    elif code in known:
        meaning, remedy = known[code]
        terminal().print(f"{meaning}\n\nWhat to do: {remedy}", markup=False, highlight=False)
    else:
        near = did_you_mean(code, known)
        raise UserMistake(f"there is no notice or flag {code!r}{near}; `photfit explain` lists all")


def _explanations() -> dict[str, tuple[str, str]]:
    """Meaning and remedy of each notice and flag, by its code."""
    from fitting.spec.catalogues import FLAGS
    from fitting.spec.notices import NOTICES

    notices = {code: (notice.meaning, notice.remedy) for code, notice in NOTICES.items()}
    return notices | {flag.name: (flag.meaning, flag.remedy) for flag in FLAGS.values() if flag.name not in notices}
