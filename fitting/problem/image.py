"""Target images: one image as the problem sees it, tensors of data and weight, cut into tiles.

How large tiles are, on a CPU and on a GPU, and why: decision 0024.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from fitting.drawing import Drawing, PointSource, VaryingPointSource
from fitting.inputs import ImageData, sampled, stamp_fwhm
from fitting.problem.fitted_psf import FittedConvolver, FittedPsf
from fitting.problem.likelihood import GaussianLikelihood, Likelihood, Pixels, PoissonLikelihood, StudentTLikelihood
from fitting.render.convolution import Convolver, EffectiveConvolver, FineConvolver
from fitting.render.pixels import Frame
from fitting.render.varying_convolution import BlendedConvolver, Nodes, VaryingConvolver
from fitting.spec import NoiseSpec
from fitting.spec.images.image_spec import GaussianShape, MoffatShape

AnyConvolver = Convolver | FineConvolver | VaryingConvolver | FittedConvolver
TILE = 128
"""Side of a tile, pixels, where nothing is blurred: small enough for caches and for the stencil's banded products
(decisions 0011 and 0024)."""
BLURRED_TILE = 256
"""The same where light is blurred, at least: wide beside the kernel's margin, which is drawn around each tile."""
_FINE_FWHM = 4.8
"""Fine pixels to a PSF's full width at half maximum, at least: 4.5e-4 of the peak at most, n = 6 and q = 0.3 the worst
(`tests/fitting/render/test_effective_psf.py`); seven would make 1.3e-4 of it at twice the time."""
_FINEST = 9
"""Fine pixels to a pixel, at most: what is narrower than that is no response of a pixel."""
_LARGEST_GPU_TILE = 1024
"""The same on a GPU, at most (decision 0024)."""
_GPU_COLUMNS = 2**27
"""Numbers in the columns of a tile on a GPU, 1 GiB: as few and large pieces of work as its memory allows."""


@dataclass(frozen=True)
class Tile:
    """A rectangle of an image: where it is in the full frame, and where in the image's own arrays."""

    frame: Frame
    rows: slice
    columns: slice


@dataclass(frozen=True)
class TargetImage:
    """Data, weight (1/variance; 0 where masked), noise and blur of one image, with its tiles.

    Attributes:
        data, weight: (height, width); of several objects that are drawn together (objects, height, width), an image
            for each θ of a batch.
        offset: light that belongs to the counts of Poisson noise and is neither in data nor model, of the same shape.
        likelihood: of the pixels given a model.
        convolver: the point-spread function, or None.
        effective: whether the PSF holds the pixel's response already.
        star: how the PSF, where it is an image, shows a point source.
        pixels: how many are used.
        psf_form: the point-spread function's formula, where it has one.
        psf: the point-spread function whose parameters are fitted, where it is one; the convolver is then of the first
            values, and of others in `with_psf_at`.
        bases: the images that components are made of, by the components' names.
        scale: pixels, in its middle, to the unit of length in which components are given.
    """

    name: str
    data: Tensor
    weight: Tensor
    offset: Tensor
    likelihood: Likelihood
    convolver: AnyConvolver | None
    effective: bool
    tiles: tuple[Tile, ...]
    pixels: int
    star: Drawing | None = None
    psf_form: GaussianShape | MoffatShape | None = None
    psf: FittedPsf | None = None
    bases: Mapping[str, tuple[Tensor, ...]] = field(default_factory=dict)
    scale: float = 1.0

    @classmethod
    def of(cls, image: ImageData, device: torch.device, noise: NoiseSpec, columns: int) -> "TargetImage":
        """The image on a device, with the request's noise; masked pixels get weight 0 and data 0.

        `columns` are about as many as a tile may have.
        """
        used = torch.as_tensor(~image.mask, device=device)
        data = torch.where(used, torch.as_tensor(image.data, device=device), 0.0)
        variance = torch.where(used, torch.as_tensor(image.variance, device=device), 1.0)
        star = _star(image, device)
        convolver = _convolver(image, star, device)
        tiles = tiles_of(image.origin, image.data.shape, convolver, device, columns)
        return cls(
            image.name,
            data,
            used / variance,
            torch.tensor(image.offset, dtype=torch.float64, device=device).expand_as(data),
            _likelihood(noise, image),
            convolver,
            image.psf is not None and image.psf_convention == "effective",
            tuple(tiles),
            int(used.sum()),
            star,
            image.psf_form,
            bases={
                name: tuple(torch.as_tensor(stamp, device=device) for stamp in stamps)
                for name, stamps in image.bases.items()
            },
        )

    @cached_property
    def likeness(self) -> Hashable | None:
        """Equal for images of different objects that can be stacked; None for one that cannot."""
        if self.psf is not None or isinstance(self.convolver, VaryingConvolver):
            return None
        kernel = None if self.convolver is None else tuple(self.convolver.kernel.shape)
        blur = (type(self.convolver), kernel, self.oversampling, self.effective)
        place = (self.data.device, *(tile.frame.width for tile in self.tiles))
        return self.name, tuple(self.data.shape), place, blur, self.likelihood, self.scale

    @classmethod
    def stacked(cls, images: Sequence["TargetImage"]) -> "TargetImage":
        """Images of several objects as one, each for its own θ of a batch; alike but for their pixels, and the kernels
        that blur them (`fitting.problem.problem_stack.likeness`).
        """
        first = images[0]
        if all(image is first for image in images):
            return first
        offsets = first.offset
        if not isinstance(first.likelihood, GaussianLikelihood):
            offsets = torch.stack([image.offset for image in images])
        return replace(
            first,
            data=torch.stack([image.data for image in images]),
            weight=torch.stack([image.weight for image in images]),
            offset=offsets,
            convolver=_stacked_convolver([image.convolver for image in images]),
        )

    @cached_property
    def best_weights(self) -> tuple[float, ...]:
        """Of each tile, the largest weight of its pixels."""
        return tuple(float(self.weight[..., tile.rows, tile.columns].max()) for tile in self.tiles)

    def with_variance(self, variance: np.ndarray) -> "TargetImage":
        """The image with another variance (height, width) of its used pixels, data units squared."""
        used = self.weight > 0.0
        given = torch.as_tensor(variance, device=self.weight.device)
        return replace(self, weight=used / torch.where(used, given, 1.0))

    def with_psf_at(self, physical: Tensor) -> "TargetImage":
        """The image with the point-spread function of native values (batch, natives)."""
        return self if self.psf is None else replace(self, convolver=self.psf.convolver(physical))

    def blur(self, tile: Tile) -> Convolver | FineConvolver | BlendedConvolver | FittedConvolver:
        """What blurs light on a tile's wider frame; the image has a point-spread function."""
        assert self.convolver is not None
        if isinstance(self.convolver, VaryingConvolver):
            return self.convolver.at(self.frame(tile, True), self.data)
        return self.convolver

    @property
    def all_pixels(self) -> Pixels:
        """What the likelihood needs of the whole image."""
        return Pixels(self.data, self.weight, self.offset)

    def variance(self, model: Tensor) -> Tensor:
        """Of the noise where the model (height, width) is right, data units²; without meaning where masked."""
        return self.likelihood.variance(self.all_pixels, model)

    def pixels_of(self, tile: Tile) -> Pixels:
        """What the likelihood needs of a tile's pixels, each (height, width)."""
        place = (..., tile.rows, tile.columns)
        return Pixels(self.data[place], self.weight[place], self.offset[place])

    @property
    def full_frame(self) -> Frame:
        """All of its pixels."""
        first = self.tiles[0].frame
        return Frame(first.x0, first.y0, self.data.shape[-1], self.data.shape[-2])

    def frame(self, tile: Tile, convolved: bool) -> Frame:
        """The pixels to render for a tile: its own, and where the result is to be blurred the kernel's reach more,
        in pixels of the kernel.
        """
        if not convolved or self.convolver is None:
            return tile.frame
        wide, fine = tile.frame.widen(self.convolver.widest_margin), self.oversampling
        return Frame(wide.x0 * fine, wide.y0 * fine, wide.width * fine, wide.height * fine)

    @property
    def oversampling(self) -> int:
        """Pixels that are blurred to one of the image, along each axis."""
        return 1 if self.convolver is None else self.convolver.oversampling


def _stacked_convolver(convolvers: Sequence[AnyConvolver | None]) -> AnyConvolver | None:
    """The convolvers of several images as one."""
    first = convolvers[0]
    if isinstance(first, FineConvolver):
        return FineConvolver.stacked([one for one in convolvers if isinstance(one, FineConvolver)])
    if isinstance(first, Convolver):
        return Convolver.stacked([one for one in convolvers if isinstance(one, Convolver)])
    return first


def _star(image: ImageData, device: torch.device) -> PointSource | VaryingPointSource | None:
    if image.psf is None:
        return None
    stamps = (image.psf,) if image.psf_grid is None else image.psf_grid.stamps
    integrated = image.psf_convention == "discrete"
    sources = [
        PointSource(torch.as_tensor(stamp, device=device), image.psf_oversampling, integrated) for stamp in stamps
    ]
    if image.psf_grid is None:
        return sources[0]
    return VaryingPointSource(Nodes(image.psf_grid.x, image.psf_grid.y), tuple(sources))


def _convolver(
    image: ImageData, star: PointSource | VaryingPointSource | None, device: torch.device
) -> AnyConvolver | None:
    if image.psf is None or star is None:
        return None
    if image.psf_convention == "effective":
        return _effective(image, star, device)

    def one(stamp: np.ndarray) -> Convolver | FineConvolver:
        kernel = torch.as_tensor(stamp, device=device)
        return Convolver(kernel) if image.psf_oversampling == 1 else FineConvolver(kernel, image.psf_oversampling)

    if image.psf_grid is None:
        return one(image.psf)
    grid = image.psf_grid
    return VaryingConvolver(Nodes(grid.x, grid.y), [one(stamp) for stamp in grid.stamps])


def _effective(
    image: ImageData, star: PointSource | VaryingPointSource, device: torch.device
) -> EffectiveConvolver | VaryingConvolver:
    """Of a PSF that holds the pixel's response, on fine pixels that are small beside its width."""
    assert image.psf is not None
    form, grid = image.psf_form, image.psf_grid
    stamps = (image.psf,) if grid is None else grid.stamps
    fwhm = min(stamp_fwhm(stamp) for stamp in stamps) / image.psf_oversampling if form is None else form.fwhm
    steps = next((steps for steps in range(1, _FINEST) if steps * fwhm >= _FINE_FWHM), _FINEST)
    if form is not None:
        return _response(torch.as_tensor(sampled(form, steps), device=device), steps)
    if isinstance(star, PointSource):
        return _response(star.response(steps), steps)
    return VaryingConvolver(star.nodes, [_response(source.response(steps), steps) for source in star.sources])


def _response(response: Tensor, steps: int) -> EffectiveConvolver:
    """The convolver of samples at so many steps to a pixel, that sum to one."""
    return EffectiveConvolver(response / response.sum(), steps)


def _likelihood(noise: NoiseSpec, image: ImageData) -> Likelihood:
    match noise.name:
        case "poisson":
            return PoissonLikelihood(image.gain)
        case "student_t":
            return StudentTLikelihood(noise.degrees_of_freedom)
    return GaussianLikelihood()


def tiles_of(
    origin: tuple[int, int],
    shape: tuple[int, ...],
    convolver: AnyConvolver | None,
    device: torch.device,
    columns: int,
) -> Iterator[Tile]:
    """The tiles of an image.

    Args:
        origin: x and y of its first pixel.
        shape: height and width.
        convolver: that blurs it, or None.
        device: where it is.
        columns: about as many as a tile may have.
    """
    side = _side(convolver, device, columns)
    height, width = shape
    for top in range(0, height, side):
        for left in range(0, width, side):
            high, wide = min(side, height - top), min(side, width - left)
            frame = Frame(origin[0] + left, origin[1] + top, wide, high)
            yield Tile(frame, slice(top, top + high), slice(left, left + wide))


def _side(convolver: AnyConvolver | None, device: torch.device, columns: int) -> int:
    blurs = convolver.blurs if isinstance(convolver, VaryingConvolver) else (convolver,)
    if convolver is not None and isinstance(blurs[0], EffectiveConvolver):
        return max(2 * BLURRED_TILE // (1 + convolver.oversampling), 4 * convolver.widest_margin)
    side = TILE if convolver is None else max(BLURRED_TILE, 4 * convolver.widest_margin)
    while device.type != "cpu" and 2 * side <= _LARGEST_GPU_TILE and columns * (2 * side) ** 2 <= _GPU_COLUMNS:
        side *= 2
    return side
