"""Parameters that differ between the images of a request: a value for each image, or a polynomial of wavelength."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Strict, field_validator

from fitting.spec.documents import Document, refusal

if TYPE_CHECKING:
    from fitting.spec.parameters.parameter_spec import ParameterSpec

MOST_COEFFICIENTS = 12


class ByImage(Document):
    """A parameter with a value of its own in each image: ``{"by_image": {"r": 10, "g": {"value": 8, "min": 0}}}``.

    Its rows are called ``a.flux[r]``. Images that it does not name get a value that photfit finds.
    """

    by_image: dict[str, ParameterSpec]

    def leaves(self) -> Iterator[tuple[tuple[str | int, ...], ParameterSpec]]:
        """Location below the parameter, and what is said, of each value."""
        for image, spec in self.by_image.items():
            yield ("by_image", image), spec


class Polynomial(Document):
    """A parameter as a polynomial of wavelength: ``{"polynomial": [5.1, -0.3]}``, lowest order first.

    The value in an image is Σ c_k T_k(t), T_k the Chebyshev polynomials and t the image's `wavelength` moved linearly,
    so that the request's shortest is −1 and its longest 1 (Häußler et al. 2013, MNRAS 430, 330). The coefficients are
    the rows ``a.r_e.c0``, ``a.r_e.c1``, …; the values in the images follow as ``a.r_e[r]``.
    """

    polynomial: Annotated[tuple[ParameterSpec, ...], Strict(False)]

    @field_validator("polynomial")
    @classmethod
    def _few(cls, value: tuple[ParameterSpec, ...]) -> tuple[ParameterSpec, ...]:
        if not 1 <= len(value) <= MOST_COEFFICIENTS:
            raise refusal(f"has {len(value)} coefficients", f"1 to {MOST_COEFFICIENTS}")
        return value

    def leaves(self) -> Iterator[tuple[tuple[str | int, ...], ParameterSpec]]:
        """Location below the parameter, and what is said, of each coefficient."""
        for order, spec in enumerate(self.polynomial):
            yield ("polynomial", order), spec
