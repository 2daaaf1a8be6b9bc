"""Which group each component of a request belongs to, on one image."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from fitting.problem.group import Group
from fitting.problem.image import TargetImage
from fitting.problem.radial_group import RadialGroup
from fitting.problem.sky_group import FlatSkies
from fitting.profiles import FLAT_SKIES, RADIAL_PROFILES
from fitting.spec import ComponentSpec


def component_groups(
    components: Sequence[ComponentSpec], index: Mapping[str, int], image: TargetImage
) -> tuple[Group, ...]:
    """The components sorted into groups; all that a group needs to know of the image is in it afterwards.

    Args:
        index: place of each native value (`fitting.problem.view`), by ``component.parameter``.
    """
    return (*_radial_groups(components, index, image), *_flat_skies(components, index, image))


def _radial_groups(
    components: Sequence[ComponentSpec], index: Mapping[str, int], image: TargetImage
) -> Iterator[RadialGroup]:
    for name, profile in RADIAL_PROFILES.items():
        order = ("x", "y", "q", "pa", *profile.shape, profile.scale, profile.amplitude)
        for convolved in (True, False):
            chosen = [item for item in components if (item.profile, item.convolve) == (name, convolved)]
            if chosen:
                members, places = _rows(chosen, order, index, image)
                yield RadialGroup(
                    name, members, places, convolved=convolved and image.convolver is not None,
                    integrated=image.integrated or not convolved,
                )  # fmt: skip


def _flat_skies(
    components: Sequence[ComponentSpec], index: Mapping[str, int], image: TargetImage
) -> Iterator[FlatSkies]:
    chosen = [item for item in components if item.profile in FLAT_SKIES]
    if chosen:
        members, places = _rows(chosen, ("i",), index, image)
        yield FlatSkies(members, places[:, 0])


def _rows(
    components: Iterable[ComponentSpec], order: Sequence[str], index: Mapping[str, int], image: TargetImage
) -> tuple[tuple[str, ...], Tensor]:
    """Names of components, and the places (components, parameters) of their parameters among the native values."""
    members = tuple(component.name for component in components)
    rows = [[index[f"{member}.{parameter}"] for parameter in order] for member in members]
    return members, torch.tensor(rows, dtype=torch.long, device=image.data.device)
