"""From the rows of the parameter table to what the profiles take: native values, in the pixel frame of one image.

A profile is rendered from x, y, lengths and intensities in pixels of the image at hand. The user's rows may be
something else: positions on the sky, fluxes, one value an image. A view is the map from the one to the other for one
image. It gives values and derivatives together, batch first, so that χ² and its derivatives are summed over native
values, image by image, and turned into derivatives by θ once an image.
"""

from collections.abc import Mapping
from typing import Protocol

from fitting.problem.parameters import Values


class View(Protocol):
    """The components as one image has them.

    Attributes:
        index: place of each native value, by ``component.parameter``; the same for all images of a problem.
    """

    @property
    def index(self) -> Mapping[str, int]: ...

    def native(self, values: Values) -> Values:
        """Native values (batch, natives) and their derivatives (batch, natives, free), from those of the rows.

        What is outside of a profile's domain among the rows is so among the native values.
        """
        ...


class RowsAsTheyAre:
    """The view of an image whose components are given in its own pixels: the rows are the native values."""

    def __init__(self, index: Mapping[str, int]) -> None:
        self.index = index

    def native(self, values: Values) -> Values:
        """The same values."""
        return values
