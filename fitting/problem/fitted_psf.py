"""Fitted point-spread functions: a component with parameters of its own that blurs the others (decision 0021).

The kernel is the component's formula integrated over pixels, on a stamp whose size the first values set, or an image
with corrections, divided by its sum. Its derivatives are kernels too: with L the light before the blur, ∂(K ⊛ L)/∂p =
∂K/∂p ⊛ L.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
import torch
from torch import Tensor

from fitting.drawing import Drawing, ImagePsfDrawing, MixedKernel, SurfaceDrawing
from fitting.inputs import Array, ImageData
from fitting.profiles import SURFACES
from fitting.profiles.psf import PsfSurface
from fitting.render.convolution import Convolver
from fitting.render.pixels import Frame
from fitting.spec import ComponentSpec

_STAMP_ROOM = 1.25
"""Factor by which the FWHM may grow beyond the first before the stamp is too small for it; chosen by hand."""
_LARGEST_HALF = 256
"""Pixels from the middle of a stamp to its edge, at most; chosen by hand: bounds time where a FWHM
starts far too large."""


class FittedConvolver:
    """Kernels of a batch, with their derivatives.

    Attributes:
        rows: places of the parameters among the native values.
        kernel: (batch, odd, odd).
        slopes: by each parameter, (batch, parameters, odd, odd).
    """

    oversampling = 1

    def __init__(self, rows: Tensor, kernel: Tensor, slopes: Tensor) -> None:
        self.rows, self.kernel, self.slopes = rows, kernel, slopes
        self.widest_margin = kernel.shape[-1] // 2

    def apply(self, wide: Tensor) -> Tensor:
        """Blur images (batch, …, height + 2·margin, width + 2·margin), each of the batch by its own kernel."""
        return Convolver(_with_middle_axes(self.kernel, wide)).apply(wide)

    def transpose(self, image: Tensor) -> Tensor:
        """The transpose of `apply`."""
        return Convolver(_with_middle_axes(self.kernel, image)).transpose(image)

    def apply_slopes(self, wide: Tensor) -> Tensor:
        """Derivatives of the blurred light by the parameters, (batch, parameters, height, width), of light before the
        blur (batch, height + 2·margin, width + 2·margin).
        """
        return Convolver(self.slopes).apply(wide.unsqueeze(1))


def _with_middle_axes(kernel: Tensor, image: Tensor) -> Tensor:
    """The kernels with an axis of length one for each of the images' between batch and pixels."""
    return kernel.view(len(kernel), *(1,) * (image.ndim - 3), *kernel.shape[-2:])


class FittedPsf(Protocol):
    """A component as an image's point-spread function."""

    @property
    def star(self) -> Drawing:
        """How a star looks."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Of the star's parameters; all but x, y and flux are the component's."""
        ...

    def convolver(self, physical: Tensor) -> FittedConvolver:
        """At native values (batch, natives)."""
        ...


@dataclass(frozen=True)
class FormulaPsf:
    """A point-spread function of known formula.

    Attributes:
        profile: name in `SURFACES`.
        rows: places of q, pa, the shape's own and fwhm among the native values.
        half: the stamp has 2 half + 1 pixels a side.
    """

    profile: str
    rows: Tensor
    half: int

    @classmethod
    def of(cls, component: ComponentSpec, index: Mapping[str, int], physical: Tensor) -> "FormulaPsf":
        """The component at its first native values (1, natives); `index` is of those."""
        surface = SURFACES[component.profile]
        assert isinstance(surface, PsfSurface), "only PSF models and images blur other components"
        names = surface.parameters[2:-1]
        places = [index[f"{component.name}.{name}"] for name in names]
        fwhm = float(physical[0, places[-1]])
        half = min(max(math.ceil(_STAMP_ROOM * surface.profile.reach * fwhm), 2), _LARGEST_HALF)
        return cls(component.profile, torch.tensor(places, dtype=torch.long, device=physical.device), half)

    @property
    def star(self) -> Drawing:
        """The formula itself."""
        return SurfaceDrawing(SURFACES[self.profile], integrated=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the formula's parameters."""
        return SURFACES[self.profile].parameters

    def convolver(self, physical: Tensor) -> FittedConvolver:
        """At native values (batch, natives)."""
        centre, flux = physical.new_zeros((len(physical), 2)), physical.new_ones((len(physical), 1))
        values = torch.cat((centre, physical[:, self.rows], flux), dim=1)
        drawing = SurfaceDrawing(SURFACES[self.profile], integrated=True)
        frame = Frame(-self.half, -self.half, 2 * self.half + 1, 2 * self.half + 1)
        by_all = drawing.derivatives(values, frame)
        light, slopes = by_all[:, -1], by_all[:, 2:-1]
        total = light.sum((-1, -2), keepdim=True)
        kernel = light / total
        lost = slopes.sum((-1, -2), keepdim=True)
        return FittedConvolver(self.rows, kernel, (slopes - kernel.unsqueeze(1) * lost) / total.unsqueeze(1))


@dataclass(frozen=True)
class CorrectedPsf:
    """A given image with corrections.

    Attributes:
        rows: places of the corrections' coefficients among the native values.
        coefficients: their names.
    """

    kernel: MixedKernel
    rows: Tensor
    coefficients: tuple[str, ...]

    @classmethod
    def of(cls, component: ComponentSpec, index: Mapping[str, int], planes: Sequence[Array], like: Tensor) -> Self:
        """Of the image, and of what its coefficients multiply, (odd, odd) each."""
        names = component.description.names
        rows = torch.tensor([index[f"{component.name}.{name}"] for name in names], dtype=torch.long, device=like.device)
        return cls(MixedKernel(torch.as_tensor(np.stack(planes), device=like.device)), rows, names)

    @property
    def star(self) -> Drawing:
        """The kernel, interpolated."""
        return ImagePsfDrawing(self.kernel)

    @property
    def names(self) -> tuple[str, ...]:
        """The place, a coefficient for each correction, and the flux."""
        return ("x", "y", *self.coefficients, "flux")

    def convolver(self, physical: Tensor) -> FittedConvolver:
        """At native values (batch, natives)."""
        weights, slopes = self.kernel.weights(physical[:, self.rows])
        planes = self.kernel.planes
        return FittedConvolver(
            self.rows, torch.tensordot(weights, planes, dims=1), torch.tensordot(slopes, planes, dims=1)
        )


def fitted_psf(
    components: Sequence[ComponentSpec], index: Mapping[str, int], image: ImageData, physical: Tensor
) -> FittedPsf | None:
    """The one among an image's components that blurs the others, at first native values (1, natives)."""
    blurring = next((component for component in components if component.role == "psf"), None)
    if blurring is None:
        return None
    if blurring.name in image.bases:
        return CorrectedPsf.of(blurring, index, image.bases[blurring.name], physical)
    return FormulaPsf.of(blurring, index, physical)


def with_stamp(image: ImageData, psf: FittedPsf | None, physical: Tensor) -> ImageData:
    """The image with the stamp at first values, for what needs to know how large it is."""
    if psf is None:
        return image
    return replace(image, psf=psf.convolver(physical).kernel[0].cpu().numpy(), psf_convention="discrete")
