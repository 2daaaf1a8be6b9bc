"""The model of one image at one θ: its light and its share of χ², JᵀWr and JᵀWJ, summed tile by tile.

What is drawn is drawn in torch's inference mode, in which no operation looks whether autograd may want it later; that
takes a sixth of the time of small images (decision 0025). What is given away is made outside of it.

How χ² is summed: `ImageModel.value` goes through the tiles; on each the groups that reach it draw their light, what is
to be blurred is blurred, and the likelihood says what each pixel adds. `normal_equations` is the same with derivative
columns in the place of the light (`TileColumns`), so that no array of pixels × parameters exists for a whole image.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor

from fitting.problem.components import NEGLIGIBLE, Group, Stack
from fitting.problem.coordinates import Values
from fitting.problem.equations import NormalEquations
from fitting.problem.fitted_psf import FittedConvolver
from fitting.problem.freed_memory import give_back_freed_memory
from fitting.problem.image import TargetImage, Tile
from fitting.problem.likelihood import Response
from fitting.render.pixels import Frame

GroupStack = tuple[Group, Stack]
_FEW_THREADS = 3
"""Threads up to which NumPy's `syrk` in one thread is faster than torch's `gemm`; measured in decision 0011."""
_TILES_PER_TIDYING = 64
"""Tiles after which memory is given back: 1,024 × 1,024 pixels of unblurred ones; chosen by hand."""


@dataclass(frozen=True)
class TileColumns:
    """Derivative columns of one tile.

    Attributes:
        buffer: (batch, columns + 1, pixels); the last is free for what is to be multiplied with the columns.
        transfer: of the columns to the native values that they depend on, (batch, columns, rows).
        rows: places of those native values, (rows,).
        weights: with which the columns add up to the light, (batch, columns).
    """

    buffer: Tensor
    transfer: Tensor
    rows: Tensor
    weights: Tensor

    @property
    def images(self) -> Tensor:
        """The columns, (batch, columns, pixels)."""
        return self.buffer[:, :-1]

    def light(self) -> Tensor:
        """(batch, pixels)."""
        lit = self.weights.any(0).nonzero().flatten()
        return (self.weights[:, lit].unsqueeze(1) @ self.buffer[:, lit]).squeeze(1)

    def products(self, response: Response) -> tuple[Tensor, Tensor]:
        """Sums over pixels of the score times each column (batch, columns), and of the information times each two
        (batch, columns, columns). The columns are no more themselves afterwards.
        """
        root = response.information.sqrt()
        self.images.mul_(root.unsqueeze(-2))
        self.buffer[:, -1] = torch.where(root > 0.0, response.score / root, 0.0)
        products = gram(self.buffer)
        return products[:, :-1, -1], products[:, :-1, :-1]


class ImageModel:
    """The components in one image at native values.

    Args:
        image: as it is at any values.
        groups: all components.
        values: native, (batch, natives), with their derivatives by θ; on the CPU, wherever the image is.
        components: names of those that count; all if None.

    Attributes:
        image: with the point-spread function of these values.
    """

    def __init__(
        self,
        image: TargetImage,
        groups: Sequence[Group],
        values: Values,
        components: Sequence[str] | None = None,
    ) -> None:
        self.values = values
        self._native = values.physical.to(image.data.device)
        self.image = image.with_psf_at(self._native)
        self._groups = groups
        self._components = components
        self._stacks_by_group: dict[tuple[int, bool], dict[Frame, Stack | None]] = {}

    def light(self) -> Tensor:
        """The light of all pixels, (batch, height, width): of what is not negligible beside the image's best one."""
        light = torch.empty((len(self._native), *self.image.data.shape[-2:]), **self._options)
        with torch.inference_mode():
            for tile in self._tiles():
                pixels = light if len(self.image.tiles) == 1 else light[:, tile.rows, tile.columns]
                pixels.copy_(self._light(self._stacks(tile, whole=True), tile))
        return light

    @property
    def _options(self) -> dict[str, Any]:
        return {"dtype": self._native.dtype, "device": self._native.device}

    def _to_values_device(self, sums: Tensor) -> Tensor:
        """Sums over pixels, on the device of the values."""
        return sums.to(self.values.physical.device)

    def value(self) -> Tensor:
        """The image's χ², (batch,)."""
        chi2 = torch.zeros(len(self._native), **self._options)
        with torch.inference_mode():
            for tile in self._tiles():
                light = self._light(self._stacks(tile), tile)
                chi2 += self.image.likelihood.deviance(self.image.pixels_of(tile), light).sum((-1, -2))
        return self._to_values_device(chi2)

    def value_and_gradient(self) -> tuple[Tensor, Tensor]:
        """The image's χ² (batch,) and its JᵀWr by the native values (batch, natives)."""
        chi2, gradient = torch.zeros(len(self._native), **self._options), torch.zeros_like(self._native)
        with torch.inference_mode():
            for tile in self._tiles():
                self._add_gradient(chi2, gradient, tile)
        return self._to_values_device(chi2), self._to_values_device(gradient)

    def normal_equations(self) -> NormalEquations:
        """The image's χ² (batch,), and JᵀWr and JᵀWJ by the native values: (batch, natives) and (…, natives)."""
        batch, natives = self._native.shape
        chi2, gradient = torch.zeros(batch, **self._options), torch.zeros_like(self._native)
        matrix = torch.zeros((batch, natives, natives), **self._options)
        with torch.inference_mode():
            for tile in self._tiles():
                self._add_equations(chi2, gradient, matrix, tile)
        return NormalEquations(
            self._to_values_device(chi2), self._to_values_device(gradient), self._to_values_device(matrix)
        )

    def _tiles(self) -> Iterator[Tile]:
        """The image's tiles. What many of them leave unused between what is kept is given back on the way."""
        for number, tile in enumerate(self.image.tiles, start=1):
            yield tile
            if number % _TILES_PER_TIDYING == 0:
                give_back_freed_memory()

    def columns(self, tile: Tile) -> TileColumns:
        """The derivative columns of all that is not negligible beside the tile's best pixel."""
        stacks = self._stacks(tile)
        batch, natives = self._native.shape
        convolver = self.image.convolver
        fitted = convolver if isinstance(convolver, FittedConvolver) else None
        total = sum(stack.columns for _, stack in stacks) + (0 if fitted is None else len(fitted.rows))
        options = self._options
        buffer = torch.empty((batch, total + 1, tile.frame.height, tile.frame.width), **options)
        images = buffer[:, :total]
        transfer = torch.zeros((batch, total, natives), **options)
        weights = torch.zeros((batch, total), **options)
        start, sharp = 0, torch.zeros((), **options)
        for group, stack in stacks:
            span = slice(start, start + stack.columns)
            frame = self.image.frame(tile, group.convolved)
            weights[:, span] = stack.weights()
            if group.convolved and convolver is not None:
                wide = torch.empty((batch, stack.columns, frame.height, frame.width), **options)
                stack.write_columns(wide, frame)
                images[:, span] = self.image.blur(tile).apply(wide)
                if fitted is not None:
                    sharp = sharp + torch.einsum("bc,bcyx->byx", stack.weights(), wide)
            else:
                stack.write_columns(images[:, span], frame)
            stack.write_transfer(transfer[:, span])
            start = span.stop
        places = [stack.rows for _, stack in stacks]
        if fitted is not None:
            images[:, start:] = fitted.apply_slopes(sharp) if sharp.ndim else 0.0
            transfer[:, torch.arange(start, total), fitted.rows] = 1.0
            places.append(fitted.rows)
        rows = torch.cat(places) if places else torch.zeros(0, dtype=torch.long, device=transfer.device)
        return TileColumns(buffer.flatten(2), transfer[..., rows], rows, weights)

    def _stacks(self, tile: Tile, *, whole: bool = False) -> list[GroupStack]:
        """The components that reach a tile, by group: those that are not negligible beside the best of its pixels, or
        of the whole image's.

        A stack is made once for all tiles that the same components reach.
        """
        stacks = []
        for number, group in enumerate(self._groups):
            if (number, whole) not in self._stacks_by_group:
                self._stacks_by_group[number, whole] = self._make_stacks(group, whole)
            stack = self._stacks_by_group[number, whole][tile.frame]
            if stack is not None:
                stacks.append((group, stack))
        return stacks

    def _make_stacks(self, group: Group, whole: bool) -> dict[Frame, Stack | None]:
        """The stack of a group's members that each tile has, by the tile's frame."""
        found = self._members_by_frame(group, whole)
        if self._components is not None:
            counted = {place for place, name in enumerate(group.members) if name in self._components}
            found = {frame: tuple(place for place in chosen if place in counted) for frame, chosen in found.items()}
        frames: dict[tuple[int, ...], list[Frame]] = {}
        for tile in self.image.tiles:
            frames.setdefault(found[tile.frame], []).append(self.image.frame(tile, group.convolved))
        stacks = {
            chosen: group.stack(self._native, chosen, tuple(reached)) for chosen, reached in frames.items() if chosen
        }
        return {frame: stacks.get(chosen) for frame, chosen in found.items()}

    def _members_by_frame(self, group: Group, whole: bool) -> dict[Frame, tuple[int, ...]]:
        tiles = tuple(self.image.tiles)
        if len(tiles) == 1:
            return {tiles[0].frame: tuple(range(len(group.members)))}
        weights = self.image.best_weights
        best = max(weights)
        lit = [(tile, best if whole else weight) for tile, weight in zip(tiles, weights, strict=True)]
        lit = [(tile, weight) for tile, weight in lit if weight > 0.0]
        frames = [self.image.frame(tile, group.convolved) for tile, _ in lit]
        reaching = group.reaching(self._native, frames, [NEGLIGIBLE * weight**-0.5 for _, weight in lit])
        found: dict[Frame, tuple[int, ...]] = dict.fromkeys((tile.frame for tile in tiles), ())
        return found | dict(zip((tile.frame for tile, _ in lit), reaching, strict=True))

    def _light(self, stacks: Sequence[GroupStack], tile: Tile) -> Tensor:
        """Of stacks on a tile, (batch, height, width), or what broadcasts to it."""
        lights = [(group.convolved, stack.image(self.image.frame(tile, group.convolved))) for group, stack in stacks]
        return self._sum_lights(lights, tile)

    def _sum_lights(self, lights: Sequence[tuple[bool, Tensor]], tile: Tile) -> Tensor:
        """The sum of lights, those marked so blurred together first; zero where there are none."""
        to_blur = [light for convolved, light in lights if convolved]
        parts = [light for convolved, light in lights if not convolved]
        if to_blur and self.image.convolver is not None:
            parts.append(self.image.blur(tile).apply(sum(to_blur[1:], to_blur[0])))
        return sum(parts[1:], parts[0]) if parts else torch.zeros((), **self._options)

    def _add_equations(self, chi2: Tensor, gradient: Tensor, matrix: Tensor, tile: Tile) -> None:
        """Add one tile's share of `normal_equations`."""
        columns = self.columns(tile)
        response = self.image.likelihood.response(self.image.pixels_of(tile).flat(), columns.light())
        chi2 += response.deviance.sum(-1)
        transfer, rows = columns.transfer, columns.rows
        by_column, by_columns = columns.products(response)
        gradient[:, rows] += (transfer.mT @ by_column.unsqueeze(-1)).squeeze(-1)
        matrix[:, rows[:, None], rows] += transfer.mT @ by_columns @ transfer

    def _add_gradient(self, chi2: Tensor, by_value: Tensor, tile: Tile) -> None:
        """Add one tile's share of `value_and_gradient`."""
        image = self.image
        stacks = self._stacks(tile)
        parts = [stack.linearize(image.frame(tile, group.convolved)) for group, stack in stacks]
        lights = [(group.convolved, part.image()) for (group, _), part in zip(stacks, parts, strict=True)]
        response = image.likelihood.response(image.pixels_of(tile), self._sum_lights(lights, tile))
        chi2 += response.deviance.sum((-1, -2))
        score = response.score
        spread = score if image.convolver is None else image.blur(tile).transpose(score)
        for (group, stack), part in zip(stacks, parts, strict=True):
            by_value.index_add_(1, stack.rows, part.gradient(spread if group.convolved else score))
        sharp = [light for convolved, light in lights if convolved]
        if sharp and isinstance(image.convolver, FittedConvolver):
            slopes = image.convolver.apply_slopes(sum(sharp[1:], sharp[0])).flatten(2)
            by_value[:, image.convolver.rows] += (slopes @ score.flatten(1).unsqueeze(-1)).squeeze(-1)


def gram(columns: Tensor) -> Tensor:
    """CCᵀ of columns C (batch, columns, pixels): (batch, columns, columns).

    On a CPU with few threads by NumPy, which knows a matrix times its own transpose and has BLAS (`syrk`) make half of
    it, in one thread; by torch on a GPU, with more threads, and already with two on Intel's processors, where its BLAS,
    Intel's own, is at its best.
    """
    threads = torch.get_num_threads()
    few = threads <= (1 if _is_intel() else _FEW_THREADS)
    if columns.device.type != "cpu" or not few:
        return columns @ columns.mT
    array = columns.numpy()
    with _openblas().limit(limits=1):
        return torch.from_numpy(array @ array.swapaxes(-1, -2))


@cache
def _openblas() -> ThreadpoolController:
    """NumPy's own threads, which would get into the way of torch's."""
    return ThreadpoolController().select(internal_api="openblas")


@cache
def _is_intel() -> bool:
    try:
        return "GenuineIntel" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
