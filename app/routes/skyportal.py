"""/v1/skyportal: photfit as an external analysis service of SkyPortal."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from app.dependencies import OwnerDep, ServicesDep
from app.domain import skyportal
from app.models.skyportal import AnalysisAnswer
from app.routes.bodies import read_document
from app.routes.request_bodies import SKYPORTAL_BODY

router = APIRouter(prefix="/skyportal", tags=["fits"])


@router.get("", summary="Whether SkyPortal may ask for analyses")
def get_analysis_service(owner: OwnerDep) -> AnalysisAnswer:  # noqa: ARG001 - who has no key learns nothing
    """As SkyPortal's own analysis services answer."""
    return AnalysisAnswer(status="active", message="photfit fits light profiles to images")


@router.post("", summary="Start an analysis of SkyPortal's", openapi_extra=SKYPORTAL_BODY)
async def start_analysis(request: Request, services: ServicesDep, owner: OwnerDep) -> AnalysisAnswer:
    """Queue the fit whose request is among the parameters of the analysis. When it is final, SkyPortal is told at
    `callback_url`, whose host has to be among those of `PHOTFIT_WEBHOOK_HOSTS`: draws as netCDF, plots, parameters.
    """
    fit = await run_in_threadpool(skyportal.start, services, owner, await read_document(request))
    return AnalysisAnswer(status="pending", message=f"photfit has queued the fit {fit.id}", fit=f"/v1/fits/{fit.id}")
