"""GALFIT's constraints file from limits, links and constraints of a request; `galfit_constraints` reads them back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fitting.formats.export_source import (
    NO_LIMIT,
    ExportBook,
    ExportedParameter,
    LineOfOne,
    line_of_one,
    plain_number,
)
from fitting.formats.galfit_slots import Slot
from fitting.spec import ComponentSpec
from fitting.spec.constraints import ConstraintSpec


@dataclass
class ExportedObject:
    """An object of the feedme.

    Attributes:
        number: in the file, from 1.
        kind: GALFIT's word for it, ``sersic2`` for one whose line 3 is a surface brightness.
        component: the request's.
        slots: which parameter each line is, by the keys of `fitting.formats.galfit_slots`.
        values: parameters by name.
        words: of constraints, with the keys that they mean.
        lines: written as they are, behind the others.
    """

    number: int
    kind: str
    component: ComponentSpec
    values: Mapping[str, ExportedParameter]
    slots: dict[str, Slot] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def place(self, key: str, slot: Slot) -> ExportedParameter | None:
        """Note that a line is a parameter, which is given back where the component has it."""
        found = self.values.get(slot.parameter)
        if found is not None:
            self.slots[key] = slot
        return found


def write_constraints(
    objects: Sequence[ExportedObject], constraints: Sequence[ConstraintSpec], book: ExportBook
) -> tuple[list[str], frozenset[str]]:
    """Lines of the constraints file, and parameters whose links it cannot have, which are to be held."""
    writer = _Writer(objects, book)
    return list(writer.lines(constraints)), frozenset(writer.held)


class _Writer:
    def __init__(self, objects: Sequence[ExportedObject], book: ExportBook) -> None:
        self.objects = objects
        self.book = book
        self.held: set[str] = set()
        self.places = {
            made.values[slot.parameter].name: (made, key) for made in objects for key, slot in made.slots.items()
        }

    def lines(self, constraints: Sequence[ConstraintSpec]) -> Iterator[str]:
        """The lines of the file."""
        for made in self.objects:
            for key, slot in made.slots.items():
                yield from self._limits(made, key, slot)
        yield from self._links()
        for constraint in constraints:
            line = self._between(constraint.expression, constraint.min, constraint.max)
            if line is None or constraint.prior is not None:
                self.book.leave(
                    f"constraint {constraint.expression}", "is none of GALFIT's (differences and ratios of two)"
                )
            if line is not None:
                self.book.write(f"constraint {constraint.expression}", line)
                yield line

    def _limits(self, made: ExportedObject, key: str, slot: Slot) -> Iterator[str]:
        parameter = made.values[slot.parameter]
        limits = parameter.range()
        if limits is None:
            return
        ends = []
        for end, sign in zip(limits, (-1.0, 1.0), strict=True):
            open_end = end is None or (slot.zero is not None and end / slot.scale <= 0.0)
            turned = -1.0 if slot.zero is not None or slot.scale < 0.0 else 1.0
            ends.append(sign * turned * NO_LIMIT if open_end or end is None else slot.number(end))
        low, high = sorted(ends)
        yield f"{made.number} {_word(made, key)} {_end(low)} to {_end(high)}"

    def _links(self) -> Iterator[str]:
        for name, (made, key) in self.places.items():
            slot = made.slots[key]
            parameter = made.values[slot.parameter]
            if parameter.link is None:
                continue
            line = line_of_one(parameter.link)
            said = None if line is None else self._link(line, made, key)
            if said is None:
                self.held.add(name)
                self.book.leave(f"{name} link", "is no offset or ratio of one parameter of its kind: held at its value")
                continue
            self.book.write(f"{name} link", said)
            yield said

    def _link(self, line: LineOfOne, made: ExportedObject, key: str) -> str | None:
        other, other_key = self.places.get(line.name, (None, ""))
        if other is None or other_key != key or other is made:
            return None
        slot, first = made.slots[key], other.slots[key]
        if (slot.zero is None) != (first.zero is None):
            return None
        head = f"{other.number}_{made.number} {_word(other, key, made)}"
        if slot.zero is not None:
            return f"{head} offset" if line.offset == 0.0 and line.slope > 0.0 else None
        if line.slope == 1.0 and slot.scale == first.scale:
            return f"{head} offset"
        # Of a line's numbers a ratio keeps k (v - o) + o, o what the slot adds.
        straight = math.isclose(line.offset, slot.offset * (1.0 - line.slope), rel_tol=1e-9, abs_tol=1e-9)
        return f"{head} ratio" if straight and slot.scale == first.scale else None

    def _between(
        self,
        expression: str,
        low: float | None,
        high: float | None,
    ) -> str | None:
        """The line of a constraint ``a.x - b.x`` or ``a.r_e / b.r_e``; None where GALFIT has none such."""
        for sign in ("-", "/"):
            parts = [part.strip() for part in expression.split(sign)]
            if len(parts) != 2 or not all(part in self.places for part in parts):
                continue
            (a, key), (b, other) = (self.places[part] for part in parts)
            slots = a.slots[key], b.slots[other]
            if key != other or low is None or high is None:
                return None
            head = f"{a.number}{{}}{b.number} {_word(a, key, b)}"
            if slots[0].zero is not None and slots[1].zero is not None:
                if sign == "-" or low <= 0.0:
                    return None
                scale = slots[0].scale / slots[1].scale
                ends = sorted(-2.5 * math.log10(end / scale) for end in (low, high))
                return f"{head.format('-')} {plain_number(ends[0])} {plain_number(ends[1])}"
            if slots[0].zero is not None or slots[1].zero is not None or (sign == "/" and slots[0].offset):
                return None
            scale = slots[0].scale if sign == "-" else slots[0].scale / slots[1].scale
            return f"{head.format(sign)} {plain_number(low / scale)} {plain_number(high / scale)}"
        return None


def _word(made: ExportedObject, key: str, other: ExportedObject | None = None) -> str:
    """The word of a constraint for a line, which both objects know where there are two."""
    known = [word for word, found in made.words.items() if found == key]
    if other is not None:
        known = [word for word in known if other.words.get(word) == key]
    return known[0] if known else key.lower()


def _end(value: float) -> str:
    return f"{value:g}" if abs(value) >= NO_LIMIT else plain_number(value)
