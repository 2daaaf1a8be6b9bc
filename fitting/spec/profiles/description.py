"""What a request needs to know of a light profile and of each of its parameters."""

from __future__ import annotations

from typing import Literal

from fitting.spec.documents import Document


class ParameterDescription(Document):
    """One parameter of a profile.

    Attributes:
        name: name within its component.
        unit: unit in the pixel frame (``pixel``, ``degree``, ``data/pixel``, or empty for a pure number).
        description: one sentence.
        min, max: default limits, None where there is none; a request may set others.
        lowest, highest: bounds of the values for which the profile is defined; no request may go beyond.
        scale: how the value is best varied: ``linear``, ``log`` or ``cyclic``.
        period: of a cyclic parameter, in its unit.
        initialised: whether photfit has a first value when the request gives none: the default, or one that it finds in
            the image.
        default: first value that needs no look at the image.
        held: whether a fit leaves it alone, whatever the request says.
        modifier: the geometry modifier that brings it, None for the profile's own.
    """

    name: str
    unit: str
    description: str
    min: float | None = None
    max: float | None = None
    lowest: float | None = None
    highest: float | None = None
    scale: Literal["linear", "log", "cyclic"] = "linear"
    period: float | None = None
    initialised: bool = True
    default: float | None = None
    held: bool = False
    modifier: str | None = None


class ProfileDescription(Document):
    """A light profile: its parameters in order, its formula and where the formula comes from."""

    name: str
    description: str
    parameters: tuple[ParameterDescription, ...]
    formula: str
    source: str

    def parameter(self, name: str) -> ParameterDescription | None:
        """The parameter of that name, or None."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    @property
    def elliptical(self) -> bool:
        """Whether it has elliptical isophotes, which geometry may modify."""
        return self.names[:4] == ("x", "y", "q", "pa")

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names in order."""
        return tuple(parameter.name for parameter in self.parameters)
