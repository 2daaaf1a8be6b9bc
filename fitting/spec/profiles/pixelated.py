"""Description of the component of free pixels."""

from typing import Annotated

from pydantic import Field, Strict

from fitting.spec.profiles.first_shape import ShapeOf, centre
from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription, ProfileOptions
from fitting.spec.profiles.shared_parameters import CENTRE

Side = Annotated[int, Field(ge=1, le=64)]


class PixelatedOptions(ProfileOptions):
    """A stamp of `size` (along x, along y) pixels."""

    size: Annotated[tuple[Side, Side], Strict(False)] = (3, 3)

    def parameters(self) -> tuple[ParameterDescription, ...]:
        """The centre, and the pixels row by row."""
        columns, rows = self.size
        pixels = (
            ParameterDescription(
                name=f"i_{row}_{column}",
                unit="data/pixel",
                description=f"Surface brightness of pixel {column} along x and {row} along y, from 0.",
                default=0.0,
            )
            for row in range(rows)
            for column in range(columns)
        )
        return (*CENTRE, *pixels)


PIXELATED = ProfileDescription(
    name="pixelated",
    description='A stamp of free pixels, laid down anywhere between pixels: "options": {"size": [3, 3]}.',
    parameters=PixelatedOptions().parameters(),
    formula="I(x, y) = i_row_column in the unit square of each pixel, the middle of the stamp at x, y",
    source="by definition",
    options=PixelatedOptions,
    first_shape=ShapeOf(centre),
    blurred=False,
)
