"""/v1/fits/{id}/plots and pictures of a result's planes."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from app.dependencies import OwnerDep, ServicesDep
from app.domain import plots
from app.presenting.file_responses import bytes_response, file_response
from app.routes.openapi import pictures
from fitting.spec.plots import PLANES, PLOT_FORMATS, PLOTS

router = APIRouter(prefix="/fits/{fit_id}", tags=["plots"])

MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}

_EXAMPLES: dict[str, Any] = {
    "corner": {"summary": "Every pair of parameters", "value": "corner.png"},
    "profile": {"summary": "The radial profile, for print", "value": "profile.svg"},
}
PlotName = Annotated[
    str,
    Path(
        max_length=80,
        description="Kind and format. "
        + " ".join(f"`{plot.name}`: {plot.description}" for plot in PLOTS.values())
        + f" As {', '.join(PLOT_FORMATS)}.",
        openapi_examples=_EXAMPLES,
    ),
]
ImageChoice = Annotated[
    str | None, Query(max_length=64, description="Of `fit` and `profile`: which image; the first where none is named.")
]
ParametersChoice = Annotated[
    str | None,
    Query(
        max_length=8000,
        description="Of `corner`, `trace` and `rank`: parameters, whole components, or patterns, with commas between "
        "them; all where none is named (of many, the first thirty).",
        openapi_examples={"some": {"summary": "A galaxy, and the index of another", "value": "a,b.n"}},
    ),
]
TruthChoice = Annotated[
    str | None,
    Query(
        max_length=16_000,
        description="Of `corner` and `trace`: true values to draw beside the fitted ones, as `name=value` with commas "
        "between them or as a JSON object.",
        openapi_examples={
            "pairs": {"summary": "Pairs", "value": "a.n=2.145,a.r_e=22.05"},
            "object": {"summary": "A JSON object", "value": '{"a.n": 2.145, "a.r_e": 22.05}'},
        },
    ),
]


@router.get(
    "/plots/{name}",
    summary="A plot",
    responses=pictures(*MEDIA_TYPES.values()),
    response_class=Response,
)
def get_plot(
    request: Request,
    fit_id: str,
    name: PlotName,
    services: ServicesDep,
    owner: OwnerDep,
    image: ImageChoice = None,
    parameters: ParametersChoice = None,
    truth: TruthChoice = None,
) -> Response:
    """A figure of the result, drawn when first asked for.

    404 where the fit cannot have it, with the reason: without a sampler among its stages there is no `trace`. 422 for
    a choice that the plot does not take.
    """
    found = plots.find_plot(services, owner, fit_id, name, image=image, parameters=parameters, truth=truth)
    media_type = MEDIA_TYPES[name.rpartition(".")[2]]
    return bytes_response(found, media_type) if isinstance(found, bytes) else file_response(request, found, media_type)


@router.get(
    "/images/{image}/component/{component}.png",
    summary="The light of one component as a picture",
    responses=pictures("image/png"),
    response_class=Response,
)
def get_component_preview(
    request: Request, fit_id: str, image: str, component: str, services: ServicesDep, owner: OwnerDep
) -> Response:
    """One component's part of the model under the stretch of the data."""
    found = plots.find_preview(services, owner, fit_id, image, f"component/{component}")
    return file_response(request, found, "image/png")


@router.get(
    "/images/{image}/{plane}.png",
    summary="Data, model or residual as a picture",
    responses=pictures("image/png"),
    response_class=Response,
)
def get_preview(
    request: Request,
    fit_id: str,
    image: str,
    plane: Annotated[str, Path(pattern=f"^({'|'.join(PLANES)})$", description="Which plane.")],
    services: ServicesDep,
    owner: OwnerDep,
) -> Response:
    """A plane's pixels in colour: data and model under one stretch, residuals from −5σ (blue) to 5σ (red)."""
    return file_response(request, plots.find_preview(services, owner, fit_id, image, plane), "image/png")
