"""Profiles, methods and priors as the outside sees them."""

from typing import Any

from pydantic import Field

from app.models.shape import PublicModel
from fitting.spec.profiles import ParameterDescription, ProfileDescription


class Modifier(PublicModel):
    """Something that may be done to the isophotes of an elliptical profile: an item of a component's `geometry`."""

    name: str = Field(examples=["fourier"])
    description: str
    formula: str
    source: str
    takes: str = Field(description="What its setting may be.", examples=["a list of modes, such as [1, 3]"])
    setting: Any = Field(description="Of which the parameters are: `{name: setting}`; null where it takes none.")
    parameters: list[ParameterDescription] = Field(description="Those that it adds to the component's own.")


class ProfileList(PublicModel):
    """Every light profile that a component may have, and every modifier of isophotes."""

    profiles: list[ProfileDescription]
    geometry: list[Modifier] = Field(description="Each with its usual setting, or one as an example.")


class DescribedProfile(PublicModel):
    """A light profile as a component with options of its own has it."""

    name: str = Field(examples=["spline"])
    description: str
    formula: str
    source: str
    options: dict[str, Any] | None = Field(
        description="JSON Schema of what a component's `options` may be; null where the profile takes none."
    )
    parameters: list[ParameterDescription] = Field(description="All that a component has, with these options.")


class Method(PublicModel):
    """A method that a stage may use."""

    name: str = Field(examples=["lm"])
    description: str
    options: dict[str, Any] = Field(description="For each option its JSON Schema, with the default.")


class MethodList(PublicModel):
    """Every method that a stage may use."""

    methods: list[Method]


class PriorForm(PublicModel):
    """A prior, as a request writes it: `{"normal": [2, 1]}`."""

    name: str = Field(examples=["normal"])
    description: str
    numbers: list[str] = Field(description="What its numbers mean, in their order.", examples=[["mean", "sigma"]])


class PriorList(PublicModel):
    """Every prior that a parameter may have."""

    priors: list[PriorForm]
