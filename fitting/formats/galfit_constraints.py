"""Constraints of a GALFIT file: limits of parameters, links and constraints of photfit, in all forms that GALFIT has.

===================  ===========================================================
``2 x -1 0.5``       limits relative to the start; GALFITM also ``2 x -1 in 0.5``
``1 re factor 3``    limits of a third and of three times the start (GALFITM)
``1 x -2 ref 2``     limits of distances from the first band's value (GALFITM)
``3 n_1 -10 to 10``  limits of a Chebyshev coefficient, ``re_B`` of a band (GALFITM)
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
from collections.abc import Callable, Mapping, Sequence
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


_ORDER = ": as it is written; GALFIT's manual words its example as the second less the first"
"""What is said of differences of magnitudes, whose order GALFIT's own pages leave open."""


class _Left(Exception):
    """Why a line cannot be taken."""


def read_constraints(
    file: str,
    text: str,
    objects: Mapping[int, PlacedObject],
    unknown: Mapping[int, str],
    book: RowBook,
    bands: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Apply the lines of a constraint file to the drafts; returns those that are constraints of the request.

    Args:
        objects: those that were taken, by number.
        unknown: why others were not.
        bands: labels of a file of several.
    """
    found: list[dict[str, Any]] = []
    for line in lines_of(file, text):
        try:
            book.take(line, _apply(line.text.split(), _Known(objects, unknown, bands), found))
        except _Left as error:
            book.leave(line, str(error))
    return found


@dataclass(frozen=True)
class _Known:
    """What lines of a constraint file can name."""

    objects: Mapping[int, PlacedObject]
    unknown: Mapping[int, str]
    bands: Sequence[str]

    def part_of(self, word: str) -> tuple[str, int | None, bool]:
        """GALFITM's ``re_B`` and ``n_1``: the parameter's word, a number, and whether that is a band's; else None."""
        name, mark, part = word.partition("_")
        labels = [band.lower() for band in self.bands]
        if mark and part.lower() in labels:
            return name, labels.index(part.lower()), True
        return (name, int(part), False) if mark and re.fullmatch(r"[0-9]{1,3}", part) else (word, None, False)


def _apply(words: Sequence[str], known: _Known, found: list[dict[str, Any]]) -> str:
    if len(words) < 3:
        raise _Left("is no constraint (expected such as '2 x -1 0.5', '3 n 0.7 to 5' or '1_2 x offset')")
    which, rest = words[0], [item.lower() for item in words[2:]]
    word, part, is_band = known.part_of(words[1].lower())
    single = re.fullmatch(r"[0-9]+", which)
    if re.fullmatch(r"[0-9]+(_[0-9]+)+", which) and rest[0] in ("offset", "ratio"):
        places = [_place(int(number), word, known) for number in which.split("_")]
        if part and all(place.parameter.one_value for place in places):
            return f"nothing: {word} is one value in all bands"
        if part:
            raise _Left("coefficients of polynomials are linked by no link of photfit")
        return _link(places, rest[0])
    if single and rest[0] == "factor":
        return _factor(_place(int(which), word, known), rest[1:], part)
    kind = rest[1] if len(rest) == 3 and rest[1] in ("to", "in", "ref") else ""
    if len(rest) != (3 if kind else 2):
        raise _Left(
            "is no constraint (expected such as '2 x -1 0.5', '3 n 0.7 to 5', '1 x -2 ref 2' or '1 re factor 3')"
        )
    low, high = _number(rest[0]), _number(rest[-1])
    if low >= high:
        raise _Left(f"{low:g} is not below {high:g}")
    if single:
        place = _place(int(which), word, known)
        if kind == "ref":
            return _about_reference(place, low, high, known.bands)
        if part is not None and not place.parameter.one_value:
            return _part_limit(place, part, is_band, low, high, kind == "to")
        if part and not is_band:
            raise _Left(f"{place.name} has one value, and no polynomial")
        return _limit(place, low, high, kind == "to")
    match = re.fullmatch(r"([0-9]+)([-/])([0-9]+)", which)
    if match is None or kind in ("in", "ref") or part is not None:
        raise _Left(f"{which} names no objects (expected 2, 3_2_1, 3-7 or 3/5)")
    first, second = (_place(int(match[key]), word, known) for key in (1, 3))
    between = _difference if match[2] == "-" else _ratio
    return between(first, second, low, high, found)


def _factor(place: _Place, rest: Sequence[str], part: int | None) -> str:
    """GALFITM's ``1 re factor 3``: within a factor of the start."""
    factor = _number(rest[0]) if len(rest) == 1 else math.nan
    value = place.slot.number(place.parameter.value)
    if not factor > 1.0 or part is not None or place.slot.zero is not None or value <= 0.0:
        raise _Left("is no factor above 1 of a parameter above 0")
    ends = sorted((value / factor, value * factor))
    return _limit(place, ends[0], ends[1], absolute=True)


def _about_reference(place: _Place, low: float, high: float, bands: Sequence[str]) -> str:
    """GALFITM's ``1 x -2 ref 2``: no band's value is further from that of the first band."""
    if low <= 0.0 <= high and place.parameter.one_value:
        return f"nothing: {place.name} has one value in all of {', '.join(bands) or 'its bands'}"
    raise _Left("photfit has no limits of a band's value about another's: give constraints in the request")


def _part_limit(place: _Place, part: int, is_band: bool, low: float, high: float, absolute: bool) -> str:
    """Limits of one Chebyshev coefficient, or of one band's value."""
    parameter = place.parameter
    if parameter.link is not None or parameter.free == 0 or place.slot.zero is not None:
        raise _Left(f"{place.name} is not free, or a surface brightness: there is nothing to limit")
    if is_band == parameter.polynomial or part >= len(parameter.values):
        what = "a polynomial of wavelength" if parameter.polynomial else "a value for each band, or one for all"
        raise _Left(f"{place.name} is {what}, and such a limit is none of it")
    if not is_band and part >= parameter.free:
        raise _Left(f"coefficient {part} of {place.name} is not free: there is nothing to limit")
    slot = place.slot
    offset = slot.offset if absolute and (is_band or part == 0) else 0.0
    ends = sorted((slot.scale * low + offset, slot.scale * high + offset))
    start = parameter.values[part]
    if absolute and (is_band or parameter.coefficients) and not ends[0] <= start <= ends[1]:
        raise _Left(
            f"{place.name} begins at {start:.6g}, outside of {ends[0]:.6g} to {ends[1]:.6g}: give starts within"
        )
    parameter.part_limits[part] = (ends[0], ends[1], not absolute)
    said = "" if absolute else ", about its start"
    return f"{place.name}, {'band' if is_band else 'coefficient'} {part}, from {ends[0]:.6g} to {ends[1]:.6g}{said}"


def _number(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        raise _Left(f"{word} is no number") from None
    if not math.isfinite(number):
        raise _Left(f"{word} is no finite number")
    return number


def _place(number: int, word: str, known: _Known) -> _Place:
    if number not in known.objects:
        raise _Left(known.unknown.get(number, f"there is no object {number}"))
    placed = known.objects[number]
    modes = re.fullmatch(r"f([0-9]+)([ap])", word)
    key = placed.words.get(word) or (f"F{modes[1]}{modes[2]}" if modes else word.upper())
    slot = placed.slots.get(key)
    if slot is None or slot.parameter not in placed.draft.parameters:
        raise _Left(f"object {number} has no {word} that was taken")
    return _Place(placed.draft, slot)


def _limit(place: _Place, least: float, most: float, absolute: bool) -> str:
    parameter = place.parameter
    if parameter.link is not None or parameter.free == 0:
        raise _Left(f"{place.name} is not free: there is nothing to limit")
    if parameter.polynomial:
        raise _Left(f"{place.name} is a polynomial of wavelength, whose values photfit does not limit")
    if absolute:
        ends = place.slot.limits(*(None if abs(end) >= NO_LIMIT else end for end in (least, most)))
    elif place.slot.zero is None and not parameter.one_value:
        steps = sorted((least * place.slot.scale, most * place.slot.scale))
        parameter.part_limits |= dict.fromkeys(range(len(parameter.values)), (steps[0], steps[1], True))
        return f"{place.name} from {least:.6g} to {most:.6g} about its start in each band"
    elif place.slot.zero is None:
        steps = sorted((least * place.slot.scale, most * place.slot.scale))
        ends = (min(parameter.values) + steps[0], max(parameter.values) + steps[1])
    else:
        ends = (min(parameter.values) * 10.0 ** (-0.4 * most), max(parameter.values) * 10.0 ** (-0.4 * least))
    # Of several lines all hold.
    low, high = _tighter(max, parameter.low, ends[0]), _tighter(min, parameter.high, ends[1])
    if low is not None and high is not None and low >= high:
        raise _Left(f"nothing is within it and within the limits of {place.name} so far")
    parameter.low, parameter.high = low, high
    said = ("any" if end is None else f"{end:.6g}" for end in (low, high))
    return f"{place.name} from {' to '.join(said)}"


def _tighter(choose: Callable[[float, float], float], first: float | None, second: float | None) -> float | None:
    return second if first is None else first if second is None else choose(first, second)


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
    if not (a.parameter.one_value and b.parameter.one_value):
        raise _Left("constraints between parameters of several bands are not read")
    here, there = a.parameter.value, b.parameter.value
    start = here - there if sign == "-" else here / there if there else math.inf
    if not low <= start <= high:
        raise _Left(f"{expression} begins at {start:.6g}, outside of {low:.6g} to {high:.6g}: give starts within")
    found.append({"expression": expression, "min": low, "max": high})
    order = "" if sign == "/" or b.slot.parameter != "magnitude" else _ORDER
    return f"the constraint {expression} from {low:.6g} to {high:.6g}{order}"
