"""/v1/import: a request from a model file of another program."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from app.dependencies import OwnerDep, ServicesDep
from app.domain import model_imports
from app.models.imports import Imported
from app.routes.bodies import read_document
from app.routes.request_bodies import IMPORT_BODY
from fitting.spec.handling import MOST_IMPORTED, ImportSpec
from fitting.spec.validation import read_document as parse_document

router = APIRouter(tags=["fits"])


@router.post("/import", summary="A request from a model of GALFIT or imfit", openapi_extra=IMPORT_BODY)
async def import_model(request: Request, services: ServicesDep, owner: OwnerDep) -> Imported:
    """Make a request of a GALFIT feedme or an imfit model, and say of each line what it was taken as, or why not.

    Files that it names are those of the body and no others. Nothing is stored.
    """
    spec = parse_document(ImportSpec, await read_document(request), longest=MOST_IMPORTED)
    return Imported.model_validate(
        await run_in_threadpool(model_imports.import_model, services, owner, spec), strict=False
    )
