"""How good a fit is, by the data alone and by the priors."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from fitting.problem import Problem
from fitting.problem.coordinates.parameters import Values


@dataclass(frozen=True)
class Goodness:
    """Sums over the used pixels of all images at one θ.

    Attributes:
        chi2: Σ (d − m)²/variance; for Poisson noise Pearson's, with the variance of the model.
        deviance: −2 ln L up to a constant of the data: χ² for Gaussian noise, Cash's C for Poisson's.
        log_likelihood: ln L with all constants; of Poisson noise that of the counted electrons.
        log_prior: ln of the priors' density; zero where all are flat.
    """

    chi2: float
    deviance: float
    log_likelihood: float
    log_prior: float


def goodness(problem: Problem, values: Values, models: Sequence[Tensor]) -> Goodness:
    """Of the models of each image, (1, height, width), at the values of one θ."""
    chi2 = deviance = constant = 0.0
    for image, model in zip(problem.images, models, strict=True):
        pixels = image.all_pixels
        squared = (image.data - model[0]).square() / image.variance(model[0])
        chi2 += float(squared[image.weight > 0.0].sum())
        deviance += float(image.likelihood.deviance(pixels, model).sum())
        constant += float(image.likelihood.log_normalization(pixels).sum())
    return Goodness(chi2, deviance, constant - 0.5 * deviance, float(problem.priors.log_density(values)))
