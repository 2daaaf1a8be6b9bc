"""Writes docs/reference/ from the code, so that it cannot say anything else than the code does."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from app.errors import ServiceProblem
from fitting.catalogues import CRITERIA, GOODNESS, KINDS
from fitting.spec.catalogues import FLAGS
from fitting.spec.methods import METHODS
from fitting.spec.modifiers import GEOMETRY
from fitting.spec.notices import NOTICES
from fitting.spec.profiles import PROFILES, ParameterDescription
from jobs.settings import Settings
from photfit.cli import COMMANDS, main

FOLDER = Path(__file__).resolve().parent / "reference"
NOTE = "<!-- Made by `make docs` from the code: change it there. -->"


def command_line() -> Iterator[str]:
    """The help of each command."""
    yield "# The command line"
    parent = click.Context(main, info_name="photfit", terminal_width=100, **main.context_settings)
    for name in COMMANDS:
        command = main.get_command(parent, name)
        assert command is not None
        yield from _help(command, name, parent)


def _help(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    """The help of a command, and of those below it."""
    context = click.Context(command, parent, info_name=name)
    yield f"\n## {context.command_path}\n\n```\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for below, inner in command.commands.items():
            yield from _help(inner, below, context)


def profiles() -> Iterator[str]:
    """Each light profile with its formula and parameters."""
    yield "# Light profiles"
    for profile in PROFILES.values():
        yield f"\n## {profile.name}\n\n{profile.description}\n\n    {profile.formula}\n\nSource: {profile.source}.\n"
        yield from _parameters(profile.parameters)


def geometry() -> Iterator[str]:
    """Each modifier of the isophotes."""
    yield "# Geometry\n\nWhat may be done to the isophotes of any elliptical profile, in any combination:\n"
    yield '`"geometry": ["superellipse", {"fourier": [1, 3]}]` on the component, and the parameters among its own.'
    yield "The parameters below are those of the usual setting, or of an example.\n"
    yield "`flux` and `magnitude` are totals of the modified light, given or derived; of a warp they are known"
    smooth = ", ".join(f"`{profile.name}`" for profile in PROFILES.values() if profile.smooth)
    beside = " and ".join(name for name, modifier in GEOMETRY.items() if modifier.total_with_warp and name != "warp")
    yield f"for smooth profiles ({smooth}), with {beside}."
    for name, modifier in GEOMETRY.items():
        yield f"\n## {name}\n\n{modifier.description} Setting: {modifier.expected}.\n\n    {modifier.formula}\n"
        yield f"Source: {modifier.source}.\n"
        yield from _parameters(modifier.parameters(modifier.usual_or_example))


def _parameters(parameters: Iterable[ParameterDescription]) -> Iterator[str]:
    yield "| parameter | unit | from | to | what it is |\n|---|---|---|---|---|"
    for parameter in parameters:
        low, high = ("" if limit is None else f"{limit:g}" for limit in (parameter.min, parameter.max))
        yield f"| `{parameter.name}` | {parameter.unit} | {low} | {high} | {parameter.description} |"


def methods() -> Iterator[str]:
    """Each method with its options."""
    yield "# Methods"
    for name, method in METHODS.items():
        yield f"\n## {name}\n\n{method.description}\n\n| option | default | what it is |\n|---|---|---|"
        schema = method.options.model_json_schema()
        for option, described in schema.get("properties", {}).items():
            yield f"| `{option}` | {json.dumps(described.get('default'))} | {described.get('description', '')} |"


def settings() -> Iterator[str]:
    """Each setting and the variable that sets it."""
    yield "# Settings\n\nEvery process of a service reads them from its environment.\n"
    yield "| variable | default | what it is |\n|---|---|---|"
    prefix = Settings.model_config.get("env_prefix", "")
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None or field.is_required() else f"`{field.default}`"
        yield f"| `{(prefix + name).upper()}` | {default} | {field.description or field.title or ''} |"


def notices() -> Iterator[str]:
    """Each code of a notice."""
    yield "# Notices\n\nWhat a careful reader should know of a fit although nothing failed. Fits, plans, proposals and"
    yield "`parameters.json` have them as sentences under `warnings`, and under `notices` as"
    yield '`{"code": …, "sentence": …, "where": …}`. The code is one of these and stays when the sentence is'
    yield "put better; `where` is what it belongs to, such as `image r`, `image r, psf`, `HDU 2`, `parameters a.n` or"
    yield "`stage 2, nuts`, and null where that is all."
    for code, notice in NOTICES.items():
        yield f"\n## {code}\n\n{notice.meaning}\n\nWhat to do: {notice.remedy}"


def catalogues() -> Iterator[str]:
    """Columns and flags of a catalogue's table."""
    yield "# The table of a catalogue\n\nThe columns of the input come first, then, for each free parameter of the"
    yield "model, `component_parameter` (of an image `component_parameter_image`) and what stands beside it, then"
    yield "derived values ([which](derived-values.md)) with their `_err`, then the columns of every row. Units,"
    yield "descriptions and UCDs are in the file where its format can hold them. A row that could not be fitted has"
    yield "nulls, its flag and a message.\n"
    yield "## Beside a value\n\n| ends in | what |\n|---|---|"
    for kind, (words, _, _) in KINDS.items():
        yield f"| `_{kind}` | {words} the value. |"
    yield "\n`_lower` and `_upper` stand there with `intervals`, those after them behind a sampler."
    yield "\n## Of every row\n\n| column | what |\n|---|---|"
    for column in GOODNESS:
        unit = f" ({column.unit})" if column.unit else ""
        words = "Bits, see below." if column.name == "flags" else f"{column.description}{unit}."
        yield f"| `{column.name}` | {words} |"
    yield "\nWith `models` also " + ", ".join(f"`{name}_MODEL`" for name in CRITERIA) + ", the last where there is one;"
    yield 'with `"keep": ["covariance"]` also `covariance`, row by row, in the order of the parameters\' columns.'
    yield "\n## Flags\n\n`photfit.decode_flags(mask)` gives the names. Rows whose flag has a star have no numbers.\n"
    yield "| bit | name | meaning | what to do |\n|---|---|---|---|"
    for flag in FLAGS.values():
        star = " *" if flag.failed else ""
        yield f"| {flag.bit} | `{flag.name}`{star} | {flag.meaning} | {flag.remedy} |"


def errors() -> Iterator[str]:
    """Each kind of problem."""
    yield "# Errors\n\nThe service tells of every error by a problem document (RFC 9457). Its `type` is"
    yield "`urn:photfit:problem:` and one of the kinds below, which stays. `title` says the same to people, `detail`"
    yield "what was wrong in this case, and `instance` is the number of the request in the service's log."
    for problem in sorted(_kinds_of(ServiceProblem), key=lambda kind: (kind.status, kind.kind)):
        yield f"\n## {problem.kind}\n\nStatus {problem.status}, “{problem.title}”. {inspect.getdoc(problem)}"
    yield "\n## out-of-time\n\nThe `error` of a fit that took longer than it may. Where it has `kept`, the fit has a"
    yield "result: what it had found when it was stopped."


def _kinds_of(problem: type[ServiceProblem]) -> Iterator[type[ServiceProblem]]:
    for kind in problem.__subclasses__():
        yield kind
        yield from _kinds_of(kind)


def pages() -> dict[str, str]:
    """Every page of the reference: file name and text."""
    content = {
        "command-line": command_line(),
        "profiles": profiles(),
        "geometry": geometry(),
        "methods": methods(),
        "settings": settings(),
        "notices": notices(),
        "errors": errors(),
        "catalogues": catalogues(),
    }
    return {f"{name}.md": NOTE + "\n\n" + "\n".join(lines) + "\n" for name, lines in content.items()}


def write_reference() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_reference()
