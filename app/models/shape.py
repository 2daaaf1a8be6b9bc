"""The shape of every model of the interface: the rule that all of them keep."""

from pydantic import BaseModel, ConfigDict


class PublicModel(BaseModel):
    """A model that the outside sees: strict types, no unknown keys, no NaN or infinity, never changed once made."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)
