"""Decompositions of one galaxy: as a Sérsic, a bulge with a disc, a star, or a star with its host, the best by BIC.

Each is fitted to the same pixels by least squares (`fine_drawing`). Amplitudes and a level of the sky follow from the
shapes linearly (variable projection: Golub & Pereyra 2003, Inverse Problems 19, R1), so that only shapes are searched,
with the derivatives of Kaufman 1975 (BIT 15, 49). Two parts are tried only where what one leaves is more than noise.
BIC = χ² + k ln N (Schwarz 1978, Ann. Stat. 6, 461), with χ² and N divided by how many pixels of correlated noise are
worth one, and χ² by how badly the best model fits where the galaxy is bright, since a variance may lack its photons.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from fitting.first_values import Galaxy, unit_flux
from fitting.proposing.fine_drawing import FineStamp

Array = NDArray[np.float64]
Form = Literal["sersic", "bulge_disc", "point", "point_host"]

CONVINCING = 2.0
"""Difference of BIC from which a galaxy of more parts is taken: "positive" of Kass & Raftery 1995 (JASA 90, 773). Of
160 simulated single galaxies the nearest stayed 12 below none at all."""
BULGE_N, DISC_N = 4.0, 1.0
"""Sérsic indices of a classical bulge (de Vaucouleurs 1948) and of a disc (Freeman 1970)."""
_POINT_SIZE = 0.05
"""Half-light radius of the galaxy that stands for a point, pixels: below what any PSF lets one tell."""
_LEAST_SHARE, _LEAST_HOST = 0.01, 0.005
"""Of the light of two parts, that which each has at least: of a bulge and a disc; of a host beside its star. Less is
what models and PSFs do wrong. Chosen by hand."""
_EVALUATIONS, _LAST_EVALUATIONS = 8, 60
"""Models of a search from each start, and from the best of them, at most; chosen by hand."""
_RINGS, _SECTORS = 8, 4
"""Rings about a galaxy in which what one part leaves is averaged, and the wider ones of them that are looked at by
direction, too."""
_SHAPE_LOW = (math.log(0.1), math.log(0.2), -2.5, -2.5)
_SHAPE_HIGH = (math.log(2000.0), math.log(10.0), 2.5, 2.5)
"""Limits of ln r_e, ln n, and −ln q times the cosine and sine of 2 pa."""
_STRAY = 3.0
"""Pixels by which a centre may move from where it was found."""


@dataclass(frozen=True)
class LightPart:
    """One component of a decomposition.

    Attributes:
        role: what it is of the galaxy.
        light: its values in pixels of the array; of a point a galaxy too small to see.
        held: parameters that the request fixes.
        snr: signal to noise of its flux with all else known; 0 where that was not measured.
    """

    role: Literal["galaxy", "bulge", "disc", "point", "host"]
    light: Galaxy
    held: tuple[str, ...] = ()
    snr: float = 0.0

    @property
    def point(self) -> bool:
        """Whether it is a point."""
        return self.role == "point"


@dataclass(frozen=True)
class Decomposition:
    """What a galaxy is best described by.

    Attributes:
        form: which model.
        parts: its components; those of a bulge and a disc have one centre.
        level: of the sky beside what was taken off already.
        bic: of every model that was fitted, less that of the best.
        drawing: of all parts, on the stamp's part.
    """

    form: Form
    parts: tuple[LightPart, ...]
    level: float
    bic: Mapping[Form, float]
    drawing: Array

    @property
    def main(self) -> Galaxy:
        """The part that reaches farthest: the disc, the host, or the only one."""
        return self.parts[-1].light

    @property
    def flux(self) -> float:
        """Total, data units."""
        return sum(part.light.flux for part in self.parts)


@dataclass(frozen=True)
class _Fit:
    parts: tuple[LightPart, ...]
    level: float
    chi2: float
    parameters: int
    drawing: Array


@dataclass(frozen=True)
class ModelChoice:
    """Among which models to choose, and how.

    Attributes:
        points: whether a star is thought of, for which there has to be a PSF.
        blur: sigma of the PSF, pixels.
        correlated: pixels of noise that are worth one independent one.
        wanted: the model to take, and others are not tried; with no PSF there is none with a point.
    """

    points: bool
    blur: float
    correlated: float = 1.0
    wanted: Form | None = None


def decompose(
    start: Galaxy, light: Array, weight: Array, stamp: FineStamp, choice: ModelChoice, *, settled: bool = False
) -> Decomposition:
    """The decomposition that the pixels prefer.

    Args:
        start: the galaxy as it was found.
        light: sky-subtracted data with all else taken off, on the stamp's part.
        weight: inverse standard deviation there, 0 where a pixel is not used.
        settled: whether the galaxy was fitted as a Sérsic before, so that one start is enough.
    """
    search = _Search(light, weight, stamp)
    fits: dict[Form, _Fit] = {"sersic": search.single(start, settled)}
    single = fits["sersic"].parts[0].light
    if choice.points and choice.wanted in (None, "point", "point_host"):
        fits["point"] = search.point(start)
    best = min(fits.values(), key=lambda fit: fit.chi2)
    left = (light - best.drawing - best.level) * weight
    pixels = max(int(np.count_nonzero(weight)) / choice.correlated, 2.0)
    # Two parts have three parameters more than a Sérsic.
    tried = choice.wanted is None and _structure(left, weight, single, stamp, choice.blur) > 3 * math.log(pixels)
    if tried or choice.wanted == "bulge_disc":
        fits["bulge_disc"] = search.bulge_and_disc(single)
    if "point" in fits and (tried or choice.wanted == "point_host"):
        fits["point_host"] = search.point_and_host(single, fits["point"].parts[0].light, choice.blur)
    best = min(fits.values(), key=lambda fit: fit.chi2)
    units = choice.correlated * max(1.0, _misfit(best, light, weight))
    bic = {form: fit.chi2 / units + fit.parameters * math.log(pixels) for form, fit in fits.items()}
    form = choice.wanted if choice.wanted in fits else _preferred(fits, bic)
    least = bic[form]
    told = MappingProxyType({name: round(value - least, 2) for name, value in bic.items()})
    return Decomposition(form, fits[form].parts, fits[form].level, told, fits[form].drawing)


def draw_parts(stamp: FineStamp, parts: Sequence[LightPart]) -> Array:
    """The light of components together."""
    drawn = [
        stamp.draw_point(part.light.x, part.light.y) * part.light.flux if part.point else stamp.draw(part.light)
        for part in parts
    ]
    return np.asarray(sum(drawn))


def _preferred(fits: Mapping[Form, _Fit], bic: Mapping[Form, float]) -> Form:
    """The simplest that no sensible one of more parts beats convincingly."""
    simple: list[Form] = [form for form in ("point", "sersic") if form in fits]
    best = min(simple, key=lambda form: bic[form])
    complex_: list[Form] = [form for form in ("bulge_disc", "point_host") if form in fits and _sensible(fits[form])]
    for form in sorted(complex_, key=lambda form: bic[form]):
        if bic[form] < bic[best] - CONVINCING:
            return form
    return best


def _sensible(fit: _Fit) -> bool:
    """Whether both parts have light, and a bulge is smaller than its disc."""
    fluxes = [part.light.flux for part in fit.parts]
    total = sum(fluxes)
    least = _LEAST_HOST if fit.parts[0].point else _LEAST_SHARE
    if total <= 0.0 or min(fluxes) < least * total:
        return False
    return fit.parts[0].point or fit.parts[0].light.r_e < fit.parts[1].light.r_e


def _misfit(fit: _Fit, light: Array, weight: Array) -> float:
    """χ² a pixel, pixels counting by how well they see the galaxy."""
    seen = (fit.drawing * weight) ** 2
    total = float(seen.sum())
    if total <= 0.0:
        return 1.0
    residual = ((light - fit.drawing - fit.level) * weight) ** 2
    return float((seen * residual).sum()) / total


def _structure(left: Array, weight: Array, galaxy: Galaxy, stamp: FineStamp, blur: float) -> float:
    """χ² that means of a residual over rings and directions explain: what another part of the galaxy might take away.

    Args:
        left: residual over its noise.
    """
    (rows, columns), angle = stamp.part, math.radians(galaxy.pa)
    y, x = np.mgrid[rows, columns].astype(np.float64)
    y, x = y - galaxy.y, x - galaxy.x
    along, across = y * math.cos(angle) - x * math.sin(angle), y * math.sin(angle) + x * math.cos(angle)
    # Blur makes isophotes rounder.
    flat = math.hypot(galaxy.q * galaxy.r_e, blur) / math.hypot(galaxy.r_e, blur)
    radius = np.hypot(along, across / flat)
    inner, outer = max(blur, 0.7), 4.0 * math.hypot(galaxy.r_e, blur)
    explained = 0.0
    for count, functions in (
        (_RINGS, (np.ones_like(x),)),
        (_SECTORS, tuple(part / np.maximum(radius, 0.5) ** power for power, part in _harmonics(x, y))),
    ):
        ring = np.digitize(radius, np.geomspace(inner, max(outer, 2.0 * inner), count)).ravel()
        for function in functions:
            seen = (function * weight).ravel()
            power = np.bincount(ring, seen**2, minlength=count + 1)
            overlap = np.bincount(ring, seen * left.ravel(), minlength=count + 1)
            explained += float((overlap[:count] ** 2 / np.where(power > 0.0, power, np.inf)[:count]).sum())
    return explained


def _harmonics(x: Array, y: Array) -> tuple[tuple[int, Array], ...]:
    """Radius times cosine and sine, and its square times cosine and sine of twice the angle."""
    return (1, x), (1, y), (2, x**2 - y**2), (2, 2.0 * x * y)


class _Search:
    """Fits of several models to the same pixels."""

    def __init__(self, light: Array, weight: Array, stamp: FineStamp) -> None:
        self.target, self.weight, self.stamp = light * weight, weight, stamp
        self.flat = np.ones_like(light)

    def single(self, start: Galaxy, settled: bool) -> _Fit:
        """One Sérsic galaxy, from where it was found and, unless it has settled, a round one of the same size."""

        def parts(values: Array) -> tuple[LightPart, ...]:
            return (LightPart("galaxy", _galaxy(start, values[:2], values[2:])),)

        low, high = (-_STRAY, -_STRAY, *_SHAPE_LOW), (_STRAY, _STRAY, *_SHAPE_HIGH)
        first = (0.0, 0.0, *_shape(start))
        starts = [first] if settled else [first, (*first[:3], math.log(2.0), 0.0, 0.0)]
        return self._fit(parts, (range(6),), starts, low, high)

    def bulge_and_disc(self, single: Galaxy) -> _Fit:
        """A bulge of n = 4 and an exponential disc with one centre."""

        def parts(values: Array) -> tuple[LightPart, ...]:
            bulge = _galaxy(single, values[:2], (values[2], math.log(BULGE_N), values[3], values[4]))
            disc = _galaxy(single, values[:2], (values[5], math.log(DISC_N), values[6], values[7]))
            return LightPart("bulge", bulge, ("n",)), LightPart("disc", disc, ("n",))

        size, _, cosine, sine = _shape(single)
        low, high = (ends[:1] + ends[2:] for ends in (_SHAPE_LOW, _SHAPE_HIGH))
        starts = [
            (0.0, 0.0, size + math.log(small), 0.5 * cosine, 0.5 * sine, size + math.log(large), cosine, sine)
            for small, large in ((0.2, 1.1), (0.6, 1.3), (1.0, 1.0))
        ]
        places = (0, 1, 2, None, 3, 4), (0, 1, 5, None, 6, 7)
        return self._fit(parts, places, starts, (-_STRAY, -_STRAY, *low, *low), (_STRAY, _STRAY, *high, *high))

    def point(self, start: Galaxy) -> _Fit:
        """A star."""

        def parts(values: Array) -> tuple[LightPart, ...]:
            return (LightPart("point", _point(start, values)),)

        return self._fit(parts, (range(2),), [(0.0, 0.0)], (-_STRAY,) * 2, (_STRAY,) * 2)

    def point_and_host(self, single: Galaxy, star: Galaxy, blur: float) -> _Fit:
        """A star, and a galaxy that may have its centre beside it."""

        def parts(values: Array) -> tuple[LightPart, ...]:
            return LightPart("point", _point(star, values[:2])), LightPart(
                "host", _galaxy(star, values[2:4], values[4:])
            )

        size, _, cosine, sine = _shape(single)
        small = math.log(max(blur, 1.0))
        starts = [
            (0.0, 0.0, 0.0, 0.0, max(size, small), 0.0, cosine, sine),
            (0.0, 0.0, 0.0, 0.0, max(size, small) + math.log(3.0), 0.0, 0.0, 0.0),
        ]
        away = max(_STRAY, 2.0 * blur)
        low = (-_STRAY, -_STRAY, -away, -away, *_SHAPE_LOW)
        return self._fit(parts, (range(2), range(2, 8)), starts, low, (_STRAY, _STRAY, away, away, *_SHAPE_HIGH))

    def _fit(
        self,
        parts: Callable[[Array], tuple[LightPart, ...]],
        places: Sequence[Sequence[int | None]],
        starts: Sequence[Sequence[float]],
        low: Sequence[float],
        high: Sequence[float],
    ) -> _Fit:
        """The best fit from several starts.

        Args:
            places: for each part, which values are its x, y, and shape; None for what it holds.
        """

        def residual(values: Array) -> Array:
            return np.asarray((self.target - self._best(parts(values))[1] * self.weight).ravel())

        def jacobian(values: Array) -> Array:
            made = parts(values)
            amounts, _ = self._best(made)
            rows = np.zeros((len(values), self.target.size))
            for part, amount, own in zip(made, amounts, places, strict=False):
                if amount > 0.0:
                    for place, plane in zip(own, self._derivatives(part), strict=True):
                        if place is not None:
                            rows[place] -= amount * (plane * self.weight).ravel()
            # Amounts follow a shape: what they take up of its change is no change.
            lit = [self._draw(part) for part, amount in zip(made, amounts, strict=False) if amount > 0.0]
            basis, _ = np.linalg.qr(np.array([(drawing * self.weight).ravel() for drawing in (*lit, self.flat)]).T)
            return np.asarray((rows - (rows @ basis) @ basis.T).T)

        def search(first: Sequence[float] | Array, most: int, tolerance: float) -> tuple[Array, float]:
            inside = np.clip(first, np.array(low) + 1e-3, np.array(high) - 1e-3)
            found = least_squares(
                residual, inside, jacobian, bounds=(low, high), x_scale=0.3, max_nfev=most, ftol=tolerance
            )
            return found.x, float(found.cost)

        tried = [search(first, _EVALUATIONS, 1e-3) for first in starts]
        values, _ = search(min(tried, key=lambda item: item[1])[0], _LAST_EVALUATIONS, 1e-6)
        found = parts(values)
        amounts, model = self._best(found)
        chi2 = float(((self.target - model * self.weight) ** 2).sum())
        lit = tuple(
            replace(part, light=replace(part.light, i_e=amount * part.light.i_e))
            for part, amount in zip(found, amounts, strict=False)
        )
        level = amounts[-1]
        return _Fit(lit, level, chi2, len(values) + len(amounts), model - level)

    def _best(self, parts: tuple[LightPart, ...]) -> tuple[list[float], Array]:
        """Amounts of the parts and of a level, none of a part negative, and the model with them."""
        drawings = [*(self._draw(part) for part in parts), self.flat]
        amounts = _nonnegative([drawing * self.weight for drawing in drawings], self.target)
        return amounts, np.asarray(sum(amount * drawing for amount, drawing in zip(amounts, drawings, strict=True)))

    def _derivatives(self, part: LightPart) -> Array:
        if part.point:
            return self.stamp.point_derivatives(part.light.x, part.light.y) * part.light.flux
        return self.stamp.derivatives(part.light)

    def _draw(self, part: LightPart) -> Array:
        return draw_parts(self.stamp, (part,))


def _nonnegative(rows: list[Array], target: Array) -> list[float]:
    """Amounts of the rows that fit the target best, all but the last not negative, by normal equations."""
    matrix = np.array([[float((one * other).sum()) for other in rows] for one in rows])
    right = np.array([float((row * target).sum()) for row in rows])
    used = list(range(len(rows)))
    while True:
        amounts = np.zeros(len(rows))
        amounts[used] = np.linalg.lstsq(matrix[np.ix_(used, used)], right[used], rcond=None)[0]
        worst = min(used[:-1], key=lambda place: amounts[place], default=None)
        if worst is None or amounts[worst] >= 0.0:
            return [float(amount) for amount in amounts]
        used.remove(worst)


def _shape(galaxy: Galaxy) -> tuple[float, float, float, float]:
    stretch, angle = -math.log(galaxy.q), math.radians(2.0 * galaxy.pa)
    return math.log(galaxy.r_e), math.log(galaxy.n), stretch * math.cos(angle), stretch * math.sin(angle)


def _galaxy(about: Galaxy, offset: Sequence[float] | Array, shape: Sequence[float] | Array) -> Galaxy:
    """A galaxy of flux 1."""
    size, index, cosine, sine = map(float, shape)
    q, n, r_e = math.exp(-math.hypot(cosine, sine)), math.exp(index), math.exp(size)
    pa = math.degrees(math.atan2(sine, cosine)) / 2.0 % 180.0
    return Galaxy(about.x + float(offset[0]), about.y + float(offset[1]), q, pa, n, r_e, 1.0 / unit_flux(q, n, r_e))


def _point(about: Galaxy, offset: Sequence[float] | Array) -> Galaxy:
    """A point of flux 1, as a galaxy too small to see."""
    x, y = about.x + float(offset[0]), about.y + float(offset[1])
    return Galaxy(x, y, 1.0, 0.0, 1.0, _POINT_SIZE, 1.0 / unit_flux(1.0, 1.0, _POINT_SIZE))
