"""Likelihoods of pixels given a model: what each adds to the objective, and with which slope and curvature.

Every likelihood answers pixel by pixel with its deviance D = −2 ln L + a constant of the data, zero where the model
meets the datum; with the score s = −½ dD/dm, which takes the place of W r in the normal equations; and with the
information w, never negative, which takes the place of W in JᵀWJ, so that its inverse at the optimum is the covariance.

| noise | D | s | w |
|---|---|---|---|
| gaussian | r²/σ² | r/σ² | 1/σ² |
| poisson | 2 [μ − k + k ln(k/μ)] | g (k/μ − 1) | g²/μ, Fisher's expected information |
| student_t | (ν + 1) ln(1 + r²/(νσ²)) | r (ν + 1)/(νσ² + r²) | (ν + 1)²/(ν + 3) / (νσ² + r²) |

r = d − m. Poisson: k = g (d + o) electrons were counted where μ = g (m + o) were expected; D is the C of Cash (1979,
ApJ 228, 939) in the form of Baker & Cousins (1984, NIM 221, 437). The offset o is sky that was taken from the data, and
(read noise)²/g², by which the sum of photon and amplifier noise is Poisson's to second order (Snyder et al. 1993,
JOSA A 10, 1014). Student's t (Lange, Little & Taylor 1989, JASA 84, 881): w is the weight of iterative reweighting,
which lets outliers and distant starts say little, times (ν + 1)/(ν + 3), by which its mean is Fisher's information.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

FEWEST_ELECTRONS = 1e-6
"""Expectations below this have no likelihood worth the name. D goes on from there as a parabola, so that a search that
starts or strays where a model is negative finds its way back."""


@dataclass(frozen=True)
class Pixels:
    """Pixels of a tile, all of one shape.

    Attributes:
        data: data units, (height, width); or (objects, height, width), an image for each of the model's batch.
        weight: 1/variance, 0 where masked.
        offset: data units that belong to the counts and are in neither data nor model.
    """

    data: Tensor
    weight: Tensor
    offset: Tensor

    def flat(self) -> "Pixels":
        """The same as (…, pixels)."""
        return Pixels(self.data.flatten(-2), self.weight.flatten(-2), self.offset.flatten(-2))


@dataclass(frozen=True)
class Response:
    """Deviance, score and information of each pixel, all of the model's shape (information may broadcast)."""

    deviance: Tensor
    score: Tensor
    information: Tensor


class Likelihood(Protocol):
    """What a fit asks of a noise; the model is (batch, *shape of the pixels), data units."""

    def deviance(self, pixels: Pixels, model: Tensor) -> Tensor:
        """Of each pixel, of the model's shape."""

    def response(self, pixels: Pixels, model: Tensor) -> Response:
        """Deviance, score and information."""

    def log_normalization(self, pixels: Pixels) -> Tensor:
        """Of each pixel: ln L where the deviance is zero."""

    def variance(self, pixels: Pixels, model: Tensor, /) -> Tensor:
        """Of each pixel where the model (of the pixels' shape) is right, data units²; without meaning where masked."""


@dataclass(frozen=True)
class GaussianLikelihood:
    """Gaussian noise of known variance: the deviance is χ²."""

    def deviance(self, pixels: Pixels, model: Tensor) -> Tensor:
        """See `Likelihood`."""
        return (pixels.data - model).square_().mul_(pixels.weight)

    def response(self, pixels: Pixels, model: Tensor) -> Response:
        """See `Likelihood`."""
        residual = pixels.data - model
        score = residual * pixels.weight
        return Response(residual.mul_(score), score, pixels.weight)

    def log_normalization(self, pixels: Pixels) -> Tensor:
        """See `Likelihood`."""
        used = pixels.weight > 0.0
        return torch.where(used, 0.5 * (pixels.weight / (2.0 * math.pi)).clamp_min(1e-300).log(), 0.0)

    def variance(self, pixels: Pixels, _: Tensor, /) -> Tensor:
        """See `Likelihood`."""
        return pixels.weight.clamp_min(1e-300).reciprocal()


@dataclass(frozen=True)
class StudentTLikelihood:
    """Student's t of known scale σ = √variance: a pixel far off counts little."""

    degrees_of_freedom: float

    def deviance(self, pixels: Pixels, model: Tensor) -> Tensor:
        """See `Likelihood`."""
        squared = (pixels.data - model).square_().mul_(pixels.weight)
        return (self.degrees_of_freedom + 1.0) * (squared / self.degrees_of_freedom).log1p()

    def response(self, pixels: Pixels, model: Tensor) -> Response:
        """See `Likelihood`."""
        freedom = self.degrees_of_freedom
        residual = pixels.data - model
        squared = residual.square() * pixels.weight
        weight = (freedom + 1.0) / (freedom + squared) * pixels.weight
        deviance = (freedom + 1.0) * (squared / freedom).log1p()
        return Response(deviance, residual * weight, (freedom + 1.0) / (freedom + 3.0) * weight)

    def log_normalization(self, pixels: Pixels) -> Tensor:
        """See `Likelihood`."""
        freedom = self.degrees_of_freedom
        peak = math.lgamma((freedom + 1.0) / 2.0) - math.lgamma(freedom / 2.0)
        used = pixels.weight > 0.0
        return torch.where(used, peak + 0.5 * (pixels.weight / (freedom * math.pi)).clamp_min(1e-300).log(), 0.0)

    def variance(self, pixels: Pixels, _: Tensor, /) -> Tensor:
        """The squared scale: χ² counts in it, though the t's own variance is larger."""
        return pixels.weight.clamp_min(1e-300).reciprocal()


@dataclass(frozen=True)
class PoissonLikelihood:
    """Poisson noise of electrons, `gain` of them in a data unit."""

    gain: float

    def deviance(self, pixels: Pixels, model: Tensor) -> Tensor:
        """See `Likelihood`."""
        return self.response(pixels, model).deviance

    def response(self, pixels: Pixels, model: Tensor) -> Response:
        """See `Likelihood`."""
        used = pixels.weight > 0.0
        counted = torch.where(used, self.gain * (pixels.data + pixels.offset), 1.0).clamp_min(0.0)
        expected = torch.where(used, self.gain * (model + pixels.offset), 1.0)
        floor = expected.clamp_min(FEWEST_ELECTRONS)
        logarithm = torch.where(counted > 0.0, (counted.clamp_min(1e-300) / floor).log(), 0.0)
        # Below the floor: value and slope of D there, and a parabola whose lowest point is 0 where nothing was counted.
        steep = counted / FEWEST_ELECTRONS**2 + 1.0 / FEWEST_ELECTRONS
        short = expected - floor
        slope = 1.0 - counted / floor
        deviance = 2.0 * (floor - counted + counted * logarithm) + short * (2.0 * slope + short * steep)
        information = torch.where(short < 0.0, steep, floor.reciprocal())
        return Response(
            deviance * used,
            -self.gain * (slope + short * steep) * used,
            self.gain**2 * information * used,
        )

    def log_normalization(self, pixels: Pixels) -> Tensor:
        """See `Likelihood`."""
        counted = (self.gain * (pixels.data + pixels.offset)).clamp_min(0.0)
        highest = torch.xlogy(counted, counted) - counted - torch.lgamma(counted + 1.0)
        return torch.where(pixels.weight > 0.0, highest, 0.0)

    def variance(self, pixels: Pixels, model: Tensor, /) -> Tensor:
        """That of the expectation."""
        return (model + pixels.offset).clamp_min(FEWEST_ELECTRONS / self.gain) / self.gain
