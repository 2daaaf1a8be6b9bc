"""The application, built of settings, lifespan, routers, middleware and error handlers: `create_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from app.domain import searches as search_jobs
from app.domain.skyportal import callback
from app.http.compression import Compression
from app.http.connections import Patience
from app.http.neighbours import NeighbourCheck, own_names
from app.http.problem_documents import install_handlers
from app.http.request_context import RequestContext
from app.http.request_parameters import refuse_repeated
from app.lifetime.services import open_services
from app.models.problems import ProblemModel
from app.presenting.file_responses import PACKED_TYPES
from app.routes import (
    accounts,
    catalogue,
    catalogues,
    events,
    examples,
    exports,
    fits,
    health,
    imports,
    links,
    live,
    page,
    pixels,
    plots,
    results,
    searches,
    skyportal,
    uploads,
    uws,
)
from app.routes.openapi import complete_document
from fitting import __version__
from jobs.settings import Settings

_DESCRIPTION = """
Fits photometric models (skies, galaxies, stars) to astronomical images.

Upload FITS, `.npy`, `.npz`, ASDF, TIFF or grey PNG files, or send them along with the request; describe the model;
get best-fit parameters, their covariance, model and residual images. Pixel (0, 0) is the first stored pixel and its
*centre* is at x = 0, y = 0.
Every error is a problem document (RFC 9457).
"""

_FORM_BYTES = 1 << 20
"""Bytes for the form around the files, so that a file of exactly the limit still fits. Chosen by hand, amply."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; settings come from the environment where none are given."""
    configuration = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(configuration, callback, search_jobs.run) as services:
            app.state.services = services
            yield

    app = FastAPI(
        title="photfit",
        summary="Light profiles fitted to astronomical images, as a service.",
        description=_DESCRIPTION,
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(refuse_repeated)],
        responses={"default": {"description": "A problem", "model": ProblemModel}},
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
    )
    for part in (
        uploads,
        searches,
        fits,
        catalogues,
        results,
        exports,
        plots,
        pixels,
        events,
        live,
        catalogue,
        examples,
        imports,
        accounts,
        links,
        skyportal,
    ):
        app.include_router(part.router, prefix="/v1")
    app.include_router(catalogues.flags_router, prefix="/v1")
    app.include_router(uws.router)
    app.include_router(health.router)
    app.include_router(page.router)
    app.mount(page.ADDRESS, page.PageFiles())

    # The last one added is the outermost.
    limit = configuration.max_upload_bytes + _FORM_BYTES
    app.add_middleware(
        Patience, silence_seconds=configuration.body_silence_seconds, body_seconds=configuration.body_seconds
    )
    app.add_middleware(Compression, exclude_content_types=PACKED_TYPES)
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=limit)
    if not configuration.accounts:
        app.add_middleware(NeighbourCheck, names=own_names(configuration))
    app.add_middleware(RequestContext, body_limit=configuration.max_upload_bytes)
    install_handlers(app)
    complete_document(app, accounts=bool(configuration.accounts))
    return app
