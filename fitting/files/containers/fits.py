"""FITS files, plain or tile-compressed, by astropy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from fitting.files.containers.container import WHOLE, Plane, PlanePart, damage_fault, first_pixel
from fitting.files.distortion_tables import with_tables
from fitting.files.file_limits import FileInvalid, ReadLimits
from fitting.files.fits_structure import HduOutline, outline
from fitting.files.flux_scale import FLUX_CARDS
from fitting.files.header_cards import readable_header
from fitting.files.noise_cards import NOISE_CARDS
from fitting.files.plane_meaning import MEANING_CARDS
from fitting.spec.notices import Notice


class FitsContainer:
    """A FITS file, opened by astropy once its claims were read without it."""

    def __init__(self, opened: fits.HDUList, hdus: list[HduOutline]) -> None:
        self._opened = opened
        self.hdus = hdus

    def plane(self, hdu: HduOutline, part: PlanePart = WHOLE) -> Plane:
        """See `Container`. Of a large image the part alone is read, of a compressed one the tiles that hold it."""
        where = f"HDU {hdu.index}"
        try:
            source = self._opened[hdu.index]
            header, dropped = readable_header(source.header.copy())
            primary = readable_header(self._opened[0].header)[0] if hdu.index > 0 else None
            if primary is not None and header.get("INHERIT", True) is not False:
                inherited = (*FLUX_CARDS, *NOISE_CARDS, *MEANING_CARDS)
                header.update({key: primary[key] for key in inherited if key in primary and key not in header})
            as_described = source.shape == hdu.shape
            raw = source.section[part.index(hdu.shape)] if as_described else None
        except Exception as error:
            raise damage_fault("FITS", error, where) from error
        if raw is None or raw.ndim != 2 or raw.dtype.kind not in "biuf":
            raise FileInvalid("is not the image that its header describes", where, "a standard FITS image")
        bits = int(header.get("ZBITPIX", header.get("BITPIX", -64)))
        dtype = np.dtype({8: "u1", 16: "i2", 32: "i4", 64: "i8", -32: "f4", -64: "f8"}[bits]).name
        assert hdu.frame is not None, "asked for planes alone"
        data = np.ascontiguousarray(raw, dtype=np.float64)
        notices = [_dropped_notice(dropped, where)] if dropped else []
        if all(isinstance(header.get(key), int | float) for key in _STRETCH):
            data = _linear(data, *(float(header.pop(key)) for key in _STRETCH))
            sentence = "pixels were stretched by asinh (BOFFSET, BSOFTEN), and were made linear in flux"
            notices.append(Notice("pixels-made-linear", sentence, where))
        return Plane(
            data,
            _tabled(header, self._opened, self.hdus),
            hdu.index,
            dtype,
            None,
            tuple(notices),
            primary,
            frame=hdu.frame,
            origin=first_pixel(part),
        )


def _tabled(header: fits.Header, opened: fits.HDUList, hdus: list[HduOutline]) -> fits.Header:
    """The header with its tables of distortion; without them where they cannot be read, which is told by who asks."""
    try:
        return with_tables(header, opened, hdus)
    except Exception as error:  # noqa: BLE001 - astropy raises many kinds on damaged HDUs
        damage_fault("FITS", error)
        return header


_STRETCH = ("BOFFSET", "BSOFTEN")
"""Cards of pixels that are magnitudes of an asinh, as Pan-STARRS stores stacks (Waters et al. 2020, ApJS 251, 4)."""


def _linear(stretched: NDArray[np.float64], offset: float, softening: float) -> NDArray[np.float64]:
    """Fluxes of pixels v = 2.5/ln 10 · asinh((f − offset)/(2 softening))."""
    with np.errstate(over="ignore"):
        return np.asarray(offset + 2.0 * softening * np.sinh(stretched * (np.log(10.0) / 2.5)))


def _dropped_notice(dropped: tuple[str, ...], where: str) -> Notice:
    named = ", ".join(dropped[:10]) + (f" and {len(dropped) - 10} more" if len(dropped) > 10 else "")
    sentence = f"the header has cards that cannot be read, and they were left out: {named}"
    return Notice("cards-left-out", sentence, where)


@contextmanager
def open_fits(file: IO[bytes], limits: ReadLimits) -> Iterator[FitsContainer]:
    """astropy's view of an open FITS file, its warnings silenced: `outline` has said what matters of them."""
    hdus = outline(file, limits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.seek(0)
        try:
            opened = fits.open(file, memmap=False, lazy_load_hdus=True)
        except Exception as error:
            raise damage_fault("FITS", error) from error
        yield FitsContainer(opened, hdus)
