"""Sources of an image: detected, measured with each other taken off, and looked for again in what is left.

What is left after a round shows faint neighbours that the light of bright ones hid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitting.first_values import Array, Galaxy
from fitting.inputs import ImageData
from fitting.proposing.detection import Detections, detect
from fitting.proposing.scene import Scene
from fitting.proposing.sky import Sky, sky_of

ROUNDS = 3
"""Times that sources are looked for in what is left, at most; chosen by hand, for neighbours of neighbours."""
_CYCLES = 2
"""Times that all galaxies are refined in turn in a round; chosen by hand: neighbours settle to a few per cent."""
_FEW = 60
"""Sources, above which one cycle a round must do: their first values need be no better than the time allows. Chosen by
hand."""
_BEYOND = 10
"""Pixels that are looked at around a footprint, beside its size; chosen by hand."""
_SPREAD = 3.0
"""Radii of its footprint within which a source is measured: footprints end where light stands out, not where it
ends."""
_WITHOUT_FOOTPRINT = 15
"""Radius of a source whose footprint is not known, pixels; chosen by hand."""


@dataclass(frozen=True)
class Seed:
    """Where a source is known to be, and what else is known of it.

    Attributes:
        x, y: in pixels of the array.
        area: pixels of its footprint; 0 where that is not known.
        label: of its footprint in the labels that come with it; 0 where it has none.
        galaxy: its values, where they are known: it is not measured then.
    """

    x: float
    y: float
    area: int = 0
    label: int = 0
    galaxy: Galaxy | None = None


@dataclass(frozen=True)
class Source:
    """A source that was found.

    Attributes:
        galaxy: its values, in pixels of the array.
        point: it as a point, where it looks like the PSF itself; None else.
        snr: signal to noise of its flux with all else known.
        area: pixels of the footprint that it was found with.
        edge: whether its light reaches the edge of the image.
    """

    galaxy: Galaxy
    point: Galaxy | None
    snr: float
    area: int
    edge: bool


@dataclass(frozen=True)
class SourceList:
    """The sources of an image, the brightest first, its sky, and how many sources were left out for want of room."""

    sources: tuple[Source, ...]
    sky: Sky
    rms: float
    left_out: int
    labels: NDArray[np.int32]
    light: Array


def find_sources(image: ImageData, threshold: float, most: int) -> SourceList:
    """Sources that stand out of the noise.

    Args:
        threshold: least significance, in sigma.
        most: how many at most; the most significant are kept.
    """
    search = _Search(image, threshold)
    left_out = 0
    for _ in range(ROUNDS):
        new = search.detect()
        room = most - len(search.scene.galaxies)
        left_out = max(len(new.sources) - room, 0)
        seeds = [Seed(item.x, item.y, item.area, item.label) for item in new.sources[:room]]
        if not seeds:
            break
        search.add(seeds, new.labels)
        search.settle()
    return search.source_list(left_out)


def measure_sources(image: ImageData, seeds: Sequence[Seed], labels: NDArray[np.int32], threshold: float) -> SourceList:
    """The sources that are known to be at the seeds, whether they stand out of the noise or not.

    Args:
        labels: footprints, (height, width); 0 where there is none.
    """
    search = _Search(image, threshold)
    search.add(seeds, labels)
    search.settle(keep_all=True)
    return search.source_list(len(search.detect().sources))


class _Search:
    """A scene as it fills with sources."""

    def __init__(self, image: ImageData, threshold: float) -> None:
        self.image, self.threshold = image, threshold
        self.used = ~image.mask
        self.sky = sky_of(image.data, self.used)
        self.scene = Scene(image, self.sky.plane(image.data.shape))
        self.labels = np.zeros(image.data.shape, dtype=np.int32)
        self.areas: dict[str, int] = {}
        self.known: set[str] = set()

    def detect(self) -> Detections:
        """What stands out of the light that is left."""
        scene = self.scene
        return detect(scene.residual(), self.image.variance, self.used, scene.blur, self.threshold, scene.drawn)

    def add(self, seeds: Sequence[Seed], labels: NDArray[np.int32]) -> None:
        """Draw the sources at the seeds, each measured where no other has its footprint."""
        for seed in seeds:
            name = f"{len(self.areas) + 1}"
            self.areas[name] = seed.area
            if seed.galaxy is not None:
                self.known.add(name)
                self.scene.put(name, seed.galaxy)
                continue
            radius = math.sqrt(seed.area / math.pi) if seed.area else _WITHOUT_FOOTPRINT
            others = (labels != 0) & (labels != seed.label)
            self.scene.measure(name, seed.x, seed.y, math.ceil(_SPREAD * radius) + _BEYOND, others)
            self.scene.refine(name, others)
        self.labels = np.where(self.labels == 0, labels, self.labels)

    def settle(self, keep_all: bool = False) -> None:
        """Refine all in turn, the brightest first, and the sky with them; drop what turns out to be nothing."""
        for _ in range(_CYCLES if len(self.scene.galaxies) <= _FEW else 1):
            for name in self.by_flux():
                if name not in self.known:
                    self.scene.refine(name)
            if not keep_all:
                for name in self.by_flux():
                    if self.scene.significance(name) < self.threshold:
                        self.scene.take_away(name)
            change = sky_of(self.scene.residual(), self.used)
            self.sky = self.sky.plus(change)
            self.scene.take_sky(change.plane(self.labels.shape))

    def by_flux(self) -> list[str]:
        """Names of the sources, the brightest first."""
        return sorted(self.scene.galaxies, key=lambda name: -self.scene.galaxies[name].flux)

    def source_list(self, left_out: int) -> SourceList:
        """The sources as they are now."""
        sources = tuple(self._source(name) for name in self.by_flux())
        return SourceList(sources, self.sky, self.scene.noise, left_out, self.labels, self.scene.residual())

    def _source(self, name: str) -> Source:
        scene = self.scene
        point = None if name in self.known else scene.point_like(name)
        return Source(
            scene.galaxies[name],
            point,
            scene.significance(name),
            self.areas[name],
            scene.meets_the_edge(name),
        )
