"""Planes of a file that belong to one image, by what its HDUs say that they hold, by number and shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fitting.files.file_reading import FileDescription, HduDescription
from fitting.files.fits_structure import POSITION_TABLES
from fitting.files.pixel_units import noise_of_unit
from fitting.files.plane_meaning import NAMELESS, NAMES, UNKNOWN, PlaneMeaning, plane_meaning
from fitting.spec.notices import Notice, sentences

_NOISE = ("variance", "sigma", "weight")


@dataclass(frozen=True)
class Planes:
    """The HDUs that were recognised, by what they are, and notices of what was taken, why, and what was not."""

    hdus: Mapping[str, int]
    notices: tuple[Notice, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notices as sentences."""
        return sentences(self.notices)


def recognise_planes(description: FileDescription, data: int | str | None) -> Planes:
    """The planes of a file.

    Of variance, sigma and weight only the first that is there and has a positive pixel. Planes but the PSF have the
    data's shape; the PSF is smaller, or is a model of a PSF that changes over the image. In a file of several images,
    each plane is that of the data's EXTVER, or has the same name before its last dot, or lies between the data and the
    next image. An HDU that does not say what it holds is no plane; a unit that is the data's squared, or one over that,
    says it, and goes before a name.

    Args:
        data: number or EXTNAME of the data; None lets the HDUs say, and else it is the first image.
    """
    images = [hdu for hdu in description.hdus if hdu.is_image and not hdu.psf_model and hdu.name not in POSITION_TABLES]
    models = [hdu for hdu in description.hdus if hdu.psf_model]
    science = _data_hdu(images, data)
    if science is None:
        alone = {"psf": models[0]} if len(models) == 1 and data is None else {}
        return Planes({key: hdu.index for key, hdu in alone.items()}, tuple(_told(alone, data)) if alone else ())
    taken: dict[str, HduDescription] = {"data": science}
    notices: list[Notice] = []
    for key in ("variance", "sigma", "weight", "mask", "psf"):
        if key in _NOISE and any(other in taken for other in _NOISE):
            continue
        if key == "psf" and len(models) == 1:
            taken[key] = models[0]
            continue
        for hdu in _belonging(_said_to_be(images, key, science), science, images):
            if hdu.index == science.index:
                continue
            if key == "weight" and hdu.exposure_map is not None:
                sentence = f"HDU {hdu.index}, {hdu.name}, was not taken for the weight: {hdu.exposure_map}"
                notices.append(Notice("plane-not-taken", sentence, f"HDU {hdu.index}"))
                continue
            if key in _NOISE and _without_positives(hdu):
                sentence = f"HDU {hdu.index}, {hdu.name}, was not taken for the {key}: no pixel of it is positive"
                notices.append(Notice("plane-not-taken", sentence, f"HDU {hdu.index}"))
                continue
            if _suits(key, hdu, science):
                taken[key] = hdu
                break
            sentence = (
                f"HDU {hdu.index}, {hdu.name}, was not taken for the {key}: its shape is {shape_of(hdu)}, "
                f"the data's {shape_of(science)}" + (", and a PSF is smaller" if key == "psf" else "")
            )
            notices.append(Notice("plane-not-taken", sentence, f"HDU {hdu.index}"))
    for hdu in images:
        reason = "" if hdu in taken.values() else _unsaid(hdu, taken)
        if reason:
            notices.append(Notice("plane-not-taken", f"HDU {hdu.index} was not taken: {reason}", f"HDU {hdu.index}"))
    if len(models) > 1:
        notices += [
            Notice(
                "plane-not-taken",
                f"HDU {hdu.index} was not taken: there are {len(models)} PSF models",
                f"HDU {hdu.index}",
            )
            for hdu in models
        ]
    told = _told(taken, data)
    return Planes({key: hdu.index for key, hdu in taken.items()}, (*told, *notices))


def shape_of(hdu: HduDescription) -> str:
    """Height × width, in words."""
    return " × ".join(map(str, hdu.shape))


def _told(taken: Mapping[str, HduDescription], data: int | str | None) -> list[Notice]:
    """What was taken as what and why; nothing where the only plane is the one that everybody would take."""
    if len(taken) == 1 and "data" in taken and (data is not None or taken["data"].index == 0):
        return []
    parts = []
    for key, hdu in taken.items():
        meaning = _meaning(hdu, taken.get("data"))
        why = meaning.reason if meaning is not None and meaning.kind == key else "the first image"
        if key == "data" and data is not None:
            why = "as asked for"
        version = f", EXTVER {hdu.version}" if hdu.version != 1 else ""
        parts.append(f"HDU {hdu.index} as {key} ({why}{version})")
    return [Notice("planes-taken", "of the file were taken: " + ", ".join(parts))]


def _unsaid(hdu: HduDescription, taken: Mapping[str, HduDescription]) -> str:
    """Why an HDU that could be a plane of the data is none; empty where nothing needs to be said."""
    meaning = _meaning(hdu, taken["data"])
    if meaning is not None:
        return f"{meaning.reason} does not say which noise it holds" if meaning.kind == UNKNOWN else ""
    if hdu.name or "psf" in taken or not _suits("psf", hdu, taken["data"]):
        return ""
    return "it has no name, and nothing says whether it is a PSF"


def _data_hdu(images: list[HduDescription], wanted: int | str | None) -> HduDescription | None:
    if wanted is not None:
        text = str(wanted).strip().upper()
        chosen = [
            hdu
            for hdu in images
            if wanted == hdu.index or text in (hdu.name.upper(), f"{hdu.name.upper()},{hdu.version}")
        ]
        return chosen[0] if chosen else None
    named = _said_to_be(images, "data")
    return next(iter(named or images), None)


def _meaning(hdu: HduDescription, science: HduDescription | None = None) -> PlaneMeaning | None:
    """What an HDU says that it holds; beside the data, which noise it is by its unit, too."""
    said = PlaneMeaning(hdu.role, hdu.role_reason or "") if hdu.role is not None else plane_meaning(hdu.name, {})
    by_unit = None if science is None or hdu.index == science.index else noise_of_unit(hdu.unit, science.unit)
    is_noise = hdu.name in NAMELESS if said is None else said.kind in (*_NOISE, UNKNOWN)
    if by_unit is None or not is_noise or (said is not None and said.kind == by_unit):
        return said
    return PlaneMeaning(by_unit, f"BUNIT {hdu.unit}")


def _said_to_be(images: list[HduDescription], key: str, science: HduDescription | None = None) -> list[HduDescription]:
    """HDUs of a kind, the surest first: those with a keyword for it, then by their names' order."""
    found = [hdu for hdu in images if (meaning := _meaning(hdu, science)) is not None and meaning.kind == key]
    names = NAMES[key]

    def place(hdu: HduDescription) -> int:
        last = hdu.name.strip().upper().rpartition(".")[2]
        return names.index(last) if last in names else -1

    return sorted(found, key=place)


def _belonging(
    found: list[HduDescription], science: HduDescription, images: list[HduDescription]
) -> list[HduDescription]:
    """Those of some HDUs of a kind that belong to the data, where the file has several images with planes of each."""
    siblings = [hdu for hdu in images if hdu.index != science.index and _alike(hdu, science)]
    if not siblings:
        return found
    if any(_prefix(hdu) != _prefix(science) for hdu in siblings):
        return [hdu for hdu in found if _prefix(hdu) == _prefix(science)]
    if any(hdu.version != science.version for hdu in siblings):
        return [hdu for hdu in found if hdu.version == science.version]
    following = min((hdu.index for hdu in siblings if hdu.index > science.index), default=len(images) + science.index)
    between = [hdu for hdu in found if science.index < hdu.index < following]
    return between if between or len(found) > 1 else found


def _alike(hdu: HduDescription, science: HduDescription) -> bool:
    """Whether an HDU is data as the science is: of the same name, or said to be data where neither has one."""
    if science.name:
        return _last(hdu) == _last(science)
    own, other = _meaning(science), _meaning(hdu)
    return not hdu.name and own is not None and other is not None and own.kind == other.kind == "data"


def _prefix(hdu: HduDescription) -> str:
    """What stands before the plane's own name: ``3-2.SCI`` and ``3-2.RMS`` of Euclid are of one detector."""
    return hdu.name.strip().upper().rpartition(".")[0]


def _last(hdu: HduDescription) -> str:
    return hdu.name.strip().upper().rpartition(".")[2]


def _without_positives(hdu: HduDescription) -> bool:
    """Whether no pixel is positive, as far as the pixels were looked at: such a plane is no noise."""
    return hdu.n_finite == 0 or (hdu.maximum is not None and not hdu.maximum > 0.0)


def _suits(key: str, hdu: HduDescription, data: HduDescription) -> bool:
    if key != "psf":
        return hdu.shape == data.shape
    return all(side < limit for side, limit in zip(hdu.shape, data.shape, strict=True)) and (hdu.sum or 0.0) > 0.0
