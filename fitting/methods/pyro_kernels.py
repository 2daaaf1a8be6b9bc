"""Pyro's NUTS and HMC kernels on a potential whose gradient photfit computes itself, with their state as arrays.

Loaded only when a Hamiltonian sampler runs: Pyro takes a fifth of a second.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from pyro.infer.mcmc import HMC, NUTS
from torch import Tensor

from fitting.methods.chain_store import State
from fitting.spec.sampler_options import HmcOptions, NutsOptions

Potential = Callable[[Tensor], tuple[Tensor, Tensor]]
"""z (free,) to the potential, a scalar, and its gradient (free,)."""
SITE = "z"
_JITTER = 0.1
_LEAST_WARMUP = 10
"""Dual averaging begins with steps ten times too long; a shorter warm-up would end there."""


class _Known(torch.autograd.Function):
    """The potential with its gradient known: no graph is built behind it."""

    @staticmethod
    def forward(context: Any, z: Tensor, potential: Potential) -> Tensor:
        energy, gradient = potential(z.detach())
        context.gradient = gradient
        return energy

    @staticmethod
    def backward(context: Any, upstream: Tensor) -> tuple[Tensor, None]:
        return upstream * context.gradient, None


class _WithEnergy:
    """Keeps the kinetic energy with which the last trajectory began."""

    kinetic = 0.0

    def _sample_r(self, name: str) -> Any:
        momenta, unscaled = super()._sample_r(name)  # type: ignore[misc]
        self.kinetic = float(self._kinetic_energy(unscaled))  # type: ignore[attr-defined]
        return momenta, unscaled


class NutsKernel(_WithEnergy, NUTS):  # type: ignore[misc]
    """NUTS as Pyro has it."""

    def vary(self) -> None:
        """Its trajectories vary by themselves."""


class HmcKernel(_WithEnergy, HMC):  # type: ignore[misc]
    """HMC with a fixed number of leapfrog steps.

    In whitened coordinates a quarter turn, π/2, leads to independent draws and a full turn back to the start, so no
    trajectory is longer than a quarter turn there (`longest`). After warm-up step sizes vary by ±10 %, so that no
    trajectory resonates.
    """

    def __init__(self, steps: int, longest: float, **options: Any) -> None:
        self._steps = steps
        self._longest = longest
        self.chosen: float | None = None
        super().__init__(**options)

    @property
    def num_steps(self) -> int:
        """Leapfrog steps of each trajectory."""
        return self._steps

    def sample(self, params: dict[str, Tensor]) -> dict[str, Tensor]:
        """One draw; adaptation starts anew from the longest step where it went beyond."""
        drawn = super().sample(params)
        if self._t <= self._warmup_steps and self._adapter.step_size > self._longest:
            self._adapter.step_size = self._longest
            if self._adapter.adapt_step_size:
                scheme = self._adapter._step_size_adapt_scheme
                scheme.prox_center = math.log(self._longest)
                scheme.reset()
        return drawn

    def vary(self) -> None:
        """Vary the step size of the next trajectory."""
        if self.chosen is None:
            self.chosen = float(self._adapter.step_size)
        self._adapter.step_size = self.chosen * (1.0 + _JITTER * (2.0 * float(torch.rand(())) - 1.0))


Kernel = NutsKernel | HmcKernel


def kernel_of(options: NutsOptions | HmcOptions, potential: Potential) -> Kernel:
    """The kernel of one chain, not yet set up."""
    common = {
        "potential_fn": lambda sites: _Known.apply(sites[SITE], potential),
        "adapt_mass_matrix": options.adapt_mass,
        "target_accept_prob": options.target_accept,
    }
    if isinstance(options, NutsOptions):
        adapt = options.warmup >= _LEAST_WARMUP
        return NutsKernel(max_tree_depth=options.max_tree_depth, step_size=0.5, adapt_step_size=adapt, **common)
    quarter = 0.5 * math.pi / options.leapfrog_steps
    longest = quarter if options.step_size is None and options.metric == "covariance" else math.inf
    return HmcKernel(
        options.leapfrog_steps,
        longest,
        step_size=options.step_size or quarter,
        adapt_step_size=options.step_size is None and options.warmup >= _LEAST_WARMUP,
        **common,
    )


def set_up(kernel: Kernel, z: Tensor, warmup: int) -> None:
    """Place a kernel at z (free,): evaluates there, and looks for a first step size."""
    kernel.initial_params = {SITE: z}
    kernel.setup(warmup)
    if isinstance(kernel, HmcKernel):
        kernel._adapter.step_size = min(kernel._adapter.step_size, kernel._longest)


def kernel_state(kernel: Kernel) -> State:
    """Everything that the kernel's next draw depends on, but for the random numbers."""
    adapter = kernel._adapter
    scheme = getattr(adapter, "_step_size_adapt_scheme", None)
    averaging = [0.0] * 4 if scheme is None else [scheme.prox_center, scheme._x_avg, scheme._g_avg, scheme._t]
    chosen = getattr(kernel, "chosen", None)
    state = {
        "z": kernel._z_last[SITE].detach().numpy(),
        "potential": np.asarray(float(kernel._potential_energy_last)),
        "gradient": kernel._z_grads_last[SITE].numpy(),
        "counts": np.array([kernel._t, kernel._accept_cnt, adapter._current_window]),
        "mean_accept": np.asarray(kernel._mean_accept_prob),
        "divergences": np.asarray(kernel._divergences, dtype=np.int64),
        "step": np.asarray(float(adapter.step_size)),
        "chosen": np.asarray(np.nan if chosen is None else chosen),
        "averaging": np.array(averaging, dtype=np.float64),
    }
    for site, matrix in adapter.mass_matrix_adapter.inverse_mass_matrix.items():
        state["inverse_mass"] = matrix.numpy()
        welford = adapter.mass_matrix_adapter._adapt_scheme.get(site)
        if welford is not None and welford.n_samples:
            state["welford"] = torch.stack((welford._mean, welford._m2)).numpy()
            state["welford_count"] = np.asarray(welford.n_samples)
    return state


def restore_kernel(kernel: Kernel, state: State) -> None:
    """The reverse of `kernel_state`, for a kernel that was set up."""
    adapter = kernel._adapter
    for site in list(adapter.mass_matrix_adapter.inverse_mass_matrix):
        adapter.mass_matrix_adapter.inverse_mass_matrix = {site: torch.from_numpy(state["inverse_mass"])}
        if "welford" in state:
            welford = adapter.mass_matrix_adapter._adapt_scheme[site]
            welford._mean, welford._m2 = torch.from_numpy(state["welford"]).unbind()
            welford.n_samples = int(state["welford_count"])
    kernel._t, kernel._accept_cnt, adapter._current_window = (int(count) for count in state["counts"])
    kernel._mean_accept_prob = float(state["mean_accept"])
    kernel._divergences = state["divergences"].tolist()
    adapter.step_size = float(state["step"])
    if isinstance(kernel, HmcKernel):
        kernel.chosen = None if np.isnan(state["chosen"]) else float(state["chosen"])
    if adapter.adapt_step_size:
        scheme = adapter._step_size_adapt_scheme
        scheme.prox_center, scheme._x_avg, scheme._g_avg, scheme._t = state["averaging"].tolist()
    potential = torch.tensor(float(state["potential"]), dtype=torch.float64)
    kernel._cache({SITE: torch.from_numpy(state["z"])}, potential, {SITE: torch.from_numpy(state["gradient"])})
