"""Description of the point source."""

from fitting.spec.profiles.first_shape import StarShape
from fitting.spec.profiles.profile_description import ProfileDescription
from fitting.spec.profiles.shared_parameters import FLUX, X, Y

POINT_SOURCE = ProfileDescription(
    name="point_source",
    description="A star: the point-spread function itself. The image must have one.",
    parameters=(X, Y, FLUX),
    formula="I(x, y) = flux PSF(x - x_0, y - y_0), a PSF image interpolated by B-splines of degree nine",
    source="by definition; Unser 1999, IEEE Signal Processing Magazine 16, 22 (the interpolation)",
    first_shape=StarShape(),
    blurred=False,
)
