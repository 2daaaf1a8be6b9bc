"""Formats of other programs' files: GALFIT and imfit models, read into requests; each line with what became of it.

>>> from fitting.formats import ImportSource, import_model
>>> text = "X0 33.5\\nY0 34\\nFUNCTION Sersic\\nPA 18\\nell 0.2\\nn 1.5 fixed\\nI_e 15\\nr_e 25"
>>> found = import_model(ImportSource("model.dat", text, command="imfit galaxy.fits --psf psf.fits"))
>>> found.request["components"][0]["parameters"]["x"]
32.5
>>> [row.taken for row in found.rows if row.text.startswith("ell")]
['sersic_1.q 0.8']
"""

from fitting.formats.export_source import ExportInvalid, ExportRow, ExportSource, ModelExport
from fitting.formats.import_rows import ImportInvalid, ImportRow, ModelImport
from fitting.formats.import_source import ImageFacts, ImportSource, facts_of_file
from fitting.formats.model_export import EXPORTERS, export_model
from fitting.formats.model_import import import_model

__all__ = [
    "EXPORTERS",
    "ExportInvalid",
    "ExportRow",
    "ExportSource",
    "ImageFacts",
    "ImportInvalid",
    "ImportRow",
    "ImportSource",
    "ModelExport",
    "ModelImport",
    "export_model",
    "facts_of_file",
    "import_model",
]
