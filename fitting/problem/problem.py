"""A fitting problem: the three questions that every method asks.

χ²(θ) = Σ (d − m(θ))² / variance over the used pixels of all images. J is the model's Jacobian by θ and W the inverse
variance; JᵀWr and JᵀWJ are summed tile by tile, so that no array of pixels × parameters ever exists for a whole image.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from fitting.inputs.images import ImageData
from fitting.problem.group import NEGLIGIBLE, ComponentGroup, Stack, blurred
from fitting.problem.image import TargetImage, Tile
from fitting.problem.memory import keep_freed_memory
from fitting.problem.parameters import Parametrization, Values
from fitting.profiles import FLAT_SKIES, RADIAL_PROFILES
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
        self._skies = self._sky_index()

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
        chi2 = values.outside.clone()
        for image in self.images:
            for tile in image.tiles:
                residual = self._residual(values, image, tile)
                chi2 += (residual.square_() * image.weight[tile.rows, tile.columns]).sum((-1, -2))
        return chi2

    @torch.no_grad()
    def value_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """χ² (batch,) and its gradient by θ (batch, free) = −2 JᵀWr."""
        values = self.parameters.values(theta)
        chi2 = values.outside.clone()
        by_value = torch.zeros_like(values.physical)
        for image in self.images:
            for tile in image.tiles:
                self._add_gradient(chi2, by_value, values, image, tile)
        return chi2, -2.0 * torch.einsum("bp,bpf->bf", by_value, values.jacobian)

    @torch.no_grad()
    def normal_equations(self, theta: Tensor) -> NormalEquations:
        """χ², JᵀWr and JᵀWJ at θ (batch, free)."""
        values = self.parameters.values(theta)
        batch, count = values.physical.shape
        chi2 = values.outside.clone()
        gradient = torch.zeros((batch, count), dtype=torch.float64, device=self.device)
        matrix = torch.zeros((batch, count, count), dtype=torch.float64, device=self.device)
        for image in self.images:
            for tile in image.tiles:
                self._add_normal_equations(chi2, gradient, matrix, values, image, tile)
        jacobian = values.jacobian
        return NormalEquations(
            chi2,
            torch.einsum("bp,bpf->bf", gradient, jacobian),
            jacobian.mT @ matrix @ jacobian,
        )

    @torch.no_grad()
    def model(self, theta: Tensor, components: Sequence[str] | None = None) -> list[Tensor]:
        """Model of each image, blurred, (batch, height, width) in data units; of the named components alone if
        given.
        """
        values = self.parameters.values(theta)
        models = []
        for image in self.images:
            model = torch.empty((theta.shape[0], *image.data.shape), dtype=torch.float64, device=self.device)
            for tile in image.tiles:
                light = self._tile_model(values, image, tile, components, image.weight)
                model[:, tile.rows, tile.columns] = light
            models.append(model)
        return models

    @cached_property
    def groups(self) -> dict[bool, tuple[ComponentGroup, ...]]:
        """Component groups for images whose pixels hold integrals (True) and for those that hold samples (False)."""
        return {integrated: self._component_groups(integrated) for integrated in (True, False)}

    def _component_groups(self, integrated: bool) -> tuple[ComponentGroup, ...]:
        groups = []
        for name, profile in RADIAL_PROFILES.items():
            members = tuple(component.name for component in self.request.components if component.profile == name)
            if members:
                order = ("x", "y", "q", "pa", *profile.shape, profile.scale, profile.amplitude)
                rows = [[self.table.index[f"{member}.{parameter}"] for parameter in order] for member in members]
                groups.append(ComponentGroup(name, members, torch.tensor(rows, device=self.device), integrated))
        return tuple(groups)

    def _sky_index(self) -> dict[str, int]:
        """Place of each flat sky's level in the table."""
        skies = (component.name for component in self.request.components if component.profile in FLAT_SKIES)
        return {sky: self.table.index[f"{sky}.i"] for sky in skies}

    def _stacks(
        self,
        values: Values,
        image: TargetImage,
        tile: Tile,
        components: Sequence[str] | None = None,
        weights: Tensor | None = None,
    ) -> list[Stack]:
        """The components that reach a tile, by group: those that are not negligible beside the best of the `weights`,
        which are the tile's if not given.
        """
        frame = tile.frame.widened(image.margin)
        stacks = []
        for group in self.groups[image.integrated]:
            chosen = tuple(range(len(group.members)))
            if len(image.tiles) > 1:
                weight = float((image.weight[tile.rows, tile.columns] if weights is None else weights).max())
                chosen = group.reaching(values.physical, frame, NEGLIGIBLE * weight**-0.5) if weight else ()
            if components is not None:
                chosen = tuple(place for place in chosen if group.members[place] in components)
            if chosen:
                stacks.append(group.stack(values.physical, chosen))
        return stacks

    def _tile_model(
        self,
        values: Values,
        image: TargetImage,
        tile: Tile,
        components: Sequence[str] | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """The model on a tile, (batch, height, width); arguments as of `_stacks`."""
        frame = tile.frame.widened(image.margin)
        lights = [stack.image(frame) for stack in self._stacks(values, image, tile, components, weights)]
        return self._with_sky(lights, values, image, tile, components)

    def _with_sky(
        self,
        lights: list[Tensor],
        values: Values,
        image: TargetImage,
        tile: Tile,
        components: Sequence[str] | None = None,
    ) -> Tensor:
        """Blur the sum of `lights` and add the skies: (batch, height, width)."""
        skies = [place for sky, place in self._skies.items() if components is None or sky in components]
        level = values.physical[:, skies].sum(1)[:, None, None]
        if not lights:
            return level.expand(-1, tile.frame.height, tile.frame.width)
        return blurred(sum(lights[1:], lights[0]), image.convolver) + level

    def _residual(self, values: Values, image: TargetImage, tile: Tile) -> Tensor:
        return image.data[tile.rows, tile.columns] - self._tile_model(values, image, tile)

    def _add_gradient(self, chi2: Tensor, by_value: Tensor, values: Values, image: TargetImage, tile: Tile) -> None:
        """Add one tile's share of χ² and of JᵀWr by every row of the table."""
        frame = tile.frame.widened(image.margin)
        parts = [(stack, stack.linearize(frame)) for stack in self._stacks(values, image, tile)]
        model = self._with_sky([stack.image_of(part) for stack, part in parts], values, image, tile)
        residual = image.data[tile.rows, tile.columns] - model
        weighted = residual * image.weight[tile.rows, tile.columns]
        chi2 += (residual * weighted).sum((-1, -2))
        spread = weighted if image.convolver is None else image.convolver.transpose(weighted)
        for stack, part in parts:
            places = stack.group.index[list(stack.chosen)].flatten()
            by_value[:, places] += stack.gradient_of(part, spread)
        if self._skies:
            by_value[:, list(self._skies.values())] += weighted.sum((-1, -2))[:, None]

    def _add_normal_equations(
        self, chi2: Tensor, gradient: Tensor, matrix: Tensor, values: Values, image: TargetImage, tile: Tile
    ) -> None:
        """Add one tile's share of χ², JᵀWr and JᵀWJ by every row of the table."""
        columns, transfer, model_weights = self._tile_columns(values, image, tile)
        data = image.data[tile.rows, tile.columns].reshape(1, 1, -1)
        root = image.weight[tile.rows, tile.columns].sqrt().reshape(1, 1, -1)
        columns = columns.flatten(2).mul_(root)
        residual = data * root - model_weights.unsqueeze(1) @ columns
        chi2 += residual.square().sum((-1, -2))
        projected = columns @ residual.mT
        gradient += (transfer.mT @ projected).squeeze(-1)
        matrix += transfer.mT @ (columns @ columns.mT) @ transfer

    def _tile_columns(self, values: Values, image: TargetImage, tile: Tile) -> tuple[Tensor, Tensor, Tensor]:
        """Columns (batch, columns, height, width), their transfer to the table's rows, and the model's weights on
        them.
        """
        frame = tile.frame.widened(image.margin)
        stacks = self._stacks(values, image, tile)
        batch, count = values.physical.shape
        sky = 1 if self._skies else 0
        total = sum(stack.count * stack.group.columns for stack in stacks) + sky
        options = {"dtype": torch.float64, "device": self.device}
        columns = torch.empty((batch, total, tile.frame.height, tile.frame.width), **options)
        transfer = torch.zeros((batch, total, count), **options)
        weights = torch.zeros((batch, total), **options)
        start = 0
        for stack in stacks:
            stop = start + stack.count * stack.group.columns
            columns[:, start:stop] = blurred(stack.column_images(frame), image.convolver)
            weights[:, start:stop] = stack.brightness_column()
            places = stack.group.index[list(stack.chosen)]
            block = transfer[:, start:stop].view(batch, stack.count, -1, count)
            block.scatter_(3, places[None, :, None, :].expand_as(stack.transfer()), stack.transfer())
            start = stop
        if sky:
            columns[:, start] = 1.0
            places = list(self._skies.values())
            transfer[:, start, places] = 1.0
            weights[:, start] = values.physical[:, places].sum(1)
        return columns, transfer, weights
