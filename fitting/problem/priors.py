"""Priors in the objective: what −2 ln π adds to −2 ln L, with its derivatives.

A prior is a density of a parameter as it is reported, so the objective's minimum is the mode of the posterior of the
reported parameters. Constants are chosen so that a prior adds zero at its own mode; the normalized density is
`log_prior`.

| prior | −2 ln π + constant | slope ½ d/dp | curvature ½ d²/dp² |
|---|---|---|---|
| normal | z², z = (p − mean)/σ | z/σ | 1/σ² |
| log_normal | z², z = (ln p − mean)/σ + σ | z/(σp) | 1/(σp)² |
| uniform | 0 | 0 | 0 |
| log_uniform | 2 ln (p/min) | 1/p | 0 |

The curvature is that of Gauss and Newton: never negative. Bounds are limits of θ and no part of the objective. Normal
priors of angles measure the shorter way round.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.problem.coordinates import Values
from fitting.spec import ParameterTable, TableParameter
from fitting.spec.parameters.priors import (
    LogNormalPrior,
    LogUniformPrior,
    NormalPrior,
    Prior,
    TruncatedNormalPrior,
    UniformPrior,
)

_SMALLEST_VALUE = 1e-300
"""Stands for zero where a logarithm or a quotient is taken."""


@dataclass(frozen=True)
class Penalty:
    """−2 ln π, and half its first two derivatives by the value, each (batch, priors)."""

    value: Tensor
    slope: Tensor
    curvature: Tensor


def _normal(value: Tensor, numbers: Tensor) -> Penalty:
    mean, sigma = numbers[:, 0], numbers[:, 1]
    pull = (value - mean) / sigma
    return Penalty(pull.square(), pull / sigma, sigma.square().reciprocal().expand_as(value))


def _log_normal(value: Tensor, numbers: Tensor) -> Penalty:
    mean, sigma = numbers[:, 0], numbers[:, 1]
    value = value.clamp_min(_SMALLEST_VALUE)
    pull = (value.log() - mean) / sigma + sigma
    return Penalty(
        pull.square(), pull / (sigma * value), (sigma * value).square().clamp_min(_SMALLEST_VALUE).reciprocal()
    )


def _uniform(value: Tensor, _: Tensor) -> Penalty:
    return Penalty(*(torch.zeros_like(value) for _ in range(3)))


def _log_uniform(value: Tensor, numbers: Tensor) -> Penalty:
    value = value.clamp_min(_SMALLEST_VALUE)
    return Penalty(2.0 * (value / numbers[:, 0]).log(), value.reciprocal(), torch.zeros_like(value))


_PENALTIES: Mapping[type[Prior], Callable[[Tensor, Tensor], Penalty]] = {
    NormalPrior: _normal,
    TruncatedNormalPrior: _normal,
    LogNormalPrior: _log_normal,
    UniformPrior: _uniform,
    LogUniformPrior: _log_uniform,
}


@dataclass(frozen=True)
class PriorGroup:
    """All priors of one kind.

    Attributes:
        rows: of the table, (priors,).
        numbers: of each prior, in its JSON's order, (priors, numbers).
        period: of angles that turn round to the mean of a normal prior, else infinite, (priors,).
    """

    kind: type[Prior]
    rows: Tensor
    numbers: Tensor
    period: Tensor

    def penalty(self, values: Values) -> Penalty:
        """At values of a batch of θ."""
        value = values.physical[:, self.rows]
        turns = torch.round((value - self.numbers[:, :1].mT) / self.period)
        value = torch.where(self.period.isfinite(), value - turns * self.period, value)
        return _PENALTIES[self.kind](value, self.numbers)


class Priors:
    """Every prior of a table.

    Args:
        table: whose rows may have priors; those of fixed rows say nothing and are left out.
    """

    def __init__(self, table: ParameterTable) -> None:
        chosen = [row for row in table if row.prior is not None and not row.fixed]
        kinds = dict.fromkeys(type(row.prior) for row in chosen if row.prior is not None)
        self._groups = tuple(_group(kind, [row for row in chosen if type(row.prior) is kind], table) for kind in kinds)
        self._normalization = math.fsum(_log_at_mode(row.prior) for row in chosen if row.prior is not None)

    def value(self, values: Values) -> Tensor:
        """−2 ln π up to a constant, (batch,)."""
        total = torch.zeros_like(values.outside)
        for group in self._groups:
            total += group.penalty(values).value.sum(1)
        return total

    def gradient(self, values: Values) -> Tensor:
        """The gradient of ln π by θ, (batch, free): what priors add to JᵀWr."""
        total = torch.zeros_like(values.jacobian[:, 0])
        for group in self._groups:
            slope = group.penalty(values).slope
            total -= torch.einsum("bp,bpf->bf", slope, values.jacobian[:, group.rows])
        return total

    def matrix(self, values: Values) -> Tensor:
        """Half the curvature of −2 ln π by θ, (batch, free, free): what priors add to JᵀWJ."""
        free = values.jacobian.shape[-1]
        total = values.jacobian.new_zeros((values.jacobian.shape[0], free, free))
        for group in self._groups:
            jacobian = values.jacobian[:, group.rows]
            total += jacobian.mT @ (group.penalty(values).curvature.unsqueeze(-1) * jacobian)
        return total

    def log_density(self, values: Values) -> Tensor:
        """ln π with its normalization, (batch,)."""
        return self._normalization - 0.5 * self.value(values)


def _group(kind: type[Prior], rows: Sequence[TableParameter], table: ParameterTable) -> PriorGroup:
    numbers = [list(row.prior.model_dump().values()) for row in rows if row.prior is not None]
    periods = [row.description.period if type(row.prior) is NormalPrior else None for row in rows]
    return PriorGroup(
        kind,
        torch.tensor([table.index[row.name] for row in rows], dtype=torch.long),
        torch.tensor(numbers, dtype=torch.float64),
        torch.tensor([period or math.inf for period in periods], dtype=torch.float64),
    )


def _normal_share(low: float, high: float) -> float:
    """Probability of a standard normal between two values; of the upper tail where both lie in one, to keep digits."""
    if high < 0.0:
        low, high = -high, -low
    return 0.5 * (math.erfc(low / math.sqrt(2.0)) - math.erfc(high / math.sqrt(2.0)))


def _log_at_mode(prior: Prior) -> float:
    """ln of the normalized density where the penalty is zero."""
    match prior:
        case TruncatedNormalPrior(mean=mean, sigma=sigma, min=low, max=high):
            share = _normal_share((low - mean) / sigma, (high - mean) / sigma)
            return -math.log(sigma * math.sqrt(2.0 * math.pi)) - math.log(max(share, _SMALLEST_VALUE))
        case NormalPrior(sigma=sigma):
            return -math.log(sigma * math.sqrt(2.0 * math.pi))
        case LogNormalPrior(mean=mean, sigma=sigma):
            return 0.5 * sigma**2 - mean - math.log(sigma * math.sqrt(2.0 * math.pi))
        case LogUniformPrior(min=low, max=high):
            return -math.log(low * math.log(high / low))
        case UniformPrior(min=low, max=high):
            return -math.log(high - low)
    raise AssertionError(f"a prior without a density: {prior!r}")
