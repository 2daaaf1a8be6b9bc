"""Description of the sum of given images with free coefficients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import Field, Strict

from fitting.spec.images.references import PlaneReference
from fitting.spec.profiles.first_shape import ShapeOf, centre
from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription, ProfileOptions
from fitting.spec.profiles.shared_parameters import CENTRE


class BasisOptions(ProfileOptions):
    """The images, all of one shape; the middle is pixel N // 2, counted from 0, along an axis of N pixels."""

    images: Annotated[tuple[PlaneReference, ...], Strict(False), Field(min_length=1, max_length=200)]

    def parameters(self) -> tuple[ParameterDescription, ...]:
        """The place of the middle, and a coefficient for each image."""
        coefficients = (
            ParameterDescription(
                name=f"c_{number}",
                unit="data",
                description=f"Coefficient of image {number} of the options.",
                default=1.0 if number == 1 else 0.0,
            )
            for number in range(1, len(self.images) + 1)
        )
        return (*CENTRE, *coefficients)

    def references(self) -> Iterator[tuple[tuple[str | int, ...], PlaneReference]]:
        """The files that the options name, each with its path within them."""
        for place, plane in enumerate(self.images):
            yield ("images", place), plane

    def with_references(self, mapping: Mapping[str, str], /) -> Self:
        """The options with files called as `mapping` says; names that it has not stay."""
        renamed = (plane.with_file(mapping.get(plane.file, plane.file)) for plane in self.images)
        return self.model_copy(update={"images": tuple(renamed)})


_EXAMPLE = tuple(PlaneReference(file="eigen.fits", hdu=number) for number in range(3))

BASIS = ProfileDescription(
    name="basis",
    description='Sum of given images (eigen-images), moved and scaled: "options": {"images": ["eigen.fits[0]", '
    '"eigen.fits[1]"]}, in pixels of the data. Images that hold the blur already want "convolve": false.',
    parameters=BasisOptions(images=_EXAMPLE).parameters(),
    formula="I(x, y) = sum over k of c_k B_k(x - x_0, y - y_0), images interpolated by B-splines of degree nine",
    source="by definition; Unser 1999, IEEE Signal Processing Magazine 16, 22 (the interpolation)",
    options=BasisOptions,
    first_shape=ShapeOf(centre),
)
