"""Description of the sum of Gaussians."""

from typing import Annotated

from pydantic import Field

from fitting.spec.profiles.first_shape import MeasuredGalaxy, ShapeOf, Values, ellipse
from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription, ProfileOptions
from fitting.spec.profiles.shared_parameters import ELLIPSE, intensity, length


class MultiGaussianOptions(ProfileOptions):
    """How many Gaussians."""

    gaussians: Annotated[int, Field(ge=2, le=30)] = 3

    def parameters(self) -> tuple[ParameterDescription, ...]:
        """The ellipse, then size and brightness of each Gaussian."""
        pairs = (
            (
                length(f"sigma_{number}", f"Standard deviation of Gaussian {number}, along the major axis."),
                intensity(f"i_{number}", f"Central surface brightness of Gaussian {number}."),
            )
            for number in range(1, self.gaussians + 1)
        )
        return (*ELLIPSE, *(parameter for pair in pairs for parameter in pair))


def _first_values(galaxy: MeasuredGalaxy, options: MultiGaussianOptions) -> Values:
    found = ellipse(galaxy)
    for number, (sigma, height) in enumerate(galaxy.as_gaussians(options.gaussians), start=1):
        found |= {f"sigma_{number}": sigma, f"i_{number}": height}
    return found


MULTI_GAUSSIAN = ProfileDescription(
    name="multi_gaussian",
    description='Sum of concentric Gaussians of one shape (MGE): "options": {"gaussians": 3}. For axis ratios of their '
    "own, link the centres of several `gaussian` components.",
    parameters=MultiGaussianOptions().parameters(),
    formula="I(R) = sum over k of i_k exp(-R^2 / 2 sigma_k^2)",
    source="Emsellem, Monnet & Bacon 1994, A&A 285, 723; Cappellari 2002, MNRAS 333, 400",
    options=MultiGaussianOptions,
    first_shape=ShapeOf(_first_values),
    smooth=True,
)
