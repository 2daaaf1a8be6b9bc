"""Posteriors with known moments, and short ways to sample them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult, SamplerResult
from fitting.methods.samplers import Shelf
from fitting.methods.samplers.ensemble import run_ensemble
from fitting.methods.samplers.hamiltonian import run_hmc, run_nuts
from fitting.methods.samplers.mala import run_mala
from fitting.methods.samplers.metropolis import run_metropolis
from fitting.problem import NormalEquations
from fitting.spec.methods import EnsembleOptions, HmcOptions, MalaOptions, MetropolisOptions, NutsOptions

SAMPLERS: dict[str, tuple[Callable[..., SamplerResult], Any]] = {
    "nuts": (run_nuts, NutsOptions),
    "hmc": (run_hmc, HmcOptions),
    "metropolis": (run_metropolis, MetropolisOptions),
    "ensemble": (run_ensemble, EnsembleOptions),
    "mala": (run_mala, MalaOptions),
}


class Analytic:
    """A density −χ²/2 in closed form, with its derivatives: what it costs to sample is the sampler's own cost.

    Args:
        chi2: of θ (batch, free): (batch,).
        gradient: of χ² at θ (batch, free), (batch, free).
        matrix: what a minimizer would have found at the start, (free, free).

    Attributes:
        asked: θ of which gradients were asked for.
    """

    def __init__(
        self,
        chi2: Callable[[Tensor], Tensor],
        gradient: Callable[[Tensor], Tensor],
        matrix: Tensor,
        lower: float = -torch.inf,
    ) -> None:
        free = len(matrix)
        self.names = tuple(f"p{place}" for place in range(free))
        self.lower = torch.full((free,), lower, dtype=torch.float64)
        self.upper = torch.full((free,), torch.inf, dtype=torch.float64)
        self._chi2 = chi2
        self._gradient = gradient
        self._matrix = matrix
        self.asked = 0

    def value(self, theta: Tensor) -> Tensor:
        return self._chi2(theta)

    def value_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        self.asked += len(theta)
        return self._chi2(theta), self._gradient(theta)

    def normal_equations(self, theta: Tensor) -> NormalEquations:
        chi2, gradient = self.value_and_gradient(theta)
        return NormalEquations(chi2, -0.5 * gradient, self._matrix[None])

    def start(self, *theta: float) -> MinimizerResult:
        place = torch.tensor([theta], dtype=torch.float64)
        return MinimizerResult(place, self.normal_equations(place), 1, 1, True, "converged", ())


COVARIANCE = torch.tensor([[4.0, 1.2, 0.0], [1.2, 1.0, -0.02], [0.0, -0.02, 0.01]], dtype=torch.float64)
CENTRE = torch.tensor([3.0, -1.0, 10.0], dtype=torch.float64)


def gaussian() -> Analytic:
    """Normal with `CENTRE` and `COVARIANCE`."""
    precision = torch.linalg.inv(COVARIANCE)
    return Analytic(
        lambda theta: ((theta - CENTRE) * ((theta - CENTRE) @ precision)).sum(-1),
        lambda theta: 2.0 * (theta - CENTRE) @ precision,
        precision,
    )


def banana() -> Analytic:
    """x normal with sigma 1, y given x normal about x² with sigma 0.5: means 0, 1, variances 1, 2.25."""

    def chi2(theta: Tensor) -> Tensor:
        x, y = theta.unbind(-1)
        return x.square() + ((y - x.square()) / 0.5).square()

    def gradient(theta: Tensor) -> Tensor:
        x, y = theta.unbind(-1)
        off = 8.0 * (y - x.square())
        return torch.stack((2.0 * x - 2.0 * x * off, off), -1)

    return Analytic(chi2, gradient, torch.diag(torch.tensor([1.0, 4.0], dtype=torch.float64)))


def bimodal(apart: float) -> Analytic:
    """Two normal modes of equal weight in two dimensions, sigma 1, at x = ±apart/2."""

    def chi2(theta: Tensor) -> Tensor:
        x, y = theta.unbind(-1)
        modes = torch.stack(((x - 0.5 * apart).square(), (x + 0.5 * apart).square()))
        return -2.0 * torch.logsumexp(-0.5 * modes, 0) + y.square()

    def gradient(theta: Tensor) -> Tensor:
        x, y = theta.unbind(-1)
        return 2.0 * torch.stack((x - 0.5 * apart * torch.tanh(0.5 * apart * x), y), -1)

    return Analytic(chi2, gradient, torch.eye(2, dtype=torch.float64))


def half_normal() -> Analytic:
    """Normal about 0 with sigma 1, cut at 0 in every one of two coordinates: means √(2/π), variances 1 − 2/π."""
    matrix = torch.eye(2, dtype=torch.float64)
    return Analytic(lambda theta: theta.square().sum(-1), lambda theta: 2.0 * theta, matrix, lower=0.0)


CLIFF = 1e4


def cliff() -> Analytic:
    """x exponential from its limit 0 with mean 1/CLIFF, y given x normal about 0.3 x with sigma 1."""

    def chi2(theta: Tensor) -> Tensor:
        x, y = theta.unbind(-1)
        return 2.0 * CLIFF * x + x.square() + (y - 0.3 * x).square()

    def gradient(theta: Tensor) -> Tensor:
        x, y = theta.unbind(-1)
        off = 2.0 * (y - 0.3 * x)
        return torch.stack((2.0 * CLIFF + 2.0 * x - 0.3 * off, off), -1)

    matrix = torch.tensor([[1.09, -0.3], [-0.3, 1.0]], dtype=torch.float64)
    target = Analytic(chi2, gradient, matrix)
    target.lower[0] = 0.0
    return target


def sample(
    method: str,
    target: Analytic,
    start: MinimizerResult,
    *,
    seed: int = 1,
    shelf: Shelf | None = None,
    report: StageReport = lambda *_: None,
    **options: Any,
) -> SamplerResult:
    """Run a sampler."""
    runner, model = SAMPLERS[method]
    return runner(target, start, model(**options), report, seed=seed, shelf=shelf)
