"""Importance weights: smoothed, judged, and turned into draws of equal weight."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitting.chains.diagnostics import Diagnostics, array_stats
from fitting.spec.notices import Notice

_FEWEST = 25
"""Draws of any weight, below which there is no tail to fit; ArviZ's own least is five in the tail."""
_USELESS_SIZE = 100
"""Effective draws below which weighted draws are not used, as of chains (`fitting.chains.diagnostics`)."""


@dataclass(frozen=True)
class SmoothedWeights:
    """Weights that add up to one.

    Attributes:
        weights: (draws,).
        pareto_k: k̂; infinite where hardly any draw has weight.
        log_mean: ln of the mean of the weights before they were smoothed and scaled.
        error: standard error of `log_mean`.
    """

    weights: NDArray[np.float64]
    pareto_k: float
    log_mean: float
    error: float

    @classmethod
    def of(cls, log_weights: NDArray[np.float64]) -> "SmoothedWeights":
        """Smoothed from logarithms (draws,), −∞ for draws that count nothing."""
        counted = np.isfinite(log_weights)
        count = len(log_weights)
        if counted.sum() < _FEWEST:
            return cls(np.full(count, 1.0 / count), math.inf, -math.inf, math.inf)
        highest = float(log_weights[counted].max())
        raw = np.exp(np.where(counted, log_weights - highest, -np.inf))
        mean = float(raw.mean())
        # What counts nothing is no −∞, which ArviZ cannot sort.
        floor = float(log_weights[counted].min()) - 700.0
        given = np.where(counted, log_weights, floor)
        try:
            smoothed, k = array_stats().psislw(-given)  # ArviZ takes ln L, the negative of leaving one out
        except ValueError:  # the largest weights are all the same
            smoothed, k = given, 0.0
        weights = np.where(counted, np.exp(smoothed - smoothed.max()), 0.0)
        error = float(raw.std()) / mean / math.sqrt(count)
        return cls(weights / weights.sum(), float(k), highest + math.log(mean), error)

    @property
    def effective(self) -> float:
        """How many independent draws they are worth, 1/Σw² (Kish 1965)."""
        return 1.0 / float(np.square(self.weights).sum())

    @property
    def highest_k(self) -> float:
        """k̂ up to which so many draws may be trusted, as ArviZ has it: min(0.7, 1 − 1/log₁₀ draws)."""
        return min(0.7, 1.0 - 1.0 / math.log10(max(len(self.weights), 11)))

    def resampled(self, offset: float) -> NDArray[np.int64]:
        """Places of as many draws of equal weight, by systematic resampling with an offset in 0 … 1."""
        count = len(self.weights)
        edges = np.cumsum(self.weights)
        return np.minimum(np.searchsorted(edges / edges[-1], (np.arange(count) + offset) / count), count - 1)


def diagnose_weights(
    weights: SmoothedWeights,
    names: tuple[str, ...],
    draws: NDArray[np.float64],
    seconds: float,
    log_evidence: float | None,
    proposal: str = "the covariance",
) -> Diagnostics:
    """What weights say of the draws (draws, parameters) that they belong to, of a `proposal` named in a word or two."""
    count, effective = len(weights.weights), weights.effective
    mean = weights.weights @ draws
    scatter = np.sqrt(weights.weights @ (draws - mean) ** 2)
    faults = []
    if not weights.pareto_k <= weights.highest_k or effective < _USELESS_SIZE:
        sentence = (
            f"Pareto's k-hat of the weights is {weights.pareto_k:.2f} (it should be below {weights.highest_k:.2f}), "
            f"and {count} draws are worth {effective:.0f}: the posterior is too unlike {proposal}; run nuts"
        )
        faults.append(Notice("importance-unreliable", sentence))
    verdict = f"{count} draws, worth {effective:.0f}; k-hat {weights.pareto_k:.2f}"
    return Diagnostics(
        r_hat=dict.fromkeys(names, math.nan),
        ess_bulk=dict.fromkeys(names, effective),
        ess_tail=dict.fromkeys(names, effective),
        mcse_mean=dict(zip(names, (scatter / math.sqrt(effective)).tolist(), strict=True)),
        mcse_sd=dict(zip(names, (scatter / math.sqrt(2.0 * effective)).tolist(), strict=True)),
        autocorrelation_time=dict.fromkeys(names, count / effective),
        acceptance=effective / count,
        divergences=0,
        e_bfmi=(),
        step_size=(1.0,),
        seconds=seconds,
        draws=count,
        trustworthy=not faults,
        notices=tuple(faults),
        sentences=tuple(fault.sentence for fault in faults) or (verdict,),
        pareto_k=weights.pareto_k,
        log_evidence=log_evidence,
        log_evidence_error=None if log_evidence is None else weights.error,
    )
