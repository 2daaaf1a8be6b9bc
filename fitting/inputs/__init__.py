"""Inputs: the images of a request as arrays, every plane checked against the others."""

from fitting.inputs.image_data import ImageData
from fitting.inputs.image_reading import load_images

__all__ = [
    "ImageData",
    "load_images",
]
