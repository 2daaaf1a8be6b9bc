"""What SkyPortal is answered when it asks for an analysis."""

from typing import Literal

from pydantic import Field

from app.models.shape import PublicModel


class AnalysisAnswer(PublicModel):
    """Where an analysis stands, in SkyPortal's words."""

    status: Literal["active", "pending"]
    message: str = Field(
        description="For people.", examples=["photfit has queued the fit fit_01jda6q8z4m1v6t9w3k2b7c5xn"]
    )
    fit: str | None = Field(None, description="Address of the fit; null where none was asked for.")
