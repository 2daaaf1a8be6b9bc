"""Shapes that leave pixels of an image out: ellipses, boxes and polygons, in pixels of the full frame."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, Strict, field_validator, model_validator

from fitting.spec.documents import Document, refusal

MOST_SHAPES = 1000
"""Shapes of one image, at most: twice what a proposal may find; chosen by hand for the time that drawing takes."""
MOST_VERTICES = 200
"""Vertices of a polygon, at most; chosen by hand for the same reason."""

_Place = Annotated[float, Field(gt=-1e9, lt=1e9)]
_Reach = Annotated[float, Field(gt=0.0, le=1e6)]
_Bound = Annotated[int, Field(ge=-(2**31), le=2**31)]


class MaskEllipse(Document):
    """An ellipse: centre, semi-major axis `a` in pixels, axis ratio, and position angle as of a component."""

    x: _Place
    y: _Place
    a: _Reach
    q: Annotated[float, Field(ge=1e-4, le=1.0)] = 1.0
    pa: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.0


class MaskBox(Document):
    """Columns and rows, half open as a window is: ``{"x": [7, 8]}`` is the whole of column 7."""

    x: Annotated[tuple[_Bound, _Bound], Strict(False)] | None = None
    y: Annotated[tuple[_Bound, _Bound], Strict(False)] | None = None

    @field_validator("x", "y")
    @classmethod
    def _holds_pixels(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
        if value is not None and value[0] >= value[1]:
            raise refusal(f"{list(value)} holds no pixel", "[first, one past the last]")
        return value

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.x is None and self.y is None:
            raise refusal("is the whole image", "x, y or both, each [first, one past the last]")
        return self


class MaskShape(Document):
    """One shape: a pixel whose centre it holds is left out.

    Attributes:
        ellipse, box, polygon: exactly one of them; a polygon is a list of its vertices [x, y], inside by the even-odd
            rule.
    """

    ellipse: MaskEllipse | None = None
    box: MaskBox | None = None
    polygon: (
        Annotated[
            tuple[Annotated[tuple[_Place, _Place], Strict(False)], ...],
            Strict(False),
            Field(min_length=3, max_length=MOST_VERTICES),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        given = [key for key in ("ellipse", "box", "polygon") if getattr(self, key) is not None]
        if len(given) != 1:
            raise refusal(f"is {' and '.join(given) or 'no shape'}", "one of ellipse, box, polygon")
        return self
