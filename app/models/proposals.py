"""Proposals as the outside sees them."""

from typing import Any

from pydantic import Field

from app.models.notices import NoticeModel
from app.models.shape import PublicModel


class ProposedSource(PublicModel):
    """One component of a proposal."""

    name: str = Field(
        description="Of the component: g1, g2 … are galaxies, s1, s2 … stars, and the target's is so called.",
        examples=["g1"],
    )
    x: float
    y: float
    flux: float = Field(description="Total, data units.")
    magnitude: float | None = Field(default=None, description="Where a zero point is known.")
    snr: float = Field(description="Signal to noise of the flux with all else known.")
    r_e: float = Field(description="Half-light semi-major axis, pixels, the PSF taken off.")
    q: float
    pa: float
    n: float
    area: int = Field(description="Pixels of the footprint that it was found with.")
    star: bool = Field(description="Whether it looks like the PSF.")
    edge: bool = Field(description="Whether its light reaches the edge of the image.")
    part: str = Field(
        default="galaxy", description="Of its source: galaxy, star, or bulge, disc, point or host of one of two parts."
    )
    target: bool = Field(default=False, description="Whether it is of the target.")


class ProposedSky(PublicModel):
    """The sky of a proposal."""

    level: float = Field(description="Data units per pixel, in the middle of the image.")
    slope_x: float = Field(description="Data units per pixel, for each pixel along x.")
    slope_y: float
    rms: float = Field(description="Noise of a pixel.")


class Proposal(PublicModel):
    """A request that is ready to fit, and what it was made from."""

    request: dict[str, Any] = Field(description="Valid for `POST /v1/fits` as it is.")
    planes: dict[str, Any] = Field(description="The planes that were given, or recognised by name and shape.")
    sky: ProposedSky
    sources: list[ProposedSource] = Field(description="The brightest first.")
    footprints: dict[str, float] = Field(description="How many pixels the sources cover, and what fraction of all.")
    left_out: int = Field(description="Sources that stand out and are not in the request.")
    warnings: list[str]
    notices: list[NoticeModel] = Field(default=[], description="The warnings with code and place.")
