"""Description of the point-spread function that corrects a given image of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import Field, Strict

from fitting.spec.images.references import PlaneReference
from fitting.spec.profiles.first_shape import StarShape
from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription, ProfileOptions
from fitting.spec.profiles.shared_parameters import CENTRE, FLUX

FIRST_TERM = 4
"""Of Noll's polynomials: the first is lost in the kernel's sum, and the second and third move it, as positions do."""
HIGHEST_TERM = 66
"""Of Noll's polynomials: radial orders to 10, beyond which a stamp of pixels does not tell them apart."""


class ImagePsfOptions(ProfileOptions):
    """The image, and what may be added to it.

    Attributes:
        image: in pixels of the data; of even sizes its centre is pixel N // 2, counted from 0.
        zernike: highest index (Noll's) of the polynomials, from 4 on; none where it is 3.
        radius: pixels at which they end; None means at the nearest edge of the image.
        eigen: images of its shape.
    """

    image: PlaneReference
    zernike: Annotated[int, Field(ge=FIRST_TERM - 1, le=HIGHEST_TERM)] = 11
    radius: Annotated[float, Field(gt=0.0)] | None = None
    eigen: Annotated[tuple[PlaneReference, ...], Strict(False), Field(max_length=200)] = ()

    @property
    def terms(self) -> range:
        """Indices of the polynomials."""
        return range(FIRST_TERM, self.zernike + 1)

    def parameters(self) -> tuple[ParameterDescription, ...]:
        """The place of the middle, a coefficient for each polynomial and each image, and the flux."""
        coefficients = (
            *((f"z_{term}", f"Coefficient of Noll's Zernike polynomial {term}.") for term in self.terms),
            *(
                (f"e_{number}", f"Coefficient of image {number} of `eigen`.")
                for number in range(1, len(self.eigen) + 1)
            ),
        )
        parameters_of_terms = (
            ParameterDescription(name=name, unit="", description=text, default=0.0) for name, text in coefficients
        )
        return (*CENTRE, *parameters_of_terms, FLUX)

    def references(self) -> Iterator[tuple[tuple[str | int, ...], PlaneReference]]:
        """The files that the options name, each with its path within them."""
        yield ("image",), self.image
        for place, plane in enumerate(self.eigen):
            yield ("eigen", place), plane

    def with_references(self, mapping: Mapping[str, str], /) -> Self:
        """The options with files called as `mapping` says; names that it has not stay."""

        def rename(plane: PlaneReference) -> PlaneReference:
            return plane.with_file(mapping.get(plane.file, plane.file))

        return self.model_copy(update={"image": rename(self.image), "eigen": tuple(map(rename, self.eigen))})


IMAGE_PSF = ProfileDescription(
    name="image_psf",
    description='An image of the point-spread function with corrections that are fitted: "options": {"image": '
    '"psf.fits", "zernike": 11}; also {"eigen": ["eigen.fits[0]"]}, and {"radius": 8} where the polynomials end before '
    "the image's nearest edge. A coefficient of 0.1 changes the kernel by a tenth of itself, in the mean square.",
    parameters=ImagePsfOptions(image=PlaneReference(file="psf.fits"), zernike=6).parameters(),
    formula="K(x, y) = [P (1 + sum_j z_j Z_j(r/radius, theta)) + sum_k e_k E_k] / (its sum), P the image over its sum, "
    "Z_j = 0 outside the radius, theta from +x counter-clockwise",
    source="Noll 1976, JOSA 66, 207, equation 2 and table I (the polynomials and their indices)",
    options=ImagePsfOptions,
    first_shape=StarShape(),
    blurred=False,
    psf_model=True,
)
