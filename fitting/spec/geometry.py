"""Geometry: what a component says of the modifiers of its isophotes, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from pydantic import GetJsonSchemaHandler, ValidationError, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from fitting.spec.documents import Document, refusal
from fitting.spec.faults import shown
from fitting.spec.modifiers import GEOMETRY, ModifierDescription, Parameters
from fitting.spec.profiles import ParameterDescription


class ModifierSpec(Document):
    """One modifier of a component: its name, or ``{"name": setting}``."""

    name: str
    setting: Any = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, ModifierSpec):
            return value
        name, setting = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else (value, None)
        known = GEOMETRY.get(name) if isinstance(name, str) else None
        if known is None:
            raise refusal(f"unknown geometry {shown(value)}", "one of: " + ", ".join(GEOMETRY))
        if setting is None:
            if known.setting is not None and known.usual is None:
                raise refusal(f"{known.name} needs a setting", f'{{"{known.name}": {known.expected}}}')
            return {"name": known.name, "setting": known.usual}
        return {"name": known.name, "setting": _checked(known, setting)}

    @model_serializer(mode="plain")
    def _without_nulls(self) -> Any:  # type: ignore[override]
        setting = list(self.setting) if isinstance(self.setting, tuple) else self.setting
        return self.name if setting is None else {self.name: setting}

    @property
    def parameters(self) -> Parameters:
        """The parameters that it brings."""
        return GEOMETRY[self.name].parameters(self.setting)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        forms: list[JsonSchemaValue] = []
        for name, known in GEOMETRY.items():
            if known.setting is None or known.usual is not None:
                forms.append({"const": name})
            if known.setting is not None:
                properties = {name: known.setting.json_schema()}
                forms.append({"type": "object", "properties": properties, "required": [name],
                              "additionalProperties": False})  # fmt: skip
        return {"title": "ModifierSpec", "anyOf": forms}


_HANDED = {"fourier": "_phase", "bending": "", "warp": "_pa", "rotation": "_angle"}


def turns_with_the_mirror(parameter: ParameterDescription) -> bool:
    """Whether a modifier's parameter changes its sign in a mirror image: an angle from the major axis, or a bending."""
    return parameter.modifier in _HANDED and parameter.name.endswith(_HANDED[parameter.modifier])


def mirrored_direction(parameter: ParameterDescription, modifiers: Iterable[ModifierSpec]) -> str | None:
    """The parameter whose value this one has in a mirror image, where directions (rays, wedges) are counted the other
    way round; None for what is not of a direction.
    """
    count = next((item.setting for item in modifiers if item.name == parameter.modifier), None)
    if parameter.modifier not in ("rays", "wedges") or count is None:
        return None
    word, number, quantity = parameter.name.split("_")
    return f"{word}_{count + 2 - int(number)}_{quantity}"


def _checked(known: ModifierDescription, setting: Any) -> Any:
    """The setting as the engine takes it; raises a refusal where the modifier takes no such setting."""
    if known.setting is None:
        raise refusal(f"{known.name} takes no setting", f'"{known.name}" alone')
    try:
        checked = known.setting.validate_python(tuple(setting) if isinstance(setting, list) else setting, strict=True)
    except ValidationError:
        raise refusal(f"{shown(setting)} is no setting of {known.name}", known.expected) from None
    if isinstance(checked, tuple) and not all(low < high for low, high in pairwise(checked)):
        raise refusal(f"{shown(setting)} does not rise", known.expected)
    return checked


def in_order(modifiers: Iterable[ModifierSpec]) -> tuple[ModifierSpec, ...]:
    """Modifiers in the order of `GEOMETRY`, whatever their order in a request, which means nothing."""
    return tuple(sorted(modifiers, key=lambda item: list(GEOMETRY).index(item.name)))
