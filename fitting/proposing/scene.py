"""Scene of galaxies: those drawn so far, what is left of the light, and quick fits of one galaxy in it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.optimize import least_squares

from fitting.first_values import (
    Galaxy,
    Part,
    Stamp,
    b_n,
    coarse_kernel,
    compact_kernel,
    measure_shape,
    stamp_sigma,
    unit_flux,
)
from fitting.inputs import ImageData
from fitting.proposing.decompositions import Decomposition, Form, ModelChoice, decompose, draw_parts
from fitting.proposing.fine_drawing import FineStamp

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FIRST_N = 2.0
"""Sérsic index from which a galaxy is refined: between an exponential (1) and de Vaucouleurs' law (4); chosen by
hand."""
_NEGLIGIBLE = 0.05
"""Of a pixel's noise: light below this part of it is not drawn; chosen by hand, as what adds little to χ²."""
_CLOSE = 3.0
"""Half width of the part in which a galaxy is refined, half-light radii; chosen by hand."""
_LEAST_REACH, _MOST_REACH = 8, 400
"""Radius to which a galaxy is drawn, pixels: the least has a sky around it, the most bounds the time of one."""
_MOST_PIXELS = 75
"""Pixels along each axis with which a galaxy is refined, at most; larger parts are binned. Trades accuracy for time."""
_POINT = 0.05
"""Half-light radius of the galaxy that stands for a point, pixels: below what any PSF lets one tell."""
_POINT_MISFIT = 9.0
"""By how much a point's χ² may exceed a galaxy's, which has more parameters: three standard deviations, squared."""
_POINT_SHARE = 1e-4
"""Of a source's (S/N)², the part by which a point may fit it worse, since a PSF is never known perfectly; chosen by
hand."""
_LOW = (-2.0, -2.0, math.log(0.2), math.log(0.3), -2.5, -2.5)
_HIGH = (2.0, 2.0, math.log(500.0), math.log(8.0), 2.5, 2.5)
"""Limits of a search: x and y from the start, pixels; ln r_e, ln n; and −ln q cos 2 pa, −ln q sin 2 pa."""
_EVALUATIONS = 15
"""Models of a search, at most; chosen by hand: the fit itself goes on from where it ends."""

_SKY_AROUND, _WIDE, _MOST_DECOMPOSED = 25.0, 4.0, 120.0
"""Half width of the part in which a galaxy is decomposed: least beside the PSF, pixels; half-light radii; most, pixels.
Chosen by hand: enough sky for a level, and bounded time."""
_OVERLAP = 1.0
"""Of a pixel's noise: where others outshine a galaxy and have more light than that, its decomposition does not look."""
_DARK = 0.3
"""Of a pixel's noise: drawn light below which a pixel tells of the noise; chosen by hand."""
_FARTHEST = 4
"""Pixels to which the noise's correlation is summed, along each axis: resampled images have none beyond."""
_LOCAL = 8.0
"""Sigma of the mean that is taken off before, pixels."""
_SURE = 4.0
"""Standard deviations of a correlation of white noise, from which one counts; chosen by hand."""
_FEWEST_PIXELS = 400
"""Pixels, below which correlations are not measured."""


class Scene:
    """The light of an image and the galaxies that are drawn of it.

    Attributes:
        light: data less the sky, 0 where a pixel is not used.
        drawn: the light of all galaxies together.
        galaxies: by name.
    """

    def __init__(self, image: ImageData, sky: float | Array) -> None:
        self.used: Mask = ~image.mask
        kernel = None if image.psf is None else image_kernel(image.psf, image.psf_oversampling)
        self.psf = None if kernel is None else compact_kernel(kernel)
        self.whole_psf = None if kernel is None else kernel
        self.blur = 0.0 if image.psf is None else stamp_sigma(image.psf) / image.psf_oversampling
        self.light: Array = np.where(self.used, image.data - sky, 0.0)
        self.weight: Array = np.zeros_like(self.light)
        self.weight[self.used] = image.variance[self.used] ** -0.5
        self.noise = 1.0 / float(np.median(self.weight[self.used])) if self.used.any() else 0.0
        self.drawn: Array = np.zeros_like(self.light)
        self.galaxies: dict[str, Galaxy] = {}
        self._drawings: dict[str, tuple[Part, Array]] = {}

    def take_sky(self, sky: Array) -> None:
        """Take more sky off the data, (height, width)."""
        self.light[self.used] -= sky[self.used]

    def residual(self) -> Array:
        """The light with all galaxies taken off; 0 where a pixel is not used."""
        return np.where(self.used, self.light - self.drawn, 0.0)

    def put(self, name: str, galaxy: Galaxy) -> None:
        """Draw a galaxy, in place of the one that had its name."""
        part = self.part_around(galaxy.x, galaxy.y, self._reach(galaxy))
        self._put_drawing(name, galaxy, part, Stamp(part, self.psf).draw(galaxy))

    def _put_drawing(self, name: str, galaxy: Galaxy, part: Part, drawing: Array) -> None:
        self.take_away(name)
        self.drawn[part] += drawing
        self.galaxies[name] = galaxy
        self._drawings[name] = part, drawing

    def decompose(
        self, name: str, *, points: bool, correlated: float, wanted: Form | None = None, settled: bool = False
    ) -> Decomposition:
        """Draw a galaxy as the model that its pixels prefer, and say which that is.

        Args:
            points, correlated, wanted: as of `decompositions.ModelChoice`.
            settled: as of `decompositions.decompose`.
        """
        start = self.galaxies[name]
        part = self.part_around(start.x, start.y, self._decomposed_reach(start))
        own = self.drawing_of(name, part)
        others = self.drawn[part] - own
        weight = np.where((others > own) & (others * self.weight[part] > _OVERLAP), 0.0, self.weight[part])
        choice = ModelChoice(points and self.psf is not None, self.blur, correlated, wanted)
        found = decompose(
            start, self.rest(part, name), weight, FineStamp(part, self.whole_psf), choice, settled=settled
        )
        reach = max(self._reach(item.light) for item in found.parts)
        if any(item.point for item in found.parts) and self.whole_psf is not None:
            reach = max(reach, self.whole_psf.shape[0] // 2)
        whole = self.part_around(start.x, start.y, reach)
        fine = FineStamp(whole, self.whole_psf)
        drawings = [draw_parts(fine, (item,)) for item in found.parts]
        self._put_drawing(name, found.main, whole, np.asarray(sum(drawings)))
        ratios = [float(np.sqrt(((drawing * self.weight[whole]) ** 2).sum())) for drawing in drawings]
        return replace(
            found, parts=tuple(replace(item, snr=ratio) for item, ratio in zip(found.parts, ratios, strict=True))
        )

    def _decomposed_reach(self, galaxy: Galaxy) -> int:
        """Half width of the part in which a galaxy is decomposed, pixels."""
        least = _SKY_AROUND + 6.0 * self.blur
        return math.ceil(min(max(_WIDE * galaxy.r_e, least), _MOST_DECOMPOSED))

    def drawing_of(self, name: str, part: Part) -> Array:
        """The drawn light of the named galaxy on a part; 0 where a pixel is not used."""
        return np.where(self.used[part], self.rest(part, name) - self.light[part] + self.drawn[part], 0.0)

    def noise_pixels(self) -> float:
        """Pixels of the noise that are worth one independent one: 1 + twice the sum of its correlations, at least 1.

        Of pixels without drawn light, to four pixels away; a correlation that white noise might have counts as none.
        """
        free = self.used & (self.drawn * self.weight < _DARK)
        count = float(free.sum())
        if count < _FEWEST_PIXELS:
            return 1.0
        pixels = np.where(free, np.clip(self.residual() * self.weight, -5.0, 5.0), 0.0)
        # Light that is not drawn yet is wider than what noise is correlated over.
        near = np.maximum(gaussian_filter(free.astype(np.float64), _LOCAL), 1e-3)
        pixels = np.where(free, pixels - gaussian_filter(pixels, _LOCAL) / near, 0.0)
        power = float((pixels**2).sum()) / count
        total = 1.0
        for down in range(_FARTHEST + 1):
            for right in range(-_FARTHEST if down else 1, _FARTHEST + 1):
                rows = slice(down, None), slice(None, pixels.shape[0] - down)
                columns = slice(max(right, 0), pixels.shape[1] + min(right, 0))
                before = slice(max(-right, 0), pixels.shape[1] - max(right, 0))
                pairs = float((free[rows[0], columns] & free[rows[1], before]).sum())
                if pairs < _FEWEST_PIXELS or power <= 0.0:
                    continue
                value = float((pixels[rows[0], columns] * pixels[rows[1], before]).sum()) / pairs / power
                if value > _SURE / math.sqrt(pairs):
                    total += 2.0 * value
        return total

    def take_away(self, name: str) -> None:
        """Forget a galaxy."""
        if name in self._drawings:
            part, drawing = self._drawings.pop(name)
            self.drawn[part] -= drawing
            del self.galaxies[name]

    def rest(self, part: Part, name: str) -> Array:
        """The light of a part with all galaxies taken off but the named one."""
        left: Array = self.light[part] - self.drawn[part]
        if name in self._drawings:
            (rows, columns), drawing = self._drawings[name]
            top, left_end = max(rows.start, part[0].start), max(columns.start, part[1].start)
            bottom, right = min(rows.stop, part[0].stop), min(columns.stop, part[1].stop)
            if top < bottom and left_end < right:
                here = np.s_[
                    top - part[0].start : bottom - part[0].start, left_end - part[1].start : right - part[1].start
                ]
                left[here] += drawing[
                    top - rows.start : bottom - rows.start, left_end - columns.start : right - columns.start
                ]
        return np.where(self.used[part], left, 0.0)

    def measure(self, name: str, x: float, y: float, reach: int, without: Mask) -> None:
        """Draw a galaxy as its growth curve and moments about a place say, some pixels left out."""
        part = self.part_around(x, y, reach)
        at = (x - part[1].start, y - part[0].start)
        used = self.used[part] & ~without[part]
        shape = measure_shape(self.rest(part, name), used, at, self.noise, self.blur, recentre=True)
        floor = self.noise * shape.radius**2
        intensity = max(shape.flux, floor) / unit_flux(shape.q, FIRST_N, shape.radius)
        x, y = shape.x + part[1].start, shape.y + part[0].start
        self.put(name, Galaxy(x, y, shape.q, shape.pa, FIRST_N, shape.radius, intensity))

    def refine(self, name: str, without: Mask | None = None) -> None:
        """Make a galaxy fit better what the others leave, some pixels left out."""
        start = self.galaxies[name]
        reach = math.ceil(_CLOSE * max(start.r_e, 1.2 * self.blur)) + _LEAST_REACH
        part = self.part_around(start.x, start.y, reach)
        light, weight = self.rest(part, name), self.weight[part]
        if without is not None:
            weight = np.where(without[part], 0.0, weight)
        factor = -(-max(light.shape) // _MOST_PIXELS)
        factor += 1 - factor % 2  # so that a wide pixel has a middle one
        if factor > 1:
            better = refine_coarsely(start, light, weight, part, self.psf, factor)
        else:
            better = refine_galaxy(start, light, weight, Stamp(part, self.psf))
        if better.i_e > 0.0:
            self.put(name, better)

    def significance(self, name: str) -> float:
        """Signal to noise of a galaxy's flux with all else known."""
        part, drawing = self._drawings[name]
        return float(np.sqrt(((drawing * self.weight[part]) ** 2).sum()))

    def point_like(self, name: str) -> Galaxy | None:
        """The point that fits about as well as a galaxy, as a galaxy too small to see; None where none does.

        Never a point where no PSF is known.
        """
        galaxy = self.galaxies[name]
        if self.psf is None or galaxy.r_e > self.blur:
            return None
        part = self.part_around(galaxy.x, galaxy.y, math.ceil(_CLOSE * self.blur) + _LEAST_REACH)
        target, weight, stamp = self.rest(part, name) * self.weight[part], self.weight[part], Stamp(part, self.psf)
        point = replace(galaxy, q=1.0, pa=0.0, n=1.0, r_e=_POINT, i_e=1.0)
        drawn = stamp.draw(point)
        amount, worse = _best_amount(target, drawn * weight)
        _, better = _best_amount(target, stamp.draw(galaxy) * weight)
        alike = worse - better < _POINT_MISFIT + _POINT_SHARE * self.significance(name) ** 2
        # So small a galaxy is drawn too coarsely to keep its light, so its flux is that of the drawing.
        flux = amount * float(drawn.sum())
        return replace(point, i_e=flux / point.flux) if alike and flux > 0.0 else None

    def meets_the_edge(self, name: str) -> bool:
        """Whether a galaxy's half-light ellipse comes near the edge of the image."""
        galaxy = self.galaxies[name]
        height, width = self.light.shape
        reach = galaxy.r_e + self.blur
        return not (reach <= galaxy.x <= width - 1 - reach and reach <= galaxy.y <= height - 1 - reach)

    def part_around(self, x: float, y: float, reach: int) -> Part:
        """Rows and columns of a square about a place, as far as there is an image."""
        height, width = self.light.shape
        column, row = min(max(round(x), 0), width - 1), min(max(round(y), 0), height - 1)
        return (
            slice(max(row - reach, 0), min(row + reach + 1, height)),
            slice(max(column - reach, 0), min(column + reach + 1, width)),
        )

    def _reach(self, galaxy: Galaxy) -> int:
        """Radius to which a galaxy is drawn, pixels: where it is lost in the noise."""
        faint = _NEGLIGIBLE * self.noise
        if not 0.0 < faint < galaxy.i_e * math.exp(b_n(galaxy.n)):
            return _LEAST_REACH
        depth = max(math.log(galaxy.i_e / faint) / b_n(galaxy.n) + 1.0, 0.0)
        widest = min(depth**galaxy.n * galaxy.r_e, float(_MOST_REACH))
        return math.ceil(widest + 4.0 * self.blur) + _LEAST_REACH


def image_kernel(psf: Array, oversampling: int) -> Array:
    """The PSF on the pixels of the image, square and odd; what is sampled more finely is summed to them."""
    side = max(psf.shape)
    rows, columns = (side - psf.shape[0]) // 2, (side - psf.shape[1]) // 2
    square = np.pad(psf, ((rows, rows), (columns, columns)))
    return square if oversampling == 1 else coarse_kernel(square, oversampling)


def _best_amount(target: Array, model: Array) -> tuple[float, float]:
    """The amount of a model that fits best, and χ² with it."""
    power = float((model * model).sum())
    amount = float((model * target).sum()) / power if power > 0.0 else 0.0
    return amount, float(((target - amount * model) ** 2).sum())


def refine_galaxy(start: Galaxy, light: Array, weight: Array, stamp: Stamp) -> Galaxy:
    """The galaxy that fits the light best, near `start`.

    Its total light follows from its shape by linear least squares, so that six values are searched: x, y, ln r_e, ln n,
    and −ln q times the cosine and sine of 2 pa, which are smooth through the circle.

    Args:
        light: sky-subtracted data with all else taken off, on the stamp's part.
        weight: inverse standard deviation there, 0 where a pixel is not used.
    """
    target = light * weight

    def best_model(values: Array) -> tuple[Galaxy, Array]:
        shape = _galaxy_at(start, values)
        model = stamp.draw(shape) * weight
        power = float((model * model).sum())
        return shape, model * (float((model * target).sum()) / power if power > 0.0 else 0.0)

    def residual(values: Array) -> Array:
        return np.asarray((target - best_model(values)[1]).ravel())

    first = np.clip(_search_values(start), np.array(_LOW) + 1e-3, np.array(_HIGH) - 1e-3)
    found = least_squares(
        residual, first, bounds=(_LOW, _HIGH), x_scale=(1.0, 1.0, 0.5, 0.5, 0.3, 0.3), max_nfev=_EVALUATIONS, ftol=1e-3
    )
    shape = _galaxy_at(start, found.x)
    model = stamp.draw(shape) * weight
    power = float((model * model).sum())
    amount = float((model * target).sum()) / power if power > 0.0 else 0.0
    return Galaxy(shape.x, shape.y, shape.q, shape.pa, shape.n, shape.r_e, amount)


def refine_coarsely(start: Galaxy, light: Array, weight: Array, part: Part, psf: Array | None, factor: int) -> Galaxy:
    """`refine_galaxy` on sums over factor × factor pixels: what is large does not need every pixel."""
    height, width = (length // factor for length in light.shape)
    whole_blocks = np.s_[: height * factor, : width * factor]
    blocks = (height, factor, width, factor)
    variance = np.divide(
        1.0,
        weight[whole_blocks] ** 2,
        out=np.zeros((blocks[0] * factor, blocks[2] * factor)),
        where=weight[whole_blocks] > 0.0,
    )
    whole = (weight[whole_blocks] > 0.0).reshape(blocks).mean((1, 3)) == 1.0
    total = variance.reshape(blocks).sum((1, 3))
    coarse_weight = np.where(whole, np.divide(1.0, np.sqrt(total), out=np.zeros_like(total), where=total > 0.0), 0.0)
    coarse_light = light[whole_blocks].reshape(blocks).sum((1, 3))
    left, top = part[1].start - 0.5, part[0].start - 0.5
    shrunk = Galaxy(
        (start.x - left) / factor - 0.5,
        (start.y - top) / factor - 0.5,
        start.q,
        start.pa,
        start.n,
        start.r_e / factor,
        start.i_e * factor**2,
    )
    stamp = Stamp((slice(0, height), slice(0, width)), None if psf is None else coarse_kernel(psf, factor))
    found = refine_galaxy(shrunk, coarse_light, coarse_weight, stamp)
    return Galaxy(
        (found.x + 0.5) * factor + left,
        (found.y + 0.5) * factor + top,
        found.q,
        found.pa,
        found.n,
        found.r_e * factor,
        found.i_e / factor**2,
    )


def _search_values(galaxy: Galaxy) -> Array:
    stretch, angle = -math.log(galaxy.q), math.radians(2.0 * galaxy.pa)
    return np.array(
        [0.0, 0.0, math.log(galaxy.r_e), math.log(galaxy.n), stretch * math.cos(angle), stretch * math.sin(angle)]
    )


def _galaxy_at(start: Galaxy, values: Array) -> Galaxy:
    x, y, size, index, cosine, sine = map(float, values)
    return Galaxy(
        start.x + x,
        start.y + y,
        math.exp(-math.hypot(cosine, sine)),
        math.degrees(math.atan2(sine, cosine)) / 2.0 % 180.0,
        math.exp(index),
        math.exp(size),
        1.0,
    )
