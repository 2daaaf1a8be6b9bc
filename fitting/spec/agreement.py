"""Agreement between parts of a request: faults of parts that are sound each by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from fitting.spec.components import MAX_COMPONENTS, ComponentSpec, is_name
from fitting.spec.documents import MAX_FAULTS, MAX_IMAGES, detail, excerpt, listed
from fitting.spec.images.image_spec import ImageSpec
from fitting.spec.images.references import PlaneReference
from fitting.spec.parameter_rows import component_rows, link_faults, row_count, seen_in
from fitting.spec.parameters.forms import Frame, knows_total
from fitting.spec.parameters.parameter_spec import ByImage, Polynomial

TOTAL = "total"
"""What the total of all components is called in results."""


MOST_ROWS = 50_000
"""Rows of a parameter table, at most, links counted by their length: checked and laid out within a second or two."""
MOST_DRAWN = 20_000
"""Components times the images that show them, at most: two thousand in ten bands, a hundred in two hundred images."""


def first_faults(*kinds: Iterable[InitErrorDetails]) -> list[InitErrorDetails]:
    """The faults of several kinds, in order, as many as are told; what is lazy is asked for no more."""
    return list(islice(chain.from_iterable(kinds), MAX_FAULTS))


def too_many_drawn(components: int, drawn: int) -> tuple[str, str]:
    """What is wrong with components that are drawn too many times, and what would be right."""
    message = f"{components} components are drawn {drawn} times, once in each image that shows them"
    return message, f"at most {MOST_DRAWN}; fewer images, or several requests"


def size_faults(
    components: Sequence[ComponentSpec], frame: Frame, images: Sequence[ImageSpec]
) -> list[InitErrorDetails]:
    """The fault of a request that is too large as a whole although each of its parts is not."""
    shown = {image.name for image in images}
    drawn = sum(len(images) if item.images is None else len(shown.intersection(item.images)) for item in components)
    if drawn > MOST_DRAWN:
        return [detail(("components",), *too_many_drawn(len(components), drawn))]
    rows = row_count(components, frame, images)
    if rows > MOST_ROWS:
        message = f"their parameters have {rows} rows, one for each image in which they vary, long links counting more"
        return [detail(("components",), message, f"at most {MOST_ROWS}; fewer images, or several requests")]
    return []


def frame_faults(components: Iterable[ComponentSpec | None], frame: Frame) -> Iterator[InitErrorDetails]:
    """Faults of parameters that belong to another frame than the request's."""
    for index, component in enumerate(components):
        if component is None:
            continue
        yield from _frame_misfits(index, component, frame)
        names = component.description_in(frame).names
        for name in component.parameters:
            if name not in names:
                message = f"does not belong to frame {frame}" if frame == "pixel" else "does not go with x or y"
                expected = 'x and y; or "frame": "sky"' if frame == "pixel" else "either ra and dec, or x and y"
                yield detail(("components", index, "parameters", name), message, expected)


def _frame_misfits(index: int, component: ComponentSpec, frame: Frame) -> Iterator[InitErrorDetails]:
    """Faults of what is defined by pixels, or has no known total."""
    place = ("components", index)
    if frame == "sky" and component.role == "light" and any(component.references()):
        message = f"{component.profile} is made of images in the data's own pixels"
        yield detail((*place, "profile"), message, '"frame": "pixel"')
    for name in ("flux", "magnitude"):
        if name in component.parameters and not knows_total(component.profile, component.geometry):
            message = f"is a total, which photfit does not know of a warped {component.profile} with this geometry"
            expected = "the profile's own intensity; or a warp of a smooth profile alone; or no warp"
            yield detail((*place, "parameters", name), message, expected)


def varied_faults(
    components: Iterable[ComponentSpec | None], images: Sequence[ImageSpec]
) -> Iterator[InitErrorDetails]:
    """Faults of components and parameters that name images: unknown ones, or ones without a wavelength."""
    every = {image.name: image for image in images}
    expected = listed(every)
    for index, component in enumerate(components):
        if component is None:
            continue
        for place, image in enumerate(component.images or ()):
            if image not in every:
                message = f"there is no image {excerpt(image)}"
                yield detail(("components", index, "images", place), message, expected)
        here = dict.fromkeys(seen_in(component, images))
        for name, spec in component.parameters.items():
            location = ("components", index, "parameters", name)
            if isinstance(spec, ByImage):
                for image in spec.by_image:
                    if image not in here:
                        yield detail((*location, "by_image", image), "is no image of this component", listed(here))
            if isinstance(spec, Polynomial):
                lacking = [image for image in here if every[image].wavelength is None]
                if lacking:
                    message = f"is a polynomial of wavelength, and {', '.join(lacking)} has none"
                    yield detail((*location, "polynomial"), message, '"wavelength" in each of its images')


def group_faults(
    groups: Mapping[str, Sequence[str]], components: Iterable[ComponentSpec | None]
) -> Iterator[InitErrorDetails]:
    """Faults of named groups: names that are a component's or none, members that are unknown, twice there or dark."""
    known = [item for item in components if item is not None]
    names = {item.name for item in known}
    lit = dict.fromkeys(item.name for item in known if item.role == "light" and not item.description.sky)
    expected_of_members = listed(lit)
    for group, members in groups.items():
        place = ("groups", group)
        if not is_name(group) or group in names or group == TOTAL:
            expected = f"a letter, then letters, digits or _, and neither a component's name nor {TOTAL}"
            yield detail(place, f"{excerpt(group)} cannot name a group", expected)
        if not members:
            yield detail(place, "is empty", "names of components")
        seen: set[str] = set()
        for position, member in enumerate(members):
            if member not in names:
                message, expected = f"unknown component {excerpt(member)}", expected_of_members
            elif member not in lit:
                message, expected = f"{member} has no total of light", expected_of_members
            elif member in seen:
                message, expected = f"{member} stands there already", "each component once"
            else:
                seen.add(member)
                continue
            yield detail((*place, position), message, expected)


def repeated_names(kind: str, parts: Iterable[ComponentSpec | ImageSpec | None]) -> Iterator[InitErrorDetails]:
    """Faults of names that were used before, of the parts below the request's key `kind`."""
    seen: set[str] = set()
    for index, part in enumerate(parts):
        if part is None:
            continue
        if part.name in seen:
            message = f"the name {excerpt(part.name)} is already taken"
            yield detail((kind, index, "name"), message, f"a name that no other {kind.removesuffix('s')} has")
        seen.add(part.name)


def psf_faults(components: Sequence[ComponentSpec], images: Sequence[ImageSpec]) -> Iterator[InitErrorDetails]:
    """Faults of images that would have two point-spread functions."""
    owner = {image.name: "the image's own psf" for image in images if image.psf is not None}
    for index, component in enumerate(components):
        for image in seen_in(component, images) if component.role == "psf" else ():
            if image in owner:
                message = f"is a second point-spread function of {excerpt(image)}, beside {owner[image]}"
                yield detail(("components", index, "role"), message, "one for each image")
            owner[image] = component.name


def point_source_faults(components: Sequence[ComponentSpec], images: Sequence[ImageSpec]) -> Iterator[InitErrorDetails]:
    """Faults of point sources where an image that shows them has no point-spread function."""
    blurred = {name for item in components if item.role == "psf" for name in seen_in(item, images)}
    sharp = {image.name for image in images if image.psf is None} - blurred
    for index, component in enumerate(components):
        seen = seen_in(component, images) if component.profile == "point_source" else ()
        without = [excerpt(image) for image in seen if image in sharp]
        if without:
            message = f"a point source is its image's point-spread function, and {', '.join(without)} has none"
            yield detail(("components", index, "profile"), message, "a psf beside the data of each image")


def component_faults(document: Mapping[str, Any]) -> list[InitErrorDetails]:
    """Faults between components of a document with other faults: what is sound is still held together."""
    written, images = document["components"], _sound_images(document.get("images"))
    frame: Frame = "sky" if document.get("frame") == "sky" or (len(images) > 1 and "frame" not in document) else "pixel"
    components = [_sound_part(item) for item in written[:MAX_COMPONENTS]]
    names = [item.get("name") for item in written if isinstance(item, dict)]
    broken = {name for name in names if isinstance(name, str)} - {item.name for item in components if item}
    faults = size_faults([item for item in components if item], frame, images)
    faults = faults or first_faults(repeated_names("components", components), frame_faults(components, frame))
    if not faults and images:
        faults = first_faults(varied_faults(components, images))
    return faults or first_faults(link_faults(tuple(component_rows(components, frame, images)), frozenset(broken)))


def _sound_images(written: Any) -> list[ImageSpec]:
    """Names and wavelengths of the images of a document, as far as they are there."""
    images = []
    for item in written[:MAX_IMAGES] if isinstance(written, list) else ():
        if isinstance(item, dict) and isinstance(item.get("name", "image"), str):
            wavelength = item.get("wavelength")
            known = wavelength if isinstance(wavelength, float | int) else 1.0
            images.append(
                ImageSpec.model_construct(
                    data=PlaneReference(file="-"), name=item.get("name", "image"), wavelength=known
                )
            )
    return images


def _sound_part(written: Any) -> ComponentSpec | None:
    """The component without its faulty parameters, or None where the fault lies elsewhere."""
    try:
        return ComponentSpec.model_validate(written)
    except ValidationError as error:
        places = [line["loc"] for line in error.errors(include_url=False)]
    if any(len(place) < 2 or place[0] != "parameters" for place in places):
        return None
    return ComponentSpec.sound_part(written, {str(place[1]) for place in places})
