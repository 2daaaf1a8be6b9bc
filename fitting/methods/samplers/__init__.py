"""Samplers: chains of draws from the posterior; one file a method."""

from fitting.methods.samplers.chain_store import Compartment, Shelf
from fitting.methods.samplers.ensemble import run_ensemble
from fitting.methods.samplers.hamiltonian import run_hmc, run_nuts
from fitting.methods.samplers.mala import run_mala
from fitting.methods.samplers.metropolis import run_metropolis
from fitting.methods.samplers.sampling import derived_seed

__all__ = [
    "Compartment",
    "Shelf",
    "derived_seed",
    "run_ensemble",
    "run_hmc",
    "run_mala",
    "run_metropolis",
    "run_nuts",
]
