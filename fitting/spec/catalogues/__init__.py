"""Catalogues as data: the request of many fits by one template, and the flags of what comes out. Needs pydantic alone.

Start at `catalogue_request`; `template` is how a row's values come into a fit request; `flags` is the one table of what
is said of a row.
"""

from fitting.spec.catalogues.catalogue_request import (
    AroundWindow,
    CatalogueRequest,
    Neighbours,
    ObjectTable,
    PixelPlace,
    SkyPosition,
    parse_catalogue,
)
from fitting.spec.catalogues.flags import FAILED, FLAGS, FlagDescription, decode_flags, encode_flags, flags_document
from fitting.spec.catalogues.template import Cutouts, RowFault, RowFiles, Template, TemplateSlot, Value

__all__ = [
    "FAILED",
    "FLAGS",
    "AroundWindow",
    "CatalogueRequest",
    "Cutouts",
    "FlagDescription",
    "Neighbours",
    "ObjectTable",
    "PixelPlace",
    "RowFault",
    "RowFiles",
    "SkyPosition",
    "Template",
    "TemplateSlot",
    "Value",
    "decode_flags",
    "encode_flags",
    "flags_document",
    "parse_catalogue",
]
