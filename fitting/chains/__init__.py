"""Chains as data: numbers, diagnostics, and the files that hold them. Needs numpy; no torch."""

from fitting.chains.chains import Chains
from fitting.chains.diagnostics import Diagnostics, diagnose
from fitting.chains.formats import UnknownParameter, convert
from fitting.chains.importance_weights import SmoothedWeights, diagnose_weights
from fitting.chains.netcdf import read_chains, read_diagnostics, write_chains

__all__ = [
    "Chains",
    "Diagnostics",
    "SmoothedWeights",
    "UnknownParameter",
    "convert",
    "diagnose",
    "diagnose_weights",
    "read_chains",
    "read_diagnostics",
    "write_chains",
]
