"""Reading of a feedme: the file, what is said of its lines, and objects on their way to components."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from fitting.formats.component_draft import ComponentDraft, ParameterDraft
from fitting.formats.galfit_lines import GalfitFile, GalfitNumber, GalfitObject, read_numbers
from fitting.formats.galfit_slots import GalfitProfile, Slot
from fitting.formats.import_rows import RowBook
from fitting.formats.import_source import ImportSource

NO_NAME = frozenset({"", "none"})
"""Words that name no file."""


@dataclass
class GalfitSetting:
    """What holds for all objects: the bands, their flux scales, and whether lines are those of version 2."""

    bands: list[str]
    wavelengths: list[float]
    zero_points: list[float]
    area: float | None
    old: bool
    psf: bool

    def brightness(self, parameter: str, scale: float = 1.0) -> Slot:
        """The slot of a surface brightness, by the first band's scale."""
        area = 1.0 if self.area is None else self.area
        return Slot(parameter, scale=scale, zero=self.zero_points[0] + 2.5 * math.log10(area))


@dataclass
class GalfitPart:
    """An object on its way: its draft, slots, and line 3, which can be placed when all others are known."""

    source: GalfitObject
    kind: str
    variant: str
    profile: GalfitProfile
    draft: ComponentDraft
    slots: dict[str, Slot] = field(default_factory=dict)
    brightness: GalfitNumber | None = None
    inner: GalfitObject | None = None
    outer: GalfitObject | None = None


@dataclass
class GalfitReading:
    """One import: the file, and what is said of its lines.

    Attributes:
        bands: how many the file has.
    """

    source: ImportSource
    file: GalfitFile
    book: RowBook = field(default_factory=RowBook)

    @property
    def bands(self) -> int:
        """Images of the file: its data's names, with commas between them."""
        first = self.file.value("A").split()
        return len(first[0].split(",")) if first else 1

    def take(self, key: str, taken: str) -> None:
        """Note what a line of the header was taken as."""
        if key in self.file.header:
            self.book.take(self.file.header[key], taken)

    def leave(self, key: str, why: str) -> None:
        """Note why a line of the header was not taken."""
        if key in self.file.header:
            self.book.leave(self.file.header[key], why)

    def names(self, key: str) -> list[str]:
        """The names of a line, one a band; ``none`` and nothing are one empty name."""
        first = self.file.value(key).split()
        names = first[0].split(",") if first else [""]
        return ["" if name.lower() in NO_NAME else name for name in names]

    def called(self, key: str, name: str) -> str | None:
        """What the request calls a file, or None, said, where there is no such file."""
        called = self.source.rename(name)
        if called is None:
            self.leave(key, f"there is no file {name}")
        return called

    def number(self, item: GalfitObject, key: str, places: int) -> list[GalfitNumber] | None:
        """The numbers of an object's line; None, said, where they are none."""
        found = read_numbers(item.rest(key), places, self.bands)
        if found is None:
            expected = f"{places} numbers and their toggles" if places > 1 else "a number and its toggle"
            self.book.leave(item.lines[key], f"is not {expected}")
        return found

    @staticmethod
    def place(draft: ComponentDraft, number: GalfitNumber, slot: Slot) -> str:
        """Put a number where its slot says; returns what is said of it."""
        free = 0 if number.free is None else number.free
        values = [
            slot.value(item) if not number.chebyshev or place == 0 else item * slot.scale
            for place, item in enumerate(number.values)
        ]
        draft.parameters[slot.parameter] = ParameterDraft(values, free, coefficients=number.chebyshev)
        said = f"{draft.name}.{slot.parameter} " + ", ".join(f"{value:.7g}" for value in values)
        return said + ("" if free else ", fixed") + "".join(f" ({remark})" for remark in number.remarks)


def number_of(word: str) -> float | None:
    """A word's finite number; None where it is none."""
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
