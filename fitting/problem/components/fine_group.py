"""Fine groups: those of an image whose point-spread function is sampled more finely than its pixels.

Light that is to be blurred is drawn on pixels that are `oversampling` times finer, blurred there, and averaged. A
fine pixel's centre is at x' = (x + 1/2) s − 1/2, lengths are s times as many fine pixels, and brightness is still
counted per pixel of the image, so any group serves once its values are put so.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.drawing import SurfaceDrawing
from fitting.problem.components.central_light import SPLIT, CentralLight, CentralLinear, CentralStack
from fitting.problem.components.component_groups import component_groups
from fitting.problem.components.drawn_group import DrawnGroup
from fitting.problem.components.group import Group, LinearLight, Stack
from fitting.problem.components.radial_group import RadialGroup
from fitting.problem.image import TargetImage
from fitting.render.pixels import Frame
from fitting.spec import ComponentSpec


def on_fine_pixels(
    components: Sequence[ComponentSpec], index: Mapping[str, int], image: TargetImage
) -> tuple[Group, ...]:
    """The groups of components as an image needs them: those that its PSF blurs on its fine pixels, if it has any."""
    groups = component_groups(components, index, image, image.oversampling)
    if image.oversampling == 1 and not image.effective:
        return groups
    fine = _Units.of(components, index, image.oversampling, image)
    central = _central(components, index, image) if image.effective else [None] * len(groups)
    return tuple(
        FineGroup(group, fine.factor, fine.shift, own) if group.convolved else group
        for group, own in zip(groups, central, strict=True)
    )


def _central(
    components: Sequence[ComponentSpec], index: Mapping[str, int], image: TargetImage
) -> Iterator[CentralLight | None]:
    """Of each group, the light about its members' centres, where brightness may be steep there."""
    units = _Units.of(components, index, SPLIT, image)
    for group in component_groups(components, index, image, image.oversampling * SPLIT):
        if isinstance(group, RadialGroup) or (
            isinstance(group, DrawnGroup) and isinstance(group.drawing, SurfaceDrawing)
        ):
            centres = [[index[f"{name}.x"], index[f"{name}.y"]] for name in group.members]
            yield CentralLight(group, units.factor, units.shift, torch.tensor(centres, device=image.data.device))
        else:
            yield None


@dataclass(frozen=True)
class _Units:
    """What native values become on finer pixels: `factor` times as much, and `shift` more, (natives,)."""

    factor: Tensor
    shift: Tensor

    @classmethod
    def of(
        cls, components: Sequence[ComponentSpec], index: Mapping[str, int], steps: int, image: TargetImage
    ) -> "_Units":
        factor = image.data.new_ones(max(index.values()) + 1)
        shift = torch.zeros_like(factor)
        for component in components:
            for parameter in component.description.parameters:
                place = index[f"{component.name}.{parameter.name}"]
                if not (component.profile == "basis" and parameter.name not in ("x", "y")):
                    factor[place] = _factor(parameter.unit, steps)
                if parameter.name in ("x", "y"):
                    shift[place] = 0.5 * (steps - 1.0)
        return cls(factor, shift)


def _factor(unit: str, steps: int) -> float:
    """What a value of that unit is multiplied by; a flux is counted per pixel of the image, as brightness is."""
    return {"pixel": float(steps), "1/pixel": 1.0 / steps, "data": float(steps**2)}.get(unit, 1.0)


class FineGroup:
    """A group that is drawn on fine pixels; `factor` and `shift` are of all native values, (natives,).

    With `central`, light about its members' centres is put as finer pixels have it.
    """

    def __init__(self, group: Group, factor: Tensor, shift: Tensor, central: CentralLight | None = None) -> None:
        self._group, self._factor, self._shift, self._central = group, factor, shift, central
        self.members, self.convolved = group.members, group.convolved

    @property
    def likeness(self) -> Hashable | None:
        """See `Group`."""
        inner = self._group.likeness
        central = None if self._central is None else tuple(self._central.factor.flatten().tolist())
        return inner and ("fine", inner, tuple(self._factor.tolist()), tuple(self._shift.tolist()), central)

    def stack(self, physical: Tensor, chosen: tuple[int, ...], frames: tuple[Frame, ...]) -> "FineStack":
        """The chosen members at native values (batch, natives)."""
        fine = physical * self._factor + self._shift
        central = None if self._central is None else self._central.at(fine, chosen)
        return FineStack(self._group.stack(fine, chosen, frames), self._factor, central)

    def reaching(self, physical: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> list[tuple[int, ...]]:
        """Of each fine frame, the members that are brighter than its `faintest` anywhere in it."""
        return self._group.reaching(physical * self._factor + self._shift, frames, faintest)


class FineStack:
    """A stack at values in fine pixels, with derivatives by values in pixels of the image."""

    def __init__(self, stack: Stack, factor: Tensor, central: CentralStack | None) -> None:
        self._stack, self._factor, self._central = stack, factor, central
        self.rows, self.columns = stack.rows, stack.columns

    def image(self, frame: Frame) -> Tensor:
        """Sum over components on fine pixels."""
        image = self._stack.image(frame)
        return image if self._central is None else self._central.added_to(image, frame)

    def linearize(self, frame: Frame) -> LinearLight:
        """One evaluation that serves the image and gradients."""
        central = None if self._central is None else self._central.linearize(frame)
        return FineLight(self._stack.linearize(frame), self._factor[self.rows], central)

    def write_columns(self, columns: Tensor, frame: Frame) -> None:
        """Fill the columns on fine pixels."""
        self._stack.write_columns(columns, frame)
        if self._central is not None:
            self._central.add_columns(columns, frame)

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
    central: CentralLinear | None

    def image(self) -> Tensor:
        """Sum over components."""
        image = self.light.image()
        return image if self.central is None else self.central.added_to(image)

    def gradient(self, weight: Tensor) -> Tensor:
        """Sums over fine pixels of weight times the derivatives by the rows."""
        gradient = self.light.gradient(weight)
        if self.central is not None:
            gradient = gradient + self.central.gradient(weight)
        return gradient * self.factor
