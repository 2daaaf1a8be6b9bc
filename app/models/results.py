"""The result documents, as the workers write them; the service hands them out byte for byte."""

from pydantic import BaseModel, ConfigDict, Field


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
    unit: str = Field(examples=["pixel"])
    free: bool = Field(description="Whether the fit could move it.")
    at_limit: bool = Field(description="Whether it ended at one of its limits.")


class DerivedValue(_ResultModel):
    """A value that follows from the parameters, such as a flux."""

    name: str = Field(examples=["a.flux"])
    value: float | None = None
    uncertainty: float | None = None
    unit: str | None = None


class ImageSummary(_ResultModel):
    """How well the model fits one image."""

    name: str
    n_pixels: int = Field(description="Used pixels.")
    chi2: float | None = Field(description="Of those pixels.")


class StageSummary(_ResultModel):
    """What one stage did."""

    method: str = Field(examples=["lm"])
    iterations: int
    evaluations: int
    seconds: float
    chi2_reduced: list[float | None] = Field(description="Reduced χ² after each iteration, the start first.")
    converged: bool
    message: str


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


class CovarianceDocument(_ResultModel):
    """The covariance (JᵀWJ)⁻¹ of the free parameters that are at no limit."""

    names: list[str] = Field(description="The order of rows and columns.")
    matrix: list[list[float]]
    correlation: list[list[float]]
    condition_number: float | None
