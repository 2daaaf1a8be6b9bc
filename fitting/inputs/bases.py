"""The images that components are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fitting.inputs.reading import Reading
from fitting.spec import ComponentSpec
from fitting.spec.profiles.basis import BasisOptions

Array = NDArray[np.float64]
MAX_SIDE = 2049
"""Largest width and height of an image that a component is made of, pixels."""


def read_basis(component: ComponentSpec, reading: Reading) -> tuple[Array, ...]:
    """The images of one component, all of one shape; none where it has none, or `reading` has faults of them."""
    if not isinstance(component.options, BasisOptions):
        return ()
    images: list[Array] = []
    for place, reference in enumerate(component.options.images):
        key = f"options.images[{place}]"
        plane = reading.plane(key, reference)
        if plane is None:
            continue
        shape = plane.data.shape
        if max(shape) > MAX_SIDE:
            reading.fault(key, f"{reference.file!r} has the shape {shape}", f"at most {MAX_SIDE} pixels a side")
        elif images and shape != images[0].shape:
            reading.fault(key, f"{reference.file!r} has the shape {shape}", f"that of the others, {images[0].shape}")
        elif not np.isfinite(plane.data).all():
            reading.fault(key, f"{reference.file!r} holds NaN or infinite pixels", "finite numbers")
        else:
            images.append(plane.data)
    return tuple(images)
