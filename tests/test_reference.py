"""The reference names everything that a user can call, ask for, set or be told.

What there is, is found here from the running program and from the sources, by other ways than the pages are made.
"""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import photfit
from fitting.spec.catalogues import FLAGS
from fitting.spec.handling import EXPORT_FORMATS
from fitting.spec.methods import METHODS
from fitting.spec.modifiers import GEOMETRY
from fitting.spec.profiles import PROFILES
from jobs.settings import Settings
from photfit.cli import COMMANDS, main
from photfit.failures import EXIT_CODES

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("app", "fitting", "jobs", "photfit", "worker")
BETWEEN_PROCESSES = {"PHOTFIT_COMPLETE", "PHOTFIT_SUPERVISOR", "PHOTFIT_WORKER_INCARNATION", "PHOTFIT_WORKER_NAME"}
"""Variables that our processes hand to each other; nobody sets them."""
PAGES = {"GET /", "GET /docs", "GET /help"}
"""Routes that answer with a page to look at."""


def page(name: str) -> str:
    return (ROOT / "docs" / "reference" / name).read_text("utf-8")


def headings(name: str) -> set[str]:
    return {line.lstrip("# ") for line in page(name).splitlines() if line.startswith("#")}


def test_every_public_name_of_the_package() -> None:
    text = page("python.md")
    tables = {*PROFILES, *METHODS, *GEOMETRY}

    def told(name: str) -> bool:
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        return re.search(rf"\b{name}\b", text) is not None or snake in tables

    assert [name for name in photfit.__all__ if not told(name)] == []


def routes_written() -> Iterator[tuple[str, str]]:
    """(method, path below its router's) of each route that the sources write."""
    for source in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []
            for call in (each for each in decorators if isinstance(each, ast.Call)):
                verb = call.func.attr if isinstance(call.func, ast.Attribute) else ""
                path = call.args[0] if call.args else None
                if verb in ("get", "post", "put", "patch", "delete") and isinstance(path, ast.Constant):
                    yield verb.upper(), re.sub(r":\w+}", "}", str(path.value))


def test_every_route() -> None:
    told = {heading for heading in headings("rest.md") if " /" in heading}
    written = list(routes_written())
    assert len(written) > 80
    missing = [
        f"{verb} {path}"
        for verb, path in written
        if not any(line.startswith(f"{verb} ") and line.endswith(path) for line in told)
    ]
    assert set(missing) == PAGES


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, f"{path} {name}")


def test_every_command_with_its_options() -> None:
    text = page("command-line.md")
    sections = dict(re.findall(r"^## (photfit[^\n]*)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    found = dict(commands(main, "photfit"))
    assert set(COMMANDS) < {path.removeprefix("photfit ") for path in found}
    missing = []
    for path, command in found.items():
        if path == "photfit":
            continue
        shown = sections.get(path)
        if shown is None:
            missing.append(path)
            continue
        options = [
            name for each in command.params if isinstance(each, click.Option) and not each.hidden for name in each.opts
        ]
        missing += [f"{path} {name}" for name in options if name not in shown]
    assert missing == []


@pytest.mark.parametrize("code", EXIT_CODES)
def test_every_exit_code(code: int) -> None:
    assert f"| {code} |" in page("command-line.md")


def test_every_setting_and_every_variable_that_a_source_names() -> None:
    prefix = Settings.model_config.get("env_prefix", "")
    told = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", page("settings.md"), re.MULTILINE))
    settings = {f"{prefix}{name}".upper() for name in Settings.model_fields}
    named: set[str] = set()
    for package in PACKAGES:
        for source in (ROOT / package).rglob("*.py"):
            named |= set(re.findall(r"\bPHOTFIT_[A-Z][A-Z0-9_]*[A-Z0-9]\b", source.read_text("utf-8")))
    assert sorted((settings | named) - told - BETWEEN_PROCESSES) == []
    assert "Pydantic" not in page("settings.md")


@pytest.mark.parametrize(
    ("name", "there"), [("profiles.md", PROFILES), ("methods.md", METHODS), ("geometry.md", GEOMETRY)]
)
def test_every_profile_method_and_modifier(name: str, there: dict[str, object]) -> None:
    assert sorted(set(there) - headings(name)) == []


def test_every_profile_has_its_picture() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "draw_profiles.py"))
    pictures = {path.stem for path in made["FOLDER"].glob("*.png")}
    assert pictures == set(PROFILES) - set(made["WITHOUT"]), "run `make profile-pictures`"
    assert [name for name in pictures if f"profiles/{name}.png" not in page("profiles.md")] == []


def test_every_parameter_and_option_of_them() -> None:
    profiles, methods = page("profiles.md"), page("methods.md")
    rows = [(f"{kind.name}.{each.name}", each.name, profiles) for kind in PROFILES.values() for each in kind.parameters]
    rows += [(f"{kind.name}.{each}", each, methods) for kind in METHODS.values() for each in kind.options.model_fields]
    assert [whole for whole, name, text in rows if f"`{name}`" not in text] == []


def test_every_flag() -> None:
    text = page("catalogues.md")
    assert [name for name in FLAGS if f"`{name}`" not in text] == []


def test_every_format_of_an_export() -> None:
    text = page("command-line.md")
    assert [name for name in EXPORT_FORMATS if name not in text] == []
