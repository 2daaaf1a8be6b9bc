"""Description of the free-form radial profile."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field, Strict, field_validator

from fitting.spec.documents import refusal
from fitting.spec.profiles.first_shape import MeasuredGalaxy, ShapeOf, Values, ellipse
from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription, ProfileOptions
from fitting.spec.profiles.shared_parameters import ELLIPSE, intensity

Radius = Annotated[float, Field(ge=0.0, le=1e5)]

_UNIT = ParameterDescription(
    name="r_unit",
    unit="pixel",
    description="What the radii count: one pixel, or one arcsec on the sky. Held.",
    min=1e-3,
    max=1e5,
    lowest=1e-3,
    highest=1e5,
    scale="log",
    default=1.0,
    held=True,
)


class SplineOptions(ProfileOptions):
    """The radii along the major axis at which the intensities are free, rising."""

    radii: Annotated[tuple[Radius, ...], Strict(False), Field(min_length=2, max_length=50)] = (
        0.0,
        2.0,
        5.0,
        10.0,
        20.0,
    )

    @field_validator("radii")
    @classmethod
    def _rise(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not all(low < high for low, high in pairwise(value)):
            raise refusal(f"{list(value)} does not rise", "radii from the innermost to the outermost")
        return value

    def parameters(self) -> tuple[ParameterDescription, ...]:
        """The ellipse, the intensities from the innermost on, and the unit of the radii."""
        levels = (
            intensity(f"i_{number}", f"Surface brightness at radius {number} of the options.")
            for number in range(1, len(self.radii) + 1)
        )
        return (*ELLIPSE, *levels, _UNIT)


def _first_values(galaxy: MeasuredGalaxy, options: SplineOptions) -> Values:
    levels = {f"i_{number}": galaxy.light_at(radius) for number, radius in enumerate(options.radii, start=1)}
    return ellipse(galaxy) | levels


SPLINE = ProfileDescription(
    name="spline",
    description="Free-form galaxy: intensities at radii along the major axis, a smooth curve between them: "
    '"options": {"radii": [0, 2, 5, 10, 20]}.',
    parameters=SplineOptions().parameters(),
    formula="ln I(R) = natural cubic spline through ln i_k at radii[k] r_unit; straight lines inside and outside, "
    "never rising outside",
    source="de Boor 1978, A Practical Guide to Splines; Stone et al. 2023, MNRAS 525, 6377",
    options=SplineOptions,
    first_shape=ShapeOf(_first_values),
)
