"""Modifiers of isophotes: what each does, its setting and its parameters, and what a component says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    Strict,
    TypeAdapter,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from fitting.spec.documents import Document, did_you_mean, excerpt, refusal
from fitting.spec.profiles import ParameterDescription

Parameters = tuple[ParameterDescription, ...]


@dataclass(frozen=True)
class ModifierDescription:
    """One modifier.

    Attributes:
        setting: what may stand behind its name in ``{"name": setting}``, None where it takes nothing.
        usual: the setting of the bare name; None where the name cannot stand alone, or takes nothing.
        example: a setting to describe it by, where there is no usual one.
        total_with_warp: whether the total flux of a smooth profile is known where it stands beside a warp.
        parameters: those that it brings, of a setting.
    """

    name: str
    description: str
    formula: str
    source: str
    setting: TypeAdapter[Any] | None
    usual: Any
    expected: str
    parameters: Callable[[Any], Parameters]
    example: Any = None
    total_with_warp: bool = False

    @property
    def usual_or_example(self) -> Any:
        """The setting by which it is described where none is asked for."""
        return self.example if self.usual is None else self.usual


_SIDE_NAMES = ("inner", "outer")
_NO_TRUNCATION = {"inner": 1e-3, "outer": 1e4}
"""Radius and width, pixels, with which a truncation takes nothing off what an image shows."""
_GALFIT = "Peng et al. 2010, AJ 139, 2097"


def _modes(highest: int) -> TypeAdapter[Any]:
    mode = Annotated[int, Field(ge=1, le=highest)]
    return TypeAdapter(Annotated[tuple[mode, ...], Strict(False), Field(min_length=1, max_length=highest)])


def _superellipse(_: None) -> Parameters:
    return (
        ParameterDescription(
            name="c0", unit="", description="Boxiness: 0 is an ellipse, more is boxy, less is discy.",
            min=-1.0, max=10.0, lowest=-1.0, highest=10.0, default=0.0, modifier="superellipse",
        ),
    )  # fmt: skip


def _fourier(modes: tuple[int, ...]) -> Parameters:
    found = []
    for mode in modes:
        found += [
            ParameterDescription(
                name=f"fourier_{mode}_amplitude", unit="", description=f"Amplitude of mode {mode}, of the radius.",
                min=-0.9, max=0.9, lowest=-1.0, highest=1.0, default=0.05, modifier="fourier", neutral=0.0,
            ),
            ParameterDescription(
                name=f"fourier_{mode}_phase", unit="degree",
                description=f"Phase of mode {mode}, from the major axis, counter-clockwise, in the ellipse's plane.",
                scale="cyclic", period=360.0 / mode, default=0.0, modifier="fourier",
            ),
        ]  # fmt: skip
    return tuple(found)


def _bending(modes: tuple[int, ...]) -> Parameters:
    return tuple(
        ParameterDescription(
            name=f"bending_{mode}", unit="pixel", default=0.0, modifier="bending",
            description=f"Bending of order {mode} at one scale length along the major axis.",
        )
        for mode in modes
    )  # fmt: skip


def _warp(nodes: tuple[float, ...]) -> Parameters:
    ratios = (
        ParameterDescription(
            name=f"warp_{number}_q", unit="", description=f"Axis ratio at {node:g} pixels over that of the centre.",
            min=0.05, max=20.0, lowest=0.01, highest=100.0, scale="log", default=1.0, modifier="warp",
        )
        for number, node in enumerate(nodes, start=1)
    )  # fmt: skip
    angles = (
        ParameterDescription(
            name=f"warp_{number}_pa", unit="degree", default=0.0, modifier="warp",
            description=f"Position angle at {node:g} pixels less that of the centre.",
        )
        for number, node in enumerate(nodes, start=1)
    )  # fmt: skip
    return (*ratios, *angles)


def _length(name: str, description: str, modifier: str, neutral: float | None = None) -> ParameterDescription:
    return ParameterDescription(
        name=name, unit="pixel", description=description, min=1e-3, max=1e5, lowest=1e-3, highest=1e5, scale="log",
        initialised=False, modifier=modifier, neutral=neutral,
    )  # fmt: skip


def _rotation(law: str) -> Parameters:
    shape = (
        ParameterDescription(
            name="rotation_power", unit="", description="Power of the winding beyond the outer radius.",
            default=0.0, modifier="rotation",
        )
        if law == "power"
        else _length("rotation_winding", "Winding scale radius.", "rotation")
    )  # fmt: skip
    return (
        ParameterDescription(
            name="rotation_inner", unit="pixel", description="Radius inside which the arms are a bar.",
            min=0.0, lowest=0.0, default=0.0, modifier="rotation",
        ),
        _length("rotation_outer", "Radius at which the rotation is reached.", "rotation"),
        ParameterDescription(
            name="rotation_angle", unit="degree", initialised=False, modifier="rotation", neutral=0.0,
            description="Rotation at the outer radius, counter-clockwise.",
        ),
        ParameterDescription(
            name="rotation_inclination", unit="degree", description="Inclination of the disc; 0 is face on.",
            min=0.0, max=85.0, lowest=0.0, highest=89.0, default=0.0, modifier="rotation",
        ),
        ParameterDescription(
            name="rotation_pa", unit="degree", description="Position angle of the disc's line of nodes.",
            scale="cyclic", period=360.0, default=0.0, modifier="rotation",
        ),
        shape,
    )  # fmt: skip


def _truncation(sides: str | tuple[str, ...]) -> Parameters:
    return tuple(
        _length(f"{side}_truncation{suffix}", f"{what} of the {side} truncation.", "truncation", _NO_TRUNCATION[side])
        for side in _SIDE_NAMES
        if side in ((sides,) if isinstance(sides, str) else sides)
        for suffix, what in (("", "Radius of 99 % of the light"), ("_width", "Distance from 99 % to 1 %"))
    )


def _directions(word: str, modifier: str) -> Callable[[int], Parameters]:
    def parameters(count: int) -> Parameters:
        return tuple(
            ParameterDescription(
                name=f"{word}_{number}_{quantity}", unit="", scale="log", default=1.0, modifier=modifier,
                min=0.01, max=100.0, lowest=1e-4, highest=1e4,
                description=f"{quantity.capitalize()} in direction {number}, over that in direction 1.",
            )
            for quantity in ("size", "brightness")
            for number in range(2, count + 1)
        )  # fmt: skip

    return parameters


_COUNT: TypeAdapter[Any] = TypeAdapter(Annotated[int, Field(ge=2, le=36)])
_NODES: TypeAdapter[Any] = TypeAdapter(
    Annotated[tuple[Annotated[float, Field(gt=0.0)], ...], Strict(False), Field(min_length=1, max_length=50)]
)
_SIDES: TypeAdapter[Any] = TypeAdapter(
    Literal["inner", "outer"]
    | Annotated[tuple[Literal["inner", "outer"], ...], Strict(False), Field(min_length=1, max_length=2)]
)

GEOMETRY: MappingProxyType[str, ModifierDescription] = MappingProxyType(
    {
        item.name: item
        for item in (
            ModifierDescription(
                "superellipse", "Boxy and discy isophotes.",
                "R = (|u|^(c0+2) + |v/q|^(c0+2))^(1/(c0+2)), u along and v across the major axis",
                f"Athanassoula et al. 1990, MNRAS 245, 130; {_GALFIT}", None, None, "nothing",
                _superellipse,
            ),
            ModifierDescription(
                "fourier", "Azimuthal Fourier modes of the isophotes.",
                "R' = R (1 + sum_m a_m cos m(theta - phi_m)), theta from the major axis in the ellipse's plane",
                f"{_GALFIT}", _modes(24), (1, 3), "a list of modes, such as [1, 3]", _fourier,
            ),
            ModifierDescription(
                "bending", "Bending of the major axis.", "v' = v + sum_m b_m (u / scale)^m",
                f"{_GALFIT}", _modes(8), (2,), "a list of orders, such as [2]", _bending, total_with_warp=True,
            ),
            ModifierDescription(
                "warp", "Axis ratio and position angle that change with radius, by splines through nodes.",
                "ln q(R) = ln q + sum_i w_i(R) ln q_i; pa(R) = pa + sum_i w_i(R) pa_i",
                "Stone et al. 2023, MNRAS 525, 6377 (AstroPhot's warp models)", _NODES, None,
                "a rising list of radii of nodes, pixels, such as [5, 10, 20]", _warp, (5.0, 10.0),
                total_with_warp=True,
            ),
            ModifierDescription(
                "rotation", "Rotation of the coordinates with radius: spiral arms.",
                "theta(r) = theta_out T(r) [(r/r_out + 1)/2]^alpha, or theta_out T(r) ln(r/r_ws + 1)/ln(r_out/r_ws + 1)"
                "; T(r) = (1 + tanh[(2 - artanh A)(r - r_out)/(r_out - r_in) + 2])/2, "
                "A = 0.46/(|theta_out| + 0.23) - 1.00001",
                f"{_GALFIT}", TypeAdapter(Literal["power", "log"]), "power",
                '"power" or "log"', _rotation, total_with_warp=True,
            ),
            ModifierDescription(
                "truncation", "Soft inner or outer truncation.",
                "outer: (1 - tanh k(2(R - R_b)/w - 1))/2; inner: (1 + tanh k(2(R - R_b)/w + 1))/2; k = artanh 0.98",
                f"{_GALFIT} (the same radii of 99 % and 1 %, met exactly)", _SIDES, "outer",
                '"inner", "outer" or ["inner", "outer"]', _truncation,
            ),
            ModifierDescription(
                "rays", "Size and brightness that differ by direction, blended between rays.",
                "R' = R / size(theta), I' = I brightness(theta); ln of both by weights (1 + cos pi t)/2",
                "after Stone et al. 2023, MNRAS 525, 6377 (AstroPhot's ray models)", _COUNT, 4,
                "a number of directions, such as 4", _directions("ray", "rays"),
            ),
            ModifierDescription(
                "wedges", "Size and brightness that differ by direction, with sharp edges half way between.",
                "R' = R / size_k, I' = I brightness_k in wedge k",
                "after Stone et al. 2023, MNRAS 525, 6377 (AstroPhot's wedge models)", _COUNT, 4,
                "a number of directions, such as 4", _directions("wedge", "wedges"),
            ),
        )
    }
)  # fmt: skip
"""Every modifier that a request may name, in the order of their parameters."""


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
            raise refusal(
                f"unknown geometry {excerpt(value)}{did_you_mean(value, GEOMETRY)}", "one of: " + ", ".join(GEOMETRY)
            )
        if setting is None:
            if known.setting is not None and known.usual is None:
                raise refusal(f"{known.name} needs a setting", f'{{"{known.name}": {known.expected}}}')
            return {"name": known.name, "setting": known.usual}
        return {"name": known.name, "setting": _check_setting(known, setting)}

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


def _check_setting(known: ModifierDescription, setting: Any) -> Any:
    """The setting as the engine takes it; raises a refusal where the modifier takes no such setting."""
    if known.setting is None:
        raise refusal(f"{known.name} takes no setting", f'"{known.name}" alone')
    try:
        sound = known.setting.validate_python(tuple(setting) if isinstance(setting, list) else setting, strict=True)
    except ValidationError:
        raise refusal(f"{excerpt(setting)} is no setting of {known.name}", known.expected) from None
    if isinstance(sound, tuple) and not all(low < high for low, high in pairwise(sound)):
        raise refusal(f"{excerpt(setting)} does not rise", known.expected)
    return sound


def in_order(modifiers: Iterable[ModifierSpec]) -> tuple[ModifierSpec, ...]:
    """Modifiers in the order of `GEOMETRY`, whatever their order in a request, which means nothing."""
    return tuple(sorted(modifiers, key=lambda item: list(GEOMETRY).index(item.name)))
