"""Parametrization: from θ, in which a fit moves, to the parameters that users know, with derivatives.

θ holds the free parameters, logarithms where a parameter is positive by nature, and is (batch, free). Every row of the
table, free, fixed or linked, has its place in the values (batch, parameters).

Why logarithms, why limits are kept by projection, and why an axis ratio may pass through one: decision 0010.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from fitting.profiles.tensor_functions import TENSORS
from fitting.spec import Dual, ParameterTable, TableParameter

_TINY = 1e-300
"""Stands for zero where a logarithm is taken: the least that float64 holds with all digits, nearly."""
_TURNS = (90.0, -90.0, 60.0, -60.0, 30.0, -30.0)
"""Degrees by which a round ellipse is turned, to see whether χ² falls as it becomes less round. It goes with the cosine
of twice the angle, so that limits of the angle seldom leave out all of those with which it does."""


@dataclass(frozen=True)
class Values:
    """Parameters in the user's units at a batch of θ.

    Attributes:
        physical: values of every row of the table, (batch, parameters).
        outside: zero, but infinite where a link has left the values for which its profile is defined, (batch,); the
            values are moved back to those.
        derivatives: makes the Jacobian, which those who want χ² alone do not ask for.
    """

    physical: Tensor
    outside: Tensor
    derivatives: Callable[[], Tensor]

    @cached_property
    def jacobian(self) -> Tensor:
        """Derivatives of `physical` by θ, (batch, parameters, free)."""
        return self.derivatives()


@dataclass(frozen=True)
class FreeEllipse:
    """Places in θ of what changes where the axes of a component swap their names."""

    q: int
    pa: int
    lengths: tuple[int, ...]
    inverse_lengths: tuple[int, ...]


class Parametrization:
    """The map θ → values of one request's table, its limits, and its inverse for starts.

    Args:
        table: every parameter with a value or a link (`ParameterTable.missing` is empty).

    Attributes:
        lower, upper: limits of θ, (free,); where an axis ratio may pass through one, to the mirror image of its least.
        canonical_upper: the same, with every axis ratio at most one, (free,).
        ellipses: those whose axis ratio may.
    """

    def __init__(self, table: ParameterTable) -> None:
        self.table = table
        self.names = table.names
        self.free = table.free
        self.free_names = tuple(row.name for row in self.free)
        index = table.index
        self._free_index = torch.tensor([index[row.name] for row in self.free], dtype=torch.long)
        log = [varies_in_log(row) for row in self.free]
        self._log = torch.tensor(log, dtype=torch.bool)
        self._all_log_free = self._free_index[self._log]
        known = [math.nan if row.value is None else row.value for row in table]
        self._constant = torch.tensor(known, dtype=torch.float64)
        self._selection = torch.zeros((len(table), len(self.free)), dtype=torch.float64)
        self._selection[self._free_index, torch.arange(len(self.free))] = 1.0
        self._all_free = self._free_index.tolist() == list(range(len(table)))
        self._one = torch.ones((), dtype=torch.float64)
        self._linked = table.linked_rows
        self.ellipses = self._free_ellipses()
        bounds = [self._bounds(row) for row in self.free]
        self.lower = torch.tensor([low for low, _ in bounds], dtype=torch.float64)
        self.upper = torch.tensor([high for _, high in bounds], dtype=torch.float64)
        self.canonical_upper = self.upper.clone()
        for ellipse in self.ellipses:
            self.upper[ellipse.q] = -self.lower[ellipse.q]

    @staticmethod
    def _bounds(row: TableParameter) -> tuple[float, float]:
        low = -math.inf if row.min is None else row.min
        high = math.inf if row.max is None else row.max
        return (_log(low), _log(high)) if varies_in_log(row) else (low, high)

    def start(self) -> Tensor:
        """θ of the request's values, moved inside the limits: (1, free)."""
        start = self._constant[self._free_index].clone()
        start[self._log] = start[self._log].clamp_min(_TINY).log()
        return torch.minimum(torch.maximum(start, self.lower), self.upper).unsqueeze(0)

    def values(self, theta: Tensor) -> Values:
        """Values and their derivatives at θ (batch, free)."""
        free = torch.where(self._log, theta.exp(), theta)
        outside = theta.new_zeros(len(theta))
        known = self._constant.expand(len(theta), -1)
        physical = free if self._all_free else known.index_copy(1, self._free_index, free)
        if not self._linked:
            return Values(physical, outside, lambda: self._by_free(free))
        jacobian = self._by_free(free)
        for row in self._linked:
            self._link(row, physical, jacobian)
            outside += self._into_domain(row, physical)
        return Values(physical, outside, lambda: jacobian)

    def _by_free(self, free: Tensor) -> Tensor:
        """Derivatives by θ of all rows but the linked ones, from the free rows' values (batch, free)."""
        return self._selection * torch.where(self._log, free, self._one).unsqueeze(1)

    def _link(self, row: TableParameter, physical: Tensor, jacobian: Tensor) -> None:
        """Fill one linked row, whose arguments are filled already."""
        assert row.expression is not None
        index = self.table.index
        lookup = {name: Dual(physical[:, index[name], None], jacobian[:, index[name]]) for name in row.expression.names}
        result = row.expression.evaluate(lookup, TENSORS)
        place = index[row.name]
        physical[:, place] = torch.as_tensor(result.value, dtype=physical.dtype).reshape(-1)
        if result.gradient is not None:
            jacobian[:, place] = result.gradient

    def _into_domain(self, row: TableParameter, physical: Tensor) -> Tensor:
        """Move a linked row to where its profile is defined; infinite where it was not there, else zero: (batch,)."""
        value = physical[:, self.table.index[row.name]]
        lowest, highest = row.description.lowest, row.description.highest
        moved = value.clone() if lowest is None and highest is None else value.clamp(lowest, highest)
        moved = torch.where(moved.isfinite(), moved, 1.0 if lowest is None else lowest)
        outside = torch.where(moved == value, 0.0, torch.inf)
        value.copy_(moved)
        return outside

    def other_ends(self, theta: Tensor) -> Iterator[Tensor]:
        """θ (1, free) with one angle that is at a limit of its own put at the other one; for each such angle."""
        for place, row in enumerate(self.free):
            at = [bool(theta[0, place] == limit[place]) for limit in (self.lower, self.upper)]
            if row.description.period is not None and any(at) and torch.isfinite(self.lower[place] + self.upper[place]):
                other = theta.clone()
                other[0, place] = self.upper[place] if at[0] else self.lower[place]
                yield other

    def turned_round_ellipses(self, theta: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Of each ellipse that is round because its axis ratio is at its limit of one: where that is in θ, and θ
        (1, free) with its position angle turned, which is the same model; by a right angle first, which swaps the axes,
        then by less, where limits of the angle may leave no other.
        """
        place = {row.name: position for position, row in enumerate(self.free)}
        for row in self.free:
            q, pa = (place.get(f"{row.component}.{name}") for name in ("q", "pa"))
            if row.description.name != "q" or q is None or pa is None or float(self.upper[q]) != 0.0:
                continue
            if float(theta[0, q]) == 0.0:
                for turn in _TURNS:
                    angle = float(theta[0, pa]) + turn
                    if float(self.lower[pa]) <= angle <= float(self.upper[pa]):
                        turned = theta.clone()
                        turned[0, pa] = angle
                        yield q, turned

    def is_log(self, place: int) -> bool:
        """Whether θ holds the logarithm of a free parameter."""
        return bool(self._log[place])

    def is_length(self, place: int) -> bool:
        """Whether a free parameter is a length along its component's major axis."""
        return _stretches(self.free[place])

    def step_scale(self, theta: Tensor) -> Tensor:
        """A natural length of each free parameter at θ (1, free): (free,).

        Half an e-fold for logarithms, 15 degrees for angles, the larger of one pixel and a fifth of the component's
        scale length for centres (0.3 arcsec on the sky), 15 degrees or 0.2 for what modifies isophotes; none (infinite)
        for what enters the model linearly.
        """
        scales, positions = self._step_scales
        if not positions:
            return scales.to(theta.device, copy=True)
        physical = self._lengths(theta)
        found = [
            unit * max(least, 0.2 * min((physical[length] for length in lengths), default=0.0))
            for _, lengths, least, unit in positions
        ]
        scale = scales.to(theta.device, copy=True)
        scale[[place for place, *_ in positions]] = scale.new_tensor(found)
        return scale

    def _lengths(self, theta: Tensor) -> Mapping[int, float] | list[float]:
        """Values at θ (1, free), by their places in the table; of the lengths among the rows at least."""
        if self._linked:
            return self.values(theta).physical[0].tolist()
        free = theta.exp()[0].tolist()
        return self._fixed_lengths | {row: free[place] for row, place in self._free_lengths}

    @cached_property
    def _free_lengths(self) -> list[tuple[int, int]]:
        """Of free lengths, whose logarithms are in θ, the places in the table and in θ."""
        return [(self.table.index[row.name], place) for place, row in enumerate(self.free) if _stretches(row)]

    @cached_property
    def _fixed_lengths(self) -> dict[int, float]:
        """Of lengths, the values that the table has, by their places there."""
        return {place: float(self._constant[place]) for place, row in enumerate(self.table) if _stretches(row)}

    @cached_property
    def _step_scales(self) -> tuple[Tensor, list[tuple[int, list[int], float, float]]]:
        """Step scales that do not depend on θ, (free,); and of positions the place, where in the table the component's
        lengths are, the least scale in the unit of these, and the position's unit over it.
        """
        scale = torch.full((len(self.free),), torch.inf, dtype=torch.float64)
        scale[self._log] = 0.5
        positions = []
        for place, row in enumerate(self.free):
            if row.description.period is not None:
                scale[place] = row.description.period / 12.0
            elif row.description.unit == "pixel" and not self._log[place]:
                positions.append((place, self.lengths_of(row.component), 1.0, 1.0))
            elif row.description.modifier is not None and not self._log[place]:
                scale[place] = 15.0 if row.description.unit == "degree" else 0.2
            elif row.name in (f"{row.component}.ra", f"{row.component}.dec"):
                positions.append((place, self.lengths_of(row.component), 0.3, 1.0 / 3600.0))
        return scale, positions

    @cached_property
    def components(self) -> tuple[str, ...]:
        """Names of the components with free parameters, in the table's order."""
        return tuple(dict.fromkeys(row.component for row in self.free))

    def lengths_of(self, component: str) -> list[int]:
        """Where in the table the lengths of a component are."""
        return [self.table.index[row.name] for row in self.table if row.component == component and _stretches(row)]

    def canonical(self, theta: Tensor) -> Tensor:
        """The same ellipses with q ≤ 1: where a fit went through q = 1 the axes change their names. Same shape as
        `theta`. It may be differentiated by `theta`: what its slopes need is read there, and never written to.
        """
        given, theta = theta, theta.clone()
        for ellipse in self.ellipses:
            log_q = given[:, ellipse.q].clamp_min(0.0)
            theta[:, ellipse.pa] += 90.0 * (log_q > 0.0)
            for place in ellipse.lengths:
                theta[:, place] = torch.minimum(theta[:, place] + log_q, self.upper[place])
            for place in ellipse.inverse_lengths:
                theta[:, place] = torch.maximum(theta[:, place] - log_q, self.lower[place])
            theta[:, ellipse.q] -= 2.0 * log_q
        return theta

    def outgrows(self, theta: Tensor) -> bool:
        """Whether an ellipse at θ (1, free) is longer than its limits allow once its axes have changed their names, so
        that its canonical form is another model.
        """
        for ellipse in self.ellipses:
            log_q = float(theta[0, ellipse.q])
            if log_q > 0.0 and (
                any(float(theta[0, place]) + log_q > float(self.upper[place]) for place in ellipse.lengths)
                or any(float(theta[0, place]) - log_q < float(self.lower[place]) for place in ellipse.inverse_lengths)
            ):
                return True
        return False

    def _free_ellipses(self) -> list[FreeEllipse]:
        """Of the components that may pass through roundness.

        A step over q = 1 means that the axes swap. Where q, pa and all lengths are free, unlinked and without
        limits or priors of their own, θ goes there, so no fit is caught at q = 1 with its position angle a right angle
        off. Not so with modified isophotes, which are tied to the major axis.
        """
        modified = {row.component for row in self.table if row.description.modifier is not None}
        place = {row.name: position for position, row in enumerate(self.free)}
        read = {name for row in self.table.linked_rows if row.expression is not None for name in row.expression.names}

        def moves(row: TableParameter) -> bool:
            return row.name in place and row.name not in read and row.prior is None

        found = []
        for component in dict.fromkeys(row.component for row in self.free):
            rows = [row for row in self.table if row.component == component and not row.constraint]
            q, pa = ([row for row in rows if row.description.name == name] for name in ("q", "pa"))
            lengths = list(filter(_stretches, rows))
            inverse = [row for row in rows if row.description.unit in ("1/pixel", "1/arcsec")]
            if component in modified or len(q) != 1 or len(pa) != 1 or not lengths:
                continue
            unbounded = q[0].max == 1.0 and q[0].min is not None and pa[0].min is None and pa[0].max is None
            unbounded &= all(
                (row.min, row.max) == (row.description.min, row.description.max) for row in (*lengths, *inverse)
            )
            if unbounded and all(map(moves, (*q, *pa, *lengths, *inverse))):
                found.append(
                    FreeEllipse(
                        place[q[0].name],
                        place[pa[0].name],
                        tuple(place[row.name] for row in lengths),
                        tuple(place[row.name] for row in inverse),
                    )
                )
        return found

    def theta_of(self, physical: Tensor) -> Tensor:
        """θ (batch, free) of values (batch, parameters)."""
        free = physical[:, self._free_index]
        return torch.where(self._log, free.clamp_min(_TINY).log(), free)


def _stretches(row: TableParameter) -> bool:
    """Whether it is a length along the major axis of its component."""
    length = row.description.unit in ("pixel", "arcsec") and varies_in_log(row)
    return length and row.description.modifier is None and not row.constraint


def varies_in_log(row: TableParameter) -> bool:
    """Whether θ holds the logarithm: parameters that are positive by their profile or by the limits in force."""
    positive = row.description.lowest is not None and row.description.lowest > 0.0
    return positive or (row.description.scale == "log" and row.min is not None and row.min >= 0.0)


def _log(value: float) -> float:
    if value <= 0.0:
        return math.log(_TINY)
    return math.log(value) if math.isfinite(value) else value
