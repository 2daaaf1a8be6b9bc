"""Diagnostics of chains: whether they may be believed, by ArviZ's definitions, and in sentences.

Rank-normalised split R-hat, bulk and tail effective sample sizes, Monte Carlo standard errors: Vehtari, Gelman,
Simpson, Carpenter & Bürkner (2021, Bayesian Analysis 16, 667). E-BFMI: Betancourt (2016, arXiv:1604.00695).
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from fitting.chains.chains import Chains
from fitting.spec.notices import Notice, sentences

_FEWEST_DRAWS = 4
"""Draws of a chain below which nothing can be said of it: ArviZ splits chains in two, and each half has a variance."""
_USELESS_SIZE = 100.0
"""Effective draws, bulk, below which nothing may be used; chosen by hand: a mean is known to a tenth of a σ there."""
_SMALL_SIZE = 400.0
"""Effective draws, bulk and tail, below which only means may be used (Vehtari et al., section 4.1)."""
_MIXED_R_HAT = 1.01
"""R-hat up to which chains have mixed (Vehtari et al., section 4.2)."""
_UNMIXED_R_HAT = 1.05
"""R-hat beyond which chains must not be used; chosen by hand, half-way to the 1.1 of Gelman and Rubin's time."""
_LOW_BFMI = 0.3
"""E-BFMI below which the tails are hardly explored, as Stan and ArviZ warn."""
_APART_DEVIATIONS = 3.0
"""Chains whose means differ by more than this many of their own standard deviations sit in different places;
chosen by hand: means of mixed chains differ by a small share of one."""


@dataclass(frozen=True)
class Diagnostics:
    """Diagnostics by parameter, and what they mean.

    Attributes:
        r_hat, ess_bulk, ess_tail, mcse_mean, mcse_sd, autocorrelation_time: by parameter; nan where undefined. The
            autocorrelation time is in draws.
        acceptance: mean over chains.
        divergences: of all chains.
        e_bfmi: by chain; empty where the sampler has no energy.
        step_size: by chain.
        seconds: time spent.
        draws: of all chains.
        trustworthy: whether nothing speaks against use.
        notices: what speaks against use, worst first, and what to know besides.
        sentences: the same in words; that the chains agree, where nothing speaks against use.
        pareto_k: k̂ of importance weights; None of a sampler without.
        log_evidence, log_evidence_error: ln ∫ L π dp, where the sampler knows it.
    """

    r_hat: dict[str, float]
    ess_bulk: dict[str, float]
    ess_tail: dict[str, float]
    mcse_mean: dict[str, float]
    mcse_sd: dict[str, float]
    autocorrelation_time: dict[str, float]
    acceptance: float
    divergences: int
    e_bfmi: tuple[float, ...]
    step_size: tuple[float, ...]
    seconds: float
    draws: int
    trustworthy: bool
    notices: tuple[Notice, ...]
    sentences: tuple[str, ...]
    pareto_k: float | None = None
    log_evidence: float | None = None
    log_evidence_error: float | None = None

    @property
    def summary(self) -> str:
        """The sentences as one line."""
        return "; ".join(self.sentences)

    def document(self) -> dict[str, Any]:
        """As JSON, numbers that are not finite as null."""
        by_parameter = ("r_hat", "ess_bulk", "ess_tail", "mcse_mean", "mcse_sd", "autocorrelation_time")
        document: dict[str, Any] = {
            name: {parameter: _finite(value) for parameter, value in getattr(self, name).items()}
            for name in by_parameter
        }
        return document | {
            "acceptance": _finite(self.acceptance),
            "divergences": self.divergences,
            "e_bfmi": [_finite(value) for value in self.e_bfmi],
            "step_size": [_finite(value) for value in self.step_size],
            "seconds": self.seconds,
            "draws": self.draws,
            "trustworthy": self.trustworthy,
            "sentences": list(self.sentences),
            "pareto_k": None if self.pareto_k is None else _finite(self.pareto_k),
            "log_evidence": None if self.log_evidence is None else _finite(self.log_evidence),
            "log_evidence_error": None if self.log_evidence_error is None else _finite(self.log_evidence_error),
        }


def diagnose(chains: Chains) -> Diagnostics:
    """The diagnostics of chains with at least four draws each; with fewer everything by parameter is undefined."""
    count, length, _ = chains.draws.shape
    by_parameter: dict[str, Any] = {name: {} for name in _QUANTITIES}
    for place, name in enumerate(chains.names):
        for quantity, value in _of_parameter(chains.draws[:, :, place]).items():
            by_parameter[quantity][name] = value
    size = by_parameter.pop("ess_mean")
    times = {name: count * length / value if value > 0.0 else np.inf for name, value in size.items()}
    bfmi = () if chains.energy is None or length < _FEWEST_DRAWS else tuple(map(_bfmi, chains.energy))
    faults = _faults(chains, by_parameter, bfmi)
    verdict = sentences(faults)
    if not faults:
        least, name = _least(by_parameter["ess_bulk"])
        verdict = (f"{count * length} draws, {least:.0f} effective at least ({name}); the chains agree",)
    notes = []
    if count == 1 and length >= _FEWEST_DRAWS:  # to know, although it speaks against nothing
        notes = [Notice("single-chain", "one chain cannot show whether there is a second solution: run four")]
    return Diagnostics(
        **by_parameter,
        autocorrelation_time=times,
        acceptance=float(np.mean(chains.acceptance)),
        divergences=chains.divergences,
        e_bfmi=bfmi,
        step_size=tuple(chains.step_size.tolist()),
        seconds=chains.seconds,
        draws=count * length,
        trustworthy=not faults,
        notices=(*faults, *notes),
        sentences=(*verdict, *sentences(notes)),
    )


@cache
def array_stats() -> Any:
    """ArviZ's statistics of arrays."""
    # Not at the top: it takes half a second, most of it scipy's.
    from arviz_stats.base import array_stats  # type: ignore[attr-defined]

    return array_stats


_QUANTITIES = ("r_hat", "ess_bulk", "ess_tail", "ess_mean", "mcse_mean", "mcse_sd")


def _of_parameter(draws: np.ndarray) -> dict[str, float]:
    """Diagnostics of one parameter's draws (chain, draw)."""
    if draws.shape[1] < _FEWEST_DRAWS or not np.isfinite(draws).all():
        return dict.fromkeys(_QUANTITIES, np.nan)
    if bool((np.ptp(draws, axis=1) == 0.0).any()):
        # A chain that never moved: ArviZ would call constants independent.
        return dict.fromkeys(_QUANTITIES, 0.0) | {"r_hat": np.inf, "mcse_mean": np.inf, "mcse_sd": np.inf}
    stats = array_stats()
    return {
        "r_hat": float(stats.rhat(_two_chains(draws))),
        "ess_bulk": float(stats.ess(draws, method="bulk")),
        "ess_tail": float(stats.ess(draws, method="tail", prob=(0.05, 0.95))),
        "ess_mean": float(stats.ess(draws, method="mean")),
        "mcse_mean": float(stats.mcse(draws, method="mean")),
        "mcse_sd": _error_of_deviation(draws),
    }


def _error_of_deviation(draws: np.ndarray) -> float:
    """Monte Carlo standard error of the standard deviation of draws (chain, draw).

    From the effective size of squared deviations, as Stan's `posterior` has it. ArviZ takes that of the draws instead,
    which is several times too many where trajectories lead to the other side of the mean.
    """
    squares = (draws - draws.mean()) ** 2
    variance = squares.mean()
    size = float(array_stats().ess(squares, method="mean"))
    return float(np.sqrt(squares.var() / size / variance) / 2.0)


def _two_chains(draws: np.ndarray) -> np.ndarray:
    """One chain as its two halves: ArviZ compares no fewer than two."""
    if len(draws) > 1:
        return draws
    half = draws.shape[1] // 2
    return np.stack((draws[0, :half], draws[0, -half:])) if half >= 4 else np.full((2, 4), np.nan)


def _bfmi(energy: np.ndarray) -> float:
    """Energy's mean squared change over its variance: one chain's energy (draw,)."""
    spread = np.var(energy)
    return float(np.mean(np.diff(energy) ** 2) / spread) if spread > 0.0 else np.nan


def _faults(chains: Chains, by_parameter: dict[str, dict[str, float]], bfmi: tuple[float, ...]) -> list[Notice]:
    """What speaks against use, worst first."""
    count, length, _ = chains.draws.shape
    if length < _FEWEST_DRAWS:
        sentence = f"{length} draws of each chain are too few to judge: do not use"
        return [Notice("chains-too-short", sentence)]
    faults = [
        *_separation_faults(chains),
        *_size_faults(by_parameter, count * length),
        *_mixing_faults(by_parameter["r_hat"]),
    ]
    divergences = chains.divergences
    if divergences:
        share = divergences / (count * length)
        sentence = (
            f"{divergences} divergent trajectories ({share:.1%} of the draws): the posterior bends more sharply than "
            "the steps can follow; raise target_accept"
        )
        faults.append(Notice("trajectories-divergent", sentence))
    low = [f"{chain}: {value:.2f}" for chain, value in enumerate(bfmi) if value < _LOW_BFMI]
    if low:
        sentence = f"E-BFMI is low (chain {', '.join(low)}): the tails are hardly explored"
        faults.append(Notice("tails-unexplored", sentence))
    return faults


def _least(values: dict[str, float]) -> tuple[float, str]:
    """The smallest value, or one that is not a number, with its parameter."""
    name = min(values, key=lambda key: -np.inf if np.isnan(values[key]) else values[key])
    return values[name], name


def _size_faults(by_parameter: dict[str, dict[str, float]], draws: int) -> list[Notice]:
    least, name = _least(by_parameter["ess_bulk"])
    if not least >= _USELESS_SIZE:
        sentence = f"{draws} draws, but only {_count(least)} effective ({name}): do not use"
        return [Notice("draws-too-few", sentence, f"parameters {name}")]
    tail, tail_name = _least(by_parameter["ess_tail"])
    if min(least, tail) < _SMALL_SIZE:
        least, name = min((least, name), (tail, tail_name))
        sentence = (
            f"{draws} draws, but only {_count(least)} effective ({name}): means are usable, "
            "uncertainties and quantiles are not yet; draw more"
        )
        return [Notice("draws-too-few", sentence, f"parameters {name}")]
    return []


def _count(effective: float) -> str:
    return "an unknown number" if np.isnan(effective) else f"{effective:.0f}"


def _mixing_faults(r_hat: dict[str, float]) -> list[Notice]:
    worst = sorted((name for name, value in r_hat.items() if not value <= _MIXED_R_HAT), key=lambda name: -r_hat[name])
    if not worst:
        return []
    shown = ", ".join(f"{name} {r_hat[name]:.3f}" for name in worst[:3])
    more = f" and {len(worst) - 3} more" if len(worst) > 3 else ""
    verdict = "do not use" if not r_hat[worst[0]] <= _UNMIXED_R_HAT else "draw more before you use them"
    sentence = f"the chains have not mixed (R-hat {shown}{more}; it should be below {_MIXED_R_HAT}): {verdict}"
    return [Notice("chains-unmixed", sentence, f"parameters {', '.join(worst)}")]


def _separation_faults(chains: Chains) -> list[Notice]:
    """Whether some chains sit in another place than the others."""
    count, length, _ = chains.draws.shape
    if count < 2 or length < _FEWEST_DRAWS:
        return []
    means, scatter = chains.draws.mean(1), np.median(chains.draws.std(1), axis=0)
    order = np.sort(means, axis=0)
    gaps = np.diff(order, axis=0) / np.where(scatter > 0.0, scatter, np.inf)
    widest = np.unravel_index(np.argmax(gaps), gaps.shape)
    if not gaps[widest] > _APART_DEVIATIONS:
        return []
    parameter = int(widest[1])
    split = 0.5 * (order[widest[0], parameter] + order[widest[0] + 1, parameter])
    low = means[:, parameter] < split
    levels = [-2.0 * chains.log_posterior[group].max() for group in (low, ~low)]
    sentence = (
        f"the chains found different solutions: {_members(low)} near {chains.names[parameter]} = "
        f"{means[low, parameter].mean():.6g} (chi-squared {levels[0]:.6g}), {_members(~low)} near "
        f"{means[~low, parameter].mean():.6g} (chi-squared {levels[1]:.6g}); their weights are not known: do not use "
        "them together"
    )
    return [Notice("chains-apart", sentence, f"parameters {chains.names[parameter]}")]


def _members(group: np.ndarray) -> str:
    chains = np.flatnonzero(group)
    shown = ", ".join(map(str, chains[:6])) + (" …" if len(chains) > 6 else "")
    return f"chain {shown}" if len(chains) == 1 else f"chains {shown}"


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
