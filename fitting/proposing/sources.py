"""Sources of an image: detected, measured with each other taken off, and looked for again in what is left.

What is left after a round shows faint neighbours that the light of bright ones hid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fitting.first_values import Array, Galaxy
from fitting.inputs import ImageData
from fitting.proposing.decompositions import Decomposition, Form
from fitting.proposing.detection import Detection, Detections, detect
from fitting.proposing.scene import Scene
from fitting.proposing.search_progress import SearchReporter
from fitting.proposing.sky import Sky, sky_of
from fitting.proposing.structure import elliptical_radius, is_structure, reach_of

ROUNDS = 3
"""Times that sources are looked for in what is left, at most; chosen by hand, for neighbours of neighbours."""
_CYCLES = 2
"""Times that all galaxies are refined in turn in a round; chosen by hand: neighbours settle to a few per cent."""
_FEW = 60
"""Sources, above which one cycle a round must do: their first values need be no better than the time allows. Chosen by
hand."""
_BRIGHT = 40.0
"""Signal to noise from which a galaxy is decomposed: of fainter ones no bulge is ever told from its disc."""
_MOST_DECOMPOSED = 10
"""Galaxies that are decomposed, the brightest first, where no target is given; each takes a tenth to half a second."""
_OVERLAP = 2.0
"""Half-light radii of a galaxy, within which the light of others disturbs its decomposition."""
_EXTENDED = 2.0
"""Sigmas of the PSF, and pixels, that a galaxy's half-light radius has at least for structure to be seen in it."""
_CROWDED = 30
"""Sources on one galaxy, from which it is none: a field of stars whose light runs together."""
_PIECE = 0.5
"""Of a galaxy's flux, at most, what a piece of it has; chosen by hand: no arm or ring has more."""
_DARKEST, _NOISY = 0.01, 3.0
"""Share of the pixels that are no brighter than the sky, within so many times their noise; chosen by hand."""
_NEAR = 3.0
"""Pixels from its centre within which a place belongs to a source however small, beside the PSF's own size."""
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
        decomposition: how it is best described, where that was asked.
    """

    galaxy: Galaxy
    point: Galaxy | None
    snr: float
    area: int
    edge: bool
    decomposition: Decomposition | None = None

    @property
    def flux(self) -> float:
        """Total, data units."""
        if self.decomposition is not None:
            return self.decomposition.flux
        return (self.point or self.galaxy).flux


@dataclass(frozen=True)
class SourceList:
    """The sources of an image, the brightest first, and its sky.

    Attributes:
        left: what stands out, too, and was not measured.
        labels: footprints, (height, width).
        light: what is left with all sources taken off, (height, width).
        noise_pixels: pixels of noise that are worth one independent one.
        structures: peaks that were taken for structure of the galaxy that they lie on.
    """

    sources: tuple[Source, ...]
    sky: Sky
    rms: float
    left: tuple[Detection, ...]
    labels: NDArray[np.int32]
    light: Array
    noise_pixels: float
    structures: int = 0

    @property
    def left_out(self) -> int:
        """How many stand out and were not measured."""
        return len(self.left)


@dataclass(frozen=True)
class Decomposing:
    """Which sources are decomposed.

    Attributes:
        wanted: the model to take; None for that which the pixels prefer.
        points: whether stars are thought of.
        at: only the source at this place, in pixels of the array; None for the brightest ones.
        slack: pixels within which the nearest is taken where nothing lies at the place itself.
    """

    wanted: Form | None = None
    points: bool = True
    at: tuple[float, float] | None = None
    slack: float = 0.0


def find_sources(
    image: ImageData,
    threshold: float,
    most: int,
    decomposing: Decomposing | None,
    first: tuple[float, float] | None = None,
    reporter: SearchReporter | None = None,
) -> SourceList:
    """Sources that stand out of the noise.

    Args:
        threshold: least significance, in sigma.
        most: how many at most; the most significant are kept.
        first: a place, in pixels of the array; the source nearest to it is kept before all others.
        decomposing: which of them are decomposed; None for none.
        reporter: tells of the steps; None tells nobody.
    """
    search = _Search(image, threshold, decomposing, reporter or SearchReporter())
    left: tuple[Detection, ...] = ()
    for number in range(1, ROUNDS + 1):
        search.reporter.round = number
        new = search.detect()
        room = most - len(search.scene.galaxies)
        peaks = tuple(item for item in new.sources if not search.is_structure(item))
        ranked = _nearest_first(peaks, None if search.scene.galaxies else first)
        left = ranked[room:]
        seeds = [Seed(item.x, item.y, item.area, item.label) for item in ranked[:room]]
        if not seeds:
            break
        search.add(seeds, new.labels)
        search.settle()
        if search.absorb_structure():
            search.settle()
        search.decompose()
    search.finish()
    return search.source_list(left)


def measure_sources(
    image: ImageData,
    seeds: Sequence[Seed],
    labels: NDArray[np.int32],
    threshold: float,
    decomposing: Decomposing | None,
    reporter: SearchReporter | None = None,
) -> SourceList:
    """The sources that are known to be at the seeds, whether they stand out of the noise or not.

    Args:
        labels: footprints, (height, width); 0 where there is none.
        reporter: tells of the steps; None tells nobody.
    """
    search = _Search(image, threshold, decomposing, reporter or SearchReporter())
    search.reporter.round = 1
    search.add(seeds, labels)
    search.settle(keep_all=True)
    search.decompose()
    search.finish()
    return search.source_list(search.detect().sources)


def _nearest_first(found: tuple[Detection, ...], place: tuple[float, float] | None) -> tuple[Detection, ...]:
    """The most significant first, but before them the nearest to a place, where one is given."""
    if place is None or not found:
        return found
    nearest = min(found, key=lambda item: math.dist(place, (item.x, item.y)))
    return (nearest, *(item for item in found if item is not nearest))


class _Search:
    """A scene as it fills with sources."""

    def __init__(
        self, image: ImageData, threshold: float, decomposing: Decomposing | None, reporter: SearchReporter
    ) -> None:
        self.reporter = reporter
        self.image, self.threshold, self.decomposing = image, threshold, decomposing
        self.decompositions: dict[str, Decomposition] = {}
        self.correlated = 1.0
        self.used = ~image.mask
        self.sky = sky_of(image.data, self.used)
        self.scene = Scene(image, self.sky.plane(image.data.shape))
        self.labels = np.zeros(image.data.shape, dtype=np.int32)
        self.areas: dict[str, int] = {}
        self.known: set[str] = set()
        self.structures: set[tuple[int, int]] = set()

    def detect(self) -> Detections:
        """What stands out of the light that is left."""
        scene = self.scene
        self.reporter.tell("detecting")
        return detect(scene.residual(), self.image.variance, self.used, scene.blur, self.threshold, scene.drawn)

    def add(self, seeds: Sequence[Seed], labels: NDArray[np.int32]) -> None:
        """Draw the sources at the seeds, each measured where no other has its footprint."""
        for done, seed in enumerate(seeds):
            self.reporter.sources = len(self.scene.galaxies)
            self.reporter.tell("measuring", done, len(seeds))
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
            self.reporter.sources = number = len(self.scene.galaxies)
            for done, name in enumerate(self.by_flux()):
                self.reporter.tell("refining", done, number)
                if name not in self.known and name not in self.decompositions:
                    self.scene.refine(name)
            if not keep_all:
                for name in self.by_flux():
                    if self.scene.significance(name) < self.threshold:
                        self.scene.take_away(name)
                        self.decompositions.pop(name, None)
            change = sky_of(self.scene.residual(), self.used)
            # Where all is light, a wide galaxy and a sky can run away from each other, one up and the other down.
            if self._is_among_pixels(self.sky.plus(change)):
                self.sky = self.sky.plus(change)
                self.scene.take_sky(change.plane(self.labels.shape))

    def absorb_structure(self) -> bool:
        """Take away what is structure of a brighter galaxy that it lies on; whether there was any."""
        found = False
        self.reporter.tell("structure")
        for host in self.by_flux():
            if host not in self.scene.galaxies or not self._is_extended(host):
                continue
            pieces = self._pieces_on(host)
            taken = []
            for name in pieces if len(pieces) < _CROWDED else ():
                galaxy = self.scene.galaxies[name]
                at, radius = (galaxy.x, galaxy.y), math.sqrt(max(self.areas[name], 9) / math.pi)
                if self._is_structure_of(host, at, radius, max(self.scene.blur, 1.0), pieces):
                    taken.append(name)
            for name in taken:
                galaxy = self.scene.galaxies[name]
                self.structures.add((round(galaxy.x), round(galaxy.y)))
                self.scene.take_away(name)
                self.decompositions.pop(name, None)
            if taken:
                for _ in range(_CYCLES):
                    self.scene.refine(host)
                self.decompositions.pop(host, None)
            found = found or bool(taken)
        return found

    def is_structure(self, peak: Detection) -> bool:
        """Whether a peak in what is left is structure of a galaxy that is drawn already."""
        for host in self.by_flux():
            if not self._is_extended(host) or not self._lies_on(host, peak.x, peak.y):
                continue
            radius = math.sqrt(max(peak.area, 9) / math.pi)
            if self._is_structure_of(host, (peak.x, peak.y), radius, peak.scale, []):
                self.structures.add((round(peak.x), round(peak.y)))
                return True
        return False

    def _pieces_on(self, host: str) -> list[str]:
        """Names of sources that may be pieces of a galaxy, the brightest first."""
        most = _PIECE * self.scene.galaxies[host].flux
        others = [(name, self.scene.galaxies[name]) for name in self.by_flux() if name not in (host, *self.known)]
        return [name for name, item in others if item.flux < most and self._lies_on(host, item.x, item.y)]

    def _is_extended(self, name: str) -> bool:
        galaxy = self.scene.galaxies[name]
        return galaxy.r_e * math.sqrt(galaxy.q) > max(_EXTENDED * self.scene.blur, _EXTENDED)

    def _lies_on(self, host: str, x: float, y: float) -> bool:
        galaxy = self.scene.galaxies[host]
        return float(elliptical_radius(galaxy, x, y)) < reach_of(galaxy, self.scene.noise)

    def _is_structure_of(
        self, host: str, place: tuple[float, float], size: float, scale: float, pieces: Sequence[str]
    ) -> bool:
        """Whether the light at a place is structure of a galaxy; `pieces` are sources that may be, too."""
        galaxy = self.scene.galaxies[host]
        reach = math.ceil(float(elliptical_radius(galaxy, *place)) * 1.2 + 4.0 * scale) + 2
        part = self.scene.part_around(galaxy.x, galaxy.y, reach)
        own = sum((self.scene.drawing_of(name, part) for name in (host, *pieces)), np.zeros(self.labels[part].shape))
        at = place[0] - part[1].start, place[1] - part[0].start
        moved = replace(galaxy, x=galaxy.x - part[1].start, y=galaxy.y - part[0].start)
        light, drawn = self.scene.residual()[part] + own, self.scene.drawing_of(host, part)
        return is_structure(light, drawn, self.used[part], moved, at, size, scale)

    def decompose(self) -> None:
        """Decompose those that are to be and were not yet, the brightest first.

        Where they blend, each is drawn as one part until all are known: a part would stand in for a neighbour.
        """
        if self.decomposing is None:
            return
        self.reporter.sources = len(self.scene.galaxies)
        self.reporter.tell("models")
        self.correlated = self.scene.noise_pixels()
        new = [name for name in self._decomposed() if name not in self.decompositions]
        blended = [name for name in new if self._overlaps(name)]
        for _ in range(_CYCLES if len(blended) > 1 else 0):
            for name in blended:
                self._choose(name, "sersic")
        for done, name in enumerate(new):
            self.reporter.tell("models", done, len(new))
            if name not in self.decompositions:
                self._choose(name, self.decomposing.wanted)
        if new:
            self._refine_others()
        # Faint light that nothing described before, as that of a host around a star, looks like correlated noise.
        if new and self.correlated > 1.0 and (now := self.scene.noise_pixels()) < self.correlated:
            self.correlated = now
            for name in new:
                self._choose(name, self.decomposing.wanted)

    def finish(self) -> None:
        """Choose models of blended galaxies once all their neighbours are known, each drawn as one part first."""
        if not self.decompositions or len(self.scene.galaxies) < 2 or self.decomposing is None:
            return
        blended = [name for name in self._decomposed() if self._overlaps(name)]
        single: list[Form | None] = ["sersic"] * (_CYCLES if len(blended) > 1 else 0)
        for wanted in [*single, self.decomposing.wanted] if blended else []:
            for done, name in enumerate(blended):
                self.reporter.tell("models", done, len(blended))
                found = self.decompositions[name].form if name in self.decompositions else None
                self._choose(name, wanted if found in ("bulge_disc", "sersic", None) or wanted is None else found)
            self._refine_others()
        # A slope that was seen under sources not yet drawn well would stay: the sky is measured anew.
        shape = self.labels.shape
        sky = sky_of(np.where(self.used, self.image.data - self.scene.drawn, 0.0), self.used)
        if not self._is_among_pixels(sky):
            return
        self.scene.take_sky(sky.plane(shape) - self.sky.plane(shape))
        self.sky = sky

    def _is_among_pixels(self, sky: Sky) -> bool:
        """Whether some pixels are as dark as a sky, but for their noise, so that no light is negative everywhere."""
        above = (self.image.data - sky.plane(self.labels.shape))[self.used]
        return bool(np.quantile(above, _DARKEST) < _NOISY * self.scene.noise)

    def _refine_others(self) -> None:
        """Refine those that are not decomposed: what stands beside a light that was drawn wrongly, was wrong, too."""
        for name in self.by_flux()[:_FEW]:
            if name not in self.known and name not in self.decompositions:
                self.scene.refine(name)

    def _choose(self, name: str, wanted: Form | None) -> None:
        assert self.decomposing is not None
        before = self.decompositions.get(name)
        self.decompositions[name] = self.scene.decompose(
            name,
            points=self.decomposing.points,
            correlated=self.correlated,
            wanted=wanted,
            settled=before is not None and before.form == "sersic",
        )

    def _overlaps(self, name: str) -> bool:
        """Whether another source lies within what a galaxy is decomposed with."""
        one = self.scene.galaxies[name]
        reach = _OVERLAP * one.r_e + 4.0 * self.scene.blur
        others = [galaxy for other, galaxy in self.scene.galaxies.items() if other != name]
        return any(math.dist((one.x, one.y), (item.x, item.y)) < reach + 2.0 * item.r_e for item in others)

    def _decomposed(self) -> list[str]:
        """Names of the sources that are decomposed."""
        assert self.decomposing is not None
        if self.decomposing.at is not None:
            name = source_at(self.scene.galaxies, self.decomposing.at, self.scene.blur, self.decomposing.slack)
            return [] if name is None or name in self.known else [name]
        bright = [name for name in self.by_flux() if name not in self.known]
        return [name for name in bright if self.scene.significance(name) > _BRIGHT][:_MOST_DECOMPOSED]

    def by_flux(self) -> list[str]:
        """Names of the sources, the brightest first."""
        return sorted(self.scene.galaxies, key=lambda name: -self.scene.galaxies[name].flux)

    def source_list(self, left: Sequence[Detection]) -> SourceList:
        """The sources as they are now."""
        sources = tuple(self._source(name) for name in self.by_flux())
        light = self.scene.residual()
        return SourceList(
            sources,
            self.sky,
            self.scene.noise,
            tuple(left),
            self.labels,
            light,
            self.correlated,
            structures=len(self.structures),
        )

    def _source(self, name: str) -> Source:
        scene = self.scene
        found = self.decompositions.get(name)
        point = None if name in self.known or found is not None else scene.point_like(name)
        if found is not None and found.form == "point":
            point = found.parts[0].light
        return Source(
            scene.galaxies[name] if found is None else found.main,
            point,
            scene.significance(name),
            self.areas[name],
            scene.meets_the_edge(name),
            found,
        )


def source_at(galaxies: Mapping[str, Galaxy], at: tuple[float, float], blur: float, slack: float = 0.0) -> str | None:
    """The name of the brightest galaxy that a place lies in: within its half-light ellipse, or near its centre.

    Args:
        blur: sigma of the PSF, pixels.
        slack: pixels within which the nearest is taken where the place lies in none.
    """

    def away(galaxy: Galaxy) -> float:
        angle = math.radians(galaxy.pa)
        x, y = at[0] - galaxy.x, at[1] - galaxy.y
        along = y * math.cos(angle) - x * math.sin(angle)
        across = (x * math.cos(angle) + y * math.sin(angle)) / galaxy.q
        return math.hypot(along, across) / math.hypot(galaxy.r_e, _NEAR + 2.0 * blur)

    near = {name: galaxy for name, galaxy in galaxies.items() if away(galaxy) < 1.0}
    if near:
        return max(near, key=lambda name: near[name].flux)
    apart = {name: math.dist(at, (galaxy.x, galaxy.y)) for name, galaxy in galaxies.items()}
    nearest = min(apart, key=lambda name: apart[name], default=None)
    return nearest if nearest is not None and apart[nearest] < slack else None
