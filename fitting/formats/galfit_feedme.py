"""GALFIT's feedme, and GALFITM's, as a request (Peng et al. 2010, AJ 139, 2097; Häußler et al. 2013, MNRAS 430, 330).

Pixels count from 1 there and from 0 here; angles are the same. Flux = EXPTIME · 10^(−0.4 (mag − J)), so that photfit's
zero point is J + 2.5 log₁₀ EXPTIME; a surface brightness of magnitude μ per arcsec² is that of one pixel of dx · dy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fitting.formats.component_draft import ComponentDraft, ParameterDraft, stand_on_end
from fitting.formats.galfit_constraints import PlacedObject, read_constraints
from fitting.formats.galfit_lines import GalfitFile, GalfitNumber, GalfitObject, read_galfit, read_numbers
from fitting.formats.galfit_slots import GALFIT_PROFILES, WORDS, GalfitProfile, Slot, shape_at
from fitting.formats.import_rows import ImportInvalid, Line, ModelImport, RowBook
from fitting.formats.import_source import ImageFacts, ImportSource
from fitting.formats.pixel_masks import listed_pixels

_NONE = frozenset({"", "none"})
_USELESS = {
    "B": "nothing: where GALFIT writes its result",
    "I": "nothing: photfit convolves the whole image, as GALFIT does with a box of its size",
    "O": "nothing: how GALFIT shows its work",
}
_VARIANT = re.compile(r"(?P<kind>[a-z]+)(?P<variant>[123])\Z")
_TRUNCATIONS = ("radial", "radial-b", "radial2", "radial2-b")


@dataclass
class _Setting:
    """What holds for all objects: the bands, their flux scales, and whether lines are those of version 2."""

    bands: list[str]
    wavelengths: list[float]
    zero_points: list[float]
    area: float | None
    old: bool
    psf: bool

    def brightness(self, parameter: str, scale: float = 1.0) -> Slot:
        """The slot of a surface brightness, by the first band's scale."""
        area = 1.0 if self.area is None else self.area
        return Slot(parameter, scale=scale, zero=self.zero_points[0] + 2.5 * math.log10(area))


@dataclass
class _Object:
    """An object on its way: its draft, slots, and line 3, which can be placed when all others are known."""

    source: GalfitObject
    kind: str
    variant: str
    profile: GalfitProfile
    draft: ComponentDraft
    slots: dict[str, Slot] = field(default_factory=dict)
    brightness: GalfitNumber | None = None
    inner: GalfitObject | None = None
    outer: GalfitObject | None = None


def import_galfit(source: ImportSource) -> ModelImport:
    """A request from a feedme. Raises ImportInvalid where its data or its zero point cannot be read."""
    return _Reader(source).run()


class _Reader:
    """One import: the file, what is said of its lines, and the request as far as it is known."""

    def __init__(self, source: ImportSource) -> None:
        self.source = source
        self.file: GalfitFile = read_galfit(source.name, source.text)
        self.book = RowBook()
        self.unknown: dict[int, str] = {}

    def run(self) -> ModelImport:
        images, setting = self._images()
        components: list[_Object | ComponentDraft] = []
        cut = {item.number: item for item in self.file.objects if item.kind == "truncation"}
        for item in self.file.objects:
            if item.kind == "truncation":
                continue
            made = self._sky(item, setting) if item.kind == "sky" else self._object(item, setting, cut)
            if made is not None:
                components.append(made)
        self._truncations(components, cut, setting)
        placed = {}
        for component in components:
            if isinstance(component, _Object):
                self._amplitude(component, setting)
                words = {**WORDS, **component.profile.words}
                placed[component.source.number] = PlacedObject(component.draft, component.slots, words)
        for number, draft in self.skies.items():
            slots = {"1": Slot("i"), "2": Slot("di_dx"), "3": Slot("di_dy")}
            placed[number] = PlacedObject(draft, slots, {"sky": "1", "dsky/dx": "2", "dsky/dy": "3"})
        constraints = self._constraints(placed)
        drafts = [item.draft if isinstance(item, _Object) else item for item in components]
        for component in components:
            if isinstance(component, _Object) and component.profile.ellipse:
                q = component.draft.parameters.get("q")
                if q is not None and q.link is None and stand_on_end(component.draft, component.profile.lengths):
                    self.book.take(component.source.lines["9"], f"{component.draft.name}.q, pa + 90: q was above 1")
        for draft in drafts:
            for said in draft.clip():
                self.book.take(Line(self.source.name, 0, draft.name), said)
        for line in self.file.others:
            self.book.leave(line, "is no line of a feedme that photfit knows")
        request: dict[str, Any] = {"name": _stem(self.source.name)[:200], "images": images}
        if len(images) > 1:
            request["frame"] = "pixel"
        request["components"] = [draft.document(setting.bands, setting.wavelengths) for draft in drafts]
        if constraints:
            request["constraints"] = constraints
        if self._optimises():
            request["stages"] = [{"method": "lm"}]
        rows = sorted(self.book.rows, key=lambda row: (row.file != self.source.name, row.line))
        return ModelImport("galfit", request, tuple(rows))

    skies: dict[int, ComponentDraft]

    def _take(self, key: str, taken: str) -> None:
        if key in self.file.header:
            self.book.take(self.file.header[key], taken)

    def _leave(self, key: str, why: str) -> None:
        if key in self.file.header:
            self.book.leave(self.file.header[key], why)

    def _list(self, key: str) -> list[str]:
        """The names of a line, one a band; ``none`` and nothing are one empty name."""
        first = self.file.value(key).split()
        names = first[0].split(",") if first else [""]
        return ["" if name.lower() in _NONE else name for name in names]

    def _found(self, key: str, name: str) -> str | None:
        """What the request calls a file, or None, said, where there is no such file."""
        called = self.source.rename(name)
        if called is None:
            self._leave(key, f"there is no file {name}")
        return called

    # The header.

    def _images(self) -> tuple[list[dict[str, Any]], _Setting]:
        self.skies = {}
        names = self._list("A")
        if not names[0]:
            raise ImportInvalid(f"{self.source.name} names no data (expected a line such as 'A) galaxy.fits')")
        count = len(names)
        bands = self._bands(count)
        wavelengths = self._wavelengths(count)
        called = [self.source.rename(name) for name in names]
        if None in called:
            self._leave("A", f"there is no file {names[called.index(None)]}: name the image as `data` in the request")
        else:
            self._take("A", "images.data " + ", ".join(str(item) for item in called))
        images: list[dict[str, Any]] = [
            {"name": band, "data": item or name} for band, name, item in zip(bands, names, called, strict=True)
        ]
        if count > 1:
            for image, wavelength in zip(images, wavelengths, strict=True):
                image["wavelength"] = wavelength
        facts = [self.source.facts(name) for name in names]
        zero_points = self._zero_points(count, facts)
        for image, zero_point in zip(images, zero_points, strict=True):
            image["zero_point"] = round(zero_point, 10)
        area = self._plate_scale(images)
        has_psf = self._psf(images)
        self._noise(images, facts)
        self._mask(images)
        self._window(images)
        for key, said in _USELESS.items():
            self._take(key, said)
        self._mode()
        known = {"A", "A1", "A2", "C", "D", "E", "F", "G", "H", "J", "K", "P", *_USELESS}
        for key in self.file.header.keys() - known:
            self._leave(key, "photfit knows no such line")
        old = any(
            (words := item.rest("8")) and _float(words[0]) not in (None, 0.0)
            for item in self.file.objects
            if "8" in item.lines and item.kind != "sky"
        )
        return images, _Setting(bands, wavelengths, zero_points, area, old, has_psf)

    def _bands(self, count: int) -> list[str]:
        labels = self._list("A1")
        if "A1" in self.file.header and len(labels) == count and len(set(labels)) == count and all(labels):
            names = [re.sub(r"[^A-Za-z0-9_.\-]", "_", label)[:64] for label in labels]
            if len(set(names)) == count and all(re.match(r"[A-Za-z0-9_]", name) for name in names):
                self._take("A1", "images.name " + ", ".join(names))
                return names if count > 1 else ["image"]
        self._leave("A1", f"is not one label for each of {count} images")
        return ["image"] if count == 1 else [f"band_{number}" for number in range(1, count + 1)]

    def _wavelengths(self, count: int) -> list[float]:
        found = [_float(word) for word in self._list("A2")]
        sound = [item for item in found if item is not None and item > 0.0]
        if len(sound) == count and len(set(sound)) == count:
            self._take("A2", "images.wavelength " + ", ".join(f"{item:g}" for item in sound))
            return sound
        self._leave("A2", f"is not one wavelength for each of {count} images: 1, 2, … were taken")
        return [float(number) for number in range(1, count + 1)]

    def _zero_points(self, count: int, facts: Sequence[ImageFacts | None]) -> list[float]:
        words = [_float(word) for word in self._list("J")]
        given = [item for item in words if item is not None]
        if len(given) not in (1, count) or len(given) < len(words):
            self._leave("J", "is no zero point: magnitudes were taken with 0")
            given = [0.0]
        elif "J" not in self.file.header:
            given = [0.0]
        given = given * count if len(given) == 1 else given
        found, said = [], []
        for zero_point, fact in zip(given, facts, strict=True):
            seconds = 1.0 if fact is None else fact.exposure
            found.append(zero_point + 2.5 * math.log10(seconds))
            why = "EXPTIME is not known, and 1 was taken" if fact is None else f"2.5 log10(EXPTIME {seconds:g}) added"
            said.append(f"{found[-1]:.6g} ({why})")
        self._take("J", "images.zero_point " + ", ".join(said))
        return found

    def _plate_scale(self, images: list[dict[str, Any]]) -> float | None:
        words = [_float(word) for word in self.file.value("K").split()[:2]]
        if not words or any(item is None or item <= 0.0 for item in words):
            self._leave("K", "is no plate scale: surface brightnesses were taken as those of a pixel")
            return None
        along_x = float(words[0] or 0.0)
        along_y = float(words[-1] or 0.0)
        scale = math.sqrt(along_x * along_y)
        for image in images:
            image["pixel_scale"] = round(scale, 12)
        square = along_x == along_y
        self._take("K", f"images.pixel_scale {scale:.6g}" + ("" if square else ", the root of dx dy"))
        return along_x * along_y

    def _psf(self, images: list[dict[str, Any]]) -> bool:
        words = self.file.value("D").split()
        names = self._list("D")
        if not any(names):
            self._take("D", "nothing: no PSF, and nothing is convolved")
            self._take("E", "nothing: there is no PSF")
            return False
        fine = _float(self.file.value("E").split()[0]) if self.file.value("E").split() else 1.0
        sampling = int(fine) if fine is not None and fine == int(fine) and 1 <= fine <= 20 else None
        if sampling is None:
            self._leave("E", "is no whole number from 1 to 20: 1 was taken")
        else:
            self._take("E", f"images.psf.oversampling {sampling}")
        names = names * len(images) if len(names) == 1 else names
        said = []
        for image, name in zip(images, names, strict=False):
            called = self._found("D", name) if name else None
            if called is not None:
                image["psf"] = {"image": called, "oversampling": sampling or 1, "convention": "discrete"}
                said.append(called)
        if said:
            self._take("D", "images.psf " + ", ".join(said))
        if len(words) > 1 and words[1].lower() not in _NONE:
            why = f"the diffusion kernel {words[1]} is not applied: give a PSF that was convolved with it"
            self._leave("D", why)
        return bool(said)

    def _noise(self, images: list[dict[str, Any]], facts: Sequence[ImageFacts | None]) -> None:
        names = self._list("C")
        names = names * len(images) if len(names) == 1 else names
        said = []
        for image, name, fact in zip(images, names, facts, strict=False):
            called = self._found("C", name) if name else None
            if called is not None:
                image["sigma"] = called
                said.append(f"images.sigma {called}")
            elif fact is not None and fact.scatter > 0.0:
                image["variance"] = {"datum": {"gain": fact.gain, "sky": fact.sky, "scatter": fact.scatter}}
                origin = "of the header" if fact.gain_given else "which GALFIT takes where a header has none"
                said.append(
                    f"images.variance, as GALFIT makes it: the sky's scatter {fact.scatter:.4g} about {fact.sky:.4g}, "
                    f"and photon noise of a datum's distance from it by {fact.gain:g} electrons a data unit, {origin}"
                )
            else:
                image["variance"] = {"auto": True}
                said.append("images.variance auto: the image's header and pixels were not to be had")
        line = self.file.header.get("C")
        self.book.take(line or Line(self.source.name, 0, "C)"), "; ".join(said))

    def _mask(self, images: list[dict[str, Any]]) -> None:
        names = self._list("F")
        if not any(names):
            self._take("F", "nothing: no mask")
            return
        names = names * len(images) if len(names) == 1 else names
        for image, name in zip(images, names, strict=False):
            if not name:
                continue
            text = self.source.text_beside(name)
            called = self.source.rename(name)
            if text is not None:
                shapes, bad = listed_pixels(text)
                if shapes:
                    image["mask_shapes"] = shapes
                    self._take("F", f"images.mask_shapes: the pixels that {name} lists, as {len(shapes)} boxes")
                for number, said in bad:
                    self.book.leave(Line(name, number, said[0]), said[1])
            elif called is not None:
                key = "upload" if called.startswith("upl_") else "path"
                match = re.fullmatch(r"(.+)\[([^\[\]]+)\]", called)
                plane: dict[str, Any] = {key: called}
                if match is not None:
                    plane = {key: match[1], "hdu": int(match[2]) if match[2].isdigit() else match[2]}
                image["mask"] = plane | {"bits": "any"}
                self._take("F", f"images.mask {called}: pixels that are not 0 are left out")
            else:
                self._leave("F", f"there is no file {name}")

    def _window(self, images: list[dict[str, Any]]) -> None:
        numbers = [_float(word) for word in self.file.value("H").split()[:4]]
        whole = [int(item) for item in numbers if item is not None and abs(item) < 2**31 and item == int(item)]
        if len(whole) < 4 or whole[1] < whole[0] or whole[3] < whole[2]:
            self._leave("H", "is no region (expected xmin xmax ymin ymax): the whole image was taken")
            return
        window = {"x": [whole[0] - 1, whole[1]], "y": [whole[2] - 1, whole[3]]}
        for image in images:
            image["window"] = window
        self._take("H", f"images.window x {window['x']}, y {window['y']}: from 0, without the last")

    def _optimises(self) -> bool:
        return (self.file.value("P").split() or ["0"])[0] == "0"

    def _mode(self) -> None:
        fits = self._optimises()
        self._take("P", 'stages [{"method": "lm"}]' if fits else "no stages: the model alone, without a fit")

    # The objects.

    def _number(self, item: GalfitObject, key: str, places: int, setting: _Setting) -> list[GalfitNumber] | None:
        found = read_numbers(item.rest(key), places, len(setting.bands))
        if found is None:
            expected = f"{places} numbers and their toggles" if places > 1 else "a number and its toggle"
            self.book.leave(item.lines[key], f"is not {expected}")
        return found

    def _place(self, draft: ComponentDraft, number: GalfitNumber, slot: Slot) -> str:
        """Put a number where its slot says; returns what is said of it."""
        free = 0 if number.free is None else number.free
        values = [
            slot.value(item) if not number.chebyshev or place == 0 else item * slot.scale
            for place, item in enumerate(number.values)
        ]
        draft.parameters[slot.parameter] = ParameterDraft(values, free, coefficients=number.chebyshev)
        said = f"{draft.name}.{slot.parameter} " + ", ".join(f"{value:.7g}" for value in values)
        return said + ("" if free else ", fixed") + "".join(f" ({remark})" for remark in number.remarks)

    def _sky(self, item: GalfitObject, setting: _Setting) -> ComponentDraft | None:
        numbers = {}
        for key in ("1", "2", "3"):
            found = self._number(item, key, 1, setting) if key in item.lines else None
            if found is not None:
                numbers[key] = found[0]
        tilted = any(
            number.free or any(number.values) for key, number in numbers.items() if key in ("2", "3")
        )  # fmt: skip
        draft = ComponentDraft(f"sky_{item.number}", "plane_sky" if tilted else "flat_sky")
        self.book.take(item.head, f"the component {draft.name}, {draft.profile}")
        for key, name in (("1", "i"), ("2", "di_dx"), ("3", "di_dy")):
            if key not in numbers:
                continue
            if key == "1" or tilted:
                where = ", about the centre of the window" if key != "1" else ""
                self.book.take(item.lines[key], self._place(draft, numbers[key], Slot(name)) + where)
            else:
                self.book.take(item.lines[key], "nothing: no gradient, and it is fixed")
        self._rest(item, {"0", "1", "2", "3"})
        self.skies[item.number] = draft
        return draft

    def _object(self, item: GalfitObject, setting: _Setting, cut: Mapping[int, GalfitObject]) -> _Object | None:
        match = _VARIANT.match(item.kind)
        kind, variant = (match["kind"], match["variant"]) if match else (item.kind, "")
        profile = GALFIT_PROFILES.get(kind)
        why = None
        if profile is None:
            why = f"photfit has no profile for GALFIT's {item.kind or 'object without a name'}"
        elif kind == "psf" and not setting.psf:
            why = "a star needs a PSF, and none could be taken"
        if profile is None or why is not None:
            why = why or ""
            self.unknown[item.number] = why
            for line in (*item.lines.values(), *item.repeated):
                self.book.leave(line, why)
            return None
        name = f"{kind}_{item.number}"
        made = _Object(item, kind, variant, profile, ComponentDraft(name, profile.profile))
        self.book.take(item.head, f"the component {name}, {profile.profile}")
        done = {"0"} | self._centre(made, setting) | self._lines(made, setting)
        if profile.ellipse:
            done |= self._modifiers(made, setting)
        if kind == "edgedisk":
            made.draft.parameters["n"] = ParameterDraft([1.0], 0)
        for key, side in (("Ti", "inner"), ("To", "outer")):
            if key in item.lines:
                done.add(key)
                self._link_truncation(made, key, side, cut)
        self._rest(item, done)
        return made

    def _centre(self, made: _Object, setting: _Setting) -> set[str]:
        item, draft = made.source, made.draft
        done = set()
        apart = "2" in item.lines
        for axis, key, place in (("x", "1", 0), ("y", "2" if apart else "1", 0 if apart else 1)):
            if key not in item.lines:
                continue
            done.add(key)
            found = self._number(item, key, 1 if apart else 2, setting)
            if found is None:
                continue
            made.slots[axis] = Slot(axis, offset=-1.0)
            said = self._place(draft, found[place], made.slots[axis])
            if apart or axis == "y":
                first = "" if apart else f"{draft.name}.x {draft.parameters['x'].value:.7g}; "
                self.book.take(item.lines[key], f"{first}{said}: pixels count from 0")
            elif len(found) > 1:
                continue
        return done

    def _lines(self, made: _Object, setting: _Setting) -> set[str]:
        item, done = made.source, set()
        keys = {key: Slot(name, scale=scale) for key, (name, scale) in made.profile.lines.items()}
        q, pa = ("8", "9") if setting.old else ("9", "10")
        if made.profile.ellipse:
            keys |= {q: Slot("q"), pa: Slot("pa")}
        elif made.profile.profile == "edge_on_disk":
            keys[pa] = Slot("pa")
        for key, slot in keys.items():
            if key not in item.lines:
                continue
            done.add(key)
            found = self._number(item, key, 1, setting)
            if found is not None:
                self.book.take(item.lines[key], self._place(made.draft, found[0], slot))
                standard = {q: "9", pa: "10"}.get(key, key)
                made.slots[standard] = slot
                if setting.old and key == "8":
                    item.lines.setdefault("9", item.lines["8"])
        if "3" in item.lines:
            done.add("3")
            found = self._number(item, "3", 1, setting)
            made.brightness = None if found is None else found[0]
        if setting.old and "10" in item.lines:
            done.add("10")
            self._boxiness(made, "10", setting)
        return done

    def _boxiness(self, made: _Object, key: str, setting: _Setting) -> None:
        found = self._number(made.source, key, 1, setting)
        if found is None:
            return
        if not found[0].free and not any(found[0].values):
            self.book.take(made.source.lines[key], "nothing: ellipses, and that is fixed")
            return
        made.draft.modifiers["superellipse"] = None
        made.slots["C0"] = Slot("c0")
        self.book.take(made.source.lines[key], self._place(made.draft, found[0], made.slots["C0"]))

    def _modifiers(self, made: _Object, setting: _Setting) -> set[str]:
        item, draft, done = made.source, made.draft, set()
        if "C0" in item.lines:
            done.add("C0")
            self._boxiness(made, "C0", setting)
        modes = sorted((int(key[1:]), key) for key in item.lines if re.fullmatch(r"[BF][1-9][0-9]*", key))
        settings: dict[str, list[int]] = {"bending": [], "fourier": []}
        for mode, key in modes:
            done.add(key)
            word, most, places = ("bending", 8, 1) if key[0] == "B" else ("fourier", 24, 2)
            found = self._number(item, key, places, setting)
            if found is None:
                continue
            if mode > most:
                self.book.leave(item.lines[key], f"photfit has modes 1 to {most} of {word}")
                continue
            settings[word].append(mode)
            names = ("",) if word == "bending" else ("_amplitude", "_phase")
            said = []
            for number, suffix, letter in zip(found, names, "ap", strict=False):
                slot = Slot(f"{word}_{mode}{suffix}")
                made.slots[key if word == "bending" else f"{key}{letter}"] = slot
                said.append(self._place(draft, number, slot))
            self.book.take(item.lines[key], "; ".join(said))
        draft.modifiers |= {word: found for word, found in settings.items() if found}
        return done | self._rotation(made, setting)

    def _rotation(self, made: _Object, setting: _Setting) -> set[str]:
        item, draft = made.source, made.draft
        keys = {key for key in item.lines if re.fullmatch(r"R[0-9]{1,2}", key)}
        if not keys:
            return keys
        law = (item.rest("R0") or ["none"])[0].lower() if "R0" in keys else "none"
        laws = {"power": "power", "powerlaw": "power", "log": "log"}
        needed = {"R2", "R3"} | ({"R4"} if law == "log" else set())
        if law not in laws or not needed <= keys:
            missing = ", ".join(sorted(needed - keys)) or "R0"
            for key in keys:
                if law == "none" and "R0" in keys:
                    self.book.take(item.lines[key], "nothing: no rotation")
                else:
                    self.book.leave(
                        item.lines[key],
                        f"photfit rotates by power and log, not by {law}"
                        if law not in laws
                        else f"{missing} is missing",
                    )
            return keys
        draft.modifiers["rotation"] = laws[law]
        self.book.take(item.lines["R0"], f"{draft.name}.geometry rotation {laws[law]}")
        names = {
            "R1": "rotation_inner",
            "R2": "rotation_outer",
            "R3": "rotation_angle",
            "R4": "rotation_power" if law != "log" else "rotation_winding",
            "R9": "rotation_inclination",
            "R10": "rotation_pa",
        }
        for key, name in names.items():
            if key not in keys:
                if key in ("R1", "R4", "R9", "R10"):
                    draft.parameters[name] = ParameterDraft([0.0], 0)
                continue
            found = self._number(item, key, 1, setting)
            if found is None:
                continue
            sign = -1.0 if key == "R9" and found[0].values[0] < 0.0 else 1.0
            made.slots[key] = Slot(name, scale=sign)
            said = self._place(draft, found[0], made.slots[key])
            self.book.take(item.lines[key], said + (": it is seen from either side alike" if sign < 0.0 else ""))
        for key in keys - names.keys() - {"R0"}:
            self.book.leave(item.lines[key], "photfit's rotation has no such parameter")
        if any(name not in draft.parameters for name in names.values()):
            raise ImportInvalid(f"{self.source.name}, object {item.number}: its rotation cannot be read")
        return keys

    def _rest(self, item: GalfitObject, done: set[str]) -> None:
        for key, line in item.lines.items():
            if key in done or line in (item.lines.get(known) for known in done):
                continue
            words = item.rest(key)
            if key == "Z":
                kept = words[:1] == ["1"]
                self.book.take(
                    line, "nothing: fitted all the same; photfit's residual has it taken off" if kept else "nothing"
                )
            elif key.isdigit() and all(_float(word) == 0.0 for word in words):
                self.book.take(line, "nothing: a placeholder")
            else:
                self.book.leave(line, f"photfit has nothing for it in a {item.kind}")
        for line in item.repeated:
            self.book.leave(line, "stands there twice: the first was taken")

    # Truncations.

    def _link_truncation(self, made: _Object, key: str, side: str, cut: Mapping[int, GalfitObject]) -> None:
        line = made.source.lines[key]
        words = made.source.rest(key)
        number = int(words[0]) if words and words[0].isdigit() else -1
        if number not in cut:
            self.book.leave(line, f"there is no truncation {words[0] if words else ''}")
        elif not made.profile.ellipse:
            self.book.leave(line, f"photfit truncates elliptical profiles, and no {made.kind}")
        else:
            setattr(made, side, cut[number])

    def _truncations(
        self, components: Sequence[_Object | ComponentDraft], cut: Mapping[int, GalfitObject], setting: _Setting
    ) -> None:
        users: dict[int, list[tuple[_Object, str]]] = {number: [] for number in cut}
        for component in components:
            if isinstance(component, _Object):
                for side in ("inner", "outer"):
                    item = getattr(component, side)
                    if item is not None:
                        users[item.number].append((component, side))
        for number, item in cut.items():
            self._truncation(item, users[number], setting)
            self.unknown[number] = f"object {number} is a truncation, whose parameters photfit does not constrain"

    def _truncation(self, item: GalfitObject, users: Sequence[tuple[_Object, str]], setting: _Setting) -> None:
        law = (item.rest("T0") or [""])[0].lower()
        numbers = {}
        for keys, what in ((("T4", "T2"), "break"), (("T5", "T3"), "softening")):
            key = next((key for key in keys if key in item.lines), None)
            found = None if key is None else self._number(item, key, 1, setting)
            if key is not None and found is not None:
                numbers[what] = (key, found[0])
        if law not in _TRUNCATIONS or len(numbers) < 2 or not users:
            why = "no object is truncated by it" if not users else f"photfit has no truncation {law}"
            why = why if law not in _TRUNCATIONS or not users else "its radii are not both there"
            for line in item.lines.values():
                self.book.leave(line, why)
            for made, side in users:
                setattr(made, side, None)
                self.book.leave(made.source.lines["Ti" if side == "inner" else "To"], why)
            return
        (break_key, edge), (soft_key, soft) = numbers["break"], numbers["softening"]
        width = abs(soft.values[0] - edge.values[0]) if law.startswith("radial2") else abs(soft.values[0])
        both = {side for _, side in users} == {"inner", "outer"}
        first: dict[str, str] = {}
        said_break, said_soft = [], []
        for made, side in users:
            draft = made.draft
            # Where one function divides two objects, the inner light has 99 % at the break, and the outer 1 %.
            radius = edge.values[0] + (width if side == "inner" and both else 0.0)
            name = f"{side}_truncation"
            sides = [*draft.modifiers.get("truncation", []), side]
            draft.modifiers["truncation"] = [part for part in ("inner", "outer") if part in sides]
            draft.parameters[name] = ParameterDraft([radius], 1 if edge.free else 0)
            draft.parameters[f"{name}_width"] = ParameterDraft([width], 1 if soft.free else 0)
            if first and not (both and side != next(iter(first))):
                draft.parameters[name].link = f"= {first[side]}"
                draft.parameters[f"{name}_width"].link = f"= {first[side]}_width"
            elif first:
                other = next(iter(first))
                sign = "+" if side == "inner" else "-"
                draft.parameters[name].link = f"= {first[other]} {sign} {first[other]}_width"
                draft.parameters[f"{name}_width"].link = f"= {first[other]}_width"
            first.setdefault(side, f"{draft.name}.{name}")
            said_break.append(f"{draft.name}.{name} {radius:g}")
            said_soft.append(f"{draft.name}.{name}_width {width:g}")
            self.book.take(made.source.lines["Ti" if side == "inner" else "To"], f"{draft.name}: {side} truncation")
        self.book.take(item.lines["T0"], f"truncations of {', '.join(made.draft.name for made, _ in users)}")
        self.book.take(item.lines[break_key], "; ".join(said_break))
        self.book.take(item.lines[soft_key], "; ".join(said_soft))
        for key, line in item.lines.items():
            if key in ("T0", break_key, soft_key):
                continue
            if key == "Z":
                self.book.take(line, "nothing")
            else:
                self.book.leave(line, "photfit truncates along the isophotes of the object itself")

    # Line 3.

    def _amplitude(self, made: _Object, setting: _Setting) -> None:
        number, line = made.brightness, made.source.lines.get("3")
        if number is None or line is None:
            return
        profile, draft = made.profile, made.draft
        truncated = made.inner is not None or made.outer is not None
        if made.variant == "" and profile.total and not truncated:
            beta = draft.parameters.get("beta")
            if made.kind == "moffat" and beta is not None and min(beta.values) <= 1.0:
                self.book.leave(line, "with a power of 1 or less the total is infinite: the brightness was left open")
                return
            made.slots["3"] = Slot("magnitude")
            self.book.take(line, self._place(draft, number, made.slots["3"]))
            return
        where, radius = self._reference(made)
        values = {name: item.value for name, item in draft.parameters.items()}
        if profile.amplitude is None:
            self.book.leave(line, "a star has a total alone")
            return
        try:
            shape = 1.0 if radius is None else shape_at(made.kind, values, radius) if made.kind != "edgedisk" else None
        except (KeyError, ArithmeticError, ValueError):
            shape = None
        if shape is None or not 0.0 < shape < math.inf:
            self.book.leave(line, f"the brightness {where} cannot be known: it was left open")
            return
        slot = setting.brightness(profile.amplitude, 1.0 / shape)
        # Each band by its own zero point.
        steps = [item - setting.zero_points[0] for item in setting.zero_points]
        values_of = [item - step for item, step in zip(number.values, steps, strict=True)]
        said = []
        if len(values_of) > 1:
            if number.chebyshev:
                self.book.leave(line, "photfit has no polynomial of a surface brightness in magnitudes")
                return
            if 0 < (number.free or 0) < len(values_of):
                said.append("each band is free")
            number = GalfitNumber(tuple(values_of), len(values_of) if number.free else 0, False, number.remarks)
        if setting.area is None:
            said.append("no plate scale: of a pixel")
        if shape != 1.0 and not all(
            item.free == 0 for key, item in draft.parameters.items() if key in ("n", "r_e", "h", "fwhm", "beta")
        ):
            said.append("the same at the start; it then follows the profile's own")
        made.slots["3"] = slot
        taken = self._place(draft, number, slot)
        self.book.take(line, f"{taken}: a surface brightness {where}" + "".join(f" ({item})" for item in said))

    def _reference(self, made: _Object) -> tuple[str, float | None]:
        """Where line 3 is the brightness, and at which radius; None where photfit's own amplitude is it."""
        values = {name: item.value for name, item in made.draft.parameters.items()}
        side = "inner" if made.inner is not None else "outer" if made.outer is not None else None
        if made.variant == "3" or (made.variant == "" and side == "inner"):
            if side is None:
                return "at a break, and nothing truncates it", math.nan
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

    # The constraints.

    def _constraints(self, placed: Mapping[int, PlacedObject]) -> list[dict[str, Any]]:
        name = (self.file.value("G").split() or [""])[0]
        if name.lower() in _NONE:
            self._take("G", "nothing: no constraints")
            return []
        text = self.source.text_beside(name)
        if text is None:
            self._leave("G", f"there is no file {name} to read: nothing is constrained")
            return []
        self._take("G", f"the constraints of {name}, line by line below")
        return read_constraints(name, text, placed, self.unknown, self.book)


def _float(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _stem(name: str) -> str:
    return re.split(r"[\\/]", name)[-1]
