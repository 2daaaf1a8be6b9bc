"""Fits as the outside sees them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from app.models.notices import NoticeModel
from app.models.problems import ProblemModel
from app.models.shape import PublicModel
from jobs.storage.schema import State


class LiveResidual(PublicModel):
    """The latest pictures of a running fit's residual."""

    sequence: int = Field(description="Higher with each new one, from 1.")
    made_at: datetime
    pictures: dict[str, str] = Field(
        description="For each image, the address of its picture, which is always that of the latest.",
        examples=[{"r": "/v1/fits/fit_01JDA6Q8Z4M1V6T9W3K2B7C5XN/progress/residual.png?image=r"}],
    )


class FitProgress(PublicModel):
    """Where a running fit is."""

    stage: int = Field(description="The stage under way, from 0.")
    stages: int = Field(description="How many stages the fit has.")
    method: str = Field(description="The stage's method.", examples=["lm"])
    fraction: float = Field(description="How much of the fit is done, 0 to 1; an estimate.")
    iteration: int = Field(description="The method's iteration.")
    chi2_reduced: float | None = Field(description="Reduced χ² at the moment, where finite.")
    message: str = Field(description="What is being done, in words.")
    eta_seconds: float | None = Field(default=None, description="Seconds that remain, where they can be estimated.")
    parameters: dict[str, float | None] | None = Field(
        default=None,
        description="Value of each free parameter (of the first 500) at the moment: at the best point of a method that "
        "minimizes, where the first chain is of one that samples. Null before the first, and once there is a result.",
        examples=[{"a.x": 67.94, "a.n": 2.145}],
    )
    parameters_at_start: dict[str, float | None] | None = Field(
        default=None, description="The same where the fit began.", examples=[{"a.x": 66.5, "a.n": 1.5}]
    )
    residual: LiveResidual | None = Field(
        default=None, description="Pictures of the residual at those parameters, while the fit runs; made now and then."
    )


class QueuePlace(PublicModel):
    """Where a queued fit is."""

    name: str = Field(description="The queue.", examples=["cpu"])
    position: int = Field(description="1 is next.")
    estimated_start: datetime | None = Field(
        description="By what earlier fits of the queue took; null where no worker serves it just now."
    )


class FitLinks(PublicModel):
    """Where a fit's parts are; those of the result answer 409 until the fit has one (`has_result`)."""

    self: str
    request: str
    log: str
    events: str
    cancel: str
    rerun: str
    parameters: str
    covariance: str
    best_fit: str = Field(description="The request whose parameters begin where the fit ended.")
    provenance: str
    bundle: str
    export: str = Field(default="", description="The result as other programs have it; takes `?format=`.")
    chains: str | None = Field(default=None, description="Only where a stage samples.")
    plots: dict[str, str] = Field(description="Address of each plot that a fit with these stages has.")
    plane: str = Field(
        default="",
        description="Address of any plane as a URI template (RFC 6570): `image` is an image's name; `plane` is data, "
        "model, residual, normalized_residual, or component/NAME of a component that the image shows.",
        examples=["/v1/fits/fit_01JDA6Q8Z4M1V6T9W3K2B7C5XN/images/{image}/{+plane}.fits"],
    )
    preview: str = Field(default="", description="The same as pictures.")
    images: dict[str, dict[str, str]] = Field(
        description="For each image, the address of each of its planes; those of components only where they are 500 at "
        "most. In a list, of the first image, without components."
    )
    previews: dict[str, dict[str, str]] = Field(description="The planes of `images` as pictures.")


class Fit(PublicModel):
    """One fit: its state, progress and links."""

    id: str = Field(examples=["fit_01JDA6Q8Z4M1V6T9W3K2B7C5XN"])
    name: str = Field(description="The request's name.", examples=["three galaxies"])
    labels: list[str] = Field(description="Words of yours to find it by.", examples=[["abell 2744", "run 7"]])
    state: State
    created_at: datetime
    started_at: datetime | None = Field(description="When the latest attempt began.")
    finished_at: datetime | None
    attempt: int = Field(description="How many times a worker took the fit; 0 while it never was.")
    worker: str | None = Field(description="The worker that has or had it.")
    device: str | None = Field(
        description="Where it runs, cpu or cuda; before it does, the device asked for.", examples=["cpu"]
    )
    queue: QueuePlace | None = Field(description="While it is queued.")
    progress: FitProgress | None
    error: ProblemModel | None = Field(description="Why a fit failed.")
    warnings: list[str] = Field(description="What a careful reader should know, such as pixels that were masked.")
    notices: list[NoticeModel] = Field(default=[], description="The warnings with code and place.")
    has_result: bool = Field(
        default=False,
        description="Whether its results can be had: it has succeeded, or failed or was cancelled and kept what it had "
        "found until then.",
    )
    links: FitLinks


class FitList(PublicModel):
    """A page of fits, newest first."""

    fits: list[Fit] = Field(
        description="Each in brief: links of one image's planes, the first three warnings, no parameters of its "
        "progress. Its own address has all."
    )
    next: str | None = Field(description="Address of the next page; absent on the last.")


class FitPlan(PublicModel):
    """What a request would do."""

    request: dict[str, Any] = Field(description="Sound as it is, and with the first values that it left out.")
    n_pixels: int = Field(description="That would be used, of all images together.")
    free_parameters: int = Field(description="That the fit would vary.")
    stages: list[str] = Field(description="Methods, in order; none means the model at the given parameters.")
    estimated_memory_bytes: int = Field(description="Of the worker's process, at most.")
    estimated_seconds: float = Field(description="Rough; put right by what earlier fits of the queue took.")
    queue: QueuePlace = Field(description="Were it asked for now.")
    warnings: list[str]
    notices: list[NoticeModel] = Field(default=[], description="The warnings with code and place.")
