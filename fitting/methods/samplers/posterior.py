"""Posterior: the density that every sampler draws from, its gradient, and its reflection at limits.

With Gaussian noise the likelihood is exp(−χ²/2). The prior is flat, within the limits, in the *physical* parameters as
they are reported. θ holds logarithms of some, so the density by θ carries their Jacobian:

    ln p(θ) = −χ²(θ)/2 + Σ ln |dp/dθ| = −χ²(θ)/2 + Σ θ_i over the logarithmic θ_i.

Where a fit may pass through q = 1 (see `Parametrization`), θ covers every ellipse twice. The Jacobian is then taken at
the canonical ellipse, so that both halves carry the same density of the reported parameters; the map between the
halves has determinant one.

Limits: a random walk sees −∞ outside. Samplers that follow the gradient see the density continued by reflection at each
limit instead (`mirrored_density`): the continuation is periodic or symmetric, its image under folding back is exactly
the posterior whatever the metric, and no transformation distorts the inside or hides the limit itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from fitting.methods.samplers.chain_store import State
from fitting.problem import NormalEquations, Problem
from fitting.problem.coordinates import varies_in_log

_CPU_BATCH = 4
"""θ evaluated at once. On a CPU a few fill the cores, and a gradient of four costs three quarters of a single one
(decision 0018); more leave its caches."""
_GPU_BATCH = 256
"""θ evaluated at once on a GPU, at most; chosen by hand: small images fill it no further."""
_GPU_COLUMNS = 2**27
"""Numbers in the columns of a batch's largest tile on a GPU: 1 GiB, as for tiles (decision 0024)."""


class Target(Protocol):
    """What a sampler asks of a problem: the three questions, and the limits of θ (free,)."""

    names: tuple[str, ...]
    lower: Tensor
    upper: Tensor

    def value(self, theta: Tensor) -> Tensor:
        """χ² (batch,) at θ (batch, free)."""

    def value_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """χ² (batch,) and its gradient (batch, free)."""

    def normal_equations(self, theta: Tensor) -> NormalEquations:
        """χ², JᵀWr and JᵀWJ."""


@dataclass(frozen=True)
class Density:
    """ln p(θ) without its constant, (batch,), and χ² (batch,); −∞ and ∞ outside the limits."""

    log_density: Tensor
    chi2: Tensor

    def state(self) -> State:
        """For a checkpoint."""
        return {"log_density": self.log_density.numpy(), "chi2": self.chi2.numpy()}

    @classmethod
    def from_state(cls, state: State) -> "Density":
        """The reverse of `state`."""
        return cls(torch.from_numpy(state["log_density"]), torch.from_numpy(state["chi2"]))

    def replace_where(self, mask: Tensor, other: "Density") -> "Density":
        """`other` where the mask (batch,) holds, else this."""
        return Density(torch.where(mask, other.log_density, self.log_density), torch.where(mask, other.chi2, self.chi2))


def _identity(theta: Tensor) -> Tensor:
    return theta


class Posterior:
    """ln p(θ), its gradient, and draws in reported units. Samplers' tensors are float64 on the CPU.

    Args:
        target: answers the questions.
        batch: most θ that are asked at once.
        logarithmic: (free,) bool, which θ are logarithms.
        canonical: the same model with every axis ratio at most one.
        physical: θ (batch, free) to reported values (batch, free).

    Attributes:
        evaluations: θ evaluated so far.
        pulse: called before every evaluation; may raise to stop.
    """

    def __init__(
        self,
        target: Target,
        *,
        batch: int = _CPU_BATCH,
        logarithmic: Tensor | None = None,
        canonical: Callable[[Tensor], Tensor] = _identity,
        physical: Callable[[Tensor], Tensor] = _identity,
    ) -> None:
        self.target = target
        self.lower, self.upper = target.lower, target.upper
        free = len(target.names)
        self.logarithmic = torch.zeros(free, dtype=torch.bool) if logarithmic is None else logarithmic
        self._logs = self.logarithmic.to(torch.float64)
        self._canonical = canonical
        self._physical = physical
        self._axis_ratios = [place for place in range(free) if self._swaps_axes(place)]
        self._bounded = bool((torch.isfinite(self.lower) | torch.isfinite(self.upper)).any())
        self._batch = batch
        self.evaluations = 0
        self.pulse: Callable[[], None] = lambda: None

    @classmethod
    def of(cls, target: Target, start: Tensor) -> "Posterior":
        """The posterior of a problem, angles reported on the branch around `start` (1, free).

        Any other target is sampled in its own θ, flat.
        """
        if not isinstance(target, Problem):
            return cls(target)
        parameters = target.parameters
        logarithmic = torch.tensor([varies_in_log(row) for row in parameters.free], dtype=torch.bool)
        batch = _CPU_BATCH
        if target.device.type != "cpu":
            batch = max(1, min(_GPU_BATCH, _GPU_COLUMNS // (target.largest_tile * len(target.table))))
        reported = _ReportedValues(target, start)
        return cls(target, batch=batch, logarithmic=logarithmic, canonical=target.canonical, physical=reported.values)

    def _swaps_axes(self, place: int) -> bool:
        """Whether a positive θ at this place means swapped axes."""
        probe = torch.zeros((1, len(self.lower)), dtype=torch.float64)
        probe[0, place] = 0.1
        return not torch.equal(self._canonical(probe), probe)

    def _canonical_theta(self, theta: Tensor) -> Tensor:
        """θ with every axis ratio at most one, `theta` itself where it has none above."""
        turned = self._axis_ratios and bool((theta[:, self._axis_ratios] > 0.0).any())
        return self._canonical(theta) if turned else theta

    def log_jacobian(self, theta: Tensor) -> Tensor:
        """Σ ln |dp/dθ| at θ (batch, free): (batch,)."""
        return self._canonical_theta(theta) @ self._logs

    def inside(self, theta: Tensor) -> Tensor:
        """Which θ (batch, free) are within the limits, as reported: (batch,)."""
        if not self._bounded:
            return torch.ones(theta.shape[0], dtype=torch.bool)
        turned = self._canonical_theta(theta)
        return ((turned >= self.lower) & (turned <= self.upper)).all(-1)

    def density(self, theta: Tensor) -> Density:
        """ln p and χ² at θ (batch, free); nothing is evaluated outside the limits."""
        chi2 = torch.full((theta.shape[0],), torch.inf, dtype=torch.float64)
        inside = self.inside(theta)
        if bool(inside.any()):
            parts = [self.target.value(part) for part in self._parts(theta[inside])]
            chi2[inside] = torch.cat(parts).nan_to_num(nan=torch.inf)
        return Density(-0.5 * chi2 + self.log_jacobian(theta), chi2)

    def mirrored_density(self, theta: Tensor) -> tuple[Density, Tensor]:
        """ln p of the reflected continuation and its gradient (batch, free) at any θ (batch, free).

        Where the model is not finite ln p is −∞ and the gradient zero.
        """
        folded, sign = self.fold(theta)
        answers = [self.target.value_and_gradient(part) for part in self._parts(folded)]
        chi2 = torch.cat([answer[0] for answer in answers])
        gradient = -0.5 * torch.cat([answer[1] for answer in answers])
        gradient += self._jacobian_slope(folded)
        usable = torch.isfinite(chi2) & torch.isfinite(gradient).all(-1) & self.inside(folded)
        chi2 = torch.where(usable, chi2, torch.inf)
        gradient = torch.where(usable[:, None], gradient, 0.0) * sign
        return Density(-0.5 * chi2 + self.log_jacobian(folded), chi2), gradient

    def _jacobian_slope(self, theta: Tensor) -> Tensor:
        """Gradient of `log_jacobian`, broadcastable to (batch, free)."""
        if self._canonical_theta(theta) is theta:
            return self._logs
        with torch.enable_grad():
            leaf = theta.detach().clone().requires_grad_()
            (slope,) = torch.autograd.grad((self._canonical(leaf) @ self._logs).sum(), leaf)
        return slope

    def fold(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """θ reflected into the limits, and the sign with which each coordinate moves there: (batch, free) both."""
        low, high = self.lower, self.upper
        sign = torch.ones_like(theta)
        if not self._bounded or bool(((theta >= low) & (theta <= high)).all()):
            return theta, sign
        width = high - low
        both = torch.isfinite(width) & (width > 0.0)
        period = torch.where(both, 2.0 * width, 1.0)
        phase = torch.remainder(theta - torch.where(both, low, 0.0), period)
        back = both & (phase > width)
        folded = torch.where(both, torch.where(back, period - phase, phase) + low, theta)
        below, above = ~both & (theta < low), ~both & (theta > high)
        folded = torch.where(below, 2.0 * low - theta, folded)
        folded = torch.where(above, 2.0 * high - theta, folded)
        sign = torch.where(back | below | above, -1.0, sign)
        # Rounding must not leave a point a hair outside.
        return torch.minimum(torch.maximum(folded, low), high), sign

    def draws(self, theta: Tensor) -> Tensor:
        """Reported values (batch, free) of the free parameters at θ (batch, free)."""
        return self._physical(self._canonical(theta))

    def _parts(self, theta: Tensor) -> Iterator[Tensor]:
        """θ in batches, counted, with a pulse before each."""
        self.evaluations += theta.shape[0]
        for part in theta.split(self._batch):
            self.pulse()
            yield part


class _ReportedValues:
    """Reported values of a problem's free parameters, angles on the branch around the start's."""

    def __init__(self, problem: Problem, start: Tensor) -> None:
        self.problem = problem
        rows = problem.parameters.free
        self.index = [problem.table.index[row.name] for row in rows]
        periods = [row.description.period if row.turns else None for row in rows]
        self.periods = torch.tensor([period or torch.inf for period in periods], dtype=torch.float64)
        centre = problem.parameters.values(problem.canonical(start)).physical[0, self.index]
        self.centre = torch.where(torch.isfinite(self.periods), torch.remainder(centre, self.periods), centre)

    def values(self, theta: Tensor) -> Tensor:
        """(batch, free) at canonical θ (batch, free)."""
        physical = self.problem.parameters.values(theta).physical[:, self.index]
        turns = ((physical - self.centre) / self.periods).round()
        return physical - torch.where(torch.isfinite(self.periods), turns * self.periods, 0.0)
