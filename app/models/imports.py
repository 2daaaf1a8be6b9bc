"""Imports of other programs' models as the outside sees them."""

from typing import Any, Literal

from pydantic import Field

from app.models.shape import PublicModel


class ImportedLine(PublicModel):
    """What became of one line."""

    file: str = Field(description="Its name, or `command line`.", examples=["model.dat"])
    line: int = Field(description="Counted from 1; 0 where it is of no line.", examples=[3])
    text: str = Field(description="Without the comment.", examples=["ell 0.2 0,1"])
    taken: str | None = Field(description="As what; null where it was not taken.", examples=["sersic_1.q 0.8"])
    why_not: str | None = Field(description="Null where it was taken.")


class Imported(PublicModel):
    """A request made of a model file, and what became of each line."""

    format: Literal["galfit", "imfit", "astrophot", "pysersic", "regions"]
    request: dict[str, Any] = Field(description="For `POST /v1/fits`, where all files that it names are uploads.")
    rows: list[ImportedLine]
