"""What the service can fit, and how."""

from typing import Any

from pydantic import Field

from app.models.shape import PublicModel
from fitting.spec.profiles import ProfileDescription


class ProfileList(PublicModel):
    """Every light profile that a component may have."""

    profiles: list[ProfileDescription]


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
