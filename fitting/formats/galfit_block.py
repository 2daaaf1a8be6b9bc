"""GALFIT's image block of a result: data, model and residual as HDUs 1 to 3, the values in the model's header.

Values are text as GALFIT has it: ``45.5175 +/- 0.0128``, ``[v]`` of what was fixed, ``{v}`` of what a link gave, and
``*v* +/- *e*`` of what is at a limit or not determined.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyWarning

from fitting.formats.export_source import ExportBook, ExportedParameter, ExportInvalid, ExportSource, ModelExport
from fitting.formats.galfit_constraints_export import ExportedObject
from fitting.formats.galfit_export import GalfitModel, galfit_model
from fitting.formats.galfit_slots import HEADER_NAMES, Slot

_BY_MAGNITUDE = 2.5 / math.log(10.0)
"""Magnitudes of a relative change of flux."""
_FEW = 0.01
"""Below this, a value or an uncertainty is written with an exponent, so that four digits say something."""
_MODIFIERS = re.compile(r"(?P<key>[BR][0-9]+|F[0-9]+)(?P<part>[ap]?)\Z")
Card = tuple[str, str, str]


def export_imgblock(source: ExportSource) -> ModelExport:
    """``imgblock.fits``. Raises ExportInvalid where the result has no planes of the image."""
    book = ExportBook()
    model = galfit_model(source, book)
    planes = [_plane(source, name) for name in ("data", "model", "residual")]
    for plane, name in zip(planes, (str(source.image.data), "model", "residual map"), strict=True):
        plane.header["OBJECT"] = name + (_section(source) if plane is planes[0] else "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VerifyWarning)
        for key, value, comment in _cards(source, model):
            planes[1].header[key] = (value, comment)
        whole = io.BytesIO()
        fits.HDUList([fits.PrimaryHDU(), *planes]).writeto(whole, output_verify="silentfix")
    return ModelExport("imgblock", "imgblock.fits", {"imgblock.fits": whole.getvalue()}, tuple(book.rows))


def _plane(source: ExportSource, name: str) -> fits.ImageHDU:
    path = source.plane(name)
    if path is None:
        raise ExportInvalid(f"the result has no plane {name} of the image {source.name}: an image block needs it")
    with fits.open(path, memmap=False) as file:
        return fits.ImageHDU(np.asarray(file[0].data, dtype=np.float32), file[0].header)


def _section(source: ExportSource) -> str:
    region = source.region()
    return "" if region is None else f"[{region[0][0] + 1}:{region[0][1]},{region[1][0] + 1}:{region[1][1]}]"


def _cards(source: ExportSource, model: GalfitModel) -> Iterator[tuple[str, object, str]]:
    header = dict(re.findall(r"(?m)^([A-P])\) (.*?)\s+#", model.text))
    found = source.found
    yield "VERSION", "photfit " + str(found.get("provenance", {}).get("photfit", "")), "made with GALFIT's card names"
    yield "INITFILE", "galfit.feedme", "GALFIT input file"
    for key, letter, comment in (
        ("DATAIN", "A", "Input data image"),
        ("SIGMA", "C", "Input sigma image"),
        ("PSF", "D", "Convolution PSF and kernel"),
        ("CONSTRNT", "G", "Parameter constraint file"),
        ("MASK", "F", "Input mask image"),
    ):
        yield key, header.get(letter, "none"), comment
    yield "FITSECT", _section(source), "Image section fitted"
    yield "CONVBOX", header.get("I", "").replace(" ", ", "), "Convolution box size"
    yield "MAGZPT", round(model.zero_point, 10), "Magnitude zeropoint"
    suspect = False
    for made in model.objects:
        yield f"COMP_{made.number}", re.sub(r"[123]\Z", "", made.kind), "Component type"
        for name, value, comment in _object_cards(source, model, made):
            suspect = suspect or value.startswith("*")
            yield f"{made.number}_{name}"[:8], value, comment
    if found:
        rows = [item for made in model.objects for item in made.values.values()]
        free = sum(item.free for item in rows)
        yield "CHISQ", found["chi2"], "Chi^2 of fit"
        yield "NDOF", found["degrees_of_freedom"], "Degrees of freedom"
        yield "NFREE", free, "Number of free parameters"
        yield "NFIX", len(rows) - free, "Number of fixed parameters"
        yield "CHI2NU", found["chi2_reduced"], "Reduced Chi^2"
        yield "LOGFILE", "log.txt", "Fit log file"
        yield "FLAGS", "2" if suspect or not found["converged"] else "", "2: suspected numerical convergence error"


def _object_cards(source: ExportSource, model: GalfitModel, made: ExportedObject) -> Iterator[Card]:
    if made.kind == "sky":
        region = source.region()
        for key, ends in zip(("XC", "YC"), region or (), strict=False):
            yield key, f"[{0.5 * (ends[0] + 1 + ends[1]):.4f}]", "Centre of the fitted region"
        for key in ("SKY", "DSDX", "DSDY"):
            slot = next((slot for slot in made.slots.values() if HEADER_NAMES[slot.parameter] == key), None)
            yield key, "[0.0000]" if slot is None else _text(made, slot, model), "Sky background, or its gradient"
        return
    total = source.derived.get(f"{made.component.name}.magnitude")
    for key, slot in made.slots.items():
        match = _MODIFIERS.match(key)
        name = match["key"] + ("PA" if match["part"] == "p" else "") if match else HEADER_NAMES[slot.parameter]
        name = "C" if made.kind.startswith("moffat") and name == "BETA" else name
        if name == "MU" and total is not None:
            yield "MAG", _value(total[0], total[1], "{}" if _linked(made, slot) else ""), "Integrated magnitude [mag]"
        yield name, _text(made, slot, model), f"photfit: {slot.parameter}"


def _linked(made: ExportedObject, slot: Slot) -> bool:
    return made.values[slot.parameter].link is not None


def _text(made: ExportedObject, slot: Slot, model: GalfitModel) -> str:
    parameter = made.values[slot.parameter]
    if slot.zero is not None and parameter.value / slot.scale <= 0.0:
        return "[99.0000]"
    value = slot.number(parameter.value)
    if slot.parameter == "pa":
        value = 90.0 - (90.0 - value) % 180.0
    return _value(value, _error(parameter, slot), _marks(parameter, model))


def _error(parameter: ExportedParameter, slot: Slot) -> float | None:
    if parameter.error is None:
        return None
    return abs(parameter.error * (_BY_MAGNITUDE / parameter.value if slot.zero is not None else 1.0 / slot.scale))


def _marks(parameter: ExportedParameter, model: GalfitModel) -> str:
    if parameter.link is not None:
        return "[]" if parameter.name in model.held else "{}"
    return "[]" if parameter.fixed else "**" if parameter.suspect else ""


def _value(value: float, error: float | None, marks: str) -> str:
    small = (0.0 < abs(value) < _FEW) or (error is not None and 0.0 < error < _FEW**2)
    form = ".4e" if small else ".4f"
    text = f"{value:{form}}"
    if marks in ("[]", "{}"):
        return f"{marks[0]}{text}{marks[1]}"
    of_error = f"{0.0 if error is None else error:{form}}"
    return f"*{text}* +/- *{of_error}*" if marks == "**" else f"{text} +/- {of_error}"
