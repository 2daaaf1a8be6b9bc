"""A fitting problem: the three questions that every method asks.

The objective is −2 ln L − 2 ln π, up to a constant of the data, over the used pixels of all images and the priors of
all parameters. With Gaussian noise and flat priors it is χ²(θ) = Σ (d − m(θ))² / variance, and so it is called
throughout. J is the model's Jacobian by θ, r = d − m and W the inverse variance; for other noise the likelihood's score
stands for Wr and its information for W (`fitting.problem.likelihood`). JᵀWr and JᵀWJ are summed tile by tile, so that
no array of pixels × parameters ever exists for a whole image.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fitting.inputs.images import ImageData
from fitting.problem.fine_group import on_fine_pixels
from fitting.problem.fitted_psf import FittedConvolver, fitted_psf, stamped
from fitting.problem.group import NEGLIGIBLE, Group, Stack
from fitting.problem.groups import component_groups
from fitting.problem.image import TargetImage, Tile
from fitting.problem.memory import keep_freed_memory
from fitting.problem.parameters import Parametrization, Values
from fitting.problem.priors import Priors
from fitting.problem.view import View
from fitting.problem.views import length_scale, view_of
from fitting.spec import ComponentSpec, FitRequest, ParameterTable


@dataclass(frozen=True)
class NormalEquations:
    """The objective (batch,), JᵀWr (batch, free), minus half its gradient, and JᵀWJ (batch, free, free), half its
    curvature, at one θ; priors included.
    """

    chi2: Tensor
    gradient: Tensor
    matrix: Tensor


class Problem:
    """The images and the model of one request.

    Args:
        request: with a value or a link for every parameter (`fitting.inputs.complete_request`).
        images: as `fitting.inputs.load_images` gives them.
        device: a torch device; all tensors are float64.

    θ is (batch, free): the free parameters in the order of `names`, logarithms for those positive by nature.
    """

    def __init__(self, request: FitRequest, images: Sequence[ImageData], device: str | torch.device = "cpu") -> None:
        unknown = {image.name for image in images} - {image.name for image in request.images}
        if unknown:
            known = ", ".join(image.name for image in request.images)
            raise ValueError(f"the request has no image {', '.join(sorted(unknown))}; its images are {known}")
        keep_freed_memory()
        self.device = torch.device(device)
        self.request = request
        self.table = ParameterTable.constrained(request)
        self.parameters = Parametrization(self.table, self.device)
        self.priors = Priors(self.table, self.device)
        self.sources = tuple(images)
        self.names = self.parameters.free_names
        self.lower, self.upper = self.parameters.lower, self.parameters.upper
        self.views = tuple(view_of(request, self.table, image, self.device) for image in images)
        self.images = tuple(self._target(image, view) for image, view in zip(images, self.views, strict=True))
        self.pixels = sum(image.pixels for image in self.images)
        self.groups = tuple(
            _groups(request.seen_in(image.name), view.index, image)
            for view, image in zip(self.views, self.images, strict=True)
        )

    def _target(self, image: ImageData, view: View) -> TargetImage:
        """One image on the device, with the point-spread function that is fitted if there is one."""
        components = self.request.seen_in(image.name)
        first = view.native(self.parameters.values(self.start())).physical
        psf = fitted_psf(components, view.index, image, first)
        target = TargetImage.of(stamped(image, psf, first), self.device, self.request.noise)
        return replace(target, psf=psf, scale=length_scale(self.request, image))

    @property
    def degrees_of_freedom(self) -> int:
        """Used pixels minus free parameters."""
        return self.pixels - len(self.names)

    def start(self) -> Tensor:
        """θ (1, free) of the request's values."""
        return self.parameters.start()

    def canonical(self, theta: Tensor) -> Tensor:
        """The same model with every axis ratio at most one; same shape as `theta`."""
        return self.parameters.canonical(theta)

    def step_scale(self, theta: Tensor) -> Tensor:
        """How far each free parameter may sensibly move in one step from θ (1, free): (free,)."""
        return self.parameters.step_scale(theta)

    @torch.no_grad()
    def value(self, theta: Tensor) -> Tensor:
        """χ² at θ (batch, free): (batch,); infinite where a link leaves its profile."""
        values = self.parameters.values(theta)
        chi2 = self.priors.value(values)
        for image, groups, native in self.seen(values):
            chi2 += native.outside
            for tile in image.tiles:
                model = _light(_reaching(native, groups, image, tile), image, tile)
                chi2 += image.likelihood.deviance(image.pixels_of(tile), model).sum((-1, -2))
        return chi2

    @torch.no_grad()
    def value_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """χ² (batch,) and its gradient by θ (batch, free) = −2 JᵀWr."""
        values = self.parameters.values(theta)
        chi2, gradient = self.priors.value(values), self.priors.gradient(values)
        for image, groups, native in self.seen(values):
            chi2 += native.outside
            by_native = torch.zeros_like(native.physical)
            for tile in image.tiles:
                _add_gradient(chi2, by_native, native, groups, image, tile)
            gradient += torch.einsum("bp,bpf->bf", by_native, native.jacobian)
        return chi2, -2.0 * gradient

    @torch.no_grad()
    def normal_equations(self, theta: Tensor) -> NormalEquations:
        """χ², JᵀWr and JᵀWJ at θ (batch, free)."""
        values = self.parameters.values(theta)
        batch = theta.shape[0]
        chi2, gradient, matrix = self.priors.value(values), self.priors.gradient(values), self.priors.matrix(values)
        for image, groups, native in self.seen(values):
            chi2 += native.outside
            by_native = torch.zeros_like(native.physical)
            by_natives = torch.zeros((batch, *2 * by_native.shape[1:]), dtype=torch.float64, device=self.device)
            for tile in image.tiles:
                _add_normal_equations(chi2, by_native, by_natives, native, groups, image, tile)
            gradient += torch.einsum("bp,bpf->bf", by_native, native.jacobian)
            matrix += native.jacobian.mT @ by_natives @ native.jacobian
        return NormalEquations(chi2, gradient, matrix)

    @torch.no_grad()
    def model(self, theta: Tensor, components: Sequence[str] | None = None) -> list[Tensor]:
        """Model of each image, blurred, (batch, height, width) in data units; of the named components alone if
        given.
        """
        values = self.parameters.values(theta)
        models = []
        for image, groups, native in self.seen(values):
            model = torch.empty((theta.shape[0], *image.data.shape), dtype=torch.float64, device=self.device)
            best = image.weight.max()
            for tile in image.tiles:
                stacks = _stacks(native, groups, image, tile, best, components)
                model[:, tile.rows, tile.columns] = _light(stacks, image, tile)
            models.append(model)
        return models

    def seen(self, values: Values) -> Iterator[tuple[TargetImage, tuple[Group, ...], Values]]:
        """Each image with its groups, and the native values of the components in it."""
        for image, groups, view in zip(self.images, self.groups, self.views, strict=True):
            native = view.native(values)
            yield image.focused(native.physical), groups, native


def _groups(components: Sequence[ComponentSpec], index: Mapping[str, int], image: TargetImage) -> tuple[Group, ...]:
    return on_fine_pixels(component_groups(components, index, image), components, index, image)


def _stacks(
    values: Values,
    groups: Sequence[Group],
    image: TargetImage,
    tile: Tile,
    weights: Tensor,
    components: Sequence[str] | None = None,
) -> list[tuple[Group, Stack]]:
    """The components, of those named if any are, that reach a tile, by group: those that are not negligible beside the
    best of the `weights`.
    """
    stacks = []
    for group in groups:
        chosen = tuple(range(len(group.members)))
        if len(image.tiles) > 1:
            weight = float(weights.max())
            frame = image.frame(tile, group.convolved)
            chosen = group.reaching(values.physical, frame, NEGLIGIBLE * weight**-0.5) if weight else ()
        if components is not None:
            chosen = tuple(place for place in chosen if group.members[place] in components)
        if chosen:
            stacks.append((group, group.stack(values.physical, chosen)))
    return stacks


def _reaching(values: Values, groups: Sequence[Group], image: TargetImage, tile: Tile) -> list[tuple[Group, Stack]]:
    """`_stacks` of all components, beside the tile's own weights."""
    return _stacks(values, groups, image, tile, image.weight[tile.rows, tile.columns])


def _light(stacks: Sequence[tuple[Group, Stack]], image: TargetImage, tile: Tile) -> Tensor:
    """The light of stacks on a tile, (batch, height, width), or what broadcasts to it."""
    lights = [(group.convolved, stack.image(image.frame(tile, group.convolved))) for group, stack in stacks]
    return _summed(lights, image, tile)


def _summed(lights: Sequence[tuple[bool, Tensor]], image: TargetImage, tile: Tile) -> Tensor:
    """The sum of lights, those marked so blurred together first; zero where there are none."""
    to_blur = [light for convolved, light in lights if convolved]
    parts = [light for convolved, light in lights if not convolved]
    if to_blur and image.convolver is not None:
        parts.append(image.blur(tile).apply(sum(to_blur[1:], to_blur[0])))
    return sum(parts[1:], parts[0]) if parts else torch.zeros((), dtype=image.data.dtype, device=image.data.device)


def _add_gradient(
    chi2: Tensor, by_value: Tensor, values: Values, groups: Sequence[Group], image: TargetImage, tile: Tile
) -> None:
    """Add one tile's share of χ² and of JᵀWr by every native value."""
    stacks = _reaching(values, groups, image, tile)
    parts = [stack.linearize(image.frame(tile, group.convolved)) for group, stack in stacks]
    lights = [(group.convolved, part.image()) for (group, _), part in zip(stacks, parts, strict=True)]
    response = image.likelihood.response(image.pixels_of(tile), _summed(lights, image, tile))
    chi2 += response.deviance.sum((-1, -2))
    score = response.score
    spread = score if image.convolver is None else image.blur(tile).transpose(score)
    for (group, stack), part in zip(stacks, parts, strict=True):
        by_value[:, stack.rows] += part.gradient(spread if group.convolved else score)
    sharp = [light for convolved, light in lights if convolved]
    if sharp and isinstance(image.convolver, FittedConvolver):
        slopes = image.convolver.apply_slopes(sum(sharp[1:], sharp[0])).flatten(2)
        by_value[:, image.convolver.rows] += (slopes @ score.flatten(1).unsqueeze(-1)).squeeze(-1)


def _add_normal_equations(
    chi2: Tensor,
    gradient: Tensor,
    matrix: Tensor,
    values: Values,
    groups: Sequence[Group],
    image: TargetImage,
    tile: Tile,
) -> None:
    """Add one tile's share of χ², JᵀWr and JᵀWJ by every native value."""
    columns, transfer, model_weights = tile_columns(values, groups, image, tile)
    columns = columns.flatten(2)
    model = (model_weights.unsqueeze(1) @ columns).squeeze(1)
    response = image.likelihood.response(image.pixels_of(tile).flat(), model)
    chi2 += response.deviance.sum(-1)
    gradient += (transfer.mT @ (columns @ response.score.unsqueeze(-1))).squeeze(-1)
    columns.mul_(response.information.sqrt().unsqueeze(-2))
    matrix += transfer.mT @ (columns @ columns.mT) @ transfer


def tile_columns(
    values: Values, groups: Sequence[Group], image: TargetImage, tile: Tile
) -> tuple[Tensor, Tensor, Tensor]:
    """Columns (batch, columns, height, width), their transfer to the native values, and the model's weights on them."""
    stacks = _reaching(values, groups, image, tile)
    batch, count = values.physical.shape
    fitted = image.convolver if isinstance(image.convolver, FittedConvolver) else None
    total = sum(stack.columns for _, stack in stacks) + (0 if fitted is None else len(fitted.rows))
    options = {"dtype": torch.float64, "device": values.physical.device}
    columns = torch.empty((batch, total, tile.frame.height, tile.frame.width), **options)
    transfer = torch.zeros((batch, total, count), **options)
    weights = torch.zeros((batch, total), **options)
    start, sharp = 0, torch.zeros((), **options)
    for group, stack in stacks:
        stop = start + stack.columns
        images = stack.column_images(image.frame(tile, group.convolved))
        blurred = group.convolved and image.convolver is not None
        columns[:, start:stop] = image.blur(tile).apply(images) if blurred else images
        weights[:, start:stop] = stack.weights()
        if blurred and fitted is not None:
            sharp = sharp + torch.einsum("bc,bcyx->byx", stack.weights(), images)
        stack.write_transfer(transfer[:, start:stop])
        start = stop
    if fitted is not None:
        columns[:, start:] = fitted.apply_slopes(sharp) if sharp.ndim else 0.0
        transfer[:, torch.arange(start, total), fitted.rows] = 1.0
    return columns, transfer, weights
