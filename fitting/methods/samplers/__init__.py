"""Samplers: chains of draws from the posterior; one file a method."""

from fitting.methods.samplers.chain_store import CHECKPOINT_NAME, Compartment, Shelf
from fitting.methods.samplers.pyro_posterior import refuse_without_pyro
from fitting.methods.samplers.sampling import derived_seed

__all__ = [
    "CHECKPOINT_NAME",
    "Compartment",
    "Shelf",
    "derived_seed",
    "refuse_without_pyro",
]
