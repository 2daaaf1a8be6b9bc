"""Notices as the outside sees them."""

from pydantic import Field

from app.models.shape import PublicModel


class NoticeModel(PublicModel):
    """One thing that a careful reader should know."""

    code: str = Field(
        description="What kind of notice it is; it stays when the sentence is put better.",
        examples=["pixels-not-finite"],
    )
    sentence: str = Field(examples=["3 pixels that are NaN or infinite were masked"])
    where: str | None = Field(
        default=None, description="What it belongs to; null where that is all.", examples=["image r"]
    )
