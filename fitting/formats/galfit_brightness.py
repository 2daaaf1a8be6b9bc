"""Line 3 of objects: a total magnitude, or a surface brightness at the centre, at r_e or at a break."""

from __future__ import annotations

import math

from fitting.formats.component_draft import chebyshev_values
from fitting.formats.galfit_lines import GalfitNumber
from fitting.formats.galfit_reading import GalfitPart, GalfitReading, GalfitSetting
from fitting.formats.galfit_slots import Slot, shape_at


class GalfitBrightness:
    """Line 3, which can be placed when all other lines are known."""

    def __init__(self, reading: GalfitReading, setting: GalfitSetting) -> None:
        self.reading = reading
        self.setting = setting

    def place(self, made: GalfitPart) -> None:
        """Put line 3 where it belongs; what cannot be known is said, and left open."""
        number, line = made.brightness, made.source.lines.get("3")
        if number is None or line is None:
            return
        profile, draft = made.profile, made.draft
        truncated = made.inner is not None or made.outer is not None
        if made.variant == "" and profile.total and not truncated:
            beta = draft.parameters.get("beta")
            if made.kind == "moffat" and beta is not None and min(beta.values) <= 1.0:
                self.reading.book.leave(
                    line, "with a power of 1 or less the total is infinite: the brightness was left open"
                )
                return
            made.slots["3"] = Slot("magnitude")
            self.reading.book.take(line, self.reading.place(draft, number, made.slots["3"]))
            return
        where, radius = self._reference(made)
        values = {name: item.value for name, item in draft.parameters.items()}
        if profile.amplitude is None:
            self.reading.book.leave(line, "a star has a total alone")
            return
        try:
            shape = 1.0 if radius is None else shape_at(made.kind, values, radius) if made.kind != "edgedisk" else None
        except (KeyError, ArithmeticError, ValueError):
            shape = None
        if shape is None or not 0.0 < shape < math.inf:
            self.reading.book.leave(line, f"the brightness {where} cannot be known: it was left open")
            return
        slot = self.setting.brightness(profile.amplitude, 1.0 / shape)
        in_bands = list(number.values)
        if number.chebyshev:
            if 0 < (number.free or 0) < len(in_bands):
                self.reading.book.leave(line, "photfit has no polynomial of a surface brightness in magnitudes")
                return
            in_bands = chebyshev_values(self.setting.wavelengths, in_bands)
        # Each band by its own zero point.
        steps = [item - self.setting.zero_points[0] for item in self.setting.zero_points]
        values_of = [item - step for item, step in zip(in_bands, steps, strict=True)]
        said = []
        if len(values_of) > 1:
            if 0 < (number.free or 0) < len(values_of):
                said.append("each band is free")
            number = GalfitNumber(tuple(values_of), len(values_of) if number.free else 0, False, number.remarks)
        if self.setting.area is None:
            said.append("no plate scale: of a pixel")
        if shape != 1.0 and not all(
            item.free == 0 for key, item in draft.parameters.items() if key in ("n", "r_e", "h", "fwhm", "beta")
        ):
            said.append("the same at the start; it then follows the profile's own")
        made.slots["3"] = slot
        taken = self.reading.place(draft, number, slot)
        self.reading.book.take(line, f"{taken}: a surface brightness {where}" + "".join(f" ({item})" for item in said))

    def _reference(self, made: GalfitPart) -> tuple[str, float | None]:
        """Where line 3 is the brightness, and at which radius; None where photfit's own amplitude is it."""
        values = {name: item.value for name, item in made.draft.parameters.items()}
        side = "inner" if made.inner is not None else "outer" if made.outer is not None else None
        if made.variant == "3" or (made.variant == "" and side == "inner"):
            if side is None:
                return "at a break that nothing makes", math.nan
            return "at the break radius", values.get(f"{side}_truncation", math.nan)
        if made.variant == "1":
            return "at the centre", None if made.profile.amplitude == "i_0" else 0.0
        if made.variant == "2":
            size = made.profile.lines.get("4", ("", 1.0))[0]
            own = made.profile.amplitude in ("i_e", "i_b")
            return f"at {size}", None if own else values.get(size, math.nan)
        names = {"i_e": "at r_e", "i_b": "at the break"}
        amplitude = made.profile.amplitude or ""
        return names.get(amplitude, "at the centre") + (
            ", as GALFIT has it of a truncated profile" if side is not None and made.profile.total else ""
        ), None
