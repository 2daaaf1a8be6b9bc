"""Header cards: those of a file that can be read, and those that hold of a window of its image."""

from __future__ import annotations

import re
import warnings

from astropy.io import fits

_COORDINATES = re.compile(
    r"(WCSAXES|RADE(SYS|CSYS)|EQUINOX|LONPOLE|LATPOLE|(CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA)[12]|"
    r"(CD|PC|PV)[12]_\d+|PC00[12]00[12]|[AB]P?_\d+_\d+|[AB]P?_ORDER)\Z"
)
"""Cards without which an image's coordinates would be others."""
_OTHER_AXES = re.compile(
    r"(NAXIS|CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA|CNAME|CRDER|CSYER)([3-9]|\d\d+)[A-Z]?\Z|"
    r"(CD|PC)(([3-9]|\d\d+)_\d+|\d+_([3-9]|\d\d+))[A-Z]?\Z|PC\d{3}00[3-9]\Z|PC00[3-9]\d{3}\Z|"
    r"P[VS]([3-9]|\d\d+)_\d+[A-Z]?\Z|WCSAXES[A-Z]?\Z"
)
"""Cards of axes that a plane does not have."""
_TABLES = re.compile(r"(CPDIS|CPERR|D2IMDIS|D2IMERR)\d\Z|(DP|DQ|D2IM)\d(\.|\Z)|D2IMEXT\Z|AXISCORR\Z")
"""Cards that lead to distortion tables in other HDUs."""
_REFERENCE_PIXEL = re.compile(r"CRPIX([12])[A-Z]?\Z|LTV([12])\Z")
"""Cards that hold a pixel: of each of the header's coordinates, and of the detector's (IRAF's LTV)."""


def readable_header(header: fits.Header) -> tuple[fits.Header, tuple[str, ...]]:
    """A header without the cards that cannot be read or written, and their keywords.

    Where a card of the image's coordinates is among them, the image's axes lose their types, too: without it they
    would lead elsewhere.
    """
    kept, dropped = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, card in enumerate(header.cards):
            try:
                # Read before it is mended: astropy makes a text of a number that is none.
                _ = (card.keyword, card.value, card.comment)
                card.verify("silentfix")
                str(card)
                kept.append(card)
            except Exception:  # noqa: BLE001 - astropy raises many kinds, and what cannot be read has no use
                dropped.append(_keyword(card, number))
        if not dropped:
            return header, ()
        clean = fits.Header(kept)
        if any(_COORDINATES.match(keyword) for keyword in dropped):
            for axis in (1, 2):
                clean.remove(f"CTYPE{axis}", ignore_missing=True, remove_all=True)
    return clean, tuple(dropped)


def _keyword(card: fits.Card, number: int) -> str:
    try:
        return re.sub(r"[^ -~]", "?", str(card.keyword)) or f"card {number + 1}"
    except Exception:  # noqa: BLE001 - as above
        return f"card {number + 1}"


def windowed_header(header: fits.Header, origin: tuple[int, int]) -> fits.Header:
    """The header of a plane that is cut from the image at (x, y): each reference pixel moved, other axes left out.

    Coordinates stand by themselves: what leads to tables in other HDUs is left out, too.
    """
    made = header.copy(strip=True)
    for keyword in dict.fromkeys(header):
        if _OTHER_AXES.match(keyword) or _TABLES.match(keyword):
            made.remove(keyword, ignore_missing=True, remove_all=True)
            continue
        moved = _REFERENCE_PIXEL.match(keyword)
        start = origin[int(moved[1] or moved[2]) - 1] if moved else 0
        if start and isinstance(header[keyword], int | float):
            made[keyword] = header[keyword] - start
    return made
