"""Planes and sky of an upload as the outside sees them."""

from pydantic import Field

from app.models.notices import NoticeModel
from app.models.shape import PublicModel


class RecognisedPlanes(PublicModel):
    """Which HDU of a file is which plane, told by what its header says and its shape."""

    planes: dict[str, int] = Field(
        description="Numbers of HDUs, by `data`, `variance`, `sigma`, `weight`, `mask` and `psf`.",
        examples=[{"data": 0, "variance": 1}],
    )
    warnings: list[str] = Field(
        description="What was taken as what and why, and HDUs that look like a plane and were not taken."
    )
    notices: list[NoticeModel] = Field(default=[], description="The warnings with code and place.")


class SkyMap(PublicModel):
    """From pixels to the sky. With p = (x - x0)/scale and s = (y - y0)/scale, `east` and `north` are sums of
    c[i][j] p^i s^j, arcsec on the plane that touches the sky at `ra`, `dec` (gnomonic projection).
    """

    ra: float = Field(description="Of the tangent point, degrees.")
    dec: float
    x0: float = Field(description="The pixel there; the first pixel's centre is 0.")
    y0: float
    scale: float = Field(description="Pixels.")
    east: list[list[float]]
    north: list[list[float]]


class HeaderCard(PublicModel):
    """A card of a header."""

    keyword: str
    value: bool | int | float | str | None
    comment: str


class Header(PublicModel):
    """The header of an image, its cards in their order; none where the file's format has no header."""

    cards: list[HeaderCard]
