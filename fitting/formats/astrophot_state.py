"""Saved states of AstroPhot (Stone et al. 2023, MNRAS 525, 6377), releases 0.13 to 0.16, as YAML or JSON, as a request.

Its positions and lengths are arcseconds on a tangent plane, which the model's window maps to pixels; brightnesses are
log₁₀ of flux, or of flux per arcsec². A position angle goes from the plane's y axis against the sense of a clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from fitting.formats.component_draft import ComponentDraft, ParameterDraft
from fitting.formats.import_rows import ImportInvalid, Line, ModelImport, RowBook
from fitting.formats.import_source import ImportSource
from fitting.spec.components import is_name

_HALF_LIGHT = 1.6783469900166605
"""R_e over the scale length of an exponential disc, the root of 2 (1 + x) = exp(x)."""
_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))
"""FWHM of a Gaussian over its standard deviation."""
_ALIKE = 1e-6
"""How far the sides of a pixel may differ, as a ratio, before it is no square."""
_DEEPEST = 40
"""Levels of a document, at most; a state of AstroPhot's has nine. Chosen by hand."""
_MOST_MODELS = 2000
"""Models of a state, at most, as a request has components."""


@dataclass(frozen=True)
class _Plane:
    """The tangent plane of a window: pixel = origin + matrix⁻¹ (place − reference)."""

    inverse: np.ndarray
    reference: np.ndarray
    origin: np.ndarray
    scale: float

    def pixel(self, place: np.ndarray) -> np.ndarray:
        """Pixels (x, y), counted from 0, of a place in arcseconds."""
        return np.asarray(self.inverse @ (place - self.reference) + self.origin)

    def angle(self, pa: float) -> float:
        """Degrees from up through left, in pixels, of a position angle in radians on the plane; 0 to 180."""
        x, y = self.inverse @ np.array([-math.sin(pa), math.cos(pa)])
        return math.degrees(math.atan2(-x, y)) % 180.0


_Convert = Callable[[float, _Plane], float]
_LENGTH: _Convert = lambda value, plane: value / plane.scale  # noqa: E731
_SURFACE: _Convert = lambda value, plane: 10.0**value * plane.scale**2  # noqa: E731
_FLUX: _Convert = lambda value, _: 10.0**value  # noqa: E731
_SAME: _Convert = lambda value, _: value  # noqa: E731
_GALAXY: Mapping[str, tuple[str, _Convert]] = {
    "q": ("q", _SAME),
    "PA": ("pa", lambda value, plane: plane.angle(value)),
}
_MODELS: Mapping[str, tuple[str, Mapping[str, tuple[str, _Convert]]]] = MappingProxyType(
    {
        "sersic galaxy model": (
            "sersic",
            {**_GALAXY, "n": ("n", _SAME), "Re": ("r_e", _LENGTH), "Ie": ("i_e", _SURFACE)},
        ),
        "exponential galaxy model": (
            "exponential",
            {
                **_GALAXY,
                "Re": ("h", lambda value, plane: _LENGTH(value, plane) / _HALF_LIGHT),
                "Ie": ("i_0", lambda value, plane: _SURFACE(value, plane) * math.exp(_HALF_LIGHT)),
            },
        ),
        "gaussian galaxy model": (
            "gaussian",
            {
                **_GALAXY,
                "sigma": ("fwhm", lambda value, plane: _SIGMA * _LENGTH(value, plane)),
                "flux": ("flux", _FLUX),
            },
        ),
        "point model": ("point_source", {"flux": ("flux", _FLUX)}),
        "flat sky model": ("flat_sky", {"F": ("i", _SURFACE)}),
    }
)
"""AstroPhot's types of models; the others are said to be not taken."""


def is_state(text: str) -> bool:
    """Whether a text is a saved state: it has the type of a model."""
    return any(line.strip().strip('"').startswith(("model_type:", 'model_type":')) for line in text.splitlines())


def import_astrophot(source: ImportSource) -> ModelImport:
    """A request from a saved state. Raises ImportInvalid where it cannot be read, or no image is named."""
    if not source.image:
        raise ImportInvalid(f"{source.name} names no image: say which it belongs to (--image, or `image`)")
    state = _read(source)
    if not isinstance(state, dict):
        raise ImportInvalid(f"{source.name} is no state of a model")
    return _Reader(source, state).run()


def _read(source: ImportSource) -> Any:
    """The document, after its events have shown that it is as flat as a state, and repeats no part of itself."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    try:
        for event in yaml.parse(source.text, Loader=loader):
            opens = isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent)
            depth += opens - isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent)
            if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
                raise ImportInvalid(f"{source.name} is nested or repeats itself as no state of AstroPhot's does")
        return yaml.load(source.text, Loader=loader)  # noqa: S506 - a safe one  # nosec B506
    except (yaml.YAMLError, ValueError) as error:
        raise ImportInvalid(f"{source.name} is no YAML that can be read: {str(error)[:300]}") from error


class _Reader:
    def __init__(self, source: ImportSource, state: Mapping[str, Any]) -> None:
        self.source = source
        self.state = state
        self.book = RowBook()
        self.places: dict[Any, str] = {}
        self.pending: list[tuple[ComponentDraft, str, Any, Line]] = []

    def run(self) -> ModelImport:
        plane = self._plane()
        models = self.state.get("models")
        parts = list(models.values()) if isinstance(models, dict) else [self.state]
        if len(parts) > _MOST_MODELS:
            raise ImportInvalid(f"{self.source.name} has {len(parts)} models; {_MOST_MODELS} are read")
        nodes = _nodes(self.state.get("parameters"))
        drafts: list[ComponentDraft] = []
        for part in parts:
            if not isinstance(part, dict):
                continue
            own = nodes if part is self.state else _nodes(nodes.get(part.get("name")))
            draft = self._model(part, own, plane, {item.name for item in drafts})
            if draft is not None:
                drafts.append(draft)
        for draft, name, identity, line in self.pending:
            other = self.places.get(identity)
            if other is None or other.rpartition(".")[2] != name:
                self.book.leave(line, "follows a parameter that was not taken as one of its kind")
            else:
                draft.parameters[name] = ParameterDraft([math.nan], link=f"= {other}")
                self.book.take(line, f"{draft.name}.{name} = {other}")
        for draft in drafts:
            for said in draft.clip():
                self.book.take(self._line(draft.name), said)
        called = self.source.rename(self.source.image)
        if called is None:
            self.book.leave(self._line(f"image {self.source.image}"), "there is no such file: name it in the request")
        image: dict[str, Any] = {"data": called or self.source.image}
        components = [draft.document(["image"], [1.0]) for draft in drafts]
        request = {"name": self.source.name[:200], "images": [image], "components": components}
        return ModelImport("astrophot", {**request, "stages": [{"method": "lm"}]}, tuple(self.book.rows))

    def _line(self, text: str) -> Line:
        return Line(self.source.name, 0, text)

    def _plane(self) -> _Plane:
        window = self.state.get("window")
        window = window if isinstance(window, dict) else {}
        try:
            matrix = np.array(window["pixelscale"], dtype=float).reshape(2, 2)
            reference = np.array(window["reference_imagexy"], dtype=float).reshape(2)
            origin = np.array(window["reference_imageij"], dtype=float).reshape(2)
            inverse = np.linalg.inv(matrix)
        except (KeyError, TypeError, ValueError, np.linalg.LinAlgError) as error:
            raise ImportInvalid(f"{self.source.name} has no window that maps arcseconds to pixels ({error})") from None
        sides = np.linalg.svd(matrix, compute_uv=False)
        if not np.isfinite(inverse).all() or sides[0] / sides[1] > 1.0 + _ALIKE:
            raise ImportInvalid(f"{self.source.name}: its pixels are not square, and ellipses would be others")
        shape = window.get("pixel_shape")
        self.book.take(self._line("window"), f"pixels are those of the model's window, {shape}: of the whole image")
        facts = self.source.facts(self.source.image)
        if facts is not None and isinstance(shape, list) and [round(float(n)) for n in shape] != [*facts.shape[::-1]]:
            self.book.leave(
                self._line("window"), f"the image is {facts.shape[1]} × {facts.shape[0]}: add its corner to x, y"
            )
        return _Plane(inverse, reference, origin, float(sides[0]))

    def _model(
        self, part: Mapping[str, Any], nodes: Mapping[Any, Any], plane: _Plane, used: set[str]
    ) -> ComponentDraft | None:
        called, kind = str(part.get("name", "")), str(part.get("model_type", ""))
        line = self._line(f"{called}: {kind}"[:200])
        if kind not in _MODELS:
            self.book.leave(line, f"AstroPhot's {kind[:80] or 'model without a type'} is none that photfit reads")
            return None
        profile, names = _MODELS[kind]
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in called)[:60]
        name = plain if is_name(plain) and plain not in used else f"{profile}_{len(used) + 1}"
        draft = ComponentDraft(name, profile)
        self.book.take(line, f"the component {name}, {profile}")
        if "psf" in part:
            self.book.leave(self._line(f"{called}.psf"), "give the image its PSF in the request")
        for key, node in nodes.items():
            self._parameter(draft, str(key), node, names, plane)
        return draft

    def _parameter(
        self, draft: ComponentDraft, key: str, node: Any, names: Mapping[str, tuple[str, _Convert]], plane: _Plane
    ) -> None:
        node = node if isinstance(node, dict) else {}
        value = node.get("value")
        line = self._line(f"{draft.name}.{key} {value}"[:200])
        fixed = bool(node.get("locked"))
        if key == "center" and draft.profile == "flat_sky":
            self.book.take(line, "nothing: a flat sky has no place")
        elif key == "center" and isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)):
            x, y = plane.pixel(np.array(value, dtype=float))
            for axis, place in (("x", x), ("y", y)):
                draft.parameters[axis] = ParameterDraft([float(place)], 0 if fixed else 1)
            self.book.take(line, f"{draft.name}.x {x:.7g}, y {y:.7g}: pixels" + (", fixed" if fixed else ""))
            if node.get("limits") is not None:
                self.book.leave(self._line(f"{draft.name}.center limits"), "are arcseconds: give limits of x and y")
        elif key not in names:
            self.book.leave(line, "photfit has nothing for it")
        elif isinstance(value, str) and value.startswith("NODE:"):
            self.pending.append((draft, names[key][0], value.removeprefix("NODE:"), line))
        elif not _is_number(value):
            self.book.leave(line, "is no number")
        else:
            name, convert = names[key]
            made = ParameterDraft([convert(float(value), plane)], 0 if fixed else 1)
            limits = node.get("limits")
            if isinstance(limits, list) and len(limits) == 2 and name != "pa":
                ends = [convert(float(end), plane) if end is not None and _is_number(end) else None for end in limits]
                made.low, made.high = ends
            draft.parameters[name] = made
            self.places[str(node.get("identity"))] = f"{draft.name}.{name}"
            self.book.take(line, f"{draft.name}.{name} {made.value:.7g}" + (", fixed" if fixed else ""))


def _nodes(node: Any) -> dict[Any, Any]:
    """Nodes below a node, by their names."""
    found = node.get("nodes") if isinstance(node, dict) else None
    return {item.get("name"): item for item in found if isinstance(item, dict)} if isinstance(found, list) else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
