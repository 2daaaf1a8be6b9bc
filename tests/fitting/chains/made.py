"""Chains made by hand: normal draws that are independent, or as autocorrelated as wanted."""

import numpy as np

from fitting.chains import Chains

NAMES = ("g.x", "g.n")


def made_chains(count: int = 4, length: int = 500, memory: float = 0.0, hamiltonian: bool = True) -> Chains:
    """Autoregressive draws with unit variance about (10, 2); `memory` is their correlation from one to the next."""
    generator = np.random.default_rng(3)
    noise = generator.normal(size=(count, length, len(NAMES)))
    draws = np.empty_like(noise)
    draws[:, 0] = noise[:, 0]
    for place in range(1, length):
        draws[:, place] = memory * draws[:, place - 1] + np.sqrt(1.0 - memory**2) * noise[:, place]
    shape = (count, length)
    return Chains(
        NAMES,
        draws + np.array([10.0, 2.0]),
        -0.5 * (draws**2).sum(-1),
        np.full(shape, 0.8),
        np.zeros(shape, dtype=bool) if hamiltonian else None,
        generator.normal(size=shape) if hamiltonian else None,
        np.full(count, 0.5),
        1.5,
    )
