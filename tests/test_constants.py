"""Constants: every number that a module fixes says what it is, in which unit, and where it comes from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("fitting", "jobs", "worker", "app", "photfit")


def is_number(node: ast.expr) -> bool:
    """Whether an expression is made of numbers alone: 24, -1e-6, 2**20, (1, 2, 3)."""
    match node:
        case ast.Constant(value=bool()):
            return False
        case ast.Constant(value=int() | float()):
            return True
        case ast.UnaryOp(operand=operand):
            return is_number(operand)
        case ast.BinOp(left=left, right=right):
            return is_number(left) and is_number(right)
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return bool(items) and all(is_number(item) for item in items)
    return False


def undescribed(source: str) -> Iterator[str]:
    """Names of the module's numbers that no docstring follows and no comment accompanies."""
    body, lines = ast.parse(source).body, source.splitlines()
    for node, following in zip(body, [*body[1:], None], strict=True):
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if value is None or not is_number(value):
            continue
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            continue
        comment = lines[node.lineno - 2].lstrip().startswith("#") or "#" in lines[node.lineno - 1]
        if not comment:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (ast.unparse(target) for target in targets if not isinstance(target, ast.Attribute))


def test_a_number_without_a_word_is_found() -> None:
    source = 'A = 1\n"""Metres."""\nB = -2.5\n# Seconds.\nC = 3\nD = (1, 2)\nE = "text"\nF = True\n'
    assert list(undescribed(source)) == ["B", "D"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_number_says_what_it_is(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT).as_posix()}: {name}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in undescribed(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)
