"""FITS headers read without astropy: what each HDU claims, and whether the bytes are there.

astropy allocates what a header asks for and pads what is missing. So the claims are read here first (FITS Standard 4.0,
sections 3, 4 and 10.1) and held against the size of the file and the limits.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import IO

from fitting.files.file_limits import FileInvalid, ReadLimits

BLOCK = 2880
"""Bytes of a block (FITS Standard 4.0, section 3.1)."""
_CARD = 80
"""Bytes of a card, that is one line of a header (FITS Standard 4.0, section 4.1)."""
_BITPIX = (8, 16, 32, 64, -32, -64)
"""Bits of a number, negative for floats (FITS Standard 4.0, table 8)."""
_CODECS = ("GZIP_1", "GZIP_2", "RICE_1", "RICE_ONE", "PLIO_1", "HCOMPRESS_1", "NOCOMPRESS")


@dataclass(frozen=True)
class HduOutline:
    """What one HDU says it holds.

    Attributes:
        index: number counted from 0.
        name: EXTNAME, upper case, or empty.
        version: EXTVER.
        kind: ``image``, ``compressed image`` or ``table``.
        shape: of the image, slowest axis first; empty where there is none.
        psf_model: ``PSFEx``, ``STDPSF``, ``stpsf`` or ``cube`` of a PSF that changes over the image, or empty.
    """

    index: int
    name: str
    version: int
    kind: str
    shape: tuple[int, ...]
    psf_model: str = ""

    @property
    def frame(self) -> tuple[int, int] | None:
        """(height, width) of its planes, of which a cube has several; None where it holds none."""
        if self.kind not in ("image", "compressed image") or len(self.shape) < 2 or math.prod(self.shape) == 0:
            return None
        return self.shape[-2], self.shape[-1]

    @property
    def n_planes(self) -> int:
        """Planes along all axes but the last two, in the order in which they are stored."""
        return 0 if self.frame is None else math.prod(self.shape[:-2])

    @property
    def plane(self) -> tuple[int, int] | None:
        """(height, width) where it is one image plane (other axes have the length 1), or None."""
        return self.frame if self.n_planes == 1 else None


def outline(file: IO[bytes], limits: ReadLimits) -> list[HduOutline]:
    """Every HDU of a FITS file open at its start; raises FileInvalid for what is broken, missing or too large."""
    size = file.seek(0, 2)
    hdus: list[HduOutline] = []
    places: set[int] = set()
    position = 0
    while position < size:
        file.seek(position)
        if hdus and file.read(len("XTENSION")) != b"XTENSION":
            break  # special records or padding after the last HDU
        if len(hdus) >= limits.hdus:
            raise FileInvalid(f"has more than {limits.hdus} HDUs", expected="fewer HDUs")
        file.seek(position)
        where = f"HDU {len(hdus)}"
        cards = _cards(file, where, limits)
        start = file.tell()
        data = _data_bytes(cards, where)
        if start + data > size:
            missing = start + data - size
            raise FileInvalid(f"is truncated: {missing} of {data} data bytes are missing", where, "the whole file")
        hdus.append(_hdu(cards, len(hdus), where, limits))
        places.add(_positions(cards, hdus[-1], where))
        position = start + -(-data // BLOCK) * BLOCK
    return [replace(hdu, psf_model="cube") if _is_placed(hdu, places) else hdu for hdu in hdus]


POSITION_TABLES = ("POSITIONS", "GRID_XYPOS", "XYPOS", "PSF_POSITIONS")
"""EXTNAMEs of images of two columns that say where the planes of a cube of PSFs are."""
_POSITION_KEYS = (
    "X",
    "XPOS",
    "X_POS",
    "PSFX",
    "PSF_X",
    "XPSF",
    "X_PSF",
    "POSX",
    "POS_X",
    "XGRID",
    "GRIDX",
    "GRID_X",
    "XC",
)
"""Keywords, but for their numbers, of where along x the planes of a cube of PSFs are."""


def _is_placed(hdu: HduOutline, places: Collection[int]) -> bool:
    """Whether an HDU is a cube, not known to be one of PSFs, with as many planes as the file has positions."""
    return hdu.kind == "image" and len(hdu.shape) == 3 and hdu.shape[0] in places and not hdu.psf_model


def _positions(cards: Mapping[str, str], hdu: HduOutline, where: str) -> int:
    """How many positions an HDU holds: a table with columns x and y, or an image of that name; 0 where it is none."""
    if hdu.kind == "table":
        columns = {_text(cards, key).upper() for key in cards if key.startswith("TTYPE")}
        if any(name.startswith("X") and f"Y{name[1:]}" in columns for name in columns):
            return _integer(cards, "NAXIS2", where)
        return 0
    return max(hdu.shape) if hdu.name in POSITION_TABLES and len(hdu.shape) == 2 and 2 in hdu.shape else 0


def position_prefix(cards: Collection[str], count: int) -> tuple[str, str, int, int] | None:
    """How a header names the positions of so many planes: keywords of x and y without their numbers, the first of
    those, and their digits; None where it does not.
    """
    for first, width, key in itertools.product((1, 0), (1, 2, 3), _POSITION_KEYS):
        pair = key, key.replace("X", "Y")
        if all(f"{one}{number:0{width}d}" in cards for one in pair for number in range(first, first + count)):
            return (*pair, first, width)
    return None


def _psf_model(cards: Mapping[str, str], name: str, shape: tuple[int, ...]) -> str:
    """What kind of PSF that changes over the image an HDU is, by its keywords; empty where it is none."""
    if any(_text(cards, key) == "PSF_MASK" for key in cards if key.startswith("TTYPE")):
        return "PSFEx"
    if "NXPSFS" in cards and "NYPSFS" in cards and len(shape) in (2, 3):
        return "STDPSF"
    if "DET_YX0" in cards and len(shape) in (2, 3):
        return "stpsf"
    if (
        len(shape) == 3
        and shape[0] > 1
        and (name in ("PSF", "PSFS", "EPSF", "EPSFS") or position_prefix(cards, shape[0]))
    ):
        return "cube"
    return ""


def _cards(file: IO[bytes], where: str, limits: ReadLimits) -> dict[str, str]:
    """Keywords and raw values of one header; the file is left at the first byte after it."""
    cards: dict[str, str] = {}
    for _ in range(limits.header_blocks):
        block = file.read(BLOCK)
        if len(block) < BLOCK and b"END" not in block:
            raise FileInvalid("is truncated within a header", where, "the whole file")
        for offset in range(0, len(block), _CARD):
            card = block[offset : offset + _CARD]
            keyword = card[:8].rstrip().decode("ascii", "replace")
            if keyword == "END":
                return cards
            if card[8:10] == b"= ":
                cards.setdefault(keyword, card[10:].decode("ascii", "replace"))
    raise FileInvalid(f"has a header of more than {limits.header_blocks} blocks", where, "a header that ends")


def _integer(cards: Mapping[str, str], keyword: str, where: str, default: int | None = None) -> int:
    if keyword not in cards:
        if default is None:
            raise FileInvalid(f"has no {keyword}", where, "a standard FITS header")
        return default
    text = cards[keyword].partition("/")[0].strip()
    try:
        value = int(text[:20])
    except ValueError:
        raise FileInvalid(f"{keyword} is {text[:20]!r}", where, "a whole number") from None
    return value


def _axes(cards: Mapping[str, str], prefix: str, where: str) -> tuple[int, ...]:
    """Lengths of the axes, slowest first."""
    count = _integer(cards, prefix, where)
    if not 0 <= count <= 999:
        raise FileInvalid(f"{prefix} is {count}", where, "0 to 999 axes")
    lengths = [_integer(cards, f"{prefix}{axis}", where) for axis in range(1, count + 1)]
    if any(length < 0 for length in lengths):
        raise FileInvalid(f"has an axis of negative length {min(lengths)}", where, "lengths of 0 or more")
    return tuple(reversed(lengths))


def _data_bytes(cards: Mapping[str, str], where: str) -> int:
    """Size of the data, from BITPIX, NAXISn, PCOUNT and GCOUNT (equation 2 of the standard)."""
    bits = _integer(cards, "BITPIX", where)
    if bits not in _BITPIX:
        raise FileInvalid(f"BITPIX is {bits}", where, "one of " + ", ".join(map(str, _BITPIX)))
    axes = _axes(cards, "NAXIS", where)
    if not axes:
        return 0
    grouped = cards.get("GROUPS", "").partition("/")[0].strip() == "T" and axes[-1] == 0
    elements = math.prod(axes[:-1]) if grouped else math.prod(axes)
    extra, groups = _integer(cards, "PCOUNT", where, 0), _integer(cards, "GCOUNT", where, 1)
    if extra < 0 or groups < 0:
        raise FileInvalid("PCOUNT or GCOUNT is negative", where, "0 or more")
    return abs(bits) // 8 * groups * (extra + elements)


def _text(cards: Mapping[str, str], keyword: str) -> str:
    value = cards.get(keyword, "").strip()
    return value[1:].partition("'")[0].strip() if value.startswith("'") else ""


def _version(cards: Mapping[str, str]) -> int:
    """EXTVER; 1 where it is not there or no number, as the standard has it for what is not said."""
    text = cards.get("EXTVER", "1").partition("/")[0].strip()[:20]
    return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else 1


def _hdu(cards: Mapping[str, str], index: int, where: str, limits: ReadLimits) -> HduOutline:
    name = _text(cards, "EXTNAME").upper()
    version = _version(cards)
    extension = _text(cards, "XTENSION") if index else "IMAGE"
    if extension in ("IMAGE", "IUEIMAGE"):
        shape = _axes(cards, "NAXIS", where)
        return HduOutline(index, name, version, "image", shape, _psf_model(cards, name, shape))
    if cards.get("ZIMAGE", "").partition("/")[0].strip() == "T":
        return HduOutline(index, name, version, "compressed image", _compressed_shape(cards, where, limits))
    return HduOutline(index, name, version, "table", (), _psf_model(cards, name, ()))


def _compressed_shape(cards: Mapping[str, str], where: str, limits: ReadLimits) -> tuple[int, ...]:
    """Shape of a tile-compressed image, once its claims hold together (section 10.1 of the standard)."""
    bits, codec = _integer(cards, "ZBITPIX", where), _text(cards, "ZCMPTYPE")
    if bits not in _BITPIX or codec not in _CODECS:
        raise FileInvalid(f"claims ZBITPIX {bits} and ZCMPTYPE {codec[:20]!r}", where, "a standard compressed image")
    shape = _axes(cards, "ZNAXIS", where)
    default = (1,) * (len(shape) - 1) + shape[-1:]
    axes = range(len(shape), 0, -1)
    tile = tuple(_integer(cards, f"ZTILE{axis}", where, default[-axis]) for axis in axes)
    # A tile may be larger than the image: astropy writes such ones for HCOMPRESS.
    if any(length < 1 for length in tile) or math.prod(tile) > limits.pixels:
        raise FileInvalid(f"has tiles of {tile} pixels", where, f"tiles of 1 to {limits.pixels} pixels")
    tiles = math.prod(-(-length // side) for length, side in zip(shape, tile, strict=True))
    rows = _integer(cards, "NAXIS2", where)
    if tiles != rows:
        raise FileInvalid(f"claims an image of {shape}, {tiles} tiles, but stores {rows}", where, "one row per tile")
    return shape
