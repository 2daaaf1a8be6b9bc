"""Which fitting methods exist and what options each takes: one row per method."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fitting.spec.documents import Document
from fitting.spec.gradient_options import GradientOptions
from fitting.spec.optimizer_options import (
    BootstrapOptions,
    IterativeComponentsOptions,
    IterativeParametersOptions,
    LmOptions,
    ScipyOptions,
)
from fitting.spec.sampler_options import (
    EnsembleOptions,
    HmcOptions,
    MalaOptions,
    MetropolisOptions,
    NutsOptions,
    SamplerOptions,
)


@dataclass(frozen=True)
class MethodDescription:
    """A fitting method.

    Attributes:
        name: as in a stage's ``method``.
        description: one sentence.
        options: model of the stage's other keys, with their defaults.
    """

    name: str
    description: str
    options: type[Document]

    @property
    def samples(self) -> bool:
        """Whether it draws chains."""
        return issubclass(self.options, SamplerOptions)


METHODS: MappingProxyType[str, MethodDescription] = MappingProxyType(
    {
        method.name: method
        for method in (
            MethodDescription(
                "lm",
                "Levenberg-Marquardt least squares: the nearest minimum and its covariance, or the best of several.",
                LmOptions,
            ),
            MethodDescription(
                "iterative_components",
                "Cycles over components or groups, each fitted to what the others leave: for crowded, large images.",
                IterativeComponentsOptions,
            ),
            MethodDescription(
                "iterative_parameters",
                "Cycles over chunks of parameters: for many parameters that links tie together.",
                IterativeParametersOptions,
            ),
            MethodDescription(
                "gradient",
                "First-order descent by any optimizer of torch, with a schedule of its learning rate.",
                GradientOptions,
            ),
            MethodDescription(
                "scipy",
                "Any method of scipy.optimize.minimize, with bounds, gradient and curvature where it takes them.",
                ScipyOptions,
            ),
            MethodDescription(
                "nuts",
                "The No-U-Turn sampler: the posterior from few, nearly independent draws.",
                NutsOptions,
            ),
            MethodDescription(
                "hmc",
                "Hamiltonian Monte Carlo with a fixed number of leapfrog steps.",
                HmcOptions,
            ),
            MethodDescription(
                "metropolis",
                "The random walk, with proposals from the covariance: needs no gradient.",
                MetropolisOptions,
            ),
            MethodDescription(
                "ensemble",
                "The affine-invariant ensemble of walkers with the stretch move, as emcee has it.",
                EnsembleOptions,
            ),
            MethodDescription(
                "mala",
                "The Metropolis-adjusted Langevin algorithm: a random walk that follows the gradient.",
                MalaOptions,
            ),
            MethodDescription(
                "bootstrap",
                "Refits of resampled pixels: uncertainties that trust neither the variances nor the model.",
                BootstrapOptions,
            ),
        )
    }
)
"""Every method that a stage may name."""


def methods_document() -> list[dict[str, Any]]:
    """The methods as JSON, options as JSON Schema, for ``GET /v1/methods``."""
    return [
        {
            "name": method.name,
            "description": method.description,
            "options": method.options.model_json_schema().get("properties", {}),
        }
        for method in METHODS.values()
    ]
