"""Objects of a feedme as drafts of components: centres, sizes and shapes, and what changes their isophotes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fitting.formats.component_draft import ComponentDraft, ParameterDraft
from fitting.formats.galfit_lines import SERIES_WORDS, GalfitObject
from fitting.formats.galfit_reading import GalfitPart, GalfitReading, GalfitSetting, number_of
from fitting.formats.galfit_slots import GALFIT_PROFILES, MODES, ROTATION_LAWS, SKY_LINES, Slot, rotation_lines
from fitting.formats.import_rows import ImportInvalid
from fitting.spec.components import is_name

_PHASES = (
    "the phase from the major axis against the sense of a clock, as its PA; GALFIT's paper leaves the sense open: "
    "where the shape is mirrored about the major axis, change the phase's sign"
)
"""What is said of phases: no image of a mode that GALFIT drew itself has been seen."""
_VARIANT = re.compile(r"(?P<kind>[a-z]+)(?P<variant>[123])\Z")


class GalfitObjects:
    """The objects: `skies` are those read so far by number, `unknown` says why others were not taken."""

    def __init__(self, reading: GalfitReading, setting: GalfitSetting) -> None:
        self.reading = reading
        self.setting = setting
        self.skies: dict[int, ComponentDraft] = {}
        self.unknown: dict[int, str] = {}

    def sky(self, item: GalfitObject) -> ComponentDraft:
        """A sky, flat or tilted."""
        numbers = {}
        for key in ("1", "2", "3"):
            found = self.reading.number(item, key, 1) if key in item.lines else None
            if found is not None:
                numbers[key] = found[0]
        tilted = any(number.free or any(number.values) for key, number in numbers.items() if key != "1")
        draft = ComponentDraft(self._name(item, "sky"), "plane_sky" if tilted else "flat_sky")
        self.reading.book.take(item.head, f"the component {draft.name}, {draft.profile}")
        for key, name in SKY_LINES.items():
            if key not in numbers:
                continue
            if key == "1" or tilted:
                where = ", about the centre of the window" if key != "1" else ""
                self.reading.book.take(item.lines[key], self.reading.place(draft, numbers[key], Slot(name)) + where)
            else:
                self.reading.book.take(item.lines[key], "nothing: no gradient, and it is fixed")
        self._rest(item, {"0", "1", "2", "3"})
        self.skies[item.number] = draft
        return draft

    def component(self, item: GalfitObject, cut: Mapping[int, GalfitObject]) -> GalfitPart | None:
        """An object; None, said, where photfit has nothing for it."""
        match = _VARIANT.match(item.kind)
        kind, variant = (match["kind"], match["variant"]) if match else (item.kind, "")
        profile = GALFIT_PROFILES.get(kind)
        why = None
        if profile is None:
            why = f"photfit has no profile for GALFIT's {item.kind or 'object without a name'}"
        elif kind == "psf" and not self.setting.psf:
            why = "a star needs a PSF, and none could be taken"
        if profile is None or why is not None:
            why = why or ""
            self.unknown[item.number] = why
            for line in (*item.lines.values(), *item.repeated):
                self.reading.book.leave(line, why)
            return None
        name = self._name(item, kind)
        made = GalfitPart(item, kind, variant, profile, ComponentDraft(name, profile.profile))
        self.reading.book.take(item.head, f"the component {name}, {profile.profile}")
        done = {"0"} | self._centre(made) | self._lines(made)
        if profile.ellipse:
            done |= self._modifiers(made)
        if kind == "edgedisk":
            made.draft.parameters["n"] = ParameterDraft([1.0], 0)
        for key, side in (("Ti", "inner"), ("To", "outer")):
            if key in item.lines:
                done.add(key)
                self._link_truncation(made, key, side, cut)
        self._rest(item, done)
        return made

    def _name(self, item: GalfitObject, kind: str) -> str:
        """What the component is called: as photfit called it before, or by type and number."""
        titles = [other.title for other in self.reading.file.objects]
        known = is_name(item.title) and titles.count(item.title) == 1
        return item.title if known else f"{kind}_{item.number}"

    def _centre(self, made: GalfitPart) -> set[str]:
        item, draft = made.source, made.draft
        done = set()
        apart = "2" in item.lines
        for axis, key, place in (("x", "1", 0), ("y", "2" if apart else "1", 0 if apart else 1)):
            if key not in item.lines:
                continue
            done.add(key)
            found = self.reading.number(item, key, 1 if apart else 2)
            if found is None:
                continue
            made.slots[axis] = Slot(axis, offset=-1.0)
            said = self.reading.place(draft, found[place], made.slots[axis])
            if apart or axis == "y":
                first = "" if apart else f"{draft.name}.x {draft.parameters['x'].value:.7g}; "
                self.reading.book.take(item.lines[key], f"{first}{said}: pixels count from 0")
            elif len(found) > 1:
                continue
        return done

    def _lines(self, made: GalfitPart) -> set[str]:
        item, done = made.source, set()
        keys = {key: Slot(name, scale=scale) for key, (name, scale) in made.profile.lines.items()}
        old = self.setting.old and made.kind != "corser"
        q, pa = ("8", "9") if old else ("9", "10")
        if made.profile.ellipse:
            keys |= {q: Slot("q"), pa: Slot("pa")}
        elif made.profile.profile == "edge_on_disk":
            keys[pa] = Slot("pa")
        for key, slot in keys.items():
            if key not in item.lines:
                continue
            done.add(key)
            found = self.reading.number(item, key, 1)
            if found is not None:
                self.reading.book.take(item.lines[key], self.reading.place(made.draft, found[0], slot))
                standard = {q: "9", pa: "10"}.get(key, key)
                made.slots[standard] = slot
                if old and key == "8":
                    item.lines.setdefault("9", item.lines["8"])
        if "3" in item.lines:
            done.add("3")
            found = self.reading.number(item, "3", 1)
            made.brightness = None if found is None else found[0]
        if old and "10" in item.lines:
            done.add("10")
            self._boxiness(made, "10")
        return done

    def _boxiness(self, made: GalfitPart, key: str) -> None:
        found = self.reading.number(made.source, key, 1)
        if found is None:
            return
        if not found[0].free and not any(found[0].values):
            self.reading.book.take(made.source.lines[key], "nothing: ellipses, and that is fixed")
            return
        made.draft.modifiers["superellipse"] = None
        made.slots["C0"] = Slot("c0")
        self.reading.book.take(made.source.lines[key], self.reading.place(made.draft, found[0], made.slots["C0"]))

    def _modifiers(self, made: GalfitPart) -> set[str]:
        item, draft, done = made.source, made.draft, set()
        if "C0" in item.lines:
            done.add("C0")
            self._boxiness(made, "C0")
        modes = sorted((int(key[1:]), key) for key in item.lines if re.fullmatch(r"[BF][1-9][0-9]*", key))
        settings: dict[str, list[int]] = {"bending": [], "fourier": []}
        for mode, key in modes:
            done.add(key)
            word, most, places = MODES[key[0]]
            found = self.reading.number(item, key, places)
            if found is None:
                continue
            if mode > most:
                self.reading.book.leave(item.lines[key], f"photfit has modes 1 to {most} of {word}")
                continue
            settings[word].append(mode)
            names = ("",) if word == "bending" else ("_amplitude", "_phase")
            said = []
            for number, suffix, letter in zip(found, names, "ap", strict=False):
                slot = Slot(f"{word}_{mode}{suffix}")
                made.slots[key if word == "bending" else f"{key}{letter}"] = slot
                said.append(self.reading.place(draft, number, slot))
            if word == "fourier":
                said.append(_PHASES)
            self.reading.book.take(item.lines[key], "; ".join(said))
        draft.modifiers |= {word: found for word, found in settings.items() if found}
        return done | self._rotation(made)

    def _rotation(self, made: GalfitPart) -> set[str]:
        item, draft = made.source, made.draft
        keys = {key for key in item.lines if re.fullmatch(r"R[0-9]{1,2}", key)}
        if not keys:
            return keys
        law = (item.rest("R0") or ["none"])[0].lower() if "R0" in keys else "none"
        needed = {"R2", "R3"} | ({"R4"} if law == "log" else set())
        if law not in ROTATION_LAWS or not needed <= keys:
            missing = ", ".join(sorted(needed - keys)) or "R0"
            for key in keys:
                if law == "none" and "R0" in keys:
                    self.reading.book.take(item.lines[key], "nothing: no rotation")
                else:
                    self.reading.book.leave(
                        item.lines[key],
                        f"photfit rotates by power and log, not by {law}"
                        if law not in ROTATION_LAWS
                        else f"{missing} is missing",
                    )
            return keys
        draft.modifiers["rotation"] = ROTATION_LAWS[law]
        self.reading.book.take(item.lines["R0"], f"{draft.name}.geometry rotation {ROTATION_LAWS[law]}")
        names = rotation_lines(ROTATION_LAWS[law])
        for key, name in names.items():
            if key not in keys:
                if key in ("R1", "R4", "R9", "R10"):
                    draft.parameters[name] = ParameterDraft([0.0], 0)
                continue
            found = self.reading.number(item, key, 1)
            if found is None:
                continue
            sign = -1.0 if key == "R9" and found[0].values[0] < 0.0 else 1.0
            made.slots[key] = Slot(name, scale=sign)
            said = self.reading.place(draft, found[0], made.slots[key])
            self.reading.book.take(
                item.lines[key], said + (": it is seen from either side alike" if sign < 0.0 else "")
            )
        for key in keys - names.keys() - {"R0"}:
            self.reading.book.leave(item.lines[key], "photfit's rotation has no such parameter")
        if any(name not in draft.parameters for name in names.values()):
            raise ImportInvalid(f"{self.reading.source.name}, object {item.number}: its rotation cannot be read")
        return keys

    def _rest(self, item: GalfitObject, done: set[str]) -> None:
        for key, line in item.lines.items():
            if key in done or line in (item.lines.get(known) for known in done):
                continue
            words = item.rest(key)
            if key == "Z":
                kept = words[:1] == ["1"]
                self.reading.book.take(
                    line, "nothing: fitted all the same; photfit's residual has it taken off" if kept else "nothing"
                )
            elif key.isdigit() and _says_nothing(words):
                self.reading.book.take(line, "nothing: a placeholder")
            else:
                self.reading.book.leave(line, f"photfit has nothing for it in a {item.kind}")
        for line in item.repeated:
            self.reading.book.leave(line, "stands there twice: the first was taken")

    def _link_truncation(self, made: GalfitPart, key: str, side: str, cut: Mapping[int, GalfitObject]) -> None:
        line = made.source.lines[key]
        words = made.source.rest(key)
        number = int(words[0]) if words and words[0].isdigit() else -1
        if number not in cut:
            self.reading.book.leave(line, f"there is no truncation {words[0] if words else ''}")
        elif not made.profile.ellipse:
            self.reading.book.leave(line, f"photfit truncates elliptical profiles, and no {made.kind}")
        else:
            setattr(made, side, cut[number])


def _says_nothing(words: Sequence[str]) -> bool:
    """Whether a line's values are all 0, one or one a band, and no toggle frees them."""
    values, *toggles = [word for word in words if word.lower() not in SERIES_WORDS] or ["0"]
    numbers = [number_of(part) for word in toggles for part in word.split(",")]
    free = any(number is None or number > 0.0 for number in numbers)
    return not free and all(number_of(part) == 0.0 for part in values.split(","))
