"""Imports of other programs' models, read in the sandbox with the uploads that they name. Nothing is stored."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from app.domain import uploads
from app.domain.sandbox_refusals import sandbox_refusals
from app.errors import RequestFaulty
from app.lifetime.services import Services
from app.sandbox import file_products
from fitting.spec import Fault, PlaneReference
from fitting.spec.handling import ImportSpec


def import_model(services: Services, owner: str, spec: ImportSpec) -> Mapping[str, Any]:
    """The request and its rows. Raises RequestFaulty, Unavailable."""
    named = [("$.files", PlaneReference(file=upload, form="upload")) for upload in dict.fromkeys(spec.files.values())]
    known, faults = uploads.find_named(services, owner, named, "ids of uploads by the names that the model has")
    if faults:
        raise RequestFaulty(faults)

    def refusal(why: str) -> RequestFaulty:
        return RequestFaulty([Fault("$.text", f"the import {why}", "a smaller model or image")])

    with ExitStack() as stack:
        files: dict[str, Path] = {
            name: stack.enter_context(uploads.local_file(services, record)) for name, record in known.items()
        }
        with sandbox_refusals("The import", refusal):
            found = services.sandbox.call(file_products.import_model, spec, files)
    if found.faults:
        raise RequestFaulty(found.faults)
    return found.document
