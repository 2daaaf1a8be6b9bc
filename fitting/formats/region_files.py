"""Region files of a result, by the `regions` package: DS9's, CASA's, and FITS tables as astropy's users have them.

Galaxies are ellipses of their size (r_e, scale length, …), stars and what has no size are points; masks are shapes that
leave out, the window is a box. Pixels count as each format has it: the package knows.
"""

from __future__ import annotations

import importlib.util
import tempfile
import warnings
from pathlib import Path
from typing import Any

from fitting.formats.export_source import ExportBook, ExportInvalid, ExportSource, ModelExport
from fitting.spec.counts import counted, verb

_SIZES = ("r_e", "h", "fwhm", "r_b", "r_c", "r_out", "r_ring", "h_1", "r", "sigma", "r_s")
"""Parameters that an ellipse is drawn at, the first that a component has."""
_LEFT_OUT = " include=False"
"""What the package writes of a region that leaves pixels out, and does not read."""


def export_ds9(source: ExportSource) -> ModelExport:
    """DS9's region file, in image coordinates."""
    return _export(source, "ds9", "photfit.reg", "ds9")


def export_casa(source: ExportSource) -> ModelExport:
    """CASA's region text, in pixels."""
    found, book = _regions(source)
    return ModelExport("casa", "photfit.crtf", {"photfit.crtf": _casa_text(found).encode()}, tuple(book.rows))


def export_regions(source: ExportSource) -> ModelExport:
    """``photfit-regions.fits``, a table that `regions.Regions.read` takes."""
    return _export(source, "fits", "photfit-regions.fits", "regions")


def _export(source: ExportSource, format_: str, name: str, called: str) -> ModelExport:
    found, book = _regions(source)
    from regions import Regions

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Metadata that a format has no word for is left out; the rows say what the regions are.
        warnings.simplefilter("ignore")
        path = Path(folder, name)
        options = {"precision": 8} if format_ == "ds9" else {}
        Regions(found).write(str(path), format=format_, overwrite=True, **options)
        content = path.read_bytes()
    if format_ == "ds9":
        # What is left out begins with a minus there.
        lines = content.decode().splitlines()
        marked = [f"-{line.replace(_LEFT_OUT, '')}" if _LEFT_OUT in line else line for line in lines]
        content = ("\n".join(marked) + "\n").encode()
    return ModelExport(called, name, {name: content}, tuple(book.rows))


def _regions(source: ExportSource) -> tuple[list[Any], ExportBook]:
    """Components, masks and the window as regions. Raises ExportInvalid where there are none."""
    if source.request.frame_in_use != "pixel":
        raise ExportInvalid("the request is on the sky, and its regions would be of pixels: fit it in frame pixel")
    if importlib.util.find_spec("regions") is None:
        raise ExportInvalid("regions are written by the package of that name, which is not here: pip install regions")
    book = ExportBook()
    found = [*_components(source, book), *_masks(source, book), *_window(source, book)]
    if not found:
        raise ExportInvalid("no component has a place, and nothing is masked: there is no region")
    return found, book


def _components(source: ExportSource, book: ExportBook) -> list[Any]:
    from astropy import units
    from regions import EllipsePixelRegion, PixCoord, PointPixelRegion

    found: list[Any] = []
    for component in source.components:
        values = {key: item.value for key, item in source.parameters()[component.name].items()}
        if "x" not in values:
            book.leave(component.name, "has no place: a sky is no region")
            continue
        centre = PixCoord(values["x"], values["y"])
        size = next((key for key in _SIZES if key in values), None)
        meta = {"text": component.name, "label": component.name}
        if size is None:
            found.append(PointPixelRegion(centre, meta=meta))
            book.write(component.name, "a point")
            continue
        length = values[size] / (2.0 if size == "fwhm" else 1.0)
        angle = (values.get("pa", 0.0) + 90.0) * units.deg
        found.append(
            EllipsePixelRegion(centre, 2.0 * length, 2.0 * length * values.get("q", 1.0), angle=angle, meta=meta)
        )
        book.write(component.name, f"an ellipse of {'half its fwhm' if size == 'fwhm' else size}: its major semi-axis")
    return found


def _masks(source: ExportSource, book: ExportBook) -> list[Any]:
    from astropy import units
    from regions import EllipsePixelRegion, PixCoord, PolygonPixelRegion

    found: list[Any] = []
    if source.image.mask is not None:
        book.leave("images.mask", "an image is no region")
    for shape in source.image.mask_shapes or ():
        meta = {"include": False, "text": "mask"}
        if shape.ellipse is not None:
            ellipse = shape.ellipse
            angle = (ellipse.pa + 90.0) * units.deg
            centre = PixCoord(ellipse.x, ellipse.y)
            found.append(EllipsePixelRegion(centre, 2.0 * ellipse.a, 2.0 * ellipse.a * ellipse.q, angle, meta=meta))
        elif shape.box is not None:
            region = source.region()
            if region is None and (shape.box.x is None or shape.box.y is None):
                book.leave("images.mask_shapes", "a box across the image, whose size is not known")
                continue
            x, y = (
                given or whole for given, whole in zip((shape.box.x, shape.box.y), region or ((0, 1),) * 2, strict=True)
            )
            found.append(_rectangle(x, y, meta))
        elif shape.polygon is not None:
            xs, ys = zip(*shape.polygon, strict=True)
            found.append(PolygonPixelRegion(PixCoord(list(xs), list(ys)), meta=meta))
    if found:
        book.write(
            "images.mask_shapes", f"{counted(len(found), 'shape')} that {verb(len(found), 'leaves', 'leave')} out"
        )
    return found


def _window(source: ExportSource, book: ExportBook) -> list[Any]:
    region = source.region()
    if source.image.window is None or region is None:
        return []
    book.write("images.window", "a box")
    return [_rectangle(*region, {"text": "window", "label": "window"})]


def _rectangle(x: tuple[int, int], y: tuple[int, int], meta: dict[str, Any]) -> Any:
    from regions import PixCoord, RectanglePixelRegion

    centre = PixCoord(0.5 * (x[0] + x[1] - 1), 0.5 * (y[0] + y[1] - 1))
    return RectanglePixelRegion(centre, x[1] - x[0], y[1] - y[0], meta=meta)


def _casa_text(regions: list[Any]) -> str:
    """CASA's region text in pixels, which count from 0 there too; the package writes degrees where pixels are meant.

    Semi-axes are along and across the position angle, which counts from up through left (CASA's region file format).
    """
    from regions import EllipsePixelRegion, PointPixelRegion, RectanglePixelRegion

    lines = ["#CRTFv0 CASA Region Text Format version 0"]
    for region in regions:
        sign = "-" if region.meta.get("include") is False else ""
        label = region.meta.get("text", "")
        if isinstance(region, EllipsePixelRegion):
            angle = region.angle.to_value("deg") - 90.0
            axes = f"[{0.5 * region.width:.8g}pix, {0.5 * region.height:.8g}pix], {angle:.8g}deg"
            shape = f"ellipse [{_casa_place(region.center.x, region.center.y)}, {axes}]"
        elif isinstance(region, PointPixelRegion):
            shape = f"symbol [{_casa_place(region.center.x, region.center.y)}, +]"
        elif isinstance(region, RectanglePixelRegion):
            sides = f"[{region.width:.8g}pix, {region.height:.8g}pix]"
            shape = f"centerbox [{_casa_place(region.center.x, region.center.y)}, {sides}]"
        else:
            vertices = zip(region.vertices.x, region.vertices.y, strict=True)
            shape = f"poly [{', '.join(_casa_place(x, y) for x, y in vertices)}]"
        lines.append(f"{sign}{shape} label='{label}'" if label else f"{sign}{shape}")
    return "\n".join(lines) + "\n"


def _casa_place(x: float, y: float) -> str:
    return f"[{x:.8g}pix, {y:.8g}pix]"
