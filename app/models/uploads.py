"""Uploads as the outside sees them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from app.models.shape import PublicModel


class Upload(PublicModel):
    """One uploaded file and what is in it."""

    id: str = Field(examples=["upl_01JDA6Q8Z4M1V6T9W3K2B7C5XN"])
    filename: str = Field(description="What the sender called it.", examples=["three_galaxies.fits"])
    size: int = Field(description="Bytes.")
    sha256: str = Field(description="Hash of the bytes: the same bytes are kept once.")
    created_at: datetime
    description: dict[str, Any] = Field(
        description="Format; for each HDU name, shape, type, statistics, unit and scale; and which HDU looks like "
        "data, variance, mask or PSF."
    )
    links: dict[str, str]


class UploadList(PublicModel):
    """A page of uploads, newest first."""

    uploads: list[Upload]
    next: str | None = Field(description="Address of the next page; absent on the last.")
