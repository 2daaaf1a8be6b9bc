"""The export of a result: the formats that there are, and the writer of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from fitting.formats.export_source import ExportInvalid, ExportSource, ModelExport
from fitting.formats.fit_script import export_latex, export_script
from fitting.formats.galfit_block import export_imgblock
from fitting.formats.galfit_export import export_galfit
from fitting.formats.imfit_export import export_imfit
from fitting.formats.region_files import export_casa, export_ds9, export_regions

EXPORTERS: Mapping[str, Callable[[ExportSource], ModelExport]] = MappingProxyType(
    {
        "galfit": export_galfit,
        "imgblock": export_imgblock,
        "imfit": export_imfit,
        "ds9": export_ds9,
        "casa": export_casa,
        "regions": export_regions,
        "script": export_script,
        "latex": export_latex,
    }
)
"""Writers by the names that one asks for them by: those of `fitting.spec.handling.EXPORT_FORMATS`."""


def export_model(source: ExportSource, format_: str) -> ModelExport:
    """A result in a format. Raises ExportInvalid where that cannot hold it, with the reason."""
    if source.name not in {image.name for image in source.request.images}:
        named = ", ".join(image.name for image in source.request.images)
        raise ExportInvalid(f"the fit has no image {source.name!r} (expected one of {named})")
    return EXPORTERS[format_](source)
