"""ASDF files, by the asdf library: each array of the tree an HDU by its place (``roman.data`` is ``ROMAN.DATA``).

Arrays have to lie in the file itself: one that lies in another file, which the format allows, is refused before the
library looks for it (`asdf_tree`). What blocks claim is read first (ASDF Standard 1.5, low-level file layout).
"""

from __future__ import annotations

import math
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any

import asdf
import numpy as np
from asdf.tags.core.ndarray import NDArrayType
from astropy.io import fits

from fitting.files.containers.asdf_tree import ARRAY_TAGS, OWN_ARRAYS, require_own_source, require_own_tree
from fitting.files.containers.container import WHOLE, Plane, PlanePart, as_plane, damage_fault, require_numbers
from fitting.files.file_limits import FileInvalid, ReadLimits
from fitting.files.fits_structure import HduOutline

_MAGIC = b"\xd3BLK"
_BLOCK = struct.Struct(">I4sQQQ16s")
_MOST_YAML = 8 << 20
"""Bytes of the tree, at most; chosen by hand, far above the trees of observatories' files."""
_PIECE = 1 << 20
"""Bytes that are searched at once, chosen by hand."""
_END_OF_TREE = re.compile(rb"\r?\n\.\.\.\r?\n")
_DEEPEST = 20
"""Levels of the tree in which arrays are looked for; chosen by hand, so that looking ends."""


@dataclass(frozen=True)
class AsdfContainer:
    """Arrays of a tree."""

    arrays: list[NDArrayType]
    units: list[str | None]
    hdus: list[HduOutline]
    cards: fits.Header
    """What Roman's tree says of all of its arrays, by the cards that Webb's headers have for it."""

    def plane(self, hdu: HduOutline, part: PlanePart = WHOLE) -> Plane:
        """See `Container`."""
        try:
            raw = np.asarray(self.arrays[hdu.index])  # the library's own: a window alone is copied
        except Exception as error:
            raise damage_fault("ASDF", error, f"array {hdu.name}") from error
        if raw.shape != hdu.shape or raw.dtype.kind not in "biuf":
            raise FileInvalid("is not the array that its tree describes", f"array {hdu.name}", "a whole ASDF file")
        plane = as_plane(raw, hdu, part, self.units[hdu.index])
        return replace(plane, primary=self.cards) if hdu.name.startswith("ROMAN.") else plane


@contextmanager
def open_asdf(file: IO[bytes], limits: ReadLimits) -> Iterator[AsdfContainer]:
    """An open ASDF file: its tree is read, its arrays are not."""
    _require_own_blocks(file, limits)
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tags that no extension here knows, which stay plain
        try:
            opened = asdf.open(
                file, mode="r", memmap=False, lazy_load=True, validate_checksums=False, extensions=[OWN_ARRAYS]
            )
        except FileInvalid:
            raise
        except Exception as error:
            raise damage_fault("ASDF", error) from error
        with opened:
            found = list(_arrays(opened.tree, (), None))
            if len(found) > limits.hdus:
                raise FileInvalid(f"holds more than {limits.hdus} arrays", expected="fewer arrays")
            hdus = [_hdu_outline(name, array, index, limits) for index, (name, array, _) in enumerate(found)]
            if sum(math.prod(hdu.shape) for hdu in hdus) > limits.pixels:
                raise FileInvalid(f"holds more than {limits.pixels} pixels", expected="smaller images")
            roman = opened.tree.get("roman") if isinstance(opened.tree, dict) else None
            units = [unit or _unit_of_roman(roman, name) for name, _, unit in found]
            yield AsdfContainer([array for _, array, _ in found], units, hdus, _cards_of_roman(roman))


def _unit_of_roman(roman: Any, name: str) -> str | None:
    """Of images in the sky's or the detector's units, which newer trees do not repeat: mosaics have a `context`."""
    if not isinstance(roman, dict) or name not in ("ROMAN.DATA", "ROMAN.ERR"):
        return None
    if "context" in roman:
        return "MJy/sr"
    return "DN/s" if "dq" in roman else None


def _cards_of_roman(roman: Any) -> fits.Header:
    """The flux scale of a tree (rad, `photometry-1.0.0`, `exposure-1.0.0`), as cards."""
    cards = fits.Header({"TELESCOP": "ROMAN"})
    for keyword, *places in (
        ("PHOTMJSR", ("photometry", "conversion_megajanskys")),
        ("PIXAR_SR", ("photometry", "pixel_area"), ("photometry", "pixelarea_steradians")),
        ("EXPTIME", ("exposure", "exposure_time")),
    ):
        for place in places:
            node = roman
            for key in ("meta", *place):
                node = node.get(key) if isinstance(node, dict) else None
            value = node.get("value") if isinstance(node, dict) else node
            if (
                isinstance(value, int | float) and math.isfinite(value) and value > 0.0
            ):  # -999999 where nothing is known
                cards[keyword] = float(value)
    return cards


def _hdu_outline(name: str, array: NDArrayType, index: int, limits: ReadLimits) -> HduOutline:
    try:
        shape, dtype = tuple(int(length) for length in array.shape), np.dtype(array.dtype)
    except Exception as error:
        raise damage_fault("ASDF", error, f"array {name}") from error
    if dtype.hasobject or dtype.kind not in "biuf":
        return HduOutline(index, name, 1, "table", ())
    require_numbers(dtype, shape, limits, f"array {name}")
    return HduOutline(index, name, 1, "image", shape)


def _arrays(node: Any, place: tuple[str, ...], unit: str | None) -> Iterator[tuple[str, NDArrayType, str | None]]:
    """Name, array and unit of every array below a node; a quantity's array is named as the quantity."""
    if isinstance(node, NDArrayType):
        yield ".".join(place).upper() or "DATA", node, unit
    elif len(place) >= _DEEPEST:
        return
    elif isinstance(node, dict):
        if getattr(node, "_tag", None) in ARRAY_TAGS:  # asdf leaves what it could not convert as it is
            require_own_source(node)
        quantity_unit = str(node["unit"]) if isinstance(node.get("unit"), str) else None
        for key, value in node.items():
            if not place and key in ("asdf_library", "history"):
                continue
            quantity = key == "value" and quantity_unit is not None
            yield from _arrays(value, place if quantity else (*place, str(key)), quantity_unit if quantity else None)
    elif isinstance(node, list | tuple):
        for index, value in enumerate(node):
            yield from _arrays(value, (*place, str(index)), None)


def _require_own_blocks(file: IO[bytes], limits: ReadLimits) -> None:
    """Raise FileInvalid where the tree names other files, or the blocks claim more than may be read."""
    file.seek(0)
    start = file.read(_MOST_YAML)
    end = _END_OF_TREE.search(start)
    if end is None and len(start) == _MOST_YAML:
        raise FileInvalid(f"has a tree of more than {_MOST_YAML >> 20} MiB", expected="a smaller tree")
    tree = start[: end.end()] if end else start
    require_own_tree(tree)
    position, claimed, count = len(tree), 0, 0
    end_of_blocks = position
    size = file.seek(0, 2)
    while 0 <= (position := _next_block(file, position)) < size:
        count += 1
        file.seek(position + len(_MAGIC))
        (header,) = struct.unpack(">H", file.read(2).ljust(2, b"\0"))
        fields = file.read(_BLOCK.size)
        if len(fields) < _BLOCK.size or header < _BLOCK.size:
            raise FileInvalid("is truncated within a block", expected="the whole file")
        flags, compression, allocated, used, data, _ = _BLOCK.unpack(fields)
        streamed = bool(flags & 1)
        stored = size - position if streamed else used
        claimed += stored if streamed else data
        most = limits.bytes if compression == b"\0\0\0\0" else max(limits.ratio_free, int(limits.ratio * stored))
        if claimed > limits.bytes or data > most or count > limits.hdus:
            raise FileInvalid(f"claims {claimed} bytes of arrays", f"block {count}", f"at most {limits.bytes} bytes")
        if streamed:
            return
        if position + max(allocated, used) > size:
            raise FileInvalid("is truncated", f"block {count}", "the whole file")
        position += len(_MAGIC) + 2 + header + allocated
        end_of_blocks = position
    # asdf looks further than to the next byte for a block: what this one passes over is none of its claims' checks.
    file.seek(end_of_blocks)
    before = b""
    while chunk := file.read(_PIECE):
        if _MAGIC in before + chunk:
            raise FileInvalid("has something between its blocks that is none", expected="a whole ASDF file")
        before = chunk[-len(_MAGIC) :]


def _next_block(file: IO[bytes], position: int) -> int:
    """Where the next block begins, at or after a position, padding skipped; -1 where there is none."""
    file.seek(position)
    ahead = file.read(1 << 16)
    found = ahead.find(_MAGIC)
    return -1 if found < 0 or ahead[:found].strip(b"\0 \r\n") else position + found
