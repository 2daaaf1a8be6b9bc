"""Profile description: all that photfit knows of a light profile, and of each parameter, beside its brightness.

A profile's brightness is in ``fitting.profiles``; all else that any part of photfit goes by stands in the profile's one
`ProfileDescription`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import Field, InstanceOf

from fitting.spec.documents import Document
from fitting.spec.images.references import PlaneReference
from fitting.spec.profiles.first_shape import FirstShape


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
        neutral: value with which the modifier changes nothing, whatever its others are; the default where None.
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
    neutral: float | None = Field(default=None, exclude=True)


class ProfileOptions(Document):
    """Options of one profile, and the parameters that it has with them."""

    @classmethod
    def schema_without_definitions(cls) -> dict[str, Any]:
        """The JSON Schema, complete in itself wherever it is put."""
        schema = cls.model_json_schema()
        return dict(_without_references(schema, schema.pop("$defs", {})))

    @abstractmethod
    def parameters(self) -> tuple[ParameterDescription, ...]:
        """All parameters of the profile, in order."""

    def references(self) -> Iterator[tuple[tuple[str | int, ...], PlaneReference]]:
        """Location below the options, and reference, of every file that they name."""
        return iter(())

    def with_references(self, _: Mapping[str, str], /) -> Self:
        """The same with files renamed by a mapping; names that it lacks stay."""
        return self


class ProfileDescription(Document):
    """A light profile: its parameters in order, its formula and where the formula comes from; and what follows from it.

    The first five are published (``GET /v1/profiles``), the others are photfit's own.

    Attributes:
        name: as in a component's ``profile``.
        description: one or two sentences.
        parameters: in order; with the options that the description speaks of, where there are any.
        formula: surface brightness.
        source: of the formula: paper and equation.
        options: model of a component's ``options``; None where it takes none, and its parameters are always the same.
        first_shape: what it starts from where the request leaves parameters out. None of skies, which start from the
            level of the image, and of the Sérsic galaxy, which is what is measured.
        total: whether the engine knows the total flux of its intensity, so that ``flux`` or ``magnitude`` may be given
            in its place.
        finite_above: name of a parameter, and the value at or below which the total flux is infinite.
        smooth: whether it has neither a bend nor a crest and its total is known over warped ellipses, too.
        blurred: whether the point-spread function acts on it; not on backgrounds, nor on what is made of it.
        psf_model: whether it may itself be the point-spread function that blurs the other components of an image.
        sky: whether it is a background.
    """

    name: str
    description: str
    parameters: tuple[ParameterDescription, ...]
    formula: str
    source: str
    options: type[ProfileOptions] | None = Field(default=None, exclude=True)
    first_shape: InstanceOf[FirstShape] | None = Field(default=None, exclude=True)
    total: bool = Field(default=False, exclude=True)
    finite_above: tuple[str, float] | None = Field(default=None, exclude=True)
    smooth: bool = Field(default=False, exclude=True)
    blurred: bool = Field(default=True, exclude=True)
    psf_model: bool = Field(default=False, exclude=True)
    sky: bool = Field(default=False, exclude=True)

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


def _without_references(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """A schema with what its references name in their place."""
    if isinstance(schema, list):
        return [_without_references(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _without_references(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {key: _without_references(item, definitions) for key, item in schema.items()}
