"""Planes of a file, told by the names that observatories give their HDUs, and by shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fitting.files.file_reading import FileDescription, HduDescription
from fitting.spec.notices import Notice, sentences

NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "data": ("SCI", "SCIENCE", "DATA", "IMAGE", "IMG", "SIGNAL", "FLUX"),
        "variance": ("VARIANCE", "VAR"),
        "sigma": ("SIGMA", "SIG", "ERR", "ERROR", "RMS", "NOISE", "STD", "STDDEV", "UNCERT", "UNCERTAINTY"),
        "weight": ("WEIGHT", "WHT", "WT", "IVAR", "INVVAR"),
        "mask": ("MASK", "BADPIX", "BPM", "DQ"),
        "psf": ("PSF", "PSFIMAGE", "PRF", "KERNEL"),
    }
)
"""EXTNAMEs of each plane, the surest first."""
_NOISE = ("variance", "sigma", "weight")


@dataclass(frozen=True)
class Planes:
    """The HDUs that were recognised, by what they are, and notices of those that look like one but cannot be."""

    hdus: Mapping[str, int]
    notices: tuple[Notice, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notices as sentences."""
        return sentences(self.notices)


def recognise_planes(description: FileDescription, data: int | str | None) -> Planes:
    """The planes of a file.

    Of variance, sigma and weight only the first that is there. Planes but the PSF have the data's shape; the PSF has
    odd sides and is smaller. Where no HDU has a PSF's name, the one image without a name that has its shape is it.

    Args:
        data: number or EXTNAME of the data; None lets the names say, and else it is the first image.
    """
    images = [hdu for hdu in description.hdus if hdu.is_image]
    science = _data_hdu(images, data)
    if science is None:
        return Planes({}, ())
    found: dict[str, int] = {"data": science.index}
    notices: list[Notice] = []
    for key in ("variance", "sigma", "weight", "mask", "psf"):
        if key in _NOISE and any(other in found for other in _NOISE):
            continue
        for hdu in _hdus_named(images, key):
            if hdu.index == science.index:
                continue
            if _suits(key, hdu, science):
                found[key] = hdu.index
                break
            sentence = (
                f"HDU {hdu.index}, {hdu.name}, was not taken for the {key}: its shape is {shape_of(hdu)}, "
                f"the data's {shape_of(science)}" + (", and a PSF has odd sides and is smaller" if key == "psf" else "")
            )
            notices.append(Notice("plane-not-taken", sentence, f"HDU {hdu.index}"))
    if "psf" not in found:
        nameless = [
            hdu for hdu in images if hdu.index not in found.values() and not hdu.name and _suits("psf", hdu, science)
        ]
        if len(nameless) == 1:
            found["psf"] = nameless[0].index
    return Planes(found, tuple(notices))


def shape_of(hdu: HduDescription) -> str:
    """Height × width, in words."""
    return " × ".join(map(str, hdu.shape))


def _data_hdu(images: list[HduDescription], wanted: int | str | None) -> HduDescription | None:
    if wanted is not None:
        chosen = [hdu for hdu in images if wanted in (hdu.index, hdu.name) or str(wanted).upper() == hdu.name.upper()]
        return chosen[0] if chosen else None
    named = next(_hdus_named(images, "data"), None)
    return named if named is not None else next(iter(images), None)


def _hdus_named(images: list[HduDescription], key: str) -> Iterator[HduDescription]:
    for name in NAMES[key]:
        yield from (hdu for hdu in images if hdu.name.strip().upper() == name)


def _suits(key: str, hdu: HduDescription, data: HduDescription) -> bool:
    if key != "psf":
        return hdu.shape == data.shape
    odd = all(length % 2 == 1 for length in hdu.shape)
    return (
        odd and all(side < limit for side, limit in zip(hdu.shape, data.shape, strict=True)) and (hdu.sum or 0.0) > 0.0
    )
