"""Goodness of a fit: χ², likelihood and prior; and notices of correlated residuals and of limits that are near.

Fits assume that neighbouring pixels of a residual know nothing of each other. The autocorrelation at an offset is the
mean product of normalized residuals that far apart over their mean square. In white noise each has mean 0 and standard
deviation 1/√pairs, whatever the noise's distribution, and offsets are independent of each other; so the sum of those up
to 3 pixels along both axes, in standard deviations, is normal.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from torch import Tensor

from fitting.inputs import pixel_scatter
from fitting.problem import Problem
from fitting.problem.coordinates import Values
from fitting.results.result import FittedParameter, ImageResult
from fitting.spec import Notice, TableParameter


@dataclass(frozen=True)
class Goodness:
    """Sums over the used pixels of all images at one θ.

    Attributes:
        chi2: Σ (d − m)²/variance; for Poisson noise Pearson's, with the variance of the model.
        deviance: −2 ln L up to a constant of the data: χ² for Gaussian noise, Cash's C for Poisson's.
        log_likelihood: ln L with all constants; of Poisson noise that of the counted electrons.
        log_prior: ln of the priors' density; zero where all are flat.
    """

    chi2: float
    deviance: float
    log_likelihood: float
    log_prior: float


def goodness(problem: Problem, values: Values, models: Sequence[Tensor]) -> Goodness:
    """Of the models of each image, (1, height, width), at the values of one θ."""
    chi2 = deviance = constant = 0.0
    for image, model in zip(problem.images, models, strict=True):
        pixels = image.all_pixels
        squared = (image.data - model[0]).square() / image.variance(model[0])
        chi2 += float(squared[image.weight > 0.0].sum())
        deviance += float(image.likelihood.deviance(pixels, model).sum())
        constant += float(image.likelihood.log_normalization(pixels).sum())
    return Goodness(chi2, deviance, constant - 0.5 * deviance, float(problem.priors.log_density(values)))


Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

REACH = 3
"""Pixels along each axis to which offsets go: resampling and smoothing correlate no farther; chosen by hand."""
SIGNIFICANT = 4.0
"""Standard deviations from which a correlation is spoken of: by chance in one image of 15,000."""
_FEWEST_PAIRS = 200
"""Pairs of pixels, below which an autocorrelation is not normal enough to be judged; chosen by hand."""
_BLOCK = 10
"""Pixels along a side of a block, at least: enough of them for a significance of its own; chosen by hand."""
_MOST_BLOCKS = 16
"""Blocks along the shorter side of an image: more of them are no surer, and each would be less normal."""
_FEWEST_BLOCKS = 4
"""Blocks, below which it cannot be told whether a correlation is that of most; chosen by hand."""
_WIDESPREAD = 2.5
"""Of the median significance times √blocks, from which most blocks share it. Correlated noise that is just spoken of
has 4 ± 1.25, and what a source adds to a third of the blocks leaves 1 ± 1.25
(`tests/fitting/results/test_goodness.py`)."""
_EVEN = 0.4
"""Of the significance of all pixels, which most blocks share at least: noise shares all of it, a gradient of the sky
three quarters, a few sources next to nothing (`tests/fitting/results/test_goodness.py`)."""
_LARGEST = 5.0
"""Residuals count as no larger, so that a few cosmic rays are no correlation."""
_TOO_GOOD = 0.3
"""χ²ᵣ below which noise is spoken of as too large: by 1.8 in σ."""
_TOO_BAD = 3.0
"""χ²ᵣ above which it is spoken of as too small, by 1.7 in σ, where the residual has no structure."""
_BY_NOISE = 0.6
"""Share of χ²ᵣ that the scatter of neighbours must have, where there is no structure."""
_FEWEST_FREEDOM = 30
"""Degrees of freedom, from which χ²ᵣ is below 0.3 by chance once in 10,000 fits."""
_NEAREST = ((0, 1), (1, 0))
"""Offsets (rows, columns) of nearest neighbours."""
_OFFSETS = tuple((dy, dx) for dy in range(REACH + 1) for dx in range(-REACH, REACH + 1) if (dy, dx) > (0, 0))


def correlation_notice(image: ImageResult) -> Notice | None:
    """A notice where an image's residual is not white, or None.

    Noise is correlated all over an image; what a model lacks is so in places, which may lie beyond its own light.
    """
    where = f"image {image.name}"
    residual = np.clip(image.normalized_residual, -_LARGEST, _LARGEST)
    bright = np.abs(image.model - np.median(image.model)) > np.sqrt(image.variance)
    away = Autocorrelation.of(np.where(binary_dilation(bright, iterations=REACH), np.nan, residual))
    if is_correlated(away) and is_widespread(away):
        nearest = float(np.mean([away.at(*offset)[0] for offset in _NEAREST]))
        factor = inflation(away)
        sentence = (
            f"{where}: neighbouring pixels of the residual are correlated (by {nearest:.2f}) away from the "
            f"components too, as after resampling or smoothing, or where sky or faint light has structure; "
            f"uncertainties assume independent pixels and may be too small by a factor of up to {factor:.1f}"
        )
        return Notice("residual-correlated", sentence, where)
    beyond, near = (
        is_correlated(Autocorrelation.of(part))
        for part in (np.where(bright, np.nan, residual), np.where(bright, residual, np.nan))
    )
    if not (beyond or near):
        return None
    places = " and ".join(
        place for place, told in (("where the components are", near), ("in places beyond their light", beyond)) if told
    )
    sentence = (
        f"{where}: neighbouring pixels of the residual are correlated {places}, but not all over the image: the model "
        f"probably lacks structure that the image has, and uncertainties do not allow for that"
    )
    return Notice("model-lacks-structure", sentence, where)


def noise_notice(image: ImageResult, free: int) -> Notice | None:
    """A notice where χ²ᵣ says that an image's noise is too large, or too small though the residual has no structure.

    Whether it has is told by its second differences, which light that the model lacks hardly adds to.

    Args:
        free: how many parameters were fitted to it.
    """
    freedom = image.n_pixels - free
    if freedom < _FEWEST_FREEDOM:
        return None
    reduced, where = image.chi2 / freedom, f"image {image.name}"
    if reduced < _TOO_GOOD:
        factor = "far" if reduced <= 0.0 else f"about {reduced**-0.5:.2g} times"
        sentence = (
            f"{where}: reduced chi-squared is {reduced:.3g}, so the noise that was given is {factor} too large in "
            f"sigma, and so are uncertainties, unless the model follows the noise itself"
        )
        return Notice("noise-too-large", sentence, where)
    if reduced <= _TOO_BAD:
        return None
    used = ~image.mask
    scatter = pixel_scatter(np.where(used, image.residual, 0.0), used, np.where(used, image.variance, 1.0))
    if scatter is None or scatter.ratio**2 < _BY_NOISE * reduced:
        return None
    sentence = (
        f"{where}: reduced chi-squared is {reduced:.3g} though the residual has no structure, so the noise that was "
        f"given is about {scatter.ratio:.2g} times too small in sigma; `uncertainty_scaled` allows for that"
    )
    return Notice("noise-too-small", sentence, where)


@dataclass(frozen=True)
class Autocorrelation:
    """A residual (height, width) as what is summed over its pairs of pixels: zero where it is not used.

    Attributes:
        filled: the residual, zero where unused.
        used: which pixels are used.
    """

    filled: Array
    used: Mask

    @classmethod
    def of(cls, residual: Array) -> "Autocorrelation":
        """A residual that is NaN where unused."""
        used = np.isfinite(residual)
        return cls(np.where(used, residual, 0.0), used)

    @cached_property
    def square(self) -> float:
        """The mean square."""
        return float(np.vdot(self.filled, self.filled)) / max(int(np.count_nonzero(self.used)), 1)

    def at(self, dy: int, dx: int) -> tuple[float, int]:
        """Mean product at an offset (dy ≥ 0) over the mean square, and the number of pairs."""
        assert abs(dx) <= REACH, "rows are parted by no more"
        step = abs(dy * (self.filled.shape[1] + REACH) + dx)
        filled, used = self._rows
        pairs = round(float(np.dot(used[: len(used) - step], used[step:]))) if step < len(used) else 0
        if not pairs or self.square <= 0.0:
            return 0.0, pairs
        return float(np.dot(filled[: len(filled) - step], filled[step:])) / pairs / self.square, pairs

    @cached_property
    def _rows(self) -> tuple[Array, Array]:
        """Residual and use as one row of numbers, zeros between the rows, by which no sum goes from row to row."""
        apart = ((0, 0), (0, REACH))
        return np.pad(self.filled, apart).ravel(), np.pad(self.used.astype(float), apart).ravel()


def is_correlated(residual: Autocorrelation) -> bool:
    """Whether a residual is positively correlated beyond chance, between nearest neighbours or over `REACH` pixels."""
    return any(significance(residual, offsets) > SIGNIFICANT for offsets in (_NEAREST, _OFFSETS))


def is_widespread(residual: Autocorrelation) -> bool:
    """Whether a correlation that a residual has is that of most of its parts.

    Each block of the image has a significance of its own, and their median is as sure as the mean of two thirds as
    many: a few blocks that a source fills do not move it. A level common to all pixels counts as none.
    """
    used = residual.used
    if not used.any():
        return False
    level = Autocorrelation(np.where(used, residual.filled - np.median(residual.filled[used]), 0.0), used)
    side = max(_BLOCK, min(used.shape) // _MOST_BLOCKS)
    for offsets in (_NEAREST, _OFFSETS):
        blocks = _block_significances(level, offsets, side)
        shared = float(np.median(blocks)) * math.sqrt(len(blocks)) if len(blocks) >= _FEWEST_BLOCKS else 0.0
        if shared > max(_WIDESPREAD, _EVEN * significance(level, offsets)):
            return True
    return False


def _block_significances(residual: Autocorrelation, offsets: tuple[tuple[int, int], ...], side: int) -> Array:
    """`significance` of each block of so many pixels a side, of those of which half of the pixels are used."""
    filled, used = residual.filled, residual.used.astype(float)
    height, width = filled.shape
    rows, columns = np.arange(0, height, side), np.arange(0, width, side)

    def summed(values: Array) -> Array:
        added: Array = np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)
        return added

    pixels, squares = summed(used), summed(filled**2)
    total = np.zeros_like(squares)
    for dy, dx in offsets:
        product, pairs = np.zeros_like(filled), np.zeros_like(filled)
        first = (slice(0, height - dy), slice(max(0, -dx), width - max(0, dx)))
        second = (slice(dy, height), slice(max(0, dx), width - max(0, -dx)))
        product[first] = filled[first] * filled[second]
        pairs[first] = used[first] * used[second]
        total += summed(product) / np.sqrt(np.maximum(summed(pairs), 1.0))
    enough = (pixels >= 0.5 * side**2) & (squares > 0.0)
    found: Array = total[enough] / math.sqrt(len(offsets)) * pixels[enough] / squares[enough]
    return found


def significance(residual: Autocorrelation, offsets: tuple[tuple[int, int], ...]) -> float:
    """Sum of the autocorrelations at the offsets, in standard deviations of white noise; 0 where pixels are too few."""
    found = [residual.at(dy, dx) for dy, dx in offsets]
    if min(pairs for _, pairs in found) < _FEWEST_PAIRS:
        return 0.0
    return sum(rho * math.sqrt(pairs) for rho, pairs in found) / math.sqrt(len(found))


def inflation(residual: Autocorrelation) -> float:
    """√(1 + 2 Σ ρ) over the offsets of half a plane: how much more than in white noise a broad mean scatters."""
    total = sum(residual.at(dy, dx)[0] for dy, dx in _OFFSETS)
    return math.sqrt(max(1.0, 1.0 + 2.0 * total))


def near_limit_notice(rows: Iterable[TableParameter], fitted: Sequence[FittedParameter]) -> Notice | None:
    """A notice of free parameters within one uncertainty of a limit, whose posterior it cuts; None if none is."""
    near = [
        parameter.name
        for row, parameter in zip(rows, fitted, strict=True)
        if row.free
        and not parameter.at_limit
        and parameter.uncertainty is not None
        and any(
            limit is not None and abs(parameter.value - limit) < parameter.uncertainty for limit in (row.min, row.max)
        )
    ]
    if not near:
        return None
    sentence = (
        f"within one uncertainty of a limit, which the uncertainty knows nothing of (a chain shows what is left): "
        f"{', '.join(near)}"
    )
    return Notice("near-limit", sentence, f"parameters {', '.join(near)}")


def bad_fit_notice(rows: Iterable[TableParameter], fitted: Sequence[FittedParameter], reduced: float) -> Notice | None:
    """A notice of a fit that ended at limits and is a bad one, with what to try; None where it is none.

    Args:
        rows: of the table.
        fitted: the same, as reported.
        reduced: χ²ᵣ, where it is not the noise that makes it large.
    """
    at_limit = [(row, one.value) for row, one in zip(rows, fitted, strict=True) if one.at_limit]
    if not at_limit or not reduced > _TOO_BAD:
        return None
    names = ", ".join(row.name for row, _ in at_limit)
    own = ", ".join(row.name for row, value in at_limit if _is_own_limit(row, value))
    wider = f"widen the limits of {own}; " if own else ""
    sentence = (
        f"reduced chi-squared is {reduced:.3g} with {names} at a limit, so this is probably not the best that the "
        f"model can do; try: {wider}leave values out, so that they are found in the image; add `restarts` to `lm`; or "
        f"a component for light that the model lacks"
    )
    return Notice("bad-fit-at-limit", sentence, f"parameters {names}")


def _is_own_limit(row: TableParameter, value: float) -> bool:
    """Whether the limit that a value is at is the request's own, and not that of what the profile can have."""
    near = min((row.min, row.max), key=lambda limit: math.inf if limit is None else abs(value - limit))
    return near not in (row.description.min, row.description.max)
