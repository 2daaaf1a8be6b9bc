"""Drawn components: groups of any kind that draws its derivatives by its parameters, and each kind's drawing.

Drawings are in `fitting.drawing`; `DRAWINGS` and `drawing_of` are the one place that knows them all.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from torch import Tensor

from fitting.drawing import (
    AnalyticPointSource,
    Basis,
    BilinearSky,
    Drawing,
    ImagePsfDrawing,
    MixedKernel,
    Pixelated,
    PlaneSky,
    PointSource,
    SurfaceDrawing,
)
from fitting.geometry import ModifiedProfile, in_pixels, modifiers_of
from fitting.problem.components.group import reaching_any
from fitting.problem.image import TargetImage
from fitting.profiles import SURFACES, radial_profile
from fitting.profiles.radial import RadialProfile
from fitting.profiles.surface import Surface
from fitting.render.pixels import Frame
from fitting.spec import ComponentSpec, ModifierSpec
from fitting.spec.images.image_spec import GaussianShape, MoffatShape


@dataclass(frozen=True)
class DrawnGroup:
    """Components of one drawing.

    Attributes:
        index: (components, parameters of the drawing) places in the parameter table.
    """

    drawing: Drawing
    members: tuple[str, ...]
    index: Tensor
    convolved: bool

    @property
    def likeness(self) -> Hashable | None:
        """See `Group`. Surfaces have rules for all of a batch together; skies with a slope are about their own image's
        middle, which is the same place in all images of a size.
        """
        if isinstance(self.drawing, SurfaceDrawing | AnalyticPointSource):
            return None
        sky = isinstance(self.drawing, PlaneSky | BilinearSky)
        drawn = type(self.drawing) if sky else id(self.drawing)
        return drawn, self.members, tuple(self.index.flatten().tolist()), self.convolved

    def stack(self, physical: Tensor, chosen: tuple[int, ...], frames: tuple[Frame, ...]) -> "DrawnStack":
        """The chosen components at values (batch, rows of the table)."""
        index = self.index[list(chosen)]
        values = physical[:, index]
        drawing = self.drawing
        if isinstance(drawing, SurfaceDrawing):
            drawing = drawing.over(values.flatten(0, 1), frames)
        return DrawnStack(drawing, index, values)

    def reaching(self, physical: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> list[tuple[int, ...]]:
        """As the drawing says."""
        values = physical[:, self.index]
        reaches = self.drawing.reaches(values.flatten(0, 1), frames, faintest)
        return reaching_any(reaches.unflatten(1, values.shape[:2]))


@dataclass(frozen=True)
class DrawnStack:
    """Instances of one drawing: `values` are (batch, components, parameters), `index` their places in the table."""

    drawing: Drawing
    index: Tensor
    values: Tensor

    @property
    def columns(self) -> int:
        """One a parameter and component."""
        return self.index.numel()

    @property
    def rows(self) -> Tensor:
        """The index as one list."""
        return self.index.flatten()

    def image(self, frame: Frame) -> Tensor:
        """Sum over components, (batch, height, width)."""
        images = self.drawing.image(self.values.flatten(0, 1), frame).unflatten(0, self.values.shape[:2])
        return images[:, 0] if images.shape[1] == 1 else images.sum(1)

    def linearize(self, frame: Frame) -> "DrawnLight":
        """The columns, kept."""
        return DrawnLight(self, self._derivatives(frame))

    def write_columns(self, columns: Tensor, frame: Frame) -> None:
        """Fill (batch, columns, height, width) with the derivatives by each parameter of each component."""
        columns.copy_(self._derivatives(frame))

    def _derivatives(self, frame: Frame) -> Tensor:
        derivatives = self.drawing.derivatives(self.values.flatten(0, 1), frame)
        return derivatives.reshape(len(self.values), self.columns, frame.height, frame.width)

    def weights(self) -> Tensor:
        """The values of the linear parameters, zero for the others: (batch, columns)."""
        weights = torch.zeros_like(self.values)
        places = list(self.drawing.linear)
        weights[..., places] = self.values[..., places]
        return weights.flatten(1)

    def write_transfer(self, transfer: Tensor) -> None:
        """Each column is the derivative by one row."""
        rows = self.rows
        transfer[:, torch.arange(len(rows), device=rows.device), rows] = 1.0


@dataclass(frozen=True)
class DrawnLight:
    """A stack with its columns on one frame."""

    stack: DrawnStack
    columns: Tensor

    @cached_property
    def _flat(self) -> Tensor:
        return self.columns.flatten(2)

    def image(self) -> Tensor:
        """Sum over components, (batch, height, width)."""
        light = self.stack.weights().unsqueeze(1) @ self._flat
        return light.view(-1, *self.columns.shape[-2:])

    def gradient(self, weight: Tensor) -> Tensor:
        """Sums of weight (batch, height, width) times the columns: (batch, columns)."""
        return (self._flat @ weight.flatten(1).unsqueeze(-1)).squeeze(-1)


def drawing_of(component: ComponentSpec, image: TargetImage, steps: int = 1) -> tuple[Drawing, tuple[str, ...]]:
    """The drawing of a component on pixels `steps` times finer than the image's, and the names of its parameters in the
    drawing's order.
    """
    radial = radial_profile(component.profile, component.options)
    if radial is not None:
        geometry = in_pixels(component.geometry, image.scale * steps)
        surface: Surface = _modified_profile(radial, geometry)  # type: ignore[arg-type]  # profiles can be hashed
        return SurfaceDrawing(surface, integrated=True), surface.parameters
    if component.profile in SURFACES:
        surface = SURFACES[component.profile]
        return SurfaceDrawing(surface, integrated=True), surface.parameters
    return DRAWINGS[component.profile](component, image, steps), component.description.names


@lru_cache(maxsize=256)
def _modified_profile(profile: RadialProfile, geometry: tuple[ModifierSpec, ...]) -> ModifiedProfile:
    """One surface for equal geometry, so that its plans are found again."""
    return ModifiedProfile(profile, modifiers_of(geometry, profile.scale))


def _plane_sky(_: ComponentSpec, image: TargetImage, _steps: int) -> Drawing:
    full_frame = image.full_frame
    return PlaneSky((full_frame.x0 + 0.5 * (full_frame.width - 1), full_frame.y0 + 0.5 * (full_frame.height - 1)))


def _bilinear_sky(component: ComponentSpec, image: TargetImage, _steps: int) -> Drawing:
    columns, rows = component.options.nodes  # type: ignore[union-attr]
    x0, x1, y0, y1 = image.full_frame.window
    return BilinearSky(rows, columns, (x0 - 0.5, x1 - 0.5, y0 - 0.5, y1 - 0.5))


def _pixelated(component: ComponentSpec, _: TargetImage, _steps: int) -> Drawing:
    columns, rows = component.options.size  # type: ignore[union-attr]
    return Pixelated(rows, columns)


def _basis(component: ComponentSpec, image: TargetImage, steps: int) -> Drawing:
    return Basis(tuple(PointSource(stamp, steps=steps, spline=9) for stamp in image.bases[component.name]))


def _image_psf(component: ComponentSpec, image: TargetImage, _steps: int) -> Drawing:
    return ImagePsfDrawing(MixedKernel(torch.stack(image.bases[component.name])))


def _point_source(_: ComponentSpec, image: TargetImage, _steps: int) -> Drawing:
    assert image.convolver is not None, "a request with point sources has a PSF for each image"
    form = image.psf_form
    if isinstance(form, GaussianShape):
        return AnalyticPointSource(
            SurfaceDrawing(SURFACES["gaussian_psf"], integrated=not image.effective), (1.0, 0.0, form.fwhm)
        )
    if isinstance(form, MoffatShape):
        shape = (1.0, 0.0, form.beta, form.fwhm)
        return AnalyticPointSource(SurfaceDrawing(SURFACES["moffat_psf"], integrated=not image.effective), shape)
    assert image.star is not None, "a point-spread function that is no formula is an image"
    return image.star


DRAWINGS: dict[str, Callable[[ComponentSpec, TargetImage, int], Drawing]] = {
    "plane_sky": _plane_sky,
    "bilinear_sky": _bilinear_sky,
    "pixelated": _pixelated,
    "basis": _basis,
    "image_psf": _image_psf,
    "point_source": _point_source,
}
"""Those of profiles that are neither radial nor surfaces, by the name that a request uses. Only a basis is ever
blurred, and so asks for finer pixels.
"""
