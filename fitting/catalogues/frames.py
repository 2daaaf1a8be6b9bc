"""Frames of a catalogue: the images that are one plane for all rows, and where rows lie on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fitting.files import (
    DEFAULT_LIMITS,
    FileInvalid,
    ReadLimits,
    SkyCoordinates,
    coordinates_refusal,
    pixel_scale,
    read_plane,
    sky_coordinates,
)
from fitting.spec import Fault, PlaneReference, RequestInvalid
from fitting.spec.catalogues import AroundWindow, CatalogueRequest, PixelPlace

Locate = Callable[[str], Path]


class PlaceUnknown(ValueError):
    """A position has no place on the frame; the message is a sentence fragment."""


@dataclass(frozen=True)
class CatalogueFrame:
    """An image that is one plane for all rows.

    Attributes:
        shape: (height, width).
        sky: of its pixels, where the header says it.
        pixel_scale: arcsec, where the header says it.
        refusal: why there are no sky coordinates, where there are none.
    """

    shape: tuple[int, int]
    sky: SkyCoordinates | None
    pixel_scale: float | None
    refusal: str = ""

    def place(self, around: Any) -> tuple[float, float]:
        """Pixel x, y of a position.

        Raises:
            PlaceUnknown: the frame has no sky coordinates, or none there.
        """
        if isinstance(around, PixelPlace):
            return around.x, around.y
        if self.sky is None:
            raise PlaceUnknown(self.refusal or "the image has no sky coordinates")
        ((x, y),) = self.sky.pixels([around.ra], [around.dec]).tolist()
        if not (abs(x) < 1e9 and abs(y) < 1e9):
            raise PlaceUnknown(f"ra {around.ra:g}, dec {around.dec:g} has no place on the image's projection")
        return x, y


Window = dict[str, list[int]]


def window_around(place: tuple[float, float], side: int) -> Window:
    """The window of a side about a position, half open: the position's pixel is number side // 2 of it."""
    return {key: [first := round(at) - side // 2, first + side] for key, at in zip("xy", place, strict=True)}


def read_frames(
    catalogue: CatalogueRequest, locate: Locate, limits: ReadLimits = DEFAULT_LIMITS
) -> Mapping[int, CatalogueFrame]:
    """The frames of a catalogue's images, by their number in the template; images that rows name have none.

    Raises:
        RequestInvalid: a file is missing or cannot be read, or a window lies on the sky and it has no place there.
    """
    frames: dict[int, CatalogueFrame] = {}
    faults: list[Fault] = []
    for index, image in enumerate(catalogue.template["images"]):
        path = f"$.template.images[{index}]"
        written = image.get("data") if isinstance(image, dict) else None
        window = image.get("window") if isinstance(image, dict) else None
        on_sky = isinstance(window, dict) and {"ra", "dec"} & set(_around(window))
        if written is None or (isinstance(written, dict) and "column" in written):
            if on_sky:
                expected = '"x" and "y", or a frame'
                faults.append(Fault(f"{path}.window.around", "lies on the sky, and each row has an image", expected))
            continue
        try:
            frames[index] = _frame(PlaneReference.model_validate(written), locate, limits)
        except FileInvalid as error:
            faults.append(Fault(f"{path}.data", str(error.message), error.expected))
            continue
        except (LookupError, FileNotFoundError):
            faults.append(Fault(f"{path}.data", f"there is no file {written!r}", "an upload or a file that exists"))
            continue
        except ValueError:
            continue  # told where the request is read
        if on_sky and frames[index].sky is None:
            why = frames[index].refusal or "the image has no sky coordinates"
            faults.append(Fault(f"{path}.window.around", why, '"x" and "y"'))
    if faults:
        raise RequestInvalid(faults)
    return frames


def _around(window: Mapping[str, Any]) -> Sequence[str]:
    around = window.get("around")
    return list(around) if isinstance(around, dict) else []


def _frame(reference: PlaneReference, locate: Locate, limits: ReadLimits) -> CatalogueFrame:
    plane = read_plane(
        locate(reference.file),
        reference.hdu,
        limits,
        member=reference.member,
        number=reference.plane,
        window=lambda _: (slice(0, 1), slice(0, 1)),
    )
    header = plane.header
    return CatalogueFrame(
        plane.frame,
        sky_coordinates(header),
        None if header is None else pixel_scale(header),
        coordinates_refusal(header) or "",
    )


def side_and_place(window: AroundWindow, frame: CatalogueFrame | None) -> tuple[int, tuple[float, float]]:
    """Side of a window in pixels, and the pixel that it is put around; raises PlaceUnknown."""
    if frame is not None:
        return window.side, frame.place(window.around)
    if not isinstance(window.around, PixelPlace):
        raise PlaceUnknown("a position on the sky asks for a frame")
    return window.side, (window.around.x, window.around.y)
