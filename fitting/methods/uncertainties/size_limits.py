"""Upper limits of sizes: components that are too small for their shape to be seen.

χ² is profiled over the size of a round exponential (of a component without an index, its own profile) in the place of
the component, with its position, its amplitude and all other components fitted. Where it rises by less than `_RISE`
towards the smallest size, the component is not resolved, and where it has risen by that much on the other side is the
limit.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from fitting.methods.results import MinimizerResult
from fitting.methods.uncertainties.refits import Refits
from fitting.problem import NormalEquations, Problem

_RISE = 4.0
"""Of χ² where the limit is: two standard deviations, 95 %."""
_SIZES = np.geomspace(0.05, 3.0, 9)
"""Semi-axes that are tried, pixels; below the first no PSF sees a difference."""
_SMALL = 1.0
"""Semi-axis from which a component is not looked at, pixels."""
_INDICES = ("n", "beta", "alpha", "gamma")
"""Parameters of profiles that say how concentrated the light is."""
_MOST_STEPS = 20
"""Of the refit of all other parameters at each size; chosen by hand: they begin near their ends."""


@dataclass(frozen=True)
class SizeLimit:
    """A component that is not resolved.

    Attributes:
        length: name of its largest length.
        below: limit of that, in its unit.
        unit: of the length.
        shape: names of its free parameters beside position and amplitude, which are undetermined.
        component: its name.
        amplitude: name of its amplitude, which the total flux alone determines together with the shape.
    """

    length: str
    below: float
    unit: str
    shape: tuple[str, ...]
    component: str
    amplitude: str


def size_limits(problem: Problem, end: MinimizerResult, unsure: set[str]) -> tuple[MinimizerResult, list[SizeLimit]]:
    """The limits of components that are not resolved, and the fit with those as small round exponentials.

    Args:
        problem: what was minimized.
        end: where the minimizer ended.
        unsure: free parameters whose uncertainty is none, or half their value and more.
    """
    limits = []
    for component in problem.request.components:
        found = _limit(problem, end, component.name, unsure)
        if found is not None:
            end, limit = found
            limits.append(limit)
    return end, limits


def _limit(
    problem: Problem, end: MinimizerResult, component: str, unsure: set[str]
) -> tuple[MinimizerResult, SizeLimit] | None:
    """The limit of one component, or None where it has none."""
    free = problem.parameters.free
    own = {row.name: place for place, row in enumerate(free) if row.component == component and not row.constraint}
    lengths = [place for place in own.values() if problem.parameters.is_length(place)]
    amplitudes = [place for place in own.values() if free[place].description.unit.startswith("data")]
    if not lengths or len(amplitudes) != 1 or not problem.parameters.is_log(amplitudes[0]):
        return None
    largest = max(lengths, key=lambda place: float(end.theta[0, place]))
    scale = problem.images[0].scale if free[largest].description.unit == "arcsec" else 1.0
    # An index at its limit may stand in for a size that nothing shows.
    telling = [place for place in own.values() if place == largest or free[place].name.split(".")[-1] in _INDICES]
    if float(end.theta[0, largest].exp()) * scale > _SMALL or not any(free[place].name in unsure for place in telling):
        return None
    position = [own[name] for axis in ("x", "y", "ra", "dec") if (name := f"{component}.{axis}") in own]
    shape = [place for place in own.values() if place not in (*position, amplitudes[0])]
    theta = end.theta.repeat(len(_SIZES), 1)
    theta[:, lengths] += torch.from_numpy(np.log(_SIZES / scale))[:, None] - end.theta[0, largest]
    for name in (f"{component}.q", f"{component}.n"):
        if name in own:
            theta[:, own[name]] = 0.0
    theta = torch.minimum(torch.maximum(theta, problem.lower), problem.upper)
    moving = torch.ones(len(free), dtype=torch.bool)
    moving[shape] = False
    refitted = _refit(problem, theta, amplitudes[0], moving)
    if refitted is None:
        return None
    chi2 = refitted.equations.chi2.numpy()
    least = min(float(chi2.min()), float(end.equations.chi2))
    inside = chi2 <= least + _RISE
    if not inside[0] or inside.all():
        return None
    last = int(np.argmin(inside))
    rise = np.interp(least + _RISE, chi2[last - 1 : last + 1], np.log(_SIZES[last - 1 : last + 1]))
    best = int(chi2[: last + 1].argmin())
    if chi2[best] <= float(end.equations.chi2) + 1.0:
        here = refitted.theta[best : best + 1]
        end = replace(end, theta=here, equations=problem.normal_equations(here))
    names = tuple(free[place].name for place in shape)
    limit = SizeLimit(
        free[largest].name,
        float(np.exp(rise)) / scale,
        free[largest].description.unit,
        names,
        component,
        free[amplitudes[0]].name,
    )
    return end, limit


def _refit(problem: Problem, theta: Tensor, amplitude: int, moving: Tensor) -> Refits | None:
    """All but the shape fitted from θ (sizes, free); None where the component has no light there."""

    def evaluate(trial: Tensor, _: Tensor) -> NormalEquations:
        parts = [problem.normal_equations(one) for one in trial.split(1)]
        return NormalEquations(
            *(torch.cat([getattr(part, key) for part in parts]) for key in ("chi2", "gradient", "matrix"))
        )

    rows = torch.arange(len(theta))
    first = evaluate(theta, rows)
    grown = 1.0 + first.gradient[:, amplitude] / first.matrix[:, amplitude, amplitude]
    if not bool((torch.isfinite(grown) & (grown > 0.0)).all()):
        return None
    theta = theta.clone()
    theta[:, amplitude] += grown.log()
    lower, upper = (torch.where(moving, limit, theta) for limit in (problem.lower, problem.upper))
    refits = Refits(evaluate, theta, evaluate(theta, rows), lower, upper)
    refits.run(_MOST_STEPS, lambda _: None)
    return refits
