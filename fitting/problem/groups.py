"""Which group each component of a request belongs to, on one image."""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from fitting.problem.group import Group
from fitting.problem.image import TargetImage
from fitting.problem.radial_group import RadialGroup
from fitting.problem.sky_group import FlatSkies
from fitting.profiles import FLAT_SKIES, RADIAL_PROFILES
from fitting.spec import ComponentSpec, ParameterTable


def component_groups(
    components: Sequence[ComponentSpec], table: ParameterTable, image: TargetImage
) -> tuple[Group, ...]:
    """The components sorted into groups; all that a group needs to know of the image is in it afterwards."""
    return (*_radial_groups(components, table, image), *_flat_skies(components, table, image))


def _radial_groups(
    components: Sequence[ComponentSpec], table: ParameterTable, image: TargetImage
) -> Iterator[RadialGroup]:
    for name, profile in RADIAL_PROFILES.items():
        order = ("x", "y", "q", "pa", *profile.shape, profile.scale, profile.amplitude)
        for convolved in (True, False):
            chosen = [item for item in components if (item.profile, item.convolve) == (name, convolved)]
            if chosen:
                members, index = _rows(chosen, order, table, image)
                yield RadialGroup(
                    name, members, index, convolved=convolved and image.convolver is not None,
                    integrated=image.integrated or not convolved,
                )  # fmt: skip


def _flat_skies(components: Sequence[ComponentSpec], table: ParameterTable, image: TargetImage) -> Iterator[FlatSkies]:
    chosen = [item for item in components if item.profile in FLAT_SKIES]
    if chosen:
        members, index = _rows(chosen, ("i",), table, image)
        yield FlatSkies(members, index[:, 0])


def _rows(
    components: Iterable[ComponentSpec], order: Sequence[str], table: ParameterTable, image: TargetImage
) -> tuple[tuple[str, ...], Tensor]:
    """Names of components, and the places (components, parameters) of their parameters in the table."""
    members = tuple(component.name for component in components)
    rows = [[table.index[f"{member}.{parameter}"] for parameter in order] for member in members]
    return members, torch.tensor(rows, dtype=torch.long, device=image.data.device)
