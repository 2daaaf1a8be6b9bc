"""Cycles over blocks of parameters, and the extrapolation of what they did: what the two iterative methods share.

Each visit fits one block by a few damped steps (`fitting.methods.minimizers.levenberg_marquardt`) while all else is
held and subtracted; each cycle ends with an extrapolation and an exact χ² of the scene. A cycle that lowered χ² by less
than the tolerance, twice running, ends the search, if the normal equations of the whole problem agree that the minimum
is near.

Cycles over blocks creep along valleys that the blocks cross. After each cycle the best combination of its last few
moves, θ + Σ γᵢ Δθᵢ, is sought by linear least squares on the models: min over γ of the weighted norm of r − Σ γᵢ Δmᵢ,
with Δmᵢ the model's change that went with Δθᵢ (nonlinear GMRES: Washio & Oosterlee 1997, Electron. Trans. Numer. Anal.
6, 271). It costs a few images of memory, and no derivatives.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.methods.minimizers.ending import NEAR, distance_left, search_result
from fitting.methods.minimizers.levenberg_marquardt import (
    State,
    damped_step,
    judge_step,
    newton_decrement,
    unblocked_parameters,
)
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult
from fitting.problem import Equations, NormalEquations, Problem
from fitting.problem.freed_memory import MemoryTidier
from fitting.problem.part import Part

_VISIT_STEPS = 4
"""Damped steps a visit, chosen by hand: the rest of the scene will have moved by the next one, so more would be
wasted."""
_VISIT_NEAR = 1e-4
"""Squared distance of a block from its minimum, in standard deviations, at which its visit ends: a hundredth of the
distance at which the search does (`NEAR`)."""
_LARGEST_DAMPING = 1e10
"""μ at which a visit is given up, as in `levenberg_marquardt`: a step is then 1e-10 of Newton's."""
_COMBINED_MOVES = 5
"""Moves that are combined, chosen by hand: each costs an image of memory."""
_REMEMBERED_SCENES = _COMBINED_MOVES + 1
"""Scenes that a caller keeps: where it is, and one for each move."""
_STRIP = 2**20
"""Pixels that are held as differences at once: 8 MiB, chosen by hand; bounds memory on large images."""
_RIDGE = 1e-10
"""Added to the unit diagonal of ΔmᵀWΔm: moves that are alike to rounding would leave it singular."""
_LONGEST_STEP = 1.0
"""Step scales (`Problem.step_scale`) by which a parameter is extrapolated at most: half of what a damped step may
take, since nothing has been rendered on the way."""


@dataclass(frozen=True)
class CycleEnd:
    """A θ (1, free), the models (1, height, width) of every image there, and χ²."""

    theta: Tensor
    models: tuple[Tensor, ...]
    chi2: float


@dataclass(frozen=True)
class Block:
    """What one visit fits: a part, and which of the part's θ move (places in the part's own θ)."""

    part: Part
    moving: Tensor


class HeldProblem:
    """A problem of which only some parameters move: what `damped_step` and its kin ask, for those alone.

    Args:
        problem: asked in full.
        theta: (1, free) with the values of those that are held.
        moving: places of those that move.
    """

    def __init__(self, problem: Problem, theta: Tensor, moving: Tensor) -> None:
        self._problem = problem
        self._theta = theta
        self._moving = moving
        self.lower, self.upper = problem.lower[moving], problem.upper[moving]
        self.names = tuple(problem.names[place] for place in moving.tolist())

    def full_theta(self, theta: Tensor) -> Tensor:
        """The full θ at θ (1, moving)."""
        full = self._theta.clone()
        full[:, self._moving] = theta
        return full

    def step_scale(self, theta: Tensor) -> Tensor:
        """As `Problem.step_scale`, of those that move."""
        return self._problem.step_scale(self.full_theta(theta))[self._moving]

    def felt_scale(self, theta: Tensor) -> Tensor:
        """As `Problem.felt_scale`, of those that move."""
        return self._problem.felt_scale(self.full_theta(theta))[self._moving]

    def normal_equations(self, theta: Tensor) -> NormalEquations:
        """As `Problem.normal_equations`, restricted to those that move."""
        equations = self._problem.normal_equations(self.full_theta(theta))
        gradient = equations.gradient[:, self._moving]
        matrix = equations.matrix[:, self._moving][:, :, self._moving]
        return NormalEquations(equations.chi2, gradient, matrix)


@dataclass
class _Tally:
    """What a search has done so far."""

    evaluations: int
    history: list[float]


def cyclic_descent(
    problem: Problem,
    start: MinimizerResult,
    blocks: Callable[[int], Iterable[Block]],
    max_cycles: int,
    tolerance: float,
    report: StageReport,
) -> MinimizerResult:
    """Minimize χ² by cycles over blocks.

    Args:
        problem: what is minimized.
        start: where from; its equations are those of its θ.
        blocks: the blocks of a cycle, by its number.
        max_cycles: before giving up.
        tolerance: relative decrease of χ² in a cycle below which the search has stalled.
        report: called with (cycle, most cycles, χ², θ) before each step; may raise.
    """
    scene = cycle_end(problem, start.theta)
    scenes, tally, stalled, tidy = [scene], _Tally(1, [scene.chi2]), 0, MemoryTidier()
    for cycle in range(max_cycles):

        def tell(chi2: float, theta: Tensor, at: int = cycle) -> None:
            report(at, max_cycles, chi2, theta)

        tell(scene.chi2, scene.theta)
        moved = _run_cycle(problem, scene, blocks(cycle), tally, tell, tidy)
        scenes = [*scenes, moved][-_REMEMBERED_SCENES:]
        moved = _extrapolated_scene(problem, scenes, tally)
        decrease = scene.chi2 - moved.chi2
        if moved.chi2 < scene.chi2:
            scene = moved
            tally.history.append(scene.chi2)
        stalled = stalled + 1 if decrease <= tolerance * scene.chi2 else 0
        if stalled >= 2:
            equations = problem.normal_equations(scene.theta)
            tally.evaluations += 1
            if decrease <= 0.0 or distance_left(problem, scene.theta, equations) <= NEAR:
                return _result(problem, start, scene, cycle + 1, tally, "no cycle lowers chi-squared", equations)
            tolerance, stalled = 0.1 * tolerance, 0
    report(max_cycles, max_cycles, scene.chi2, scene.theta)
    why = f"not converged after {max_cycles} cycles: continue from here, or allow more with max_cycles"
    return _result(problem, start, scene, max_cycles, tally, why)


def _result(
    problem: Problem,
    start: MinimizerResult,
    scene: CycleEnd,
    cycles: int,
    tally: _Tally,
    why: str,
    equations: Equations | None = None,
) -> MinimizerResult:
    return search_result(
        problem,
        start,
        scene.theta,
        iterations=cycles,
        evaluations=tally.evaluations,
        history=tuple(tally.history),
        why=why,
        equations=equations,
    )


def _run_cycle(
    problem: Problem,
    scene: CycleEnd,
    blocks: Iterable[Block],
    tally: _Tally,
    report: Callable[[float, Tensor], None],
    tidy: Callable[[], None],
) -> CycleEnd:
    """One cycle; the scene that it ends in is rendered anew, so that what windows left out never adds up."""
    theta, chi2 = scene.theta.clone(), scene.chi2
    models = [model.clone() for model in scene.models]
    for block in blocks:
        visit = block.part.visit(theta, models)
        held = HeldProblem(visit.problem, visit.theta, block.moving)

        def tell(now: float, block_theta: Tensor, held: HeldProblem = held, places: Tensor = block.part.places) -> None:
            report(now, theta.index_copy(1, places, held.full_theta(block_theta)))

        state, decrease, evaluations = _fit_block(held, visit.theta[:, block.moving], chi2, tell)
        block_theta = held.full_theta(state.theta)
        visit.update(models, block_theta)
        theta[:, block.part.places] = block_theta
        chi2 -= decrease
        tally.evaluations += evaluations
        tidy()
    tally.evaluations += 1
    return cycle_end(problem, theta)


def _fit_block(
    held: HeldProblem, theta: Tensor, chi2: float, report: Callable[[float, Tensor], None]
) -> tuple[State, float, int]:
    """A few damped steps: where they end, by how much χ² fell, and how often the model was evaluated."""
    state = State(theta, held.normal_equations(theta), damping=1e-3)
    first, taken, evaluations = float(state.equations.chi2), 0, 1
    while taken < _VISIT_STEPS and state.damping <= _LARGEST_DAMPING:
        report(chi2 - first + float(state.equations.chi2), state.theta)
        free = unblocked_parameters(held, state)
        if newton_decrement(state.equations, free) <= _VISIT_NEAR:
            break
        trial = damped_step(held, state, free)
        state, accepted = judge_step(state, trial, held.normal_equations(trial))
        taken += accepted
        evaluations += 1
    return state, first - float(state.equations.chi2), evaluations


def _extrapolated_scene(problem: Problem, scenes: list[CycleEnd], tally: _Tally) -> CycleEnd:
    """The extrapolated scene where that is better than the last one; it then takes the last one's place."""
    theta = extrapolated_theta(problem, scenes)
    if theta is None:
        return scenes[-1]
    tally.evaluations += 1
    further = cycle_end(problem, theta)
    if further.chi2 < scenes[-1].chi2:
        scenes[-1] = further
    return scenes[-1]


def cycle_end(problem: Problem, theta: Tensor) -> CycleEnd:
    """Render the whole scene at θ."""
    models = tuple(problem.model(theta))
    values = problem.parameters.values(theta)
    pairs = zip(problem.images, models, strict=True)
    deviance = sum(float(image.likelihood.deviance(image.all_pixels, model).sum()) for image, model in pairs)
    outside = sum(float(model.values.outside) for model in problem.image_models(values))
    return CycleEnd(theta, models, deviance + outside + float(problem.priors.value(values)))


def extrapolated_theta(problem: Problem, history: Sequence[CycleEnd]) -> Tensor | None:
    """The θ to which the last cycles' moves point, inside the limits; None where they point nowhere.

    Args:
        history: scenes at the ends of cycles, oldest first; the last is where the fit is.
    """
    here, before = history[-1], history[-1 - _COMBINED_MOVES : -1]
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
