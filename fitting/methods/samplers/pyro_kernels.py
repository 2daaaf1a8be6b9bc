"""Kernels of Pyro, ``"kernel": "pyro"`` of `nuts` and `hmc`: the same posterior by another implementation.

They move z of the metric's coordinates, θ = θ₀ + F z, as photfit's own trajectories do, with the density continued by
reflection at limits (`fitting.methods.samplers.posterior`). Each chain has a kernel of its own, which learns its own
step size; they move one after the other, so that a move costs as much as it does in Pyro.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fitting.methods.samplers.chain_store import State
from fitting.methods.samplers.posterior import Density
from fitting.methods.samplers.pyro_posterior import AnsweredAlone, OwnRandomNumbers, log_density
from fitting.methods.samplers.sampling import (
    ChainMove,
    Sampling,
    derived_seed,
    dispersed_starts,
    metric_coordinates,
)
from fitting.spec.methods import HmcOptions, NutsOptions

QUARTER_TURN = 0.5 * math.pi
"""Time in which whitened coordinates of a normal posterior lead to an independent draw."""


class PyroChains:
    """Chains that Pyro's kernels move.

    Args:
        run: theirs; its checkpoints are none, as a kernel has no state that could be written down.
        options: theirs.
    """

    def __init__(self, run: Sampling, options: NutsOptions | HmcOptions) -> None:
        self.count = options.chains
        self._options = options
        run.posterior.target = AnsweredAlone(run.posterior.target)
        self._posterior = run.posterior
        self._random = OwnRandomNumbers(derived_seed(run.seed, "pyro"))
        self._metric = metric_coordinates(run, options.metric)
        generator = torch.Generator().manual_seed(derived_seed(run.seed, "walkers"))
        begin_at = dispersed_starts(run, options.chains, options.dispersion, generator)
        self._z = torch.linalg.solve(self._metric.factor, (begin_at - self._metric.centre).mT).mT
        self._kernels: list[Any] = []
        self._divergences = np.zeros(options.chains, dtype=int)

    def _potential(self, sites: dict[str, Tensor]) -> Tensor:
        theta = self._metric.theta(sites["z"][None])
        return -log_density(theta, self._posterior)[0]

    def step(self, adapting: bool) -> ChainMove:  # noqa: ARG002 - kernels count their moves
        """One draw of every chain, one after the other."""
        with self._random.drawn():
            if not self._kernels:
                self._kernels = [self._kernel(z) for z in self._z.clone()]
            moved, accepted = zip(*map(self._move, self._kernels), strict=True)
        self._z = torch.stack(moved)
        theta = self._posterior.fold(self._metric.theta(self._z))[0]
        density = torch.stack([-kernel._potential_energy_last.detach() for kernel in self._kernels])
        divergences = np.array([len(kernel._divergences) for kernel in self._kernels])
        divergent = torch.from_numpy(divergences > self._divergences)
        self._divergences = divergences
        chi2 = -2.0 * (density - self._posterior.log_jacobian(theta))
        return ChainMove(theta, Density(density, chi2), torch.tensor(accepted), divergent=divergent)

    def _kernel(self, z: Tensor) -> Any:
        """A kernel that stands at z (free,)."""
        # Not at the top: it takes a second to load, and is needed by this alone.
        from pyro.infer.mcmc import HMC, NUTS

        options = self._options
        common: dict[str, Any] = {
            "potential_fn": self._potential,
            "adapt_mass_matrix": options.adapt_mass,
            "target_accept_prob": options.target_accept,
        }
        if isinstance(options, NutsOptions):
            kernel: Any = NUTS(**common, max_tree_depth=options.max_tree_depth)
        else:
            first = options.step_size or QUARTER_TURN / options.leapfrog_steps
            kernel = HMC(**common, step_size=first, adapt_step_size=options.step_size is None)
        kernel.initial_params = {"z": z}
        kernel.setup(options.warmup)
        return kernel

    def _move(self, kernel: Any) -> tuple[Tensor, float]:
        """z of the next draw, and the probability of its acceptance."""
        options = self._options
        if isinstance(options, HmcOptions):
            # Pyro takes as many whole steps as the length has room for.
            longest = (options.leapfrog_steps + 0.5) * kernel.step_size
            kernel.trajectory_length = longest if options.step_size else min(QUARTER_TURN, longest)
        before = kernel._mean_accept_prob
        place = kernel.sample({"z": kernel._z_last["z"]})["z"].detach()
        # It tells the mean over its moves so far, which begins anew after warm-up.
        number = kernel._t if kernel._t <= options.warmup else kernel._t - options.warmup
        kept = 0.0 if number == 1 else before * (number - 1)
        return place, min(max(kernel._mean_accept_prob * number - kept, 0.0), 1.0)

    def step_sizes(self) -> np.ndarray:
        """ε, (chains,)."""
        return np.array([kernel.step_size for kernel in self._kernels] or [math.nan] * self.count, dtype=float)

    def state(self) -> State:
        """None: see the class."""
        return {}

    def restore(self, state: State) -> None:
        """Nothing: see the class."""
