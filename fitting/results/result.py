"""Result of a fit as numbers, and the JSON documents that people read."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from astropy.io import fits

from fitting.chains import Chains
from fitting.files import FluxScale
from fitting.results.covariance import Covariance
from fitting.results.derived import Derived
from fitting.spec import FitRequest, Notice
from fitting.spec.notices import sentences


@dataclass(frozen=True)
class FittedParameter:
    """One row of the parameter table after a fit; uncertainties are None where there is none to give.

    Attributes:
        uncertainty: from the covariance.
        uncertainty_scaled: that times √χ²ᵣ.
        uncertainty_bootstrap: over resampled images, after a stage of that.
        interval: lower and upper end of where the profile of χ² is within 1 of its least, after a stage that was asked
            for it; an end is None where there is none.
        interval_scaled: the same with its distances from the value times √χ²ᵣ, inside the limits.
        quantiles: of the posterior, by "0.16", "0.5" and "0.84", after a sampler.
    """

    name: str
    value: float
    uncertainty: float | None
    uncertainty_scaled: float | None
    uncertainty_bootstrap: float | None
    interval: tuple[float | None, float | None] | None
    interval_scaled: tuple[float | None, float | None] | None
    quantiles: dict[str, float] | None
    unit: str
    free: bool
    at_limit: bool


@dataclass(frozen=True)
class History:
    """χ² after some steps of a stage; step 0 is its start."""

    step: tuple[int, ...]
    chi2: tuple[float, ...]


@dataclass(frozen=True)
class StageRecord:
    """What one stage did; `chi2_reduced` is before and after, `diagnostics` a sampler's, as JSON."""

    method: str
    iterations: int
    evaluations: int
    seconds: float
    chi2_reduced: tuple[float, float]
    converged: bool
    message: str
    history: History
    diagnostics: dict[str, Any] | None


@dataclass(frozen=True)
class SampledChains:
    """The draws of the last stage that sampled: its method, the draws, and their diagnostics as JSON."""

    method: str
    chains: Chains
    diagnostics: dict[str, Any]


@dataclass(frozen=True)
class ImageResult:
    """Planes of one image, each (height, width); `components` holds the light of each component alone, blurred."""

    name: str
    data: np.ndarray
    model: np.ndarray
    variance: np.ndarray
    mask: np.ndarray
    origin: tuple[int, int]
    header: fits.Header | None
    components: dict[str, np.ndarray]
    flux_scale: FluxScale | None = None

    @property
    def residual(self) -> np.ndarray:
        """Data minus model."""
        return self.data - self.model

    @property
    def normalized_residual(self) -> np.ndarray:
        """Residual in units of the noise, NaN where masked."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.mask, np.nan, self.residual / np.sqrt(self.variance))

    @property
    def n_pixels(self) -> int:
        """How many pixels were used."""
        return int((~self.mask).sum())

    @property
    def chi2(self) -> float:
        """χ² of the used pixels."""
        return float(np.nansum(self.normalized_residual**2))


@dataclass(frozen=True)
class FitResult:
    """Everything that a fit found.

    Attributes:
        request: as it was run, with every start filled in.
        converged: whether the last stage converged and the data determine every free parameter.
        chi2: of the data alone, Pearson's where the noise is Poisson's.
        degrees_of_freedom, n_pixels, log_likelihood: at the end.
        deviance: −2 ln L of the data up to a constant of theirs: χ² for Gaussian noise, C for Poisson's.
        log_prior: ln of the priors' density, zero where all are flat.
        objective: what the stages minimized: the deviance and what the priors add.
        sampled: the chains, where a stage sampled.
        notices: what a careful reader should know, of images, stages and result.
        provenance: versions, device, seed; files and hash of the request, where they were told.
        stopped: which stage was stopped, or failed, before its end, so that this is what had been found; else None.
        failure: what that stage failed of; None where it was stopped.
        original_request: the request before first values were filled in, where it was told.
    """

    request: FitRequest
    converged: bool
    message: str
    chi2: float
    degrees_of_freedom: int
    n_pixels: int
    log_likelihood: float
    deviance: float
    log_prior: float
    objective: float
    parameters: tuple[FittedParameter, ...]
    derived: tuple[Derived, ...]
    covariance: Covariance
    stages: tuple[StageRecord, ...]
    images: tuple[ImageResult, ...]
    sampled: SampledChains | None
    notices: tuple[Notice, ...]
    provenance: dict[str, Any]
    original_request: FitRequest | None = None
    stopped: str | None = None
    failure: Exception | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notices as sentences."""
        return sentences(self.notices)

    @property
    def chi2_reduced(self) -> float:
        """χ² per degree of freedom."""
        return self.chi2 / max(self.degrees_of_freedom, 1)


def parameters_document(result: FitResult) -> dict[str, Any]:
    """The JSON of ``GET /v1/fits/{id}/parameters``."""
    free = sum(parameter.free for parameter in result.parameters)
    document = {
        "converged": result.converged,
        "message": result.message,
        "chi2": result.chi2,
        "chi2_reduced": result.chi2_reduced,
        "degrees_of_freedom": result.degrees_of_freedom,
        "n_pixels": result.n_pixels,
        "bic": result.deviance + free * float(np.log(max(result.n_pixels, 1))),
        "log_likelihood": result.log_likelihood,
        "log_prior": result.log_prior,
        "objective": result.objective,
        "images": [_image_summary(item) for item in result.images],
        "parameters": [asdict(parameter) for parameter in result.parameters],
        "derived": [_with_scaled(asdict(row), result.chi2_reduced) for row in result.derived],
        "stages": [asdict(stage) for stage in result.stages],
        "warnings": list(result.warnings),
        "notices": [notice.document() for notice in result.notices],
        "provenance": result.provenance,
    }
    return {key: _plain(value) for key, value in document.items()}


def _image_summary(image: ImageResult) -> dict[str, Any]:
    """An image's share of the fit, and what its data unit is."""
    scale = None if image.flux_scale is None else image.flux_scale.document()
    return {"name": image.name, "n_pixels": image.n_pixels, "chi2": image.chi2, "flux_scale": scale}


def _with_scaled(row: dict[str, Any], chi2_reduced: float) -> dict[str, Any]:
    """A derived value with its uncertainty times √χ²ᵣ beside the raw one."""
    sigma = row["uncertainty"]
    return row | {"uncertainty_scaled": None if sigma is None else sigma * float(np.sqrt(max(chi2_reduced, 0.0)))}


def covariance_document(result: FitResult) -> dict[str, Any]:
    """The JSON of ``GET /v1/fits/{id}/covariance``."""
    covariance = result.covariance
    document = {
        "names": list(covariance.names),
        "matrix": covariance.matrix.tolist(),
        "correlation": covariance.correlation.tolist(),
        "condition_number": covariance.condition_number,
        "at_limit": list(covariance.at_limit),
        "undetermined": list(covariance.undetermined),
    }
    return {key: _plain(value) for key, value in document.items()}


def _plain(value: Any) -> Any:
    """The value as JSON has it: numbers that are not finite become None, tuples lists."""
    if isinstance(value, float):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
