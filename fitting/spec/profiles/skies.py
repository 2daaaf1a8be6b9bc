"""Descriptions of backgrounds."""

from typing import Annotated

from pydantic import Field, Strict

from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription, ProfileOptions

_LEVEL = ParameterDescription(name="i", unit="data/pixel", description="Sky level.")

FLAT_SKY = ProfileDescription(
    name="flat_sky",
    description="A constant background.",
    parameters=(_LEVEL,),
    formula="I(x, y) = i",
    source="by definition",
    blurred=False,
    sky=True,
)

PLANE_SKY = ProfileDescription(
    name="plane_sky",
    description="A background that is a tilted plane about the centre of the image (of its window).",
    parameters=(
        ParameterDescription(name="i", unit="data/pixel", description="Sky level at the centre of the image."),
        ParameterDescription(
            name="di_dx", unit="data/pixel/pixel", description="Gradient along FITS axis 1.", default=0.0
        ),
        ParameterDescription(
            name="di_dy", unit="data/pixel/pixel", description="Gradient along FITS axis 2.", default=0.0
        ),
    ),
    formula="I(x, y) = i + di_dx (x - x_c) + di_dy (y - y_c)",
    source="by definition; GALFIT's sky (Peng et al. 2010, AJ 139, 2097)",
    blurred=False,
    sky=True,
)


class BilinearSkyOptions(ProfileOptions):
    """A grid of `nodes` (along x, along y) from edge to edge of the image."""

    nodes: Annotated[tuple[Annotated[int, Field(ge=2, le=50)], Annotated[int, Field(ge=2, le=50)]], Strict(False)] = (
        3,
        3,
    )

    def parameters(self) -> tuple[ParameterDescription, ...]:
        """The levels, row by row."""
        along_x, along_y = self.nodes
        return tuple(
            ParameterDescription(
                name=f"i_{row}_{column}",
                unit="data/pixel",
                description=f"Sky level at node {column} along x and {row} along y, from 0.",
            )
            for row in range(along_y)
            for column in range(along_x)
        )


BILINEAR_SKY = ProfileDescription(
    name="bilinear_sky",
    description='Bilinear interpolation in a grid of nodes over the image: "options": {"nodes": [3, 3]}.',
    parameters=BilinearSkyOptions().parameters(),
    formula="I(x, y) = sum over nodes of i_row_column, weighted by (1 - |distance|) along both axes, in node spacings",
    source="by definition",
    options=BilinearSkyOptions,
    blurred=False,
    sky=True,
)
