"""Constraints of a GALFIT file: limits of parameters, links and constraints of photfit, in all forms that GALFIT has.

===================  ===========================================================
``2 x -1 0.5``       limits relative to the start
``3 n 0.7 to 5``     limits
``3_2_1 x offset``   the differences to the first are kept: links
``1_5_3 re ratio``   the ratios to the first are kept: links
``3-7 mag -0.5 3``   limits of a difference: a constraint
``3/5 re 1 3``       limits of a ratio: a constraint
===================  ===========================================================
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fitting.formats.component_draft import ComponentDraft, ParameterDraft
from fitting.formats.export_source import NO_LIMIT
from fitting.formats.galfit_slots import Slot
from fitting.formats.import_rows import RowBook, lines_of


@dataclass(frozen=True)
class PlacedObject:
    """An object as constraints see it: its draft, its slots by the keys of lines, and the words that name them."""

    draft: ComponentDraft
    slots: Mapping[str, Slot]
    words: Mapping[str, str]


@dataclass(frozen=True)
class _Place:
    """One parameter of one object."""

    draft: ComponentDraft
    slot: Slot

    @property
    def parameter(self) -> ParameterDraft:
        return self.draft.parameters[self.slot.parameter]

    @property
    def name(self) -> str:
        return f"{self.draft.name}.{self.slot.parameter}"


class _Left(Exception):
    """Why a line cannot be taken."""


def read_constraints(
    file: str, text: str, objects: Mapping[int, PlacedObject], unknown: Mapping[int, str], book: RowBook
) -> list[dict[str, Any]]:
    """Apply the lines of a constraint file to the drafts; returns those that are constraints of the request.

    Args:
        objects: those that were taken, by number.
        unknown: why others were not.
    """
    found: list[dict[str, Any]] = []
    for line in lines_of(file, text):
        try:
            book.take(line, _apply(line.text.split(), objects, unknown, found))
        except _Left as error:
            book.leave(line, str(error))
    return found


def _apply(
    words: Sequence[str], objects: Mapping[int, PlacedObject], unknown: Mapping[int, str], found: list[dict[str, Any]]
) -> str:
    if len(words) < 3:
        raise _Left("is no constraint (expected such as '2 x -1 0.5', '3 n 0.7 to 5' or '1_2 x offset')")
    which, word, rest = words[0], words[1].lower(), [item.lower() for item in words[2:]]
    if re.fullmatch(r"[0-9]+(_[0-9]+)+", which) and rest[0] in ("offset", "ratio"):
        places = [_place(int(number), word, objects, unknown) for number in which.split("_")]
        return _link(places, rest[0])
    if len(rest) >= 2 and rest[1] == "to":
        numbers, absolute = [rest[0], *rest[2:3]], True
    else:
        numbers, absolute = rest[:2], False
    if rest[0] in ("in", "ref", "factor") or len(numbers) < 2 or len(rest) > (3 if absolute else 2):
        raise _Left("photfit has no such constraint (GALFITM's in, ref and factor are not read)")
    low, high = _number(numbers[0]), _number(numbers[1])
    if low >= high:
        raise _Left(f"{low:g} is not below {high:g}")
    if re.fullmatch(r"[0-9]+", which):
        return _limit(_place(int(which), word, objects, unknown), low, high, absolute)
    match = re.fullmatch(r"([0-9]+)([-/])([0-9]+)", which)
    if match is None:
        raise _Left(f"{which} names no objects (expected 2, 3_2_1, 3-7 or 3/5)")
    first, second = (_place(int(match[key]), word, objects, unknown) for key in (1, 3))
    between = _difference if match[2] == "-" else _ratio
    return between(first, second, low, high, found)


def _number(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        raise _Left(f"{word} is no number") from None
    if not math.isfinite(number):
        raise _Left(f"{word} is no finite number")
    return number


def _place(number: int, word: str, objects: Mapping[int, PlacedObject], unknown: Mapping[int, str]) -> _Place:
    if number not in objects:
        raise _Left(unknown.get(number, f"there is no object {number}"))
    placed = objects[number]
    modes = re.fullmatch(r"f([0-9]+)([ap])", word)
    key = placed.words.get(word) or (f"F{modes[1]}{modes[2]}" if modes else word.upper())
    slot = placed.slots.get(key)
    if slot is None or slot.parameter not in placed.draft.parameters:
        raise _Left(f"object {number} has no {word} that was taken")
    return _Place(placed.draft, slot)


def _limit(place: _Place, low: float, high: float, absolute: bool) -> str:
    parameter = place.parameter
    if parameter.link is not None or parameter.free == 0:
        raise _Left(f"{place.name} is not free: there is nothing to limit")
    if parameter.coefficients or 1 <= parameter.free < len(parameter.values):
        raise _Left(f"{place.name} is a polynomial of wavelength, whose values photfit does not limit")
    if absolute:
        ends = place.slot.limits(*(None if abs(end) >= NO_LIMIT else end for end in (low, high)))
    elif place.slot.zero is None:
        steps = sorted((low * place.slot.scale, high * place.slot.scale))
        ends = (min(parameter.values) + steps[0], max(parameter.values) + steps[1])
    else:
        ends = (min(parameter.values) * 10.0 ** (-0.4 * high), max(parameter.values) * 10.0 ** (-0.4 * low))
    parameter.low, parameter.high = ends
    said = ("any" if end is None else f"{end:.6g}" for end in ends)
    return f"{place.name} from {' to '.join(said)}"


def _link(places: Sequence[_Place], what: str) -> str:
    first, *others = places
    said = []
    for place in others:
        if place.name == first.name or place.parameter.link is not None or _follows(first, places):
            raise _Left(f"{place.name} is linked already")
        if len(set(place.parameter.values)) > 1 or len(set(first.parameter.values)) > 1:
            raise _Left(f"{place.name} differs between the bands")
        if (place.slot.zero is None) != (first.slot.zero is None) or place.slot.scale != first.slot.scale:
            raise _Left(f"{first.name} and {place.name} are not of one kind")
    for place in others:
        here, there = place.parameter.value, first.parameter.value
        offset = place.slot.offset
        if what == "offset" and place.slot.zero is None:
            difference = here - there
            link = f"= {first.name}" if difference == 0.0 else f"= {first.name} + {difference:.10g}"
        elif what == "offset":
            link = f"= {first.name} * {here / there:.10g}"
        elif place.slot.zero is not None:
            raise _Left("a ratio of surface brightnesses in magnitudes is none of photfit's links")
        elif there == offset:
            raise _Left(f"{first.name} is 0, and nothing has a ratio to it")
        else:
            ratio = (here - offset) / (there - offset)
            link = f"= {first.name}" + ("" if ratio == 1.0 else f" * {ratio:.10g}")
            if offset and ratio != 1.0:
                link = f"= ({first.name} - {offset:g}) * {ratio:.10g} + {offset:g}"
        place.parameter.link = link.replace("- -", "+ ").replace("+ -", "- ")
        said.append(f"{place.name} {place.parameter.link}")
    return "; ".join(said)


def _follows(first: _Place, places: Sequence[_Place]) -> bool:
    """Whether the first of a link follows, by links made before, one of those that are to follow it."""
    return first.parameter.link is not None and any(place.name in first.parameter.link for place in places[1:])


def _difference(a: _Place, b: _Place, low: float, high: float, found: list[dict[str, Any]]) -> str:
    if a.slot.zero is not None and b.slot.zero is not None:
        ends = (10.0 ** (-0.4 * high) * a.slot.scale / b.slot.scale, 10.0 ** (-0.4 * low) * a.slot.scale / b.slot.scale)
        return _constraint(a, b, "/", *ends, found)
    if a.slot.zero is not None or b.slot.zero is not None or a.slot.scale != b.slot.scale:
        raise _Left(f"{a.name} and {b.name} are not of one kind")
    return _constraint(a, b, "-", low * a.slot.scale, high * a.slot.scale, found)


def _ratio(a: _Place, b: _Place, low: float, high: float, found: list[dict[str, Any]]) -> str:
    if a.slot.zero is not None or b.slot.zero is not None or a.slot.offset or b.slot.offset:
        raise _Left(f"a ratio of {a.slot.parameter} is none of photfit's constraints")
    ratio = a.slot.scale / b.slot.scale
    return _constraint(a, b, "/", low * ratio, high * ratio, found)


def _constraint(a: _Place, b: _Place, sign: str, low: float, high: float, found: list[dict[str, Any]]) -> str:
    expression = f"{a.name} {sign} {b.name}"
    if a.name == b.name or any(item["expression"] == expression for item in found):
        raise _Left(f"{expression} is constrained already, or is no constraint")
    if not any(place.parameter.free and place.parameter.link is None for place in (a, b)):
        raise _Left(f"neither {a.name} nor {b.name} is free")
    if any(here.parameter.link is not None and there.name in here.parameter.link for here, there in ((a, b), (b, a))):
        raise _Left(f"{a.name} and {b.name} are linked already")
    if len({*map(len, (a.parameter.values, b.parameter.values)), 1}) > 1:
        raise _Left("constraints between parameters of several bands are not read")
    here, there = a.parameter.value, b.parameter.value
    start = here - there if sign == "-" else here / there if there else math.inf
    if not low <= start <= high:
        raise _Left(f"{expression} begins at {start:.6g}, outside of {low:.6g} to {high:.6g}: give starts within")
    found.append({"expression": expression, "min": low, "max": high})
    return f"the constraint {expression} from {low:.6g} to {high:.6g}"
