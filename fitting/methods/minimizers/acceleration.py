"""Extrapolation of a cyclic fit along what its last cycles did.

Cycles over blocks of parameters creep along valleys that the blocks cross. After each cycle the best combination of
its last few moves, θ + Σ γᵢ Δθᵢ, is sought by linear least squares on the models: min over γ of the weighted norm of
r − Σ γᵢ Δmᵢ, with Δmᵢ the model's change that went with Δθᵢ (nonlinear GMRES: Washio & Oosterlee 1997, Electron. Trans.
Numer. Anal. 6, 271). It costs a few images of memory, and no derivatives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.problem import Problem

_DEPTH = 5
"""Moves that are combined."""
REMEMBERED = _DEPTH + 1
"""Scenes that a caller keeps: where it is, and one for each move."""
_STRIP = 2**20
"""Pixels that are held as differences at once."""
_RIDGE = 1e-10
_LONGEST_STEP = 1.0
"""No parameter is extrapolated by more than this many of its step scales."""


@dataclass(frozen=True)
class CycleEnd:
    """A θ (1, free), the models (1, height, width) of every image there, and χ²."""

    theta: Tensor
    models: tuple[Tensor, ...]
    chi2: float


def cycle_end(problem: Problem, theta: Tensor) -> CycleEnd:
    """Render the whole scene at θ."""
    models = tuple(problem.model(theta))
    values = problem.parameters.values(theta)
    pairs = zip(problem.images, models, strict=True)
    deviance = sum(float(image.likelihood.deviance(image.all_pixels, model).sum()) for image, model in pairs)
    outside = sum(float(seen.values.outside) for seen in problem.seen(values))
    return CycleEnd(theta, models, deviance + outside + float(problem.priors.value(values)))


def extrapolated(problem: Problem, history: Sequence[CycleEnd]) -> Tensor | None:
    """The θ to which the last cycles' moves point, inside the limits; None where they point nowhere.

    Args:
        history: scenes at the ends of cycles, oldest first; the last is where the fit is.
    """
    here, before = history[-1], history[-1 - _DEPTH : -1]
    if not before:
        return None
    gram, right = _products(problem, here, before)
    scale = gram.diagonal().clamp_min(1e-300).rsqrt()
    scaled = gram * scale * scale[:, None] + _RIDGE * torch.eye(len(before), dtype=gram.dtype)
    gamma = torch.linalg.solve(scaled, right * scale) * scale
    step = gamma @ torch.cat([here.theta - scene.theta for scene in before])
    if not torch.isfinite(step).all():
        return None
    longest = float((step.abs() / problem.step_scale(here.theta)).max())
    step = step * min(1.0, _LONGEST_STEP / max(longest, 1e-300))
    return torch.minimum(torch.maximum(here.theta + step, problem.lower), problem.upper)


def _products(problem: Problem, here: CycleEnd, before: Sequence[CycleEnd]) -> tuple[Tensor, Tensor]:
    """ΔmᵀWΔm (moves, moves) and ΔmᵀWr (moves,), strip by strip."""
    count = len(before)
    gram, right = torch.zeros((count, count), dtype=torch.float64), torch.zeros(count, dtype=torch.float64)
    for number, image in enumerate(problem.images):
        rows = max(1, _STRIP // (count * image.data.shape[1]))
        for top in range(0, image.data.shape[0], rows):
            strip = slice(top, top + rows)
            root = image.weight[strip].sqrt()
            now = here.models[number][0, strip]
            moves = torch.stack([((now - scene.models[number][0, strip]) * root).flatten() for scene in before])
            gram += (moves @ moves.T).to(gram.device)
            right += (moves @ ((image.data[strip] - now) * root).flatten()).to(right.device)
    return gram, right
