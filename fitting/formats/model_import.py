"""The import of a model: which program's it is, and that program's reader."""

from __future__ import annotations

import re

from fitting.formats.astrophot_state import import_astrophot, is_state
from fitting.formats.galfit_feedme import import_galfit
from fitting.formats.imfit_model import import_imfit
from fitting.formats.import_rows import ImportInvalid, ModelImport, said_lines
from fitting.formats.import_source import ImportSource
from fitting.formats.pysersic_result import import_pysersic, is_pysersic
from fitting.formats.region_import import import_regions, is_region_file
from fitting.spec import RequestInvalid, parse_request
from fitting.spec.handling import MOST_IMPORTED

_GALFIT = re.compile(r"\s*(?:0|[A-P])\)\s*\S")
_IMFIT = re.compile(r"\s*(?:FUNCTION|X0|Y0)\b")
_BINARY = {
    "#ASDF": "an ASDF file, and no result of pysersic's, which has prior_info and input_data",
    "\N{REPLACEMENT CHARACTER}HDF": "an HDF5 file: save the model of AstroPhot as YAML (releases 0.13 to 0.16)",
}
"""How files begin that other fitters leave and that hold no text to read."""


def import_model(source: ImportSource) -> ModelImport:
    """A request from a file of GALFIT or imfit, from what AstroPhot or pysersic saved, or from a region file.

    Raises ImportInvalid where the file is neither, or holds no component, with what was expected.
    """
    if is_pysersic(source.text):
        return _checked(source, import_pysersic(source))
    for mark, why in _BINARY.items():
        if source.text.startswith(mark):
            raise ImportInvalid(f"{source.name} is {why}")
    if len(source.text) > MOST_IMPORTED:
        raise ImportInvalid(f"{source.name} is {len(source.text)} characters long; {MOST_IMPORTED} are read")
    lines = [line.text for line in said_lines(source.name, source.text)]
    if any(_IMFIT.match(line) for line in lines):
        found = import_imfit(source)
    elif is_state(source.text):
        found = import_astrophot(source)
    elif is_region_file(source.text):
        found = import_regions(source)
    elif any(_GALFIT.match(line) for line in lines):
        found = import_galfit(source)
    else:
        expected = (
            "a GALFIT feedme, whose lines are such as '0) sersic', an imfit model with 'FUNCTION Sersic', a "
            "state that AstroPhot saved as YAML, or regions of DS9 or CASA"
        )
        raise ImportInvalid(f"{source.name} is no model that photfit knows (expected {expected})")
    return _checked(source, found)


def _checked(source: ImportSource, found: ModelImport) -> ModelImport:
    """The import with its request as photfit writes it. Raises ImportInvalid where it holds no component, or not."""
    if not found.request["components"]:
        why = "; ".join(f"line {row.line}, {row.text}: {row.why_not}" for row in found.left[:5])
        raise ImportInvalid(f"{source.name} holds no component that photfit has" + (f" ({why})" if why else ""))
    try:
        parsed = parse_request(dict(found.request))
    except RequestInvalid as error:
        said = "; ".join(f"{fault.path}: {fault.message}" for fault in error.faults[:10])
        raise ImportInvalid(f"{source.name} makes no request that holds: {said}") from error
    return ModelImport(found.format, parsed.document(), found.rows)
