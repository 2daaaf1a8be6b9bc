"""Lines of a GALFIT feedme: the header's, and those of objects, as numbers with their toggles.

Output files write ``[v]`` for what was fixed, ``{v}`` for what a constraint held and ``*v*`` for what is suspect;
GALFITM writes one value a band, ``v1,v2,v3``, then how many Chebyshev coefficients are free and ``cheb`` or ``band``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from fitting.formats.import_rows import ImportInvalid, Line, lines_of

_KEY = re.compile(r"(?P<key>[A-P][0-9]?|[0-9]{1,2}|C0|Z|[BFRT][0-9]{1,2}|T[io])\)\s*(?P<rest>.*)\Z", re.IGNORECASE)
_ERROR = re.compile(r"\([^)]*\)|\+/-\s*\S+")
_TITLE = re.compile(r"#.*; component (?P<title>[A-Za-z][A-Za-z0-9_]{0,63})\s*\Z")
_HEADER = re.compile(r"[A-P][0-9]?\Z")
SERIES_WORDS = ("cheb", "band", "bands", "band,", "none")
"""GALFITM's words at the end of a line, which say what its values are: coefficients, or one a band."""
MOST_OBJECTS = 2000
"""Objects of a file, at most, as a request has them."""


@dataclass(frozen=True)
class GalfitNumber:
    """Numbers of one place of a line.

    Attributes:
        values: one, or one a band.
        free: how many coefficients are free; None where the line says nothing.
        chebyshev: whether the values are coefficients.
        remarks: what its brackets and stars say.
    """

    values: tuple[float, ...]
    free: int | None = None
    chebyshev: bool = False
    remarks: tuple[str, ...] = ()


@dataclass
class GalfitObject:
    """One object, or a truncation: its number, its type, and its lines by their keys (``3``, ``C0``, ``F1``).

    Attributes:
        title: name of the component that photfit wrote it from; empty where another wrote it.
    """

    number: int
    kind: str
    head: Line
    title: str = ""
    lines: dict[str, Line] = field(default_factory=dict)
    repeated: list[Line] = field(default_factory=list)

    def rest(self, key: str) -> list[str]:
        """The words of a line behind its key."""
        return _ERROR.sub(" ", self.lines[key].text.split(")", 1)[1]).split()


@dataclass(frozen=True)
class GalfitFile:
    """A feedme: lines of the header by their letters, objects, and lines that are neither."""

    header: dict[str, Line]
    objects: list[GalfitObject]
    others: list[Line]

    def value(self, key: str) -> str:
        """What stands behind a letter of the header; empty where it has no such line."""
        return self.header[key].text.split(")", 1)[1].strip() if key in self.header else ""


def read_galfit(name: str, text: str) -> GalfitFile:
    """The lines of a feedme. Raises ImportInvalid where it has too many objects."""
    header: dict[str, Line] = {}
    objects: list[GalfitObject] = []
    others: list[Line] = []
    whole = text.splitlines()
    for line in lines_of(name, text):
        match = _KEY.match(line.text)
        if match is None:
            if line.text.strip("=-_* "):
                others.append(line)
            continue
        key, rest = match["key"], match["rest"].split()
        key = key if key in ("Ti", "To") else key.upper()
        if key in ("TI", "TO"):
            key = key[0] + key[1].lower()
        if key in ("0", "T0"):
            kind = rest[0].lower() if rest else ""
            title = _TITLE.search(whole[line.number - 1])
            kind = "truncation" if key == "T0" else kind
            objects.append(GalfitObject(len(objects) + 1, kind, line, title["title"] if title else ""))
            objects[-1].lines[key] = line
        elif objects and not (_HEADER.match(key) and key not in ("C0",) and key[0] not in "BF"):
            part = objects[-1]
            (part.repeated.append(line) if key in part.lines else part.lines.__setitem__(key, line))
        elif not objects and _HEADER.match(key) and key not in header:
            header[key] = line
        else:
            others.append(line)
    if len(objects) > MOST_OBJECTS:
        raise ImportInvalid(f"{name} has {len(objects)} objects; {MOST_OBJECTS} are read")
    return GalfitFile(header, objects, others)


def read_numbers(words: list[str], places: int, bands: int) -> list[GalfitNumber] | None:
    """Numbers of a line with so many places, each with its toggle; None where they are none.

    Args:
        words: behind the key: values, toggles (one holds for all places where there are fewer), GALFITM's word.
        places: 2 where a line has two values.
        bands: of the file.
    """
    series = [word.lower() for word in words if word.lower() in SERIES_WORDS]
    rest = [word for word in words if word.lower() not in SERIES_WORDS]
    if len(rest) < places:
        return None
    # A toggle for each coefficient is of GALFITM's outputs, the oldest of which do not say that they are coefficients.
    chebyshev = series[-1] == "cheb" if series else bands > 1 and any("," in word for word in rest[places:])
    toggles = [_toggle(word) for word in rest[places:]]
    if any(item is None for item in toggles):
        return None
    found = []
    for place in range(places):
        read = _values(rest[place], bands, chebyshev)
        if read is None:
            return None
        values, fixed, remarks = read
        free = toggles[min(place, len(toggles) - 1)] if toggles else None
        found.append(GalfitNumber(values, 0 if fixed else free, chebyshev and len(values) > 1, remarks))
    return found


def _toggle(word: str) -> int | None:
    """How many coefficients a toggle frees: a count, or GALFITM's list of zeros and ones; None where it is none."""
    parts = word.split(",")
    if not all(re.fullmatch(r"-?[0-9]{1,3}(\.0*)?", part) for part in parts):
        return None
    numbers = [int(float(part)) for part in parts]
    return sum(item > 0 for item in numbers) if len(numbers) > 1 else max(numbers[0], 0)


def _values(word: str, bands: int, chebyshev: bool) -> tuple[tuple[float, ...], bool, tuple[str, ...]] | None:
    """Values of a word, whether brackets say that they were fixed, and what else is said."""
    fixed = False
    remarks: list[str] = []
    values = []
    for part in word.removesuffix(",").split(","):
        bare = part
        if "[" in bare:
            fixed = True
            remarks.append("[ ]: it was fixed")
        if "{" in bare:
            remarks.append("{ }: a constraint held it")
        if "*" in bare:
            remarks.append("* *: GALFIT found it numerically suspect")
        try:
            value = float(bare.strip("[]{}*").replace("d", "e").replace("D", "e"))
        except ValueError:
            return None
        if not math.isfinite(value):
            return None
        values.append(value)
    if len(values) > bands:
        return None
    if 1 < bands != len(values):
        filling = 0.0 if chebyshev else values[-1]
        values += [filling] * (bands - len(values))
    return tuple(values), fixed, tuple(dict.fromkeys(remarks))
