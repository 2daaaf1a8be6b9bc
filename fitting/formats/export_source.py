"""Sources of an export: a request at its best values, what the fit found, and what is said of each part written."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fitting.faults import UserFault
from fitting.spec import ComponentSpec, Expression, ExpressionInvalid, FitRequest, ImageSpec, ParameterTable
from fitting.spec.parameters.parameter_spec import ParameterSpec

NO_LIMIT = 1e20
"""A limit that is none, where a format needs both ends of a range. Far beyond what any parameter can be."""


class ExportInvalid(UserFault):
    """A result that cannot be written in a format, with the reason."""


@dataclass(frozen=True)
class ExportRow:
    """One part of a request that was to be written.

    Attributes:
        what: such as ``bulge.n``, ``images.psf``, ``constraints``.
        written: as what; None where it was not.
        why_not: why it was not; None where it was.
    """

    what: str
    written: str | None = None
    why_not: str | None = None

    def document(self) -> dict[str, Any]:
        """The row as JSON."""
        return {"what": self.what, "written": self.written, "why_not": self.why_not}


@dataclass(frozen=True)
class ModelExport:
    """A result in the words of another program.

    Attributes:
        format: as it was asked for.
        main: name of the file that was asked for, among `files`.
        files: content by name.
        rows: what was written as what, and what could not be.
    """

    format: str
    main: str
    files: Mapping[str, bytes]
    rows: tuple[ExportRow, ...]


@dataclass
class ExportBook:
    """Rows as they are written."""

    rows: list[ExportRow] = field(default_factory=list)

    def write(self, what: str, written: str) -> None:
        """Note as what something was written."""
        self.rows.append(ExportRow(what, written=written))

    def leave(self, what: str, why_not: str) -> None:
        """Note why something was not written."""
        self.rows.append(ExportRow(what, why_not=why_not))


@dataclass(frozen=True)
class ExportedParameter:
    """A parameter in the image that is exported.

    Attributes:
        name: of its row, ``component.parameter``.
        value: at its best.
        fixed: held at it.
        low, high: limits of the request's own; None where it has none.
        link: None where it is free or fixed.
        error: standard deviation; None where there is none.
        suspect: free, and at a limit or without an uncertainty although the fit gives some.
        varies: whether it is one of several values, one an image, or a polynomial of wavelength.
        prior: whether it has one.
        lowest, highest: what the profile can have; what an end without a limit is written as.
    """

    name: str
    value: float
    fixed: bool = False
    low: float | None = None
    high: float | None = None
    link: Expression | None = None
    error: float | None = None
    suspect: bool = False
    varies: bool = False
    prior: bool = False
    lowest: float | None = None
    highest: float | None = None

    @property
    def free(self) -> bool:
        """Whether a fit varies it by itself."""
        return not self.fixed and self.link is None

    def range(self) -> tuple[float | None, float | None] | None:
        """Both ends of its limits, open ones where the profile's own range ends; None where it has no limits."""
        if not self.free or (self.low is None and self.high is None):
            return None
        return self.lowest if self.low is None else self.low, self.highest if self.high is None else self.high


@dataclass(frozen=True)
class ExportSource:
    """What is exported.

    Attributes:
        request: with a value for each parameter, such as best-fit.json; its files are as the export is to name them.
        name: of the image that is exported, where there are several.
        found: the ``/parameters`` document of the fit; empty where none was made.
        plane: path of a plane of the result (``data``, ``model``, ``residual``); None where there is none.
        exposure: EXPTIME of the image, seconds; 1 where its header has none.
        shape: (height, width) of the whole image; None where it is not known.
    """

    request: FitRequest
    name: str
    found: Mapping[str, Any] = field(default_factory=dict)
    plane: Callable[[str], Path | None] = field(default=lambda _: None)
    exposure: float = 1.0
    shape: tuple[int, int] | None = None

    @property
    def image(self) -> ImageSpec:
        """The image that is exported."""
        return next(image for image in self.request.images if image.name == self.name)

    @property
    def components(self) -> tuple[ComponentSpec, ...]:
        """Those that are seen in the image."""
        return self.request.seen_in(self.name)

    @property
    def derived(self) -> dict[str, tuple[float, float | None]]:
        """Derived values of the image with their uncertainties, by names without the image's."""
        place = f"[{self.name}]"
        rows = {row["name"]: row for row in self.found.get("derived", ())}
        shared = {name: row for name, row in rows.items() if not name.endswith("]")}
        own = {name.removesuffix(place): row for name, row in rows.items() if name.endswith(place)}
        return {name: (row["value"], row["uncertainty"]) for name, row in (shared | own).items()}

    def region(self) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """x and y of the part that is fitted, from 0, half open; None where the image's size is not known."""
        window = self.image.window
        ends = [None if window is None else window.x, None if window is None else window.y]
        sizes = (None, None) if self.shape is None else (self.shape[1], self.shape[0])
        found = []
        for end, size in zip(ends, sizes, strict=True):
            if end is None and size is None:
                return None
            low, high = (0, size) if end is None else end
            assert high is not None
            found.append((low, high if size is None else min(high, size)))
        return found[0], found[1]

    def parameters(self) -> dict[str, dict[str, ExportedParameter]]:
        """Parameters by component and name, in the image. Raises ExportInvalid where one has no value."""
        table = ParameterTable.of(self.request)
        if table.missing:
            named = ", ".join(table.missing[:5])
            raise ExportInvalid(f"{named} have no value yet: export the result of a fit, or its best-fit.json")
        try:
            values = table.values()
        except ExpressionInvalid as error:
            raise ExportInvalid(f"a link has no value: {error}") from error
        fitted = {row["name"]: row for row in self.found.get("parameters", ())}
        index = table.index
        found: dict[str, dict[str, ExportedParameter]] = {}
        for component in self.components:
            part = found.setdefault(component.name, {})
            for key, spec in component.parameters.items():
                shared = f"{component.name}.{key}"
                varies = shared not in index
                place = table.row_of(component.name, key, self.name) if varies else index[shared]
                row = table.parameters[place]
                best = fitted.get(row.name, {})
                sigma = best.get("uncertainty")
                own = spec if isinstance(spec, ParameterSpec) else None
                part[key] = ExportedParameter(
                    row.name,
                    values[row.name] if row.fixed or not best else float(best["value"]),
                    row.fixed,
                    None if own is None else own.min,
                    None if own is None else own.max,
                    row.expression,
                    sigma,
                    bool(fitted) and row.free and (bool(best.get("at_limit")) or sigma is None),
                    varies,
                    row.prior is not None,
                    row.description.lowest,
                    row.description.highest,
                )
        return found


def plain_number(value: float) -> str:
    """A number with 12 digits: what another program reads back as the same."""
    text = f"{value:.12g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"


@dataclass(frozen=True)
class LineOfOne:
    """A link that is slope · parameter + offset of one other parameter."""

    name: str
    slope: float
    offset: float


def line_of_one(link: Expression) -> LineOfOne | None:
    """The link as a line of one parameter; None where it is another function, or of several."""
    if len(link.names) != 1:
        return None
    (name,) = link.names
    try:
        at = [link.value({name: place}) for place in (1.0, 2.0, 5.0)]
    except ExpressionInvalid:
        return None
    slope = at[1] - at[0]
    if not math.isclose(at[2], at[0] + 4.0 * slope, rel_tol=1e-9, abs_tol=1e-12):
        return None
    # What rounding has made of 1 and 0 is 1 and 0.
    slope = 1.0 if math.isclose(slope, 1.0, rel_tol=1e-12) else slope
    offset = at[0] - slope
    return LineOfOne(name, slope, 0.0 if math.isclose(offset, 0.0, abs_tol=1e-12) else offset)
