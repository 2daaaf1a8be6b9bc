"""The result documents, as the workers write them; the service hands them out byte for byte."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.models.notices import NoticeModel


class _ResultModel(BaseModel):
    """Describes a stored document; members that later versions add are let through."""

    model_config = ConfigDict(extra="allow")


class FittedParameter(_ResultModel):
    """One parameter at the optimum."""

    name: str = Field(examples=["a.x"])
    value: float
    uncertainty: float | None = Field(
        description="Standard deviation; null where the parameter is fixed or at a limit."
    )
    uncertainty_scaled: float | None = Field(default=None, description="The same times √χ²ᵣ.")
    uncertainty_bootstrap: float | None = Field(
        default=None, description="Standard deviation over resampled images; null without a stage `bootstrap`."
    )
    interval: tuple[float | None, float | None] | None = Field(
        default=None,
        description=(
            "Lower and upper end of where the profile of χ² is within 1 of its least, or a limit that comes first; "
            "null in the place of an end where there is none. Null without a stage that was asked for `intervals`."
        ),
        examples=[[67.9336, 67.9419]],
    )
    interval_scaled: tuple[float | None, float | None] | None = Field(
        default=None, description="The same with its distances from the value times √χ²ᵣ, inside the limits."
    )
    quantiles: dict[str, float] | None = Field(
        default=None,
        description="Of the posterior; null without a stage that samples.",
        examples=[{"0.16": 67.93, "0.5": 67.94, "0.84": 67.95}],
    )
    unit: str = Field(examples=["pixel"])
    free: bool = Field(description="Whether the fit could move it.")
    at_limit: bool = Field(description="Whether it ended at one of its limits.")


class DerivedValue(_ResultModel):
    """A value that follows from the parameters: a flux, a magnitude, an axis on the sky, a total of components."""

    name: str = Field(examples=["a.flux", "a.pa_sky", "total.magnitude"])
    value: float | None = None
    uncertainty: float | None = None
    uncertainty_scaled: float | None = Field(default=None, description="The same times √χ²ᵣ.")
    unit: str | None = Field(default=None, examples=["mag", "arcsec", "mag/arcsec2"])
    quantiles: dict[str, float] | None = Field(
        default=None, description="Of the posterior, worked out draw by draw; null without a stage that samples."
    )


class History(_ResultModel):
    """χ² (not reduced) over a stage: of a sampler the mean of its chains."""

    step: list[int] = Field(description="0 is the start.")
    chi2: list[float | None]


class Diagnostics(_ResultModel):
    """Whether chains may be believed, by ArviZ's definitions; by parameter where there are many."""

    r_hat: dict[str, float | None] = Field(description="Rank-normalised split R̂; below 1.01 the chains have mixed.")
    ess_bulk: dict[str, float | None] = Field(description="Effective draws for means; 400 or more suffice.")
    ess_tail: dict[str, float | None] = Field(description="Effective draws for the 5 % and 95 % quantiles.")
    mcse_mean: dict[str, float | None]
    mcse_sd: dict[str, float | None]
    autocorrelation_time: dict[str, float | None] = Field(description="In draws.")
    acceptance: float | None
    divergences: int
    e_bfmi: list[float | None] = Field(description="By chain; empty where the sampler has no energy.")
    step_size: list[float | None] = Field(description="By chain, in the sampler's own coordinates.")
    seconds: float
    draws: int = Field(description="Of all chains.")
    trustworthy: bool = Field(description="Whether nothing speaks against use.")
    sentences: list[str] = Field(examples=[["5000 draws, but only 12 effective (a.n): do not use"]])
    pareto_k: float | None = Field(
        default=None, description="Of importance weights: below 0.7 they may be trusted; null of other samplers."
    )
    log_evidence: float | None = Field(
        default=None,
        description="ln of the evidence, where the method knows it and every parameter has a prior density.",
    )
    log_evidence_error: float | None = Field(default=None, description="Its standard error.")


class FluxScaleModel(_ResultModel):
    """What one data unit of an image is, and how that was found."""

    zero_point: float = Field(description="Magnitude of one data unit.")
    sentence: str = Field(description="Which cards or unit it is of, and whether the exposure time was used.")
    system: str | None = Field(default=None, description="AB, Vega or ST, where it is known.")
    exposure_time: float | None = Field(default=None, description="Of the header, seconds.")
    exposure_time_used: bool = Field(default=False, description="Whether the zero point holds it.")
    other_zero_point: float | None = Field(
        default=None, description="By the other convention for the exposure time, where the header does not decide."
    )


class ImageSummary(_ResultModel):
    """How well the model fits one image."""

    name: str
    n_pixels: int = Field(description="Used pixels.")
    chi2: float | None = Field(description="Of those pixels.")
    flux_scale: FluxScaleModel | None = Field(default=None, description="Null where the image has no zero point.")


class StageSummary(_ResultModel):
    """What one stage did."""

    method: str = Field(examples=["lm"])
    iterations: int
    evaluations: int
    seconds: float
    chi2_reduced: list[float | None] = Field(description="Reduced χ² before and after.")
    converged: bool
    message: str
    history: History | None = None
    diagnostics: Diagnostics | None = Field(default=None, description="Of a sampler's chains.")


class ParametersDocument(_ResultModel):
    """Best-fit parameters and how good the fit is."""

    converged: bool
    message: str
    chi2: float | None = Field(description="Of the data alone; Pearson's where the noise is Poisson's.")
    chi2_reduced: float | None
    degrees_of_freedom: int
    n_pixels: int
    bic: float | None = None
    log_likelihood: float | None = Field(default=None, description="With all constants.")
    log_prior: float | None = Field(default=None, description="Of the priors' density; 0 where all are flat.")
    objective: float | None = Field(
        default=None, description="What was minimized: -2 ln L - 2 ln prior up to a constant; χ² without priors."
    )
    images: list[ImageSummary] = Field(default=[], description="Each image's share.")
    parameters: list[FittedParameter]
    derived: list[DerivedValue]
    stages: list[StageSummary]
    warnings: list[str] = Field(default=[], description="What a careful reader should know of the result.")
    notices: list[NoticeModel] = Field(default=[], description="The warnings with code and place.")


class CovarianceDocument(_ResultModel):
    """The covariance (JᵀWJ)⁻¹ of the free parameters that are at no limit."""

    names: list[str] = Field(description="The order of rows and columns.")
    matrix: list[list[float]]
    correlation: list[list[float]]
    condition_number: float | None


class ChainsDocument(_ResultModel):
    """The draws of the last stage that sampled, and whether they may be believed."""

    names: list[str] = Field(description="Of the free parameters; the order within a draw.", examples=[["a.x", "a.y"]])
    chains: list[list[list[float | None]]] = Field(
        description="By chain, draw and parameter, in reported units, warm-up left out.",
        examples=[[[[67.94, 62.11], [67.93, 62.12]]]],
    )
    log_posterior: list[list[float | None]] = Field(
        description="By chain and draw; without its constant.", examples=[[[-4950.2, -4951.0]]]
    )
    diagnostics: Diagnostics


class InputFile(_ResultModel):
    """One file that the request names."""

    name: str = Field(description="As the request has it.", examples=["upl_01JDA6Q8Z4M1V6T9W3K2B7C5XN"])
    filename: str
    sha256: str
    size: int = Field(description="Bytes.")
    used_as: list[str] = Field(description="Where the request names it.", examples=[["$.images[0].data"]])


class ProvenanceDocument(_ResultModel):
    """What a result was made with and from."""

    photfit: str = Field(description="Version.", examples=["0.1.0"])
    python: str
    libraries: dict[str, str] = Field(examples=[{"torch": "2.6.0", "numpy": "2.2.0"}])
    device: str = Field(examples=["cpu"])
    device_name: str
    dtype: str = Field(examples=["float64"])
    seed: int
    request_sha256: str = Field(description="Of the request and its files; what only names the fit does not count.")
    inputs: list[InputFile]
    fit: str
    attempt: int
    worker: str
    request: dict[str, Any] = Field(description="As it was asked for.")
    completed_request: dict[str, Any] = Field(description="With the first values that photfit filled in.")
