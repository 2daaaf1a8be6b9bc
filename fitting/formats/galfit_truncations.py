"""Truncations of a feedme: each as inner and outer truncations of the objects that name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fitting.formats.component_draft import ComponentDraft, ParameterDraft
from fitting.formats.galfit_lines import GalfitObject
from fitting.formats.galfit_reading import GalfitPart, GalfitReading

_TRUNCATIONS = ("radial", "radial-b", "radial2", "radial2-b")


class GalfitTruncations:
    """The truncations of a file."""

    def __init__(self, reading: GalfitReading) -> None:
        self.reading = reading

    def apply(
        self, components: Sequence[GalfitPart | ComponentDraft], cut: Mapping[int, GalfitObject]
    ) -> dict[int, str]:
        """Write each truncation into the drafts that name it; returns why constraints cannot name it, by number."""
        unknown = {}
        users: dict[int, list[tuple[GalfitPart, str]]] = {number: [] for number in cut}
        for component in components:
            if isinstance(component, GalfitPart):
                for side in ("inner", "outer"):
                    item = getattr(component, side)
                    if item is not None:
                        users[item.number].append((component, side))
        for number, item in cut.items():
            self._truncation(item, users[number])
            unknown[number] = f"object {number} is a truncation, whose parameters photfit does not constrain"
        return unknown

    def _truncation(self, item: GalfitObject, users: Sequence[tuple[GalfitPart, str]]) -> None:
        law = (item.rest("T0") or [""])[0].lower()
        numbers = {}
        for keys, what in ((("T4", "T2"), "break"), (("T5", "T3"), "softening")):
            key = next((key for key in keys if key in item.lines), None)
            found = None if key is None else self.reading.number(item, key, 1)
            if key is not None and found is not None:
                numbers[what] = (key, found[0])
        if law not in _TRUNCATIONS or len(numbers) < 2 or not users:
            why = "no object is truncated by it" if not users else f"photfit has no truncation {law}"
            why = why if law not in _TRUNCATIONS or not users else "its radii are not both there"
            for line in item.lines.values():
                self.reading.book.leave(line, why)
            for made, side in users:
                setattr(made, side, None)
                self.reading.book.leave(made.source.lines["Ti" if side == "inner" else "To"], why)
            return
        (break_key, edge), (soft_key, soft) = numbers["break"], numbers["softening"]
        width = abs(soft.values[0] - edge.values[0]) if law.startswith("radial2") else abs(soft.values[0])
        both = {side for _, side in users} == {"inner", "outer"}
        first: dict[str, str] = {}
        said_break, said_soft = [], []
        for made, side in users:
            draft = made.draft
            # Where one function divides two objects, the inner light has 99 % at the break, and the outer 1 %.
            radius = edge.values[0] + (width if side == "inner" and both else 0.0)
            name = f"{side}_truncation"
            sides = [*draft.modifiers.get("truncation", []), side]
            draft.modifiers["truncation"] = [part for part in ("inner", "outer") if part in sides]
            draft.parameters[name] = ParameterDraft([radius], 1 if edge.free else 0)
            draft.parameters[f"{name}_width"] = ParameterDraft([width], 1 if soft.free else 0)
            if first and not (both and side != next(iter(first))):
                draft.parameters[name].link = f"= {first[side]}"
                draft.parameters[f"{name}_width"].link = f"= {first[side]}_width"
            elif first:
                other = next(iter(first))
                sign = "+" if side == "inner" else "-"
                draft.parameters[name].link = f"= {first[other]} {sign} {first[other]}_width"
                draft.parameters[f"{name}_width"].link = f"= {first[other]}_width"
            first.setdefault(side, f"{draft.name}.{name}")
            said_break.append(f"{draft.name}.{name} {radius:g}")
            said_soft.append(f"{draft.name}.{name}_width {width:g}")
            self.reading.book.take(
                made.source.lines["Ti" if side == "inner" else "To"], f"{draft.name}: {side} truncation"
            )
        self.reading.book.take(item.lines["T0"], f"truncations of {', '.join(made.draft.name for made, _ in users)}")
        self.reading.book.take(item.lines[break_key], "; ".join(said_break))
        self.reading.book.take(item.lines[soft_key], "; ".join(said_soft))
        for key, line in item.lines.items():
            if key in ("T0", break_key, soft_key):
                continue
            if key == "Z":
                self.reading.book.take(line, "nothing")
            else:
                self.reading.book.leave(line, "photfit truncates along the isophotes of the object itself")
