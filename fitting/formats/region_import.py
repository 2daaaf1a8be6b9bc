"""Region files of DS9 and CASA as a request: ellipses, circles and points are starts, what is left out is a mask.

A box called ``window`` is the part to fit. Shapes are read by the `regions` package, line by line, so that of each is
said what became of it.
"""

from __future__ import annotations

import importlib.util
import math
import re
import warnings
from typing import Any

from fitting.formats.import_rows import ImportInvalid, Line, ModelImport, RowBook
from fitting.formats.import_source import ImportSource
from fitting.spec.components import is_name

_FRAMES = re.compile(r"(image|physical|fk4|fk5|icrs|galactic|ecliptic|linear|detector|wcs[a-z]?)\Z", re.IGNORECASE)
_SHAPE = re.compile(
    r"\s*[-+]?\s*(ellipse|circle|point|box|polygon|poly|centerbox|rotbox|symbol)\s*[(\[]", re.IGNORECASE
)
_MOST_REGIONS = 2000
"""Regions that are read of a file, as many as a request has components, at most."""
_TEXT_OF_LINE = re.compile(r"#.*\Z")


def is_region_file(text: str) -> bool:
    """Whether a text is a region file: it says so, or one of its lines begins with a shape."""
    lines = text.splitlines()
    return any("egion file format" in line or line.startswith("#CRTF") or _SHAPE.match(line) for line in lines[:200])


def import_regions(source: ImportSource) -> ModelImport:
    """A request from a region file. Raises ImportInvalid where it names no image, or the package is not here."""
    if importlib.util.find_spec("regions") is None:
        raise ImportInvalid("region files are read by the package regions, which is not here: pip install regions")
    if not source.image:
        raise ImportInvalid(f"{source.name} names no image: say which it belongs to (--image, or `image`)")
    return _Reader(source).run()


class _Reader:
    def __init__(self, source: ImportSource) -> None:
        self.source = source
        self.book = RowBook()
        self.casa = source.text.lstrip().startswith("#CRTF")
        self.components: list[dict[str, Any]] = []
        self.masks: list[dict[str, Any]] = []
        self.window: dict[str, Any] | None = None

    def run(self) -> ModelImport:
        frame = "image"
        for number, whole in enumerate(self.source.text.splitlines(), start=1):
            # DS9 takes several on one line; what is behind # says how a region looks, and what it is called.
            body = _TEXT_OF_LINE.sub("", whole) if not self.casa else whole.split("#")[0]
            for part in body.split(";") if not self.casa else [body]:
                word = part.strip()
                if not word or word.lower().startswith("global"):
                    continue
                if _FRAMES.match(word):
                    frame = word.lower()
                    continue
                comment = whole[len(body) :] if part is body or body.endswith(part) else ""
                self._line(Line(self.source.name, number, word), frame, word if self.casa else f"{word} {comment}")
        called = self.source.rename(self.source.image)
        line = Line("command line", 0, f"image {self.source.image}")
        if called is None:
            self.book.leave(line, "there is no such file: name the image as `data` in the request")
        else:
            self.book.take(line, f"images.data {called}")
        image: dict[str, Any] = {"data": called or self.source.image}
        if self.masks:
            image["mask_shapes"] = self.masks
        if self.window is not None:
            image["window"] = self.window
        if self.components or self.masks or self.window:
            sky = "sky" if all(item["name"] != "sky" for item in self.components) else "flat_sky_0"
            self.components.append({"name": sky, "profile": "flat_sky"})
            self.book.take(Line(self.source.name, 0, sky), "a flat sky, which no region says but images have")
        request = {"name": self.source.name[:200], "images": [image], "components": self.components}
        return ModelImport("regions", {**request, "stages": [{"method": "lm"}]}, tuple(self.book.rows))

    def _line(self, line: Line, frame: str, text: str) -> None:
        from regions import Regions

        if len(self.components) + len(self.masks) >= _MOST_REGIONS:
            self.book.leave(line, f"{_MOST_REGIONS} regions are read, and no more")
            return
        if frame != "image":
            self.book.leave(line, f"is in {frame} coordinates: save the regions in image coordinates")
            return
        head, format_ = ("#CRTFv0\n", "crtf") if self.casa else ("image\n", "ds9")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = Regions.parse(head + text, format=format_)
        except Exception as error:  # noqa: BLE001 - whatever a library makes of a bad line, the line is bad
            self.book.leave(line, f"is no region: {error}")
            return
        if len(found) != 1 or not type(found[0]).__name__.endswith("PixelRegion"):
            self.book.leave(line, "is no region in pixels that is known")
            return
        region = found[0]
        label = str(region.meta.get("text") or region.meta.get("label") or "")
        if not region.meta.get("include", True):
            self._mask(line, region)
        elif label == "window":
            self._window(line, region)
        else:
            self._start(line, region, label)

    def _start(self, line: Line, region: Any, label: str) -> None:
        kind = type(region).__name__.removesuffix("PixelRegion")
        if kind not in ("Ellipse", "Circle", "Point"):
            why = "is neither a start nor a mask: begin it with - to leave its pixels out, or call it window"
            self.book.leave(line, why)
            return
        names = {item["name"] for item in self.components}
        number = len(self.components) + 1
        name = label if is_name(label) and label not in names else f"galaxy_{number}"
        values: dict[str, float] = {"x": float(region.center.x), "y": float(region.center.y)}
        if kind == "Circle":
            values |= {"r_e": float(region.radius)}
        elif kind == "Ellipse":
            a, q, pa = _ellipse(region)
            values |= {"r_e": a, "q": q, "pa": pa}
        self.components.append({"name": name, "profile": "sersic", "parameters": values})
        said = ", ".join(f"{key} {value:.6g}" for key, value in values.items())
        star = "; make it a point_source where it is a star" if kind == "Point" else ""
        self.book.take(line, f"the component {name}, sersic, that starts with {said}: pixels count from 0{star}")

    def _mask(self, line: Line, region: Any) -> None:
        kind = type(region).__name__.removesuffix("PixelRegion")
        if kind == "Ellipse":
            a, q, pa = _ellipse(region)
            shape: dict[str, Any] = {"ellipse": {**_centre(region), "a": a, "q": q, "pa": pa}}
        elif kind == "Circle":
            shape = {"ellipse": {**_centre(region), "a": float(region.radius)}}
        elif kind == "Rectangle":
            corners = region.corners if hasattr(region, "corners") else _corners(region)
            shape = {"polygon": [[float(x), float(y)] for x, y in corners]}
        elif kind == "Polygon":
            shape = {
                "polygon": [[float(x), float(y)] for x, y in zip(region.vertices.x, region.vertices.y, strict=True)]
            }
        else:
            self.book.leave(line, f"photfit leaves out ellipses, boxes and polygons, and no {kind.lower()}")
            return
        self.masks.append(shape)
        self.book.take(line, f"images.mask_shapes, {next(iter(shape))}")

    def _window(self, line: Line, region: Any) -> None:
        if type(region).__name__ != "RectanglePixelRegion" or abs(region.angle.to_value("deg")) % 360.0 > 1e-6:
            self.book.leave(line, "a window is a box that is not turned")
            return
        self.window = {}
        for axis, size in (("x", region.width), ("y", region.height)):
            middle = float(getattr(region.center, axis))
            first, end = (round(middle + sign * 0.5 * float(size) + 0.5) for sign in (-1.0, 1.0))
            self.window[axis] = [max(first, 0), max(end, first + 1, 1)]
        self.book.take(line, f"images.window {self.window}: from 0, without the last")


def _centre(region: Any) -> dict[str, float]:
    return {"x": float(region.center.x), "y": float(region.center.y)}


def _ellipse(region: Any) -> tuple[float, float, float]:
    """Semi-major axis, axis ratio, and position angle from up through left, 0 to 180 degrees."""
    width, height = float(region.width), float(region.height)
    angle = float(region.angle.to_value("deg")) - (90.0 if width >= height else 0.0)
    long, short = max(width, height), min(width, height)
    return 0.5 * long, max(short / long, 1e-3), angle % 180.0


def _corners(region: Any) -> list[tuple[float, float]]:
    angle = math.radians(float(region.angle.to_value("deg")))
    half = 0.5 * float(region.width), 0.5 * float(region.height)
    found = []
    for sign_x, sign_y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        dx, dy = sign_x * half[0], sign_y * half[1]
        x = float(region.center.x) + dx * math.cos(angle) - dy * math.sin(angle)
        found.append((x, float(region.center.y) + dx * math.sin(angle) + dy * math.cos(angle)))
    return found
