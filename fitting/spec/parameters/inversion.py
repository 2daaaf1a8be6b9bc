"""Solving an expression for one of its parameters."""

from __future__ import annotations

import ast

from fitting.spec.parameters.expressions import Expression, parameter_of

_INVERSE_FUNCTIONS = {"exp": "log", "log": "exp"}


def solved_for(expression: Expression, name: str, result: str) -> Expression | None:
    """The parameter as an expression of the others and of the result, which is a name of its own.

    ``a.x - b.x`` solved for ``b.x`` is ``a.x - result``. None where the parameter does not stand in the expression
    exactly once, or inside anything else than ``+ - * /``, ``exp``, ``log`` and ``sqrt``.
    """
    if sum(parameter_of(node) == name for node in ast.walk(expression.tree)) != 1:
        return None
    node, other = expression.tree, ast.Name(id=result)
    inverse: ast.expr = other
    while parameter_of(node) != name:
        step = _peeled(node, name, inverse)
        if step is None:
            return None
        node, inverse = step
    names = (*(read for read in expression.names if read != name), result)
    return Expression(f"= {ast.unparse(inverse)}", names, inverse)


def is_sum(expression: Expression) -> bool:
    """Whether it is made of parameters and numbers by + and - alone."""
    parts = [node for node in ast.walk(expression.tree) if isinstance(node, ast.expr)]
    signs = (ast.Add, ast.Sub, ast.USub, ast.UAdd)
    return all(
        isinstance(node.op, signs)
        if isinstance(node, ast.BinOp | ast.UnaryOp)
        else isinstance(node, ast.Attribute | ast.Subscript | ast.Name | ast.Constant)
        for node in parts
    )


def _peeled(node: ast.expr, name: str, result: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """The operand that holds the name, and what it equals where the node equals the result."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return operand, ast.UnaryOp(ast.USub(), result)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return operand, result
        case ast.Call(func=ast.Name(id=function), args=[argument]) if function in _INVERSE_FUNCTIONS:
            return argument, ast.Call(ast.Name(id=_INVERSE_FUNCTIONS[function]), [result], [])
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
            return argument, ast.BinOp(result, ast.Mult(), result)
        case ast.BinOp(left=left, op=operator, right=right):
            if any(parameter_of(part) == name for part in ast.walk(left)):
                return _left_operand(left, operator, right, result)
            return _right_operand(left, operator, right, result)
    return None


def _left_operand(
    left: ast.expr, operator: ast.operator, right: ast.expr, result: ast.expr
) -> tuple[ast.expr, ast.expr] | None:
    match operator:
        case ast.Add():
            return left, ast.BinOp(result, ast.Sub(), right)
        case ast.Sub():
            return left, ast.BinOp(result, ast.Add(), right)
        case ast.Mult():
            return left, ast.BinOp(result, ast.Div(), right)
        case ast.Div():
            return left, ast.BinOp(result, ast.Mult(), right)
    return None


def _right_operand(
    left: ast.expr, operator: ast.operator, right: ast.expr, result: ast.expr
) -> tuple[ast.expr, ast.expr] | None:
    match operator:
        case ast.Add():
            return right, ast.BinOp(result, ast.Sub(), left)
        case ast.Sub():
            return right, ast.BinOp(left, ast.Sub(), result)
        case ast.Mult():
            return right, ast.BinOp(result, ast.Div(), left)
        case ast.Div():
            return right, ast.BinOp(left, ast.Div(), result)
    return None
