"""Components of a proposed request, and what is known of each, from sources that were found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fitting.first_values import Galaxy
from fitting.inputs import ImageData
from fitting.proposing.decompositions import BULGE_N, DISC_N, LightPart
from fitting.proposing.sources import Source
from fitting.spec import PROFILES

_DIGITS = 7
"""Digits of values in a proposed request: float32 has no more."""


@dataclass(frozen=True)
class ProposedSource:
    """What is known of one component.

    Attributes:
        name: of the component.
        x, y, q, pa, r_e, n: as in the request, in pixels of the full frame; of a star only x and y mean anything.
        flux: total, data units.
        magnitude: None where no zero point is known.
        snr: signal to noise of the flux with all else known.
        area: pixels of the footprint that it was found with.
        star: whether it looks like the PSF.
        edge: whether its light reaches the edge of the image.
        part: what it is of its source: galaxy, star, bulge, disc, point or host.
        target: whether it is of the target.
    """

    name: str
    x: float
    y: float
    flux: float
    magnitude: float | None
    snr: float
    r_e: float
    q: float
    pa: float
    n: float
    area: int
    star: bool
    edge: bool
    part: str = "galaxy"
    target: bool = False


@dataclass(frozen=True)
class NamedPart:
    """A component by its name: of which source it is, and which part of it.

    Attributes:
        centre: the name of the component whose centre it has; None where it has its own.
    """

    name: str
    part: LightPart
    source: Source
    target: bool = False
    centre: str | None = None


def name_parts(sources: Sequence[Source], target: Source | None, *, stars: bool) -> list[NamedPart]:
    """Components of sources: galaxies g1, g2 …, stars s1, s2 …, the brightest first; those of the target by that name.

    Args:
        stars: whether what looks like the PSF is a star.
    """
    counts = {"g": 0, "s": 0}

    def next_name(kind: str) -> str:
        counts[kind] += 1
        return f"{kind}{counts[kind]}"

    named: list[NamedPart] = []
    for source in sources:
        of_target = source is target
        parts = _parts(source, stars=stars)
        roles = [part.role for part in parts]
        if roles == ["point", "host"]:
            names = ["target_point", "target_host"] if of_target else [next_name("s"), next_name("g")]
        elif len(parts) == 2:
            stem = "target" if of_target else next_name("g")
            names = [f"{stem}_{role}" for role in roles]
        else:
            names = ["target" if of_target else next_name("s" if parts[0].point else "g")]
        together = roles == ["bulge", "disc"]
        named += [
            NamedPart(name, part, source, of_target, names[1] if together and part.role == "bulge" else None)
            for name, part in zip(names, parts, strict=True)
        ]
    return named


def _parts(source: Source, *, stars: bool) -> tuple[LightPart, ...]:
    if source.decomposition is not None:
        return source.decomposition.parts
    if stars and source.point is not None:
        return (LightPart("point", source.point),)
    return (LightPart("galaxy", source.galaxy),)


def components_of(named: Sequence[NamedPart], image: ImageData) -> Iterator[dict[str, Any]]:
    """The components as they stand in a request."""
    for item in named:
        light = item.part.light
        place: dict[str, Any] = {"x": rounded(light.x + image.origin[0]), "y": rounded(light.y + image.origin[1])}
        if item.centre is not None:
            place = {"x": f"= {item.centre}.x", "y": f"= {item.centre}.y"}
        if item.part.point:
            yield _point(item.name, place, light)
            continue
        values: dict[str, Any] = {key: rounded(getattr(light, key)) for key in ("q", "pa", "n", "r_e", "i_e")}
        for key in item.part.held:
            values[key] = {"value": {"bulge": BULGE_N, "disc": DISC_N}[item.part.role], "fixed": True}
        yield {"name": item.name, "profile": "sersic", "parameters": place | values}


def _point(name: str, place: dict[str, Any], light: Galaxy) -> dict[str, Any]:
    if "point_source" in PROFILES:
        return {"name": name, "profile": "point_source", "parameters": place | {"flux": rounded(light.flux)}}
    # A round galaxy, too small to be told from a point.
    held = {key: {"value": getattr(light, key), "fixed": True} for key in ("q", "pa", "n", "r_e")}
    return {"name": name, "profile": "sersic", "parameters": place | held | {"i_e": rounded(light.i_e)}}


def describe_part(item: NamedPart, image: ImageData) -> ProposedSource:
    """What is known of a component."""
    light, source = item.part.light, item.source
    zero_point = image.zero_point
    single = source.decomposition is None or len(source.decomposition.parts) == 1
    return ProposedSource(
        name=item.name,
        x=rounded(light.x + image.origin[0]),
        y=rounded(light.y + image.origin[1]),
        flux=rounded(light.flux),
        magnitude=None if zero_point is None else round(zero_point - 2.5 * math.log10(light.flux), 4),
        snr=round(item.part.snr or source.snr, 2),
        r_e=rounded(light.r_e),
        q=rounded(light.q),
        pa=rounded(light.pa),
        n=rounded(light.n),
        area=source.area,
        star=item.part.point,
        edge=source.edge,
        part="star" if item.part.point and single else item.part.role,
        target=item.target,
    )


def rounded(value: float) -> float:
    """A value of a request."""
    return float(f"{value:.{_DIGITS}g}")
