"""Template of a catalogue: a fit request in which values and planes may come from a row of the object table.

    >>> galaxy = {"x": {"column": "x"}, "q": "= row.b / row.a", "r_e": {"value": {"column": "r50"}, "min": 0.2}}
    >>> template = Template({"components": [{"name": "g", "profile": "sersic", "parameters": galaxy}]})
    >>> list(template.columns)
    ['x', 'b', 'a', 'r50']
    >>> template.filled({"x": 31.5, "a": 4.0, "b": 3.0, "r50": 5.5})["components"][0]["parameters"]
    {'x': 31.5, 'q': 0.75, 'r_e': {'value': 5.5, 'min': 0.2}}

A value of the template is ``{"column": NAME}``, or an expression that names columns as ``row.NAME``; an expression that
names parameters, too, stays a link, with the row's numbers in the columns' places. A plane may be ``{"column": NAME}``
with what a reference may have beside it, such as ``"hdu": "SCI"``; the row has the name of a file there, or the number
of a plane of a cube.
"""

from __future__ import annotations

import ast
import copy
import math
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import ValidationError

from fitting.spec.documents import Fault, RequestInvalid, excerpt, json_path
from fitting.spec.expressions.expressions import Expression, ExpressionInvalid, parameter_of, parse_expression
from fitting.spec.images.references import PlaneReference

Location = tuple[str | int, ...]
Value = float | int | bool | str | None
"""What a column has in a row."""
Cutouts = Literal["archive", "folder", "cube"]
"""What the catalogue's `files` are, of which a row names one."""
ROW = "row"
"""What the row is called in expressions; no component may be called so."""
_PLANES = ("data", "variance", "weight", "sigma", "mask", "psf", "segmentation", "other_segments")


@dataclass(frozen=True)
class TemplateSlot:
    """A place of the template that a row fills.

    Attributes:
        location: in the template.
        columns: that are needed for it.
        plane: whether it names a plane, so that the column may be text.
        value: what stands there, of a row's values; raises `RowFault`.
    """

    location: Location
    columns: tuple[str, ...]
    plane: bool
    value: Callable[[Mapping[str, Value]], Any]


class RowFault(ValueError):
    """A row does not have what a place of the template needs; the message is a fragment that reads after the place."""


@dataclass(frozen=True)
class RowFiles:
    """The files that rows name planes of.

    Attributes:
        reference: of the archive, the folder or the cube.
        kind: which of them it is.
    """

    reference: PlaneReference
    kind: Cutouts


@dataclass(frozen=True)
class Template:
    """A fit request with places for the values of rows.

    Attributes:
        document: as JSON.
        files: that rows name planes of, where there are any.
    """

    document: Mapping[str, Any]
    files: RowFiles | None = None

    @cached_property
    def slots(self) -> tuple[TemplateSlot, ...]:
        """Every place that a row fills.

        Raises:
            RequestInvalid: an expression cannot be read, or a column is named in another way than ``{"column": NAME}``.
        """
        faults: list[Fault] = []
        found = tuple(_slots(self, faults))
        if faults:
            raise RequestInvalid(faults)
        return found

    @property
    def columns(self) -> dict[str, list[TemplateSlot]]:
        """The places that each column fills, by its name, in order of appearance."""
        places: dict[str, list[TemplateSlot]] = {}
        for slot in self.slots:
            for name in slot.columns:
                places.setdefault(name, []).append(slot)
        return places

    def filled(self, row: Mapping[str, Value]) -> dict[str, Any]:
        """The request as JSON, of a row's values; windows that are put around a position stay as they are written.

        Raises:
            RequestInvalid: with each place that the row cannot fill.
        """
        document: dict[str, Any] = copy.deepcopy(dict(self.document))
        faults = []
        for slot in self.slots:
            try:
                _put(document, slot.location, slot.value(row))
            except RowFault as fault:
                faults.append(Fault(json_path(slot.location), str(fault)))
        if faults:
            raise RequestInvalid(faults)
        return document

    def with_parameters_open(self) -> tuple[dict[str, Any], tuple[Location, ...]]:
        """The request as JSON with nothing said of the parameters that a row fills, so that no fault at their places is
        of a row's numbers; and those places.
        """
        document: dict[str, Any] = copy.deepcopy(dict(self.document))
        places = dict.fromkeys(slot.location[:4] for slot in self.slots if slot.location[2:3] == ("parameters",))
        for place in places:
            _put(document, place, {})
        return document, tuple(places)


def _put(document: Any, location: Location, value: Any) -> None:
    for step in location[:-1]:
        document = document[step]
    document[location[-1]] = value


def _slots(template: Template, faults: list[Fault]) -> Iterator[TemplateSlot]:
    """Places of a document that rows fill, in its order; what is wrong with one becomes a fault."""
    pending: list[tuple[Location, Any]] = [((), dict(template.document))]
    while pending:
        location, value = pending.pop()
        try:
            if isinstance(value, dict) and "column" in value:
                yield _column_slot(template, location, value)
            elif isinstance(value, dict):
                pending += reversed([((*location, key), item) for key, item in value.items()])
            elif isinstance(value, list):
                pending += reversed([((*location, index), item) for index, item in enumerate(value)])
            elif isinstance(value, str) and value.lstrip().startswith("="):
                slot = _expression_slot(location, value)
                if slot is not None:
                    yield slot
        except (RowFault, ExpressionInvalid) as error:
            faults.append(Fault(json_path(location), str(error), '{"column": NAME} or "= row.NAME"'))


def is_plane(location: Location) -> bool:
    """Whether a plane is named at a location of a request."""
    match location:
        case ("images", int(), str() as key) | ("images", int(), str() as key, "image"):
            return key in _PLANES
        case ("images", int(), "psf", "grid", int(), "psf"):
            return True
        case ("components", int(), "options", *_):
            return True
    return False


def _column_slot(template: Template, location: Location, value: Mapping[str, Any]) -> TemplateSlot:
    name = value["column"]
    plane = is_plane(location)
    if not isinstance(name, str) or not name:
        raise RowFault(f"{excerpt(name)} is not the name of a column")
    extra = {key: item for key, item in value.items() if key != "column"}
    if not plane:
        if extra:
            raise RowFault(f"has {', '.join(map(repr, extra))} beside the column")
        return TemplateSlot(location, (name,), plane, lambda row: _number(row, name))
    return TemplateSlot(location, (name,), plane, lambda row: _plane(row[name], name, extra, template.files))


def _number(row: Mapping[str, Value], name: str) -> float | int | bool:
    """A column's number in a row; raises RowFault where it is none."""
    value = row[name]
    if value is None:
        raise RowFault(f"column {name!r} has no value in this row")
    if isinstance(value, str):
        raise RowFault(f"column {name!r} has {excerpt(value)}, which is not a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise RowFault(f"column {name!r} has {value}, which is not a finite number")
    return value


def _plane(value: Value, name: str, extra: Mapping[str, Any], files: RowFiles | None) -> dict[str, Any]:
    """The reference to a plane by what a row has in a column."""
    if value is None or value == "":
        raise RowFault(f"column {name!r} names no file in this row")
    if files is None:
        raise RowFault(f"column {name!r} names planes of `files`, and the catalogue has none")
    key = "upload" if files.reference.form == "upload" else "path"
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise RowFault(f"column {name!r} has {value}, which is neither a file's name nor a whole number")
    if isinstance(value, int | float):
        if files.kind != "cube" or value < 0:
            raise RowFault(f"column {name!r} has {value}, which is no plane of a cube in `files`")
        return {key: files.reference.file, "hdu": files.reference.hdu or 0, "plane": int(value), **extra}
    if files.kind == "cube":
        raise RowFault(f"column {name!r} has {excerpt(value)}, and `files` is one file: the number of a plane of it")
    try:
        named = PlaneReference.model_validate(value)
    except ValidationError:
        raise RowFault(f"column {name!r} has {excerpt(value)}, which names no file") from None
    member = posixpath.normpath(named.file)
    if member.startswith(("/", "..")) or "\\" in member or member == "." or "\0" in member:
        raise RowFault(f"column {name!r} has {excerpt(value)}, which leads out of `files`")
    place = {place: item for place in ("hdu", "plane") if (item := getattr(named, place)) is not None}
    if files.kind == "folder":
        return {"path": posixpath.join(files.reference.file, member), **extra, **place}
    return {key: files.reference.file, "member": member, **extra, **place}


def _expression_slot(location: Location, text: str) -> TemplateSlot | None:
    """The place of an expression that names columns; None where it names none."""
    expression = parse_expression(text)
    names = {name: name.removeprefix(f"{ROW}.") for name in expression.names if name.startswith(f"{ROW}.")}
    if not names:
        return None
    for name in names.values():
        if not name.isidentifier():
            raise RowFault(f"{ROW}.{name} is not written as {ROW}.NAME")
    if len(names) < len(expression.names):
        return TemplateSlot(location, tuple(names.values()), False, lambda row: _linked(expression, names, row))
    return TemplateSlot(location, tuple(names.values()), False, lambda row: _worked_out(expression, names, row))


def _worked_out(expression: Expression, names: Mapping[str, str], row: Mapping[str, Value]) -> float:
    try:
        return expression.value({written: float(_number(row, name)) for written, name in names.items()})
    except ExpressionInvalid as error:
        raise RowFault(str(error)) from None


def _linked(expression: Expression, names: Mapping[str, str], row: Mapping[str, Value]) -> str:
    """The text of an expression of parameters with the row's numbers in the places of its columns."""
    numbers = {written: float(_number(row, name)) for written, name in names.items()}
    tree = _InPlaceOfColumns(numbers).visit(copy.deepcopy(expression.tree))
    return f"= {ast.unparse(tree)}"


class _InPlaceOfColumns(ast.NodeTransformer):
    """Puts numbers in the places of columns."""

    def __init__(self, numbers: Mapping[str, float]) -> None:
        self._numbers = numbers

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """A number in the place of a column."""
        name = parameter_of(node)
        if name is None or name not in self._numbers:
            return node
        number = self._numbers[name]
        size = ast.Constant(value=abs(number))
        return size if math.copysign(1.0, number) > 0.0 else ast.UnaryOp(op=ast.USub(), operand=size)
