"""From files to arrays: what a file holds, the images of a request, first values, and proposals of whole requests."""

from fitting.inputs.image_data import ImageData
from fitting.inputs.images import load_images
from fitting.inputs.proposal import Proposal, propose

__all__ = [
    "ImageData",
    "Proposal",
    "load_images",
    "propose",
]
