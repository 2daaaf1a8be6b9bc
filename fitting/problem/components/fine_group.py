"""Fine groups: those of an image whose point-spread function is sampled more finely than its pixels.

Light that is to be blurred is drawn on pixels that are `oversampling` times finer, blurred there, and averaged. A
fine pixel's centre is at x' = (x + 1/2) s − 1/2, lengths are s times as many fine pixels, and brightness is still
counted per pixel of the image, so any group serves once its values are put so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.problem.components.group import Group, LinearLight, Stack
from fitting.problem.image import TargetImage
from fitting.render.pixels.frame import Frame
from fitting.spec import ComponentSpec


def on_fine_pixels(
    groups: Iterable[Group], components: Sequence[ComponentSpec], index: Mapping[str, int], image: TargetImage
) -> tuple[Group, ...]:
    """The groups as an image needs them: those that its PSF blurs on its fine pixels, if it has any."""
    if image.oversampling == 1:
        return tuple(groups)
    factor = image.data.new_ones(max(index.values()) + 1)
    shift = torch.zeros_like(factor)
    for component in components:
        for parameter in component.description.parameters:
            place = index[f"{component.name}.{parameter.name}"]
            factor[place] = _factor(parameter.unit, image.oversampling)
            if parameter.name in ("x", "y"):
                shift[place] = 0.5 * (image.oversampling - 1.0)
    return tuple(FineGroup(group, factor, shift) if group.convolved else group for group in groups)


def _factor(unit: str, oversampling: int) -> float:
    """What a value of that unit is multiplied by; a flux is counted per pixel of the image, as brightness is."""
    return {"pixel": float(oversampling), "data": float(oversampling**2)}.get(unit, 1.0)


class FineGroup:
    """A group that is drawn on fine pixels; `factor` and `shift` are of all native values, (natives,)."""

    def __init__(self, group: Group, factor: Tensor, shift: Tensor) -> None:
        self._group, self._factor, self._shift = group, factor, shift
        self.members, self.convolved = group.members, group.convolved

    def stack(self, physical: Tensor, chosen: tuple[int, ...], frames: tuple[Frame, ...]) -> "FineStack":
        """The chosen members at native values (batch, natives)."""
        return FineStack(self._group.stack(physical * self._factor + self._shift, chosen, frames), self._factor)

    def reaching(self, physical: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> list[tuple[int, ...]]:
        """Of each fine frame, the members that are brighter than its `faintest` anywhere in it."""
        return self._group.reaching(physical * self._factor + self._shift, frames, faintest)


class FineStack:
    """A stack at values in fine pixels, with derivatives by values in pixels of the image."""

    def __init__(self, stack: Stack, factor: Tensor) -> None:
        self._stack, self._factor = stack, factor
        self.rows, self.columns = stack.rows, stack.columns

    def image(self, frame: Frame) -> Tensor:
        """Sum over components on fine pixels."""
        return self._stack.image(frame)

    def linearize(self, frame: Frame) -> LinearLight:
        """One evaluation that serves the image and gradients."""
        return FineLight(self._stack.linearize(frame), self._factor[self.rows])

    def write_columns(self, columns: Tensor, frame: Frame) -> None:
        """Fill the columns on fine pixels."""
        self._stack.write_columns(columns, frame)

    def weights(self) -> Tensor:
        """Weights with which the columns add up to the image."""
        return self._stack.weights()

    def write_transfer(self, transfer: Tensor) -> None:
        """Fill d(image) = columns · transfer · d(native values)."""
        self._stack.write_transfer(transfer)
        transfer *= self._factor


@dataclass(frozen=True)
class FineLight:
    """Light on fine pixels, with the factors of its rows, (rows,)."""

    light: LinearLight
    factor: Tensor

    def image(self) -> Tensor:
        """Sum over components."""
        return self.light.image()

    def gradient(self, weight: Tensor) -> Tensor:
        """Sums over fine pixels of weight times the derivatives by the rows."""
        return self.light.gradient(weight) * self.factor
