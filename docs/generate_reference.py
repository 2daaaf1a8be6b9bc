"""Writes docs/reference/ from the code, so that it cannot say anything else than the code does."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import click

import photfit
from app.errors import problem_kinds
from fitting.catalogues import CRITERIA, GOODNESS, KINDS
from fitting.spec.catalogues import FLAGS
from fitting.spec.methods import METHODS
from fitting.spec.modifiers import GEOMETRY
from fitting.spec.notices import NOTICES
from fitting.spec.profiles import PROFILES, ParameterDescription
from jobs.settings import Settings
from photfit import model, results
from photfit.cli import COMMANDS, main
from photfit.failures import EXIT_CODES
from photfit.results.covariance_matrix import CovarianceMatrix

FOLDER = Path(__file__).resolve().parent / "reference"
PICTURES = FOLDER.parent / "images" / "profiles"
REMEDIES = FOLDER.parents[1] / "app" / "page" / "notices.json"
NOTE = "<!-- Made by `make docs` from the code: change it there. -->"


_LISTED = 3
"""Options that are named one by one where they read the same variable."""
_OF_OTHERS = {
    "FORWARDED_ALLOW_IPS": "Proxies that are believed, as uvicorn has it: the default of `PHOTFIT_TRUSTED_PROXIES`.",
    "OMP_NUM_THREADS": "Threads of a fit of more than 40,000 pixels in this process; smaller ones have one.",
    "CUDA_VISIBLE_DEVICES": "GPUs that a worker may use; empty for none.",
    "AWS_ACCESS_KEY_ID": "Key of an object store, with `AWS_SECRET_ACCESS_KEY`.",
    "AWS_ENDPOINT": "Address of an object store that is not Amazon's.",
    "AWS_ALLOW_HTTP": "`true` where that address is plain http.",
    "AWS_REGION": "Region of an object store.",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "Where traces go, with `PHOTFIT_TELEMETRY`.",
}
"""Variables without our prefix that somebody who runs the service may need, and what they do."""


def command_line() -> Iterator[str]:
    """The help of each command."""
    yield "# The command line\n\n`photfit completion bash|zsh|fish` makes a shell complete it."
    yield "\n## Exit codes\n\n| code | means |\n|---|---|"
    yield from (f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
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


def _commands(parent: click.Context, command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """(how it is called, command) of a command and of all below it."""
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(parent):
            inner = command.get_command(parent, name)
            assert inner is not None
            yield from _commands(parent, inner, f"{path} {name}")


def profiles() -> Iterator[str]:
    """Each light profile with its formula and parameters."""
    yield "# Light profiles\n\nPictures are drawn by the engine (`make profile-pictures`): an image with a logarithmic"
    yield "stretch, and brightness along the major axis."
    for profile in PROFILES.values():
        yield f"\n## {profile.name}\n\n{profile.description}\n\n    {profile.formula}\n\nSource: {profile.source}.\n"
        if (PICTURES / f"{profile.name}.png").exists():
            words = f"{profile.name}: an image, and its brightness along the major axis"
            yield f"![{words}](../images/profiles/{profile.name}.png)\n"
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
        said = field.default is not None and field.default_factory is None and not field.is_required()
        default = f"`{field.default}`" if said else ""
        yield f"| `{(prefix + name).upper()}` | {default} | {field.description or field.title or ''} |"
    yield "\n## Of commands and clients\n\nAn option's variable counts where the option is not given.\n"
    yield "| variable | of | what it is |\n|---|---|---|"
    read: dict[str, tuple[str, list[str]]] = {}
    parent = click.Context(main, info_name="photfit")
    for path, command in _commands(parent, main, "photfit"):
        for option in command.params:
            if isinstance(option, click.Option) and isinstance(option.envvar, str):
                read.setdefault(option.envvar, (option.help or "", []))[1].append(f"`{path} {option.opts[0]}`")
    for variable, (meaning, options) in read.items():
        shown = (
            ", ".join(options) if len(options) <= _LISTED else f"`{options[0].split()[-1]} of {len(options)} commands"
        )
        yield f"| `{variable}` | {shown} | {meaning} |"
    yield "\n## Of others\n\nphotfit reads these, too, or the libraries that it uses do.\n"
    yield "| variable | what it does |\n|---|---|"
    yield from (f"| `{variable}` | {meaning} |" for variable, meaning in _OF_OTHERS.items())


def notices() -> Iterator[str]:
    """Each code of a notice."""
    yield "# Notices\n\nWhat a careful reader should know of a fit although nothing failed. Fits, plans, proposals and"
    yield "`parameters.json` have them as sentences under `warnings`, and under `notices` as"
    yield '`{"code": …, "sentence": …, "where": …}`. The code is one of these and stays when the sentence is'
    yield "put better; `where` is what it belongs to, such as `image r`, `image r, psf`, `HDU 2`, `parameters a.n` or"
    yield "`stage 2, nuts`, and null where that is all."
    for code, notice in NOTICES.items():
        yield f"\n## {code}\n\n{notice.meaning}\n\nWhat to do: {notice.remedy}"


def remedies() -> str:
    """What the page says beside a notice, by its code."""
    told = {code: {"meaning": notice.meaning, "remedy": notice.remedy} for code, notice in NOTICES.items()}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


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
    yield "what was wrong in this case, `instance` is the number of the request in the service's log, and `help` leads"
    yield "to the service's own copy of this page."
    for problem in sorted(problem_kinds(), key=lambda kind: (kind.status, kind.kind)):
        yield f"\n## {problem.kind}\n\nStatus {problem.status}, “{problem.title}”. {inspect.getdoc(problem)}"
    yield "\n## out-of-time\n\nThe `error` of a fit that took longer than it may. Where it has `kept`, the fit has a"
    yield "result: what it had found when it was stopped."


def python() -> Iterator[str]:
    """The small documented surface of the package, from its docstrings."""
    yield "# Python\n\nWhat `import photfit` has. [Use it from Python](../how-to/use-from-python.md) has examples."
    yield "\n## Fits and model images"
    for function in (photfit.fit, photfit.model_image, photfit.profile):
        yield from _function(function, f"photfit.{function.__name__}")
    yield from _class(photfit.Image, "photfit.Image")
    yield "\n## What a fit found"
    for kind in (
        photfit.Fit,
        results.FittedImage,
        photfit.FittedValue,
        CovarianceMatrix,
        results.Plots,
        results.Picture,
    ):
        yield from _class(kind, f"photfit.{kind.__name__}" if hasattr(photfit, kind.__name__) else kind.__name__)
    yield "\n## Models"
    for kind in (photfit.Component, photfit.Parameter, photfit.Link, photfit.Constraint, photfit.Stage):
        yield from _class(kind, f"photfit.{kind.__name__}")
    yield f"\n### Value\n\n{_plain(_following(model.parameter, 'Value'))}"
    yield from _classes_of_tables()
    yield "\n## A service"
    yield from _class(photfit.Client, "photfit.Client")
    yield from _methods(photfit.Client)
    for kind in (photfit.MapOutcome, photfit.AsyncClient, photfit.AsyncFit):
        yield from _class(kind, f"photfit.{kind.__name__}")
    for function in (photfit.fits_table, photfit.decode_flags):
        yield from _function(function, f"photfit.{function.__name__}")
    yield "\n## Errors\n"
    known = (getattr(photfit, name) for name in sorted(photfit.__all__))
    for error in (each for each in known if isinstance(each, type) and issubclass(each, Exception)):
        yield f"- `photfit.{error.__name__}` ({error.__base__.__name__}): {_first_sentences(error)}"


def _classes_of_tables() -> Iterator[str]:
    """The classes made of the tables, a line each."""
    from photfit.model import methods, modifiers, profiles

    for title, module, page in (
        ("Profiles", profiles, "profiles"),
        ("Modifiers of isophotes", modifiers, "geometry"),
        ("Methods", methods, "methods"),
    ):
        yield f"\n### {title}\n\nArguments have the names, units and limits of [their table]({page}.md).\n"
        yield "| class | arguments | what it is |\n|---|---|---|"
        for name in (name for name, kind in vars(module).items() if name in module.__all__ and isinstance(kind, type)):
            kind = getattr(module, name)
            arguments = list(inspect.signature(kind).parameters)
            shown = ", ".join(f"`{argument}`" for argument in arguments)
            yield f"| `{name}` | {shown} | {_plain((inspect.getdoc(kind) or '').partition(chr(10) * 2)[0])} |"


def _function(function: Callable[..., Any], name: str) -> Iterator[str]:
    """A function: its signature and its docstring."""
    yield f"\n### {name}\n\n```python\n{name}{_signature(function)}\n```\n\n{_text(inspect.getdoc(function) or '')}"


def _class(kind: type, name: str) -> Iterator[str]:
    """A class: how it is made, its docstring, and each public member of its own."""
    yield f"\n### {name}\n\n{_text(inspect.getdoc(kind) or '')}"
    for member, value in vars(kind).items():
        inner = value.fget if isinstance(value, property) else getattr(value, "func", value)
        inner = getattr(inner, "__func__", inner)
        if member.startswith("_") or not isinstance(inner, FunctionType) or not inspect.getdoc(inner):
            continue
        called = "" if not isinstance(value, FunctionType | classmethod | staticmethod) else _signature(inner)
        yield f"\n**`{name.rpartition('.')[2]}.{member}{called}`**\n\n{_text(inspect.getdoc(inner) or '')}"


def _methods(kind: type) -> Iterator[str]:
    """The public methods that a client has of what both clients can do."""
    for member in (name for base in kind.__bases__ for name in vars(base) if not name.startswith("_")):
        method = getattr(kind, member)
        called = _signature(method).replace("(self, /, ", "(").replace("(self, ", "(")
        yield f"\n**`{kind.__name__}.{member}{called}`**\n\n{_text(inspect.getdoc(method) or '')}"


class _AsWritten(str):
    """An annotation, shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _signature(function: Callable[..., Any]) -> str:
    """Arguments with their types and what is given back, without `self`."""
    signature = inspect.signature(function)
    kept = [
        each.replace(annotation=_AsWritten(each.annotation))
        for name, each in signature.parameters.items()
        if name not in ("self", "cls")
    ]
    return str(signature.replace(parameters=kept, return_annotation=_AsWritten(signature.return_annotation)))


def _text(docstring: str) -> str:
    """A docstring as Markdown: sections as lists, examples as code."""
    lines: list[str] = []
    for block in docstring.split("\n\n"):
        head, *rest = block.splitlines()
        if head.endswith(":") and head[:-1] in ("Args", "Attributes", "Returns", "Raises") and rest:
            lines.append(f"{head}\n\n{_entries(rest)}")
        elif head.startswith("Raises "):
            lines.append(_plain(block))
        elif head.lstrip().startswith(">>>"):
            lines.append(f"```python\n{block}\n```")
        elif head.startswith("    "):
            lines.append(block)
        else:
            lines.append(_plain(block))
    return "\n\n".join(lines)


def _entries(lines: Sequence[str]) -> str:
    """Lines of a section as a list: an entry begins where nothing is indented further."""
    entries: list[str] = []
    for line in (each.removeprefix("    ") for each in lines):
        if line.startswith(" ") and entries:
            entries[-1] += " " + line.strip()
        else:
            entries.append(line)
    named = (re.sub(r"^([\w, ]+): ", r"**\1**: ", entry) for entry in entries)
    return "\n".join(f"- {_plain(entry)}" for entry in named)


def _plain(text: str) -> str:
    """Text of a docstring in Markdown: code by one backtick, one line."""
    return re.sub(r"\s+", " ", text.replace("``", "`")).strip()


def _first_sentences(error: type[Exception]) -> str:
    """A class's docstring up to its first gap."""
    return _plain((inspect.getdoc(error) or "").partition("\n\n")[0])


def _following(module: ModuleType, name: str) -> str:
    """The text that follows a name in a module, which no object can hold."""
    tree = ast.parse(inspect.getsource(module)).body
    for node, after in pairwise(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            assert isinstance(after, ast.Expr)
            assert isinstance(after.value, ast.Constant)
            return str(after.value.value)
    raise LookupError(name)


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
        "python": python(),
    }
    return {f"{name}.md": NOTE + "\n\n" + "\n".join(lines) + "\n" for name, lines in content.items()}


def write_reference() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    REMEDIES.write_text(remedies(), encoding="utf-8")


if __name__ == "__main__":
    write_reference()
