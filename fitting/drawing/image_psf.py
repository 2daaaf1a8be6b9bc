"""Stars whose image is a given one with corrections: a weighted sum of planes over its own sum, moved and scaled."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from fitting.drawing.point_source import PointSource
from fitting.render.pixels import Frame


@dataclass(frozen=True)
class MixedKernel:
    """K = (P_0 + Σ_k c_k P_k) / S, S the same sum of the planes' sums.

    Args:
        planes: (planes, odd, odd).
    """

    planes: Tensor

    @cached_property
    def _sums(self) -> Tensor:
        return self.planes.sum((-1, -2))

    def weights(self, coefficients: Tensor) -> tuple[Tensor, Tensor]:
        """Weights of the planes (…, planes), and their derivatives by each coefficient (…, coefficients, planes), at
        coefficients (…, planes − 1).
        """
        mixed = torch.cat((torch.ones_like(coefficients[..., :1]), coefficients), dim=-1)
        total = (mixed @ self._sums)[..., None]
        weights = mixed / total
        lost = self._sums[1:, None] * weights[..., None, :]
        return weights, (torch.eye(len(self._sums)).to(lost)[1:] - lost) / total[..., None]


@dataclass(frozen=True)
class ImagePsfDrawing:
    """Parameters x, y (pixels) of the middle, a coefficient for each plane but the first, and the flux (data units)."""

    kernel: MixedKernel

    linear = (-1,)

    @cached_property
    def _planes(self) -> list[PointSource]:
        """Each plane as what a point source of unit flux would look like, which is how it is moved."""
        first, *others = self.kernel.planes
        image = PointSource(first)
        return [image, *(PointSource(plane, spline=image.degree) for plane in others)]

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """Light, (instances, height, width)."""
        weights, _ = self.kernel.weights(values[:, 2:-1])
        light = torch.stack([plane.image(_unit(values), frame) for plane in self._planes], dim=1)
        return values[:, -1, None, None] * torch.einsum("ip,ipyx->iyx", weights, light)

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """By x, y, the coefficients and the flux."""
        weights, slopes = self.kernel.weights(values[:, 2:-1])
        parts = torch.stack([plane.derivatives(_unit(values), frame) for plane in self._planes], dim=1)
        by_place_and_flux = torch.einsum("ip,ipkyx->ikyx", weights, parts)
        by_coefficients = torch.einsum("icp,ipyx->icyx", slopes, parts[:, :, 2])
        flux = values[:, -1, None, None, None]
        return torch.cat((flux * by_place_and_flux[:, :2], flux * by_coefficients, by_place_and_flux[:, 2:]), dim=1)

    def reaches(self, values: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> Tensor:
        """Where the brightest that the planes can add up to does."""
        weights, _ = self.kernel.weights(values[:, 2:-1])
        bright = torch.cat((values[:, :2], values[:, -1:] * weights.abs().sum(-1, keepdim=True)), dim=1)
        return torch.stack([plane.reaches(bright, frames, faintest) for plane in self._planes]).any(0)


def _unit(values: Tensor) -> Tensor:
    """Places with a flux of one, (instances, 3)."""
    return torch.cat((values[:, :2], torch.ones_like(values[:, :1])), dim=1)
