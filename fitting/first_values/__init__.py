"""First values: parameters that a request left out, measured in the image.

Start at `completed_request.complete_request`. It measures each galaxy as a Sérsic one (`source_shapes`), with crude
models of the others taken off (`quick_galaxies`), and gives every other profile values that make it look alike
(`first_shapes`; rings seen edge on by their own moments, `edge_on_rings`). Requests on the sky or of several images go
through each image's pixels (`through_pixels`).
"""

from fitting.first_values.completed_request import complete_request
from fitting.first_values.quick_galaxies import (
    Array,
    Galaxy,
    Part,
    Stamp,
    b_n,
    blurring,
    brightness,
    coarse_kernel,
    compact_kernel,
    stamp_sigma,
    unit_flux,
)
from fitting.first_values.source_shapes import measure_shape

__all__ = [
    "Array",
    "Galaxy",
    "Part",
    "Stamp",
    "b_n",
    "blurring",
    "brightness",
    "coarse_kernel",
    "compact_kernel",
    "complete_request",
    "measure_shape",
    "stamp_sigma",
    "unit_flux",
]
