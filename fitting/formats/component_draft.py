"""Drafts of components: parameters in photfit's own words while constraints and truncations are still to be applied."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fitting.spec import GEOMETRY, PROFILES
from fitting.spec.parameters.forms import MAGNITUDE

Limits = tuple[float | None, float | None]


@dataclass
class ParameterDraft:
    """One parameter.

    Attributes:
        values: one, or one for each image.
        free: how many Chebyshev coefficients of it are free: 0 is fixed; with one image 1 is free.
        low, high: limits.
        link: expression in the place of a value.
        coefficients: whether the values are coefficients of a Chebyshev polynomial, and no values.
        part_limits: limits of single values, or of single coefficients, by their number: low, high, and whether these
            are distances from the start.
    """

    values: list[float]
    free: int = 1
    low: float | None = None
    high: float | None = None
    link: str | None = None
    coefficients: bool = False
    part_limits: dict[int, tuple[float, float, bool]] = field(default_factory=dict)

    @property
    def polynomial(self) -> bool:
        """Whether it is written as a polynomial of wavelength: neither one value nor one for each image."""
        if self.coefficients:
            return self.free > 1 or any(self.values[1:])
        return not self.one_value and 0 < self.free < len(self.values)

    @property
    def one_value(self) -> bool:
        """Whether it is one value in all images."""
        if self.coefficients:
            return not self.polynomial
        return len(self.values) == 1 or (len(set(self.values)) == 1 and self.free <= 1)

    @property
    def value(self) -> float:
        """The value in the first image."""
        return self.values[0]

    def document(self, images: Sequence[str], wavelengths: Sequence[float]) -> Any:
        """The parameter as a request has it."""
        if self.link is not None:
            return self.link
        limits = {key: item for key, item in (("min", self.low), ("max", self.high)) if item is not None}
        if self.polynomial:
            found = self.values if self.coefficients else chebyshev_coefficients(wavelengths, self.values)
            # Coefficients that are 0, and stay it, are those of a polynomial of a lower degree.
            last = max((k for k, c in enumerate(found) if c != 0.0 or k < self.free), default=0)
            return {
                "polynomial": [self._leaf(c, k < self.free, self._part(k, c)) for k, c in enumerate(found[: last + 1])]
            }
        if self.one_value:
            return self._leaf(self.value, self.free > 0, limits)
        leaves = {
            name: self._leaf(value, self.free > 0, limits | self._part(k, value))
            for k, (name, value) in enumerate(zip(images, self.values, strict=True))
        }
        return {"by_image": leaves}

    def _part(self, number: int, value: float) -> dict[str, float]:
        """Limits of one value or coefficient."""
        if number not in self.part_limits:
            return {}
        low, high, relative = self.part_limits[number]
        return {"min": low + (value if relative else 0.0), "max": high + (value if relative else 0.0)}

    @staticmethod
    def _leaf(value: float, free: bool, limits: dict[str, float]) -> Any:
        if not free:
            return {"value": value, "fixed": True}
        return {"value": value, **limits} if limits else value


def chebyshev_coefficients(wavelengths: Sequence[float], values: Sequence[float]) -> list[float]:
    """Coefficients c of Σ c_k T_k(t) through the values, t the wavelength moved linearly to −1 … 1."""
    import numpy as np

    places = _chebyshev_places(wavelengths)
    if len(set(values)) == 1:
        return [values[0]] + [0.0] * (len(values) - 1)
    matrix = np.polynomial.chebyshev.chebvander(np.array(places), len(places) - 1)
    return [float(item) + 0.0 for item in np.linalg.solve(matrix, np.array(values))]


def chebyshev_values(wavelengths: Sequence[float], coefficients: Sequence[float]) -> list[float]:
    """The values of such a polynomial at its wavelengths: the inverse of `chebyshev_coefficients`."""
    import numpy as np

    places = np.array(_chebyshev_places(wavelengths))
    return [float(item) for item in np.polynomial.chebyshev.chebval(places, np.array(coefficients))]


def _chebyshev_places(wavelengths: Sequence[float]) -> list[float]:
    first, last = min(wavelengths), max(wavelengths)
    return [2.0 * (item - first) / (last - first) - 1.0 for item in wavelengths]


@dataclass
class ComponentDraft:
    """One component; `modifiers` are settings of its geometry by their names."""

    name: str
    profile: str
    parameters: dict[str, ParameterDraft] = field(default_factory=dict)
    modifiers: dict[str, Any] = field(default_factory=dict)

    def document(self, images: Sequence[str], wavelengths: Sequence[float]) -> dict[str, Any]:
        """The component as a request has it."""
        written: dict[str, Any] = {"name": self.name, "profile": self.profile}
        if self.modifiers:
            written["geometry"] = [name if item is None else {name: item} for name, item in self.modifiers.items()]
        written["parameters"] = {key: item.document(images, wavelengths) for key, item in self.parameters.items()}
        return written

    def range_of(self, name: str) -> Limits:
        """What the profile, or its geometry, can have of a parameter."""
        if name == "magnitude":
            return MAGNITUDE.min, MAGNITUDE.max
        brought = (
            item
            for key, setting in self.modifiers.items()
            for item in GEOMETRY[key].parameters(tuple(setting) if isinstance(setting, list) else setting)
        )
        for item in (*PROFILES[self.profile].parameters, *brought):
            if item.name == name:
                return item.lowest, item.highest
        return None, None

    def clip(self) -> list[str]:
        """Bring values and limits to what the profile can have, and values within their limits; says what was moved."""
        said = []
        for name, item in self.parameters.items():
            if item.link is not None or (item.coefficients and any(item.values[1:])):
                continue
            lowest, highest = self.range_of(name)
            # Limits at the profile's own ends, or beyond, limit nothing.
            item.low = None if item.low is not None and lowest is not None and item.low <= lowest else item.low
            item.high = None if item.high is not None and highest is not None and item.high >= highest else item.high
            if name == "pa" and item.low is not None and item.high is not None and item.high - item.low >= 180.0:
                item.low = item.high = None
            low = _largest((lowest, item.low if item.free else None))
            high = _smallest((highest, item.high if item.free else None))
            if name == "pa":
                low, high = None, None
            for place, value in enumerate(item.values[:1] if item.coefficients else item.values):
                moved = value
                if low is not None and value < low:
                    moved = low
                if high is not None and value > high:
                    moved = high
                if moved != value:
                    said.append(f"{name} {value:g} is beyond its limits: {moved:g} was taken")
                    item.values[place] = moved
        return said


def _largest(items: Iterable[float | None]) -> float | None:
    return max((item for item in items if item is not None), default=None)


def _smallest(items: Iterable[float | None]) -> float | None:
    return min((item for item in items if item is not None), default=None)


def stand_on_end(
    draft: ComponentDraft,
    lengths: Iterable[str],
    linked: Iterable[ComponentDraft] = (),
    constraints: Iterable[dict[str, Any]] = (),
    inverse_lengths: Iterable[str] = (),
) -> bool:
    """Take an ellipse that is wider across its axis than along it, q > 1, as one of 1/q at pa + 90; whether it was.

    Args:
        draft: the component.
        lengths: its parameters that are lengths along the major axis.
        linked: components whose links may name its q, pa and lengths; itself need not be among them.
        constraints: of the request, whose expressions may name them.
        inverse_lengths: parameters of one over such a length, which no link names.

    Links and constraints mean what they meant: with q' = 1/q and r' = q r, q is 1/q', r is r' q', pa is pa' - 90.
    """
    q, pa = draft.parameters.get("q"), draft.parameters.get("pa")
    changes = set(q.values[1:] if q.coefficients else [item - q.value for item in q.values]) if q is not None else set()
    if q is None or pa is None or q.link is not None or not 1.0 < q.value < math.inf or changes - {0.0}:
        return False
    if draft.modifiers.keys() - _ON_END:
        return False
    present = [name for name in (*lengths, *_CUTS) if name in draft.parameters]
    _rename_turned(draft, present, [draft, *linked], constraints)
    factor = q.value
    _first_or_all(q, lambda item: 1.0 / item)
    q.low, q.high = _inverse(q.high), _inverse(q.low)
    for name in ("pa", *_phases(draft)):
        _turn(draft.parameters[name], 90.0 if name == "pa" else -90.0)
    for name in present:
        item = draft.parameters[name]
        item.values = [factor * value for value in item.values]
        item.low, item.high = (None if end is None else factor * end for end in (item.low, item.high))
        item.link = None if item.link is None else f"= ({item.link.removeprefix('=').strip()}) / {draft.name}.q"
    for item in (draft.parameters[name] for name in inverse_lengths if name in draft.parameters):
        item.values = [value / factor for value in item.values]
        item.low, item.high = (None if end is None else end / factor for end in (item.low, item.high))
    return True


_ON_END = frozenset({"superellipse", "fourier", "rotation", "truncation"})
"""Modifiers that can be told about either axis. Rotation comes before the ellipse, in a plane of its own; truncations
are lengths along the major axis. Bending moves light across the major axis by where it is along it.
"""
_CUTS = ("inner_truncation", "inner_truncation_width", "outer_truncation", "outer_truncation_width")
"""Lengths along the major axis that truncations bring."""


def _phases(draft: ComponentDraft) -> list[str]:
    """Phases of Fourier modes, which count from the major axis as `pa` does from up."""
    return [name for name in draft.parameters if re.fullmatch("fourier_[0-9]+_phase", name)]


def _turn(item: ParameterDraft, by: float) -> None:
    """Add to an angle, its limits and its link."""
    _first_or_all(item, lambda value: value + by)
    item.low, item.high = (None if end is None else end + by for end in (item.low, item.high))
    item.link = None if item.link is None else f"= ({item.link.removeprefix('=').strip()}) {by:+.0f}"


def _first_or_all(item: ParameterDraft, change: Callable[[float], float]) -> None:
    """Change the values; of a polynomial, whose other coefficients are differences, the first coefficient."""
    item.values = [change(item.value), *item.values[1:]] if item.coefficients else [change(v) for v in item.values]


def _rename_turned(
    draft: ComponentDraft,
    lengths: Sequence[str],
    drafts: Iterable[ComponentDraft],
    constraints: Iterable[dict[str, Any]],
) -> None:
    """Write what links and constraints name of an ellipse by the parameters that it has when it stands on its end."""
    written = {"q": "(1 / {0}.q)", "pa": "({0}.pa - 90)"} | {name: f"({{0}}.{name} * {{0}}.q)" for name in lengths}
    written |= {name: f"({{0}}.{name} + 90)" for name in _phases(draft)}
    named = re.compile(rf"(?<![\w.]){re.escape(draft.name)}\.({'|'.join(written)})(?![\w.])")

    def changed(text: str) -> str:
        return named.sub(lambda match: written[match[1]].format(draft.name), text)

    for item in {id(other): other for other in drafts}.values():
        for parameter in item.parameters.values():
            parameter.link = None if parameter.link is None else changed(parameter.link)
    for constraint in constraints:
        constraint["expression"] = changed(constraint["expression"])


def _inverse(item: float | None) -> float | None:
    return 1.0 / item if item else None
