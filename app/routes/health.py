"""/healthz, /readyz, /metrics: whether the service lives, whether it can work, and its figures."""

import anyio.to_thread
from fastapi import APIRouter, Response

from app.dependencies import AskerDep, ServicesDep
from app.lifetime.metrics import CONTENT_TYPE
from app.lifetime.services import check_parts
from app.models.health import Health, Readiness
from app.routes.openapi import text
from app.sandbox.walls import walls_in_force
from fitting import __version__

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Does the process answer?")
async def health() -> Health:
    """Answers as long as the process does; asks nothing of other parts, and waits for none of their threads."""
    return Health(status="ok", version=__version__)


@router.get("/readyz", summary="Can the service work?", responses={503: {"model": Readiness}})
async def readiness(services: ServicesDep, response: Response) -> Readiness:
    """Asks the database, the broker, the blob store and the children that read files; 503 where one does not answer, or
    where a queue has lost its last worker. A service without workers yet is ready, and says so. Says what walls stand
    around those children on this machine.
    """
    # A thread of its own: those that requests share may all be taken, which is no sign that the service cannot work.
    checks = await anyio.to_thread.run_sync(check_parts, services, limiter=services.checking)
    ready = all(check.ok for check in checks.values())
    response.status_code = 200 if ready else 503
    response.headers["Cache-Control"] = "no-store"
    return Readiness(status="ready" if ready else "not ready", checks=checks, walls=walls_in_force())


@router.get(
    "/metrics", summary="Figures for Prometheus", responses=text("Prometheus' text format"), response_class=Response
)
def metrics(services: ServicesDep, asker: AskerDep) -> Response:
    """Queues, waits, run times, lease expiries, workers and requests. With accounts, for a key that may `admin`."""
    asker.require("admin")
    return Response(services.metrics.page(), media_type=CONTENT_TYPE)
