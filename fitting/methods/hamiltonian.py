"""Hamiltonian samplers: `nuts` (Hoffman & Gelman 2014, J. Mach. Learn. Res. 15, 1593) and `hmc` (Neal 2011).

Pyro's kernels move z, where θ = θ₀ + F z is whitened by the covariance at the start, so that a unit mass matrix suits.
The potential is −ln p of the posterior's reflected continuation (see `posterior`) with photfit's own gradient. Chains
run one after the other, each with random numbers of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from fitting.methods.chain_store import State
from fitting.methods.levenberg_marquardt import MinimizerResult
from fitting.methods.posterior import Posterior, Target
from fitting.methods.progress import StageReport
from fitting.methods.sampler_result import SamplerResult
from fitting.methods.sampling import (
    Sampling,
    begin,
    coordinates,
    derived_seed,
    dispersed,
    finish,
)
from fitting.methods.shelf import Shelf
from fitting.methods.whitening import Whitening
from fitting.spec.sampler_options import HmcOptions, NutsOptions

if TYPE_CHECKING:
    from fitting.methods.pyro_kernels import Kernel

_WALL = 1e10
"""The potential where the model is not finite: high enough never to be accepted, finite so that sums stay numbers."""


def run_nuts(
    problem: Target,
    start: MinimizerResult,
    options: NutsOptions,
    report: StageReport,
    *,
    seed: int | None = None,
    shelf: Shelf | None = None,
) -> SamplerResult:
    """Sample by the No-U-Turn sampler."""
    return _run("nuts", problem, start, options, report, seed, shelf)


def run_hmc(
    problem: Target,
    start: MinimizerResult,
    options: HmcOptions,
    report: StageReport,
    *,
    seed: int | None = None,
    shelf: Shelf | None = None,
) -> SamplerResult:
    """Sample by Hamiltonian Monte Carlo with a fixed number of leapfrog steps."""
    return _run("hmc", problem, start, options, report, seed, shelf)


def _run(
    method: str,
    problem: Target,
    start: MinimizerResult,
    options: NutsOptions | HmcOptions,
    report: StageReport,
    seed: int | None,
    shelf: Shelf | None,
) -> SamplerResult:
    run = begin(method, problem, start, options, report, one_by_one=True, seed=seed, shelf=shelf)
    with torch.random.fork_rng(devices=[]):
        return _Chains(run, options).to_end()


class _Chains:
    """All chains of one run, in turn."""

    def __init__(self, run: Sampling, options: NutsOptions | HmcOptions) -> None:
        self._run = run
        self._options = options
        self._metric = coordinates(run, options.metric)
        generator = torch.Generator().manual_seed(derived_seed(run.seed, "starts"))
        self._starts = dispersed(run, options.chains, options.dispersion, generator)
        self._step_size = np.zeros(options.chains)
        self._kernel: Kernel | None = None
        self._chain = 0

    def to_end(self) -> SamplerResult:
        """Run what is left of every chain."""
        state = self._run.resume()
        if state is not None:
            self._restore(state)
        for chain in range(self._chain, self._options.chains):
            self._finish_chain(chain, state)
            state = None
        self._kernel = None
        self._run.store.save(self._state())
        return finish(self._run, self._step_size, hamiltonian=True)

    def _finish_chain(self, chain: int, state: State | None) -> None:
        """Run one chain from its start, or from a checkpoint's state."""
        kernel = self._at_checkpoint(chain, state) if state is not None and "z" in state else self._at_start(chain)
        self._kernel, self._chain = kernel, chain
        warmup, total = self._options.warmup, self._options.warmup + self._options.samples
        while kernel._t < total:
            if kernel._t >= warmup:
                kernel.vary()
            before, divergences = kernel._mean_accept_prob, len(kernel._divergences)
            potential = float(kernel._potential_energy_last)
            kernel.sample(kernel._z_last)
            self._after(chain, kernel, before, len(kernel._divergences) - divergences, potential)
            self._run.store.tick(self._state)
        self._step_size[chain] = getattr(kernel, "chosen", None) or kernel.step_size
        self._kernel, self._chain = None, chain + 1

    def _after(self, chain: int, kernel: Kernel, before: float, diverged: int, potential: float) -> None:
        """Count one draw, and keep it after warm-up."""
        theta, _ = self._run.posterior.fold(self._metric.theta(kernel._z_last["z"][None]))
        # The potential is χ²/2 less the Jacobian.
        log_posterior = -kernel._potential_energy_last - self._run.posterior.log_jacobian(theta)
        self._run.moved(theta, -2.0 * log_posterior)
        if kernel._t <= self._options.warmup:
            return
        count = kernel._t - self._options.warmup
        columns = {
            "log_posterior": log_posterior.numpy(),
            "energy": np.array([potential + kernel.kinetic]),
            "acceptance": np.array([count * kernel._mean_accept_prob - (count - 1) * (before if count > 1 else 0.0)]),
            "divergent": np.array([diverged]),
        }
        self._run.store.add(np.array([chain]), columns, self._run.posterior.draws(theta).numpy())

    def _at_start(self, chain: int) -> Kernel:
        from fitting.methods.pyro_kernels import kernel_of, set_up

        torch.manual_seed(derived_seed(self._run.seed, "chain", chain))
        kernel = kernel_of(self._options, potential_of(self._run.posterior, self._metric))
        offset = self._starts[chain] - self._metric.centre
        set_up(kernel, torch.linalg.solve(self._metric.factor, offset), self._options.warmup)
        return kernel

    def _at_checkpoint(self, chain: int, state: State) -> Kernel:
        from fitting.methods.pyro_kernels import restore_kernel

        kernel = self._at_start(chain)
        restore_kernel(kernel, state)
        torch.set_rng_state(torch.from_numpy(state["random"]))
        return kernel

    def _state(self) -> State:
        from fitting.methods.pyro_kernels import kernel_state

        state = self._run.state() | {
            "chain": np.asarray(self._chain),
            **self._metric.state(),
            "starts": self._starts.numpy(),
            "ended_step_size": self._step_size,
            "random": torch.get_rng_state().numpy(),
        }
        return state if self._kernel is None else state | kernel_state(self._kernel)

    def _restore(self, state: State) -> None:
        self._chain = int(state["chain"])
        self._metric = Whitening.restored(state)
        self._starts = torch.from_numpy(state["starts"])
        self._step_size = state["ended_step_size"]


def potential_of(posterior: Posterior, metric: Whitening) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """The potential −ln p and its gradient at z (free,)."""

    def potential(z: Tensor) -> tuple[Tensor, Tensor]:
        density, by_theta = posterior.mirrored(metric.theta(z[None]))
        return (-density.log_density[0]).clamp_max(_WALL), -metric.gradient(by_theta)[0]

    return potential
