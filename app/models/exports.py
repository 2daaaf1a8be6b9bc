"""Exports of results in other programs' formats as the outside sees them."""

from pydantic import Field

from app.models.shape import PublicModel


class ExportedFile(PublicModel):
    """One file of an export."""

    name: str = Field(description="What it is called.", examples=["galfit.constraints"])
    size: int = Field(description="Bytes.", examples=[214])
    href: str = Field(description="Where it is.")


class ExportedPart(PublicModel):
    """What became of one part of the fit's request."""

    what: str = Field(description="The part.", examples=["bulge.n link"])
    written: str | None = Field(description="As what; null where it was not written.", examples=["1_3 n offset"])
    why_not: str | None = Field(description="Null where it was written.")


class Exported(PublicModel):
    """A result in the words of another program: its files, and what became of each part."""

    format: str = Field(description="As asked for.", examples=["galfit"])
    main: str = Field(description="The file that was asked for; others lie beside it.", examples=["galfit.feedme"])
    files: list[ExportedFile]
    rows: list[ExportedPart]
