"""/v1/fits/{id}/progress: the residual to look at while a fit runs."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.dependencies import OwnerDep, ServicesDep
from app.domain import plots
from app.http.entity_tags import strong_tag
from app.presenting.file_responses import made_response
from app.routes.openapi import pictures

router = APIRouter(prefix="/fits/{fit_id}/progress", tags=["fits"])


@router.get(
    "/residual.png",
    summary="The residual while the fit runs",
    responses=pictures("image/png"),
    response_class=Response,
)
def get_live_residual(
    request: Request,
    fit_id: str,
    services: ServicesDep,
    owner: OwnerDep,
    image: Annotated[
        str | None, Query(max_length=64, description="Which image; the first where none is named.")
    ] = None,
) -> Response:
    """(data − model)/σ at the parameters that the fit has come to, from −5 (blue) to 5 (red), at most 512 pixels wide.

    `progress.residual` of the fit tells of each new one. 404 before the first, and once the fit has stopped.
    """
    content = plots.find_live_residual(services, owner, fit_id, image)
    return made_response(request, strong_tag(hashlib.sha256(content).hexdigest()), lambda: content, "image/png")
