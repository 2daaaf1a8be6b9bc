"""A fitting problem: the three questions that every method asks.

χ²(θ) = Σ (d − m(θ))² / variance over the used pixels of all images. J is the model's Jacobian by θ and W the inverse
variance; JᵀWr and JᵀWJ are summed tile by tile, so that no array of pixels × parameters ever exists for a whole image.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.inputs.images import ImageData
from fitting.problem.group import NEGLIGIBLE, Group, Stack
from fitting.problem.groups import component_groups
from fitting.problem.image import TargetImage, Tile
from fitting.problem.memory import keep_freed_memory
from fitting.problem.parameters import Parametrization, Values
from fitting.problem.view import RowsAsTheyAre, View
from fitting.spec import FitRequest, ParameterTable


@dataclass(frozen=True)
class NormalEquations:
    """χ² (batch,), JᵀWr (batch, free) and JᵀWJ (batch, free, free) at one θ, r = data − model."""

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
        keep_freed_memory()
        self.device = torch.device(device)
        self.request = request
        self.table = ParameterTable.of(request)
        self.parameters = Parametrization(self.table, self.device)
        self.images = tuple(TargetImage.of(image, self.device) for image in images)
        self.names = self.parameters.free_names
        self.lower, self.upper = self.parameters.lower, self.parameters.upper
        self.pixels = sum(image.pixels for image in self.images)
        self.views: tuple[View, ...] = tuple(RowsAsTheyAre(self.table.index) for _ in images)
        self.groups = tuple(
            component_groups(request.components, view.index, image)
            for view, image in zip(self.views, self.images, strict=True)
        )

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
        chi2 = torch.zeros_like(values.outside)
        for image, groups, native in self._seen(values):
            chi2 += native.outside
            for tile in image.tiles:
                residual = _residual(native, groups, image, tile)
                chi2 += (residual.square_() * image.weight[tile.rows, tile.columns]).sum((-1, -2))
        return chi2

    @torch.no_grad()
    def value_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """χ² (batch,) and its gradient by θ (batch, free) = −2 JᵀWr."""
        values = self.parameters.values(theta)
        chi2 = torch.zeros_like(values.outside)
        gradient = torch.zeros_like(theta)
        for image, groups, native in self._seen(values):
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
        batch, free = theta.shape
        chi2 = torch.zeros_like(values.outside)
        gradient = torch.zeros((batch, free), dtype=torch.float64, device=self.device)
        matrix = torch.zeros((batch, free, free), dtype=torch.float64, device=self.device)
        for image, groups, native in self._seen(values):
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
        for image, groups, native in self._seen(values):
            model = torch.empty((theta.shape[0], *image.data.shape), dtype=torch.float64, device=self.device)
            for tile in image.tiles:
                stacks = _stacks(native, groups, image, tile, image.weight, components)
                model[:, tile.rows, tile.columns] = _light(stacks, image, tile)
            models.append(model)
        return models

    def _seen(self, values: Values) -> Iterator[tuple[TargetImage, tuple[Group, ...], Values]]:
        """Each image with its groups, and the native values of the components in it."""
        for image, groups, view in zip(self.images, self.groups, self.views, strict=True):
            yield image, groups, view.native(values)


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
    return _summed(lights, image)


def _summed(lights: Sequence[tuple[bool, Tensor]], image: TargetImage) -> Tensor:
    """The sum of lights, those marked so blurred together first; zero where there are none."""
    to_blur = [light for convolved, light in lights if convolved]
    parts = [light for convolved, light in lights if not convolved]
    if to_blur and image.convolver is not None:
        parts.append(image.convolver.apply(sum(to_blur[1:], to_blur[0])))
    return sum(parts[1:], parts[0]) if parts else torch.zeros((), dtype=image.data.dtype, device=image.data.device)


def _residual(values: Values, groups: Sequence[Group], image: TargetImage, tile: Tile) -> Tensor:
    return image.data[tile.rows, tile.columns] - _light(_reaching(values, groups, image, tile), image, tile)


def _add_gradient(
    chi2: Tensor, by_value: Tensor, values: Values, groups: Sequence[Group], image: TargetImage, tile: Tile
) -> None:
    """Add one tile's share of χ² and of JᵀWr by every native value."""
    stacks = _reaching(values, groups, image, tile)
    parts = [stack.linearize(image.frame(tile, group.convolved)) for group, stack in stacks]
    lights = [(group.convolved, part.image()) for (group, _), part in zip(stacks, parts, strict=True)]
    residual = image.data[tile.rows, tile.columns] - _summed(lights, image)
    weighted = residual * image.weight[tile.rows, tile.columns]
    chi2 += (residual * weighted).sum((-1, -2))
    spread = weighted if image.convolver is None else image.convolver.transpose(weighted)
    for (group, stack), part in zip(stacks, parts, strict=True):
        by_value[:, stack.rows] += part.gradient(spread if group.convolved else weighted)


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
    columns, transfer, model_weights = _tile_columns(values, groups, image, tile)
    data = image.data[tile.rows, tile.columns].reshape(1, 1, -1)
    root = image.weight[tile.rows, tile.columns].sqrt().reshape(1, 1, -1)
    columns = columns.flatten(2).mul_(root)
    residual = data * root - model_weights.unsqueeze(1) @ columns
    chi2 += residual.square().sum((-1, -2))
    projected = columns @ residual.mT
    gradient += (transfer.mT @ projected).squeeze(-1)
    matrix += transfer.mT @ (columns @ columns.mT) @ transfer


def _tile_columns(
    values: Values, groups: Sequence[Group], image: TargetImage, tile: Tile
) -> tuple[Tensor, Tensor, Tensor]:
    """Columns (batch, columns, height, width), their transfer to the native values, and the model's weights on them."""
    stacks = _reaching(values, groups, image, tile)
    batch, count = values.physical.shape
    total = sum(stack.columns for _, stack in stacks)
    options = {"dtype": torch.float64, "device": values.physical.device}
    columns = torch.empty((batch, total, tile.frame.height, tile.frame.width), **options)
    transfer = torch.zeros((batch, total, count), **options)
    weights = torch.zeros((batch, total), **options)
    start = 0
    for group, stack in stacks:
        stop = start + stack.columns
        images = stack.column_images(image.frame(tile, group.convolved))
        blurred = group.convolved and image.convolver is not None
        columns[:, start:stop] = image.convolver.apply(images) if blurred else images
        weights[:, start:stop] = stack.weights()
        stack.write_transfer(transfer[:, start:stop])
        start = stop
    return columns, transfer, weights
