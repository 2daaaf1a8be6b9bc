"""Component groups: which group each component of a request belongs to, on one image.

A new kind is one more file with a `fitting.problem.components.group.Group`, and one line of `component_groups`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from fitting.problem.components.drawn_group import DrawnGroup, drawing_of
from fitting.problem.components.group import Group
from fitting.problem.components.radial_group import RadialGroup
from fitting.problem.components.sky_group import FlatSkies
from fitting.problem.fitted_psf import FittedPsf
from fitting.problem.image import TargetImage
from fitting.profiles import RadialProfile, radial_profile
from fitting.spec import ComponentSpec


def component_groups(
    components: Sequence[ComponentSpec], index: Mapping[str, int], image: TargetImage, steps: int
) -> tuple[Group, ...]:
    """The components sorted into groups; all that a group needs to know of the image is in it afterwards. One that
    blurs the others has no light of its own, and is in none.

    Args:
        index: place of each native value (`fitting.problem.coordinates.views`), by ``component.parameter``.
        steps: pixels that blurred components are drawn on to one of the image, along each axis.
    """
    blurring = next((item.name for item in components if item.role == "psf"), None)
    components = [item for item in components if item.role == "light"]
    if blurring is not None and image.psf is not None:
        stars = [item for item in components if item.profile == "point_source"]
        components = [item for item in components if item.profile != "point_source"]
        fitted = tuple(_fitted_star(star.name, blurring, image.psf, index, image) for star in stars)
        return (*fitted, *component_groups(components, index, image, steps))
    return (
        *_radial_groups(components, index, image),
        *_flat_skies(components, index, image),
        *_drawn_groups(components, index, image, steps),
    )


def _radial_groups(
    components: Sequence[ComponentSpec], index: Mapping[str, int], image: TargetImage
) -> Iterator[RadialGroup]:
    """One group for each profile, blurred and not."""
    kinds: dict[tuple[RadialProfile, bool], list[ComponentSpec]] = {}
    for item in components:
        profile = None if item.geometry else radial_profile(item.profile, item.options)
        if profile is not None:
            kinds.setdefault((profile, item.convolve), []).append(item)
    for (profile, convolved), chosen in kinds.items():
        order = ("x", "y", "q", "pa", *profile.shape, profile.scale, profile.amplitude)
        members, places = _rows(chosen, order, index, image)
        yield RadialGroup(
            profile, members, places, convolved=convolved and image.convolver is not None,
            integrated=True,
        )  # fmt: skip


def _flat_skies(
    components: Sequence[ComponentSpec], index: Mapping[str, int], image: TargetImage
) -> Iterator[FlatSkies]:
    chosen = [item for item in components if _is_constant(item)]
    if chosen:
        members, places = _rows(chosen, ("i",), index, image)
        yield FlatSkies(members, places[:, 0])


def _is_constant(component: ComponentSpec) -> bool:
    """Whether it is a sky of one level over the whole image."""
    return component.description.sky and component.description.names == ("i",)


def _drawn_groups(
    components: Sequence[ComponentSpec], index: Mapping[str, int], image: TargetImage, steps: int
) -> Iterator[DrawnGroup]:
    """One group for each profile with its own options and geometry."""
    kinds: dict[object, list[ComponentSpec]] = {}
    for item in components:
        plain = _is_constant(item) or radial_profile(item.profile, item.options) is not None
        if item.geometry or not plain:
            kinds.setdefault((item.profile, item.options, item.geometry, item.convolve), []).append(item)
    for chosen in kinds.values():
        first = chosen[0]
        convolved = first.convolve and first.description.blurred and image.convolver is not None
        drawing, order = drawing_of(first, image, steps if convolved else 1)
        members, places = _rows(chosen, order, index, image)
        yield DrawnGroup(drawing, members, places, convolved)


def _fitted_star(star: str, blurring: str, psf: FittedPsf, index: Mapping[str, int], image: TargetImage) -> DrawnGroup:
    """A star where the point-spread function is fitted: that itself, with the parameters of both components."""
    owners = {"x": star, "y": star, "flux": star}
    places = [index[f"{owners.get(name, blurring)}.{name}"] for name in psf.names]
    rows = torch.tensor([places], dtype=torch.long, device=image.data.device)
    return DrawnGroup(psf.star, (star,), rows, convolved=False)


def _rows(
    components: Iterable[ComponentSpec], order: Sequence[str], index: Mapping[str, int], image: TargetImage
) -> tuple[tuple[str, ...], Tensor]:
    """Names of components, and the places (components, parameters) of their parameters among the native values."""
    members = tuple(component.name for component in components)
    rows = [[index[f"{member}.{parameter}"] for parameter in order] for member in members]
    return members, torch.tensor(rows, dtype=torch.long, device=image.data.device)
