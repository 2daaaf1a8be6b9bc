"""Screening: the quadratic approximation of a posterior, and moves tried on it before the model is evaluated.

The formula of acceptance, and why it is exact, are in `fitting.methods.samplers.metropolis`.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from fitting.methods.samplers.chain_store import State
from fitting.methods.samplers.posterior import Density, Posterior
from fitting.methods.samplers.whitening import covariance_root
from fitting.problem import Equations

_FEWEST_POINTS = 100
"""Points of warm-up without which there is no verdict: their scatter is known to a fourteenth then."""
_LARGEST_SCATTER = 0.7
"""Standard deviation of ln p − ln s over warm-up's points up to which moves are screened; chosen by hand: with normal
errors of 0.7 six of ten screened moves are accepted, 2Φ(−σ/√2)."""
_MOST_POINTS = 4096
"""Points of warm-up that the verdict looks at, the latest; bounds what a checkpoint holds to 32 KiB."""


class Surrogate:
    """The posterior by its quadratic around the start: −Δχ²/2 + ln |dp/dθ|, Δχ² = δᵀ JᵀWJ δ − 2 δᵀ JᵀWr.

    Where Δχ² is beyond `furthest` it falls by a power only, so that it hardly keeps a chain from where it knows
    nothing; but fast enough to stay normalizable, since on a level plain an ensemble would stretch for ever.

    Args:
        posterior: whose limits and Jacobian it has.
        equations: at the centre.
        centre: θ (1, free).
    """

    def __init__(self, posterior: Posterior, equations: Equations, centre: Tensor) -> None:
        free = centre.shape[-1]
        root = covariance_root(equations.matrix[0].cpu())
        self._posterior = posterior
        self._precision_root = torch.linalg.inv(root).mT
        self._slope = 2.0 * equations.gradient[0].cpu()
        self._centre = centre[0].cpu()
        self._furthest = free + 6.0 * (2.0 * free) ** 0.5

    def __call__(self, theta: Tensor) -> Tensor:
        """ln of the approximate density at θ (batch, free), without its constant: (batch,); −∞ outside the limits."""
        step = theta - self._centre
        rise = (step @ self._precision_root).square().sum(-1) - step @ self._slope
        beyond = self._furthest * (1.0 + (rise / self._furthest).clamp_min(1.0).log())
        density = -0.5 * torch.minimum(rise, beyond) + self._posterior.log_jacobian(theta)
        return torch.where(self._posterior.inside(theta), density, -torch.inf)


SurrogateMoves = Callable[[Surrogate, Tensor], tuple[Tensor, Tensor, Tensor, Tensor]]
"""Moves on the approximation from θ (chains, free): where they lead, its ln density at both ends, and acceptance."""


class Screening:
    """Whether, and how, moves are screened.

    Args:
        surrogate: the approximation.
        warmup: steps in which its truth is tested; 0 never screens. The verdict comes half way through.
    """

    def __init__(self, surrogate: Surrogate, warmup: int) -> None:
        self.active = False
        self._surrogate = surrogate
        self._half = warmup // 2
        self._steps = 0
        self._excess: list[float] = []

    def learn(self, theta: Tensor, density: Density) -> None:
        """See warm-up's points θ (chains, free): the verdict falls at half of it and is looked at again at its end."""
        if self._half == 0:
            return
        self._steps += 1
        if self._steps > self._half // 4:
            excess = density.log_density - self._surrogate(theta)
            self._excess = (self._excess + excess.tolist())[-_MOST_POINTS:]
        if self._steps in (self._half, 2 * self._half):
            enough = len(self._excess) >= _FEWEST_POINTS and bool(np.isfinite(self._excess).all())
            self.active = enough and float(np.std(self._excess)) < _LARGEST_SCATTER

    def step(
        self, posterior: Posterior, theta: Tensor, density: Density, inner: SurrogateMoves, generator: torch.Generator
    ) -> tuple[Tensor, Density, Tensor, Tensor]:
        """One screened move of θ (chains, free).

        Returns θ, densities, the acceptance probability (chains,) of arriving where the approximation led, and that of
        the moves on the approximation.
        """
        trial, first, last, tried = inner(self._surrogate, theta)
        changed = (trial != theta).any(-1)
        chance = torch.ones(len(theta), dtype=torch.float64)
        log_density, chi2 = density.log_density.clone(), density.chi2.clone()
        if bool(changed.any()):
            there = posterior.density(trial[changed])
            log_density[changed], chi2[changed] = there.log_density, there.chi2
            ratio = log_density - density.log_density - (last - first)
            chance[changed] = ratio[changed].exp().clamp_max(1.0).nan_to_num(nan=0.0)
        taken = torch.rand(len(theta), generator=generator, dtype=torch.float64) < chance
        moved = torch.where(taken[:, None], trial, theta)
        return moved, density.replace_where(taken, Density(log_density, chi2)), chance * tried, tried

    def state(self) -> State:
        """For a checkpoint: the verdict, and what it looks at."""
        return {
            "screen_active": np.asarray(self.active),
            "screen_steps": np.asarray(self._steps),
            "screen_excess": np.asarray(self._excess, dtype=np.float64),
        }

    def restore(self, state: State) -> None:
        """The reverse of `state`; the approximation is that of the start, as before."""
        self.active = bool(state["screen_active"])
        self._steps = int(state["screen_steps"])
        self._excess = state["screen_excess"].tolist()
