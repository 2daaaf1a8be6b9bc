"""Imports point down, and what is meant to be light is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def modules_after(statement: str) -> set[str]:
    """The modules that a fresh Python has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_imports_keep_the_contracts() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("heavy", ["torch", "fastapi", "celery", "numpy", "sqlalchemy"])
def test_the_command_line_starts_without(heavy: str) -> None:
    everything = "import photfit.cli as cli\nfor name in cli.COMMANDS: cli.main.get_command(None, name)"
    assert heavy not in modules_after(everything)


@pytest.mark.parametrize("heavy", ["torch", "numpy", "astropy", "matplotlib", "xarray"])
def test_the_client_and_its_results_start_without(heavy: str) -> None:
    assert heavy not in modules_after("import photfit.client, photfit.image_inputs, photfit.results")


def test_the_api_has_no_torch() -> None:
    assert "torch" not in modules_after("import app.main; app.main.create_app")


def test_the_parent_of_a_worker_has_no_torch() -> None:
    assert "torch" not in modules_after("import worker.application, worker.tasks")


@pytest.mark.parametrize("heavy", ["torch", "numpy", "astropy"])
def test_the_specification_needs_no(heavy: str) -> None:
    assert heavy not in modules_after("import fitting.spec")


@pytest.mark.parametrize(
    "module",
    ["fitting.files", "fitting.first_values", "fitting.inputs", "fitting.proposing", "fitting.plots", "fitting.chains"],
)
def test_reading_files_and_drawing_need_no_torch(module: str) -> None:
    assert "torch" not in modules_after(f"import {module}")


def imports_within(package: str) -> dict[str, set[str]]:
    """What each module of a package imports of it, anywhere in it, functions and type checking included."""
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in (ROOT / package).rglob("*.py")}
    modules = {name.removesuffix(".__init__"): path for name, path in files.items()}
    found: dict[str, set[str]] = {}
    for module, path in modules.items():
        nodes = [
            node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)
        ]
        named = {f"{node.module}.{alias.name}": node.module for node in nodes for alias in node.names}
        found[module] = {name if name in modules else str(of) for name, of in named.items()} & modules.keys() - {module}
    return found


def test_no_modules_of_the_specification_import_each_other_in_a_circle() -> None:
    assert list(TopologicalSorter(imports_within("fitting/spec")).static_order())


def test_the_package_itself_is_imported_in_few_modules() -> None:
    """Hundreds would be a third of a second: what a name needs comes with that name."""
    own = modules_after("import photfit") - modules_after("pass")
    assert not {name.partition(".")[0] for name in own} & {"pydantic", "httpx", "rich", "click", "numpy", "astropy"}
    assert len(own) < 80
