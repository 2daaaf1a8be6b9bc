"""GALFIT's feedme, and GALFITM's, as a request (Peng et al. 2010, AJ 139, 2097; Häußler et al. 2013, MNRAS 430, 330).

Pixels count from 1 there and from 0 here; angles are the same. Flux = EXPTIME · 10^(−0.4 (mag − J)), so that photfit's
zero point is J + 2.5 log₁₀ EXPTIME; a surface brightness of magnitude μ per arcsec² is that of one pixel of dx · dy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fitting.formats.component_draft import ComponentDraft, stand_on_end
from fitting.formats.galfit_brightness import GalfitBrightness
from fitting.formats.galfit_constraints import PlacedObject, read_constraints
from fitting.formats.galfit_images import GalfitImages
from fitting.formats.galfit_lines import read_galfit
from fitting.formats.galfit_objects import GalfitObjects
from fitting.formats.galfit_reading import NO_NAME, GalfitPart, GalfitReading
from fitting.formats.galfit_slots import SKY_LINES, SKY_WORDS, WORDS, Slot
from fitting.formats.galfit_truncations import GalfitTruncations
from fitting.formats.import_rows import Line, ModelImport
from fitting.formats.import_source import ImportSource

_IDLE = (
    (r"S\)", "whether GALFIT asks for objects while it runs"),
    (r"U\)\s*0\b(?!\.)", "GALFITM's non-parametric part, which is off"),
    (r"W\)", "which planes GALFITM writes"),
    (r"V\)\s*0\b(?!\.)", "GALFITM's sampling by MultiNest, which is off"),
)
"""Lines of GALFIT 2 and 3 and of GALFITM that change nothing of a fit, each with what it is."""

_UNLIKE = (
    (r"V\)", "GALFITM samples by MultiNest here: choose a sampler by `stages`, such as nested"),
    (r"U\)", "photfit has no non-parametric part"),
)
"""Lines of GALFITM that do change a fit, each with what photfit has in its place."""


def import_galfit(source: ImportSource) -> ModelImport:
    """A request from a feedme. Raises ImportInvalid where its data or its zero point cannot be read."""
    return _Reader(source).run()


class _Reader:
    """One import, from the header to the constraints."""

    def __init__(self, source: ImportSource) -> None:
        self.reading = GalfitReading(source, read_galfit(source.name, source.text))

    def run(self) -> ModelImport:
        header = GalfitImages(self.reading)
        images, setting = header.read()
        objects = GalfitObjects(self.reading, setting)
        components: list[GalfitPart | ComponentDraft] = []
        cut = {item.number: item for item in self.reading.file.objects if item.kind == "truncation"}
        for item in self.reading.file.objects:
            if item.kind == "truncation":
                continue
            made = objects.sky(item) if item.kind == "sky" else objects.component(item, cut)
            if made is not None:
                components.append(made)
        unknown = objects.unknown | GalfitTruncations(self.reading).apply(components, cut)
        line_3 = GalfitBrightness(self.reading, setting)
        placed = {}
        for component in components:
            if isinstance(component, GalfitPart):
                line_3.place(component)
                words = {**WORDS, **component.profile.words}
                placed[component.source.number] = PlacedObject(component.draft, component.slots, words)
        for number, draft in objects.skies.items():
            slots = {key: Slot(name) for key, name in SKY_LINES.items()}
            placed[number] = PlacedObject(draft, slots, SKY_WORDS)
        constraints = self._constraints(placed, unknown, setting.bands)
        drafts = [item.draft if isinstance(item, GalfitPart) else item for item in components]
        for component in components:
            if isinstance(component, GalfitPart) and component.profile.ellipse:
                q = component.draft.parameters.get("q")
                bent = "bending" in component.draft.modifiers
                if q is not None and bent and q.link is None and q.value > 1.0:
                    why = "photfit bends the longer axis alone, and GALFIT here the shorter: q of 1 was taken"
                    self.reading.book.leave(component.source.lines["9"], why)
                if q is not None and stand_on_end(component.draft, component.profile.lengths, drafts, constraints):
                    said = f"{component.draft.name}.q, pa + 90: q was above 1; links and constraints follow"
                    self.reading.book.take(component.source.lines["9"], said)
        for draft in drafts:
            for said in draft.clip():
                self.reading.book.take(Line(self.reading.source.name, 0, draft.name), said)
        for line in self.reading.file.others:
            unlike = [why for form, why in _UNLIKE if re.match(form, line.text, re.IGNORECASE)]
            idle = [what for form, what in _IDLE if re.match(form, line.text, re.IGNORECASE)]
            if idle:
                self.reading.book.take(line, f"nothing: {idle[0]}")
            else:
                self.reading.book.leave(line, (*unlike, "is no line of a feedme that photfit knows")[0])
        request: dict[str, Any] = {"name": re.split(r"[\\/]", self.reading.source.name)[-1][:200], "images": images}
        if len(images) > 1:
            request["frame"] = "pixel"
        request["components"] = [draft.document(setting.bands, setting.wavelengths) for draft in drafts]
        if constraints:
            request["constraints"] = constraints
        if header.optimises():
            request["stages"] = [{"method": "lm"}]
        rows = sorted(self.reading.book.rows, key=lambda row: (row.file != self.reading.source.name, row.line))
        return ModelImport("galfit", request, tuple(rows))

    def _constraints(
        self, placed: Mapping[int, PlacedObject], unknown: Mapping[int, str], bands: Sequence[str]
    ) -> list[dict[str, Any]]:
        name = (self.reading.file.value("G").split() or [""])[0]
        if name.lower() in NO_NAME:
            self.reading.take("G", "nothing: no constraints")
            return []
        text = self.reading.source.text_beside(name)
        if text is None:
            self.reading.leave("G", f"there is no file {name} to read: nothing is constrained")
            return []
        self.reading.take("G", f"the constraints of {name}, line by line below")
        return read_constraints(name, text, placed, unknown, self.reading.book, bands)
