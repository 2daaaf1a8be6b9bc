"""Header cards: those of a file that can be read, and those that hold of a window of its image."""

from __future__ import annotations

import re
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from fitting.files.distortion_tables import (
    COORDINATES,
    TABLE_CARDS,
    distortions,
    polynomial_coordinates,
    replaced_coordinates,
)
from fitting.files.sky_coordinates import sky_coordinates

_NEEDED = re.compile(
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
_STRUCTURE = re.compile(r"(SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|GROUPS|PCOUNT|GCOUNT|TFIELDS|BSCALE|BZERO)\Z")
"""Cards of how pixels are stored, all of them: where one stands twice, astropy would leave the second."""
_WILD = re.compile(r"[*?]|\.\.\.")
"""What no keyword has, and what would match many."""
_ALTERNATE = re.compile(r"CTYPE[12][A-Z]\Z")
"""Cards of further coordinates, each with its letter."""
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
                if _WILD.search(card.keyword):
                    raise fits.VerifyError("a keyword that astropy takes for a pattern of others")
                kept.append(card)
            except Exception:  # noqa: BLE001 - astropy raises many kinds, and what cannot be read has no use
                dropped.append(_keyword(card, number))
        if not dropped:
            return header, ()
        clean = fits.Header(kept)
        if any(_NEEDED.match(keyword) for keyword in dropped):
            for axis in (1, 2):
                clean.remove(f"CTYPE{axis}", ignore_missing=True, remove_all=True)
    return clean, tuple(dropped)


def _keyword(card: fits.Card, number: int) -> str:
    try:
        return re.sub(r"[^ -~]", "?", str(card.keyword)) or f"card {number + 1}"
    except Exception:  # noqa: BLE001 - as above
        return f"card {number + 1}"


def windowed_header(header: fits.Header, origin: tuple[int, int], shape: tuple[int, int] | None = None) -> fits.Header:
    """The header of a plane that is cut from the image at (x, y): each reference pixel moved, other axes left out.

    Coordinates stand by themselves: where they have tables in other HDUs, a polynomial is in their place, and
    coordinates that cannot be read without something else are left out.

    Args:
        origin: (x, y) of the first pixel.
        shape: (height, width) of the plane; that of the header where None.
    """
    made = header.copy()
    for keyword in dict.fromkeys(header):
        if _STRUCTURE.match(keyword) or _OTHER_AXES.match(keyword) or TABLE_CARDS.match(keyword):
            made.remove(keyword, ignore_missing=True, remove_all=True)
            continue
        moved = _REFERENCE_PIXEL.match(keyword)
        start = origin[int(moved[1] or moved[2]) - 1] if moved else 0
        if start and isinstance(header[keyword], int | float):
            made[keyword] = header[keyword] - start
    if distortions(header):
        _replace_tables(header, made, origin, shape)
    for alternate in ("", *sorted({keyword[-1] for keyword in made if _ALTERNATE.match(keyword)})):
        if not _stands_alone(made, alternate):
            _remove_coordinates(made, alternate)
            if not alternate and any(_ALTERNATE.match(keyword) for keyword in made):
                made["WCSAXES"] = 2  # pixels: programs look for coordinates without a letter first
    return made


def _replace_tables(
    header: fits.Header, made: fits.Header, origin: tuple[int, int], shape: tuple[int, int] | None
) -> None:
    """Put a polynomial in the place of coordinates with tables; nothing where those cannot be read."""
    found = sky_coordinates(header)
    height, width = shape or (header.get("NAXIS2"), header.get("NAXIS1"))
    if found is None or not isinstance(height, int) or not isinstance(width, int):
        made.add_history("photfit: coordinates without the tables of distortion that the input leads to")
        return
    try:
        polynomial = polynomial_coordinates(found.wcs, origin, (height, width))
    except np.linalg.LinAlgError:  # places that are all one
        polynomial = None
    if polynomial is None:
        _remove_coordinates(made, "")
    else:
        replaced_coordinates(made, polynomial)


def _stands_alone(header: fits.Header, alternate: str) -> bool:
    """Whether coordinates can be read from the header alone; where there are none and no trace of them, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            WCS(header.copy(), key=alternate or " ").wcs.set()
        except Exception:  # noqa: BLE001 - astropy raises many kinds on headers that it cannot read
            return False
    return True


def _remove_coordinates(header: fits.Header, alternate: str) -> None:
    for keyword in list(dict.fromkeys(header)):
        bare = keyword.removesuffix(alternate)
        if keyword.endswith(alternate) and (COORDINATES.match(bare) or bare in ("WCSNAME", "WCSAXES")):
            header.remove(keyword, ignore_missing=True, remove_all=True)
