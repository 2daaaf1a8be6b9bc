"""Saved results of pysersic (Pasha & Miller 2023, JOSS 8, 5703) as a request: ASDF files that `save_result` wrote.

The file holds the data, the rms, the mask and the PSF, which the request names within it; its priors as text, which
say what each source is; and the draws, whose medians are the starts. A position angle is in radians from up through
left since April 2024 (version 0.1.3); before, from right through up, and a file does not say which.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fitting.formats.component_draft import ComponentDraft, ParameterDraft
from fitting.formats.import_rows import ImportInvalid, Line, ModelImport, RowBook
from fitting.formats.import_source import ImportSource

_HALF_LIGHT = 1.6783469900166605
"""R_e over the scale length of an exponential disc, the root of 2 (1 + x) = exp(x)."""
_HEAD = re.compile(r"#ASDF.*?\n\.\.\.\s*\n", re.DOTALL)
_SOURCE = re.compile(r"(?:Prior for a (?P<one>\w+) source|Source #(?P<number>\d+) of type - (?P<several>\w+)):")
_PRIOR = re.compile(r"(?P<name>\w+)\s+---\s+(?P<said>.*)")
_NUMBER = re.compile(r"mu = ([-+.\deE]+)|between: ([-+.\deE]+) -> ([-+.\deE]+)")
_MOST_SOURCES = 2000
"""Sources of a result, at most, as a request has components."""
_SHAPE: Mapping[str, tuple[str, float, float]] = MappingProxyType(
    {
        "xc": ("x", 1.0, 0.0),
        "yc": ("y", 1.0, 0.0),
        "flux": ("flux", 1.0, 0.0),
        "ellip": ("q", -1.0, 1.0),
        "theta": ("pa", 180.0 / math.pi, 0.0),
    }
)
"""photfit's parameters by pysersic's names: scale · v + offset."""
_TYPES: Mapping[str, tuple[str, Mapping[str, tuple[str, float, float]]]] = MappingProxyType(
    {
        "sersic": ("sersic", {**_SHAPE, "r_eff": ("r_e", 1.0, 0.0), "n": ("n", 1.0, 0.0)}),
        "exp": ("exponential", {**_SHAPE, "r_eff": ("h", 1.0 / _HALF_LIGHT, 0.0)}),
        "dev": ("de_vaucouleurs", {**_SHAPE, "r_eff": ("r_e", 1.0, 0.0)}),
        "pointsource": ("point_source", {key: _SHAPE[key] for key in ("xc", "yc", "flux")}),
    }
)
"""pysersic's sources that are one component of photfit's."""
_SKY: Mapping[str, str] = MappingProxyType({"sky_back": "i", "sky_x_sl": "di_dx", "sky_y_sl": "di_dy"})
_PLANES = (("IMAGE", "data"), ("RMS", "sigma"), ("PSF", "psf"))


def is_pysersic(text: str) -> bool:
    """Whether a text is the head of an ASDF file that pysersic wrote."""
    head = _HEAD.match(text)
    return head is not None and "\nprior_info:" in head[0] and "\ninput_data:" in head[0]


def import_pysersic(source: ImportSource) -> ModelImport:
    """A request from a saved result. Raises ImportInvalid where its head cannot be read."""
    return _Reader(source).run()


class _Reader:
    def __init__(self, source: ImportSource) -> None:
        self.source = source
        self.book = RowBook()
        self.draws: set[str] = set()
        self.names = self._head()

    def run(self) -> ModelImport:
        image = self._image()
        drafts: list[ComponentDraft] = []
        sky = ComponentDraft("sky", "flat_sky")
        draft: ComponentDraft | None = None
        parameters: Mapping[str, tuple[str, float, float]] = {}
        for line in (Line(self.source.name, 0, part.strip()) for part in self.names["prior_info"].splitlines()):
            head, prior = _SOURCE.search(line.text), _PRIOR.match(line.text)
            if head is not None:
                draft, parameters = self._source(line, head, len(drafts) + 1)
                drafts += [draft] if draft is not None else []
            elif prior is not None and prior["name"] in _SKY:
                self._parameter(line, sky, prior, (_SKY[prior["name"]], 1.0, 0.0))
            elif prior is not None:
                known = parameters.get(re.sub(r"_\d+\Z", "", prior["name"]))
                if draft is None or known is None:
                    self.book.leave(line, "photfit has nothing for it")
                else:
                    self._parameter(line, draft, prior, known)
        if len(drafts) > _MOST_SOURCES:
            raise ImportInvalid(f"{self.source.name} has {len(drafts)} sources; {_MOST_SOURCES} are read")
        if sky.parameters:
            sky.profile = "plane_sky" if len(sky.parameters) > 1 else "flat_sky"
            drafts.append(sky)
        for each in drafts:
            for said in each.clip():
                self.book.take(Line(self.source.name, 0, each.name), said)
        self.book.leave(
            Line(self.source.name, 0, f"loss_func: {self.names.get('loss_func', '')}"[:200]),
            "the likelihood is that of Gaussian noise: choose another by `noise`, and priors by the parameters",
        )
        request = {
            "name": self.source.name[:200],
            "images": [image],
            "components": [each.document(["image"], [1.0]) for each in drafts],
            "stages": [{"method": "lm"}],
        }
        return ModelImport("pysersic", request, tuple(self.book.rows))

    def _head(self) -> dict[str, str]:
        """What the tree has of texts, by their names; arrays stand in the blocks behind it."""
        import yaml

        head = _HEAD.match(self.source.text)
        try:
            node = yaml.compose(head[0] if head else "", Loader=yaml.SafeLoader)  # builds nothing of what it reads
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise ImportInvalid(f"{self.source.name} has a tree that cannot be read: {str(error)[:200]}") from error
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        draws = next((value.value for key, value in pairs if key.value == "posterior"), ())
        self.draws = {key.value for key, _ in draws} if isinstance(draws, list) else set()
        found = {key.value: value.value for key, value in pairs if isinstance(value, yaml.ScalarNode)}
        if not isinstance(found.get("prior_info"), str):
            raise ImportInvalid(f"{self.source.name} says no priors, and with them no sources")
        return found

    def _image(self) -> dict[str, Any]:
        called = self.source.rename(self.source.name)
        key = "upload" if (called or "").startswith("upl_") else "path"
        image: dict[str, Any] = {}
        for place, name in _PLANES:
            plane: dict[str, Any] = {key: called or self.source.name, "hdu": f"INPUT_DATA.{place}"}
            if name == "psf":
                image[name] = {"image": plane, "convention": "discrete"}
            else:
                image[name] = plane
            self.book.take(
                Line(self.source.name, 0, f"input_data.{place.lower()}"), f"images.{name}, in the file itself"
            )
        why = "pysersic saves it turned over, 1 where a pixel is used: give it as `mask`, turned back"
        self.book.leave(Line(self.source.name, 0, "input_data.mask"), why)
        return image

    def _source(
        self, line: Line, head: re.Match[str], number: int
    ) -> tuple[ComponentDraft | None, Mapping[str, tuple[str, float, float]]]:
        kind = head["one"] or head["several"]
        if kind not in _TYPES:
            self.book.leave(
                line, f"pysersic's {kind} is no single component of photfit's: give its parts in the request"
            )
            return None, {}
        profile, parameters = _TYPES[kind]
        draft = ComponentDraft(f"{profile}_{number}", profile)
        self.book.take(line, f"the component {draft.name}, {profile}")
        return draft, parameters

    def _parameter(
        self, line: Line, draft: ComponentDraft, prior: re.Match[str], known: tuple[str, float, float]
    ) -> None:
        name, scale, offset = known
        place = f"{self.source.name}[POSTERIOR.{prior['name'].upper()}]"
        facts = self.source.facts(place) if prior["name"] in self.draws else None
        value = _centre(prior["said"]) if facts is None else facts.sky
        if value is None or not math.isfinite(value):
            self.book.leave(line, "its draws are not to be had, and its prior has no centre: it was left open")
            return
        draft.parameters[name] = ParameterDraft([scale * value + offset])
        origin = "the centre of its prior" if facts is None else "the median of its draws"
        said = f"{draft.name}.{name} {draft.parameters[name].value:.7g}: {origin}; the prior itself is not taken"
        if name == "pa":
            said += "; from up through left, as pysersic has it since April 2024 (before: 90 less)"
        self.book.take(line, said)


def _centre(said: str) -> float | None:
    """The middle of a prior as pysersic prints it: its mean, or that of its ends."""
    match = _NUMBER.search(said)
    if match is None:
        return None
    return float(match[1]) if match[1] else 0.5 * (float(match[2]) + float(match[3]))
