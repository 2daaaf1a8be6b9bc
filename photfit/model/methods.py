"""Methods as classes of stages, one each, with their options as keyword arguments.

Made by `make docs` from the tables of fitting.spec: change it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from photfit.model.stage import Stage

__all__ = [
    "Bootstrap",
    "Ensemble",
    "Gradient",
    "Hmc",
    "Importance",
    "IterativeComponents",
    "IterativeParameters",
    "Lm",
    "Mala",
    "Metropolis",
    "Nuts",
    "Scipy",
    "Svi",
]


class Lm(Stage):
    """Levenberg-Marquardt least squares: the nearest minimum and its covariance, or the best of several.

    Args:
        intervals: Find asymmetric uncertainties from the profile of chi-squared: of all, or of those named. Usually
            False.
        max_iterations: Most accepted or rejected steps. Usually 100.
        tolerance: Stop when a step lowers chi-squared by less than this fraction. Usually 1e-09.
        restarts: Further starts, drawn around the first; the best end is kept. Usually 0.
        spread: Standard deviation of the starts, in each parameter's step scale. Usually 1.0.
    """

    method: ClassVar[str] = "lm"

    def __init__(
        self,
        *,
        intervals: bool | Sequence[str] | None = None,
        max_iterations: int | None = None,
        tolerance: float | None = None,
        restarts: int | None = None,
        spread: float | None = None,
    ) -> None:
        super().__init__(
            {
                "intervals": intervals,
                "max_iterations": max_iterations,
                "tolerance": tolerance,
                "restarts": restarts,
                "spread": spread,
            }
        )


class IterativeComponents(Stage):
    """Cycles over components or groups, each fitted to what the others leave: for crowded, large images.

    Args:
        intervals: Find asymmetric uncertainties from the profile of chi-squared: of all, or of those named. Usually
            False.
        max_cycles: Most cycles over all blocks. Usually 100.
        tolerance: Stop when chi-squared falls by less, relatively. Usually 1e-06.
        groups: Components fitted together, by name. Usually [].
    """

    method: ClassVar[str] = "iterative_components"

    def __init__(
        self,
        *,
        intervals: bool | Sequence[str] | None = None,
        max_cycles: int | None = None,
        tolerance: float | None = None,
        groups: Sequence[Sequence[str]] | None = None,
    ) -> None:
        super().__init__({"intervals": intervals, "max_cycles": max_cycles, "tolerance": tolerance, "groups": groups})


class IterativeParameters(Stage):
    """Cycles over chunks of parameters: for many parameters that links tie together.

    Args:
        intervals: Find asymmetric uncertainties from the profile of chi-squared: of all, or of those named. Usually
            False.
        chunk_size: Free parameters in a chunk.
        chunks: Chunks in a cycle; not with chunk_size.
        order: Random chunks are drawn anew in every cycle. Usually 'random'.
        max_cycles: Most cycles over all blocks. Usually 100.
        tolerance: Stop when chi-squared falls by less, relatively. Usually 1e-06.
    """

    method: ClassVar[str] = "iterative_parameters"

    def __init__(
        self,
        *,
        intervals: bool | Sequence[str] | None = None,
        chunk_size: int | None = None,
        chunks: int | None = None,
        order: Literal["random", "sequential"] | None = None,
        max_cycles: int | None = None,
        tolerance: float | None = None,
    ) -> None:
        super().__init__(
            {
                "intervals": intervals,
                "chunk_size": chunk_size,
                "chunks": chunks,
                "order": order,
                "max_cycles": max_cycles,
                "tolerance": tolerance,
            }
        )


class Gradient(Stage):
    """First-order descent by any optimizer of torch, with a schedule of its learning rate.

    Args:
        intervals: Find asymmetric uncertainties from the profile of chi-squared: of all, or of those named. Usually
            False.
        optimizer: One of: adam, adamw, nadam, radam, adamax, adagrad, adadelta, adafactor, asgd, rmsprop, rprop,
            sgd, lbfgs Usually 'adam'.
        optimizer_options: The optimizer's own options, by torch's names.
        learning_rate: Of the optimizer, in scaled parameters.
        schedule: Of the learning rate, one of: constant, cosine, cosine_restarts, onecycle, exponential, linear,
            polynomial, step, plateau Usually 'cosine'.
        schedule_options: The schedule's own options, by torch's names.
        steps: Most steps. Usually 1000.
        scaling: Units of the search: the covariance at the start, the curvature there, or none. Usually
            'covariance'.
        tolerance: Stop when chi-squared falls by less, relatively. Usually 1e-07.
        patience: Stop after this many steps without a fall of chi-squared by `tolerance`; 0: never. Usually 0.
    """

    method: ClassVar[str] = "gradient"

    def __init__(
        self,
        *,
        intervals: bool | Sequence[str] | None = None,
        optimizer: str | None = None,
        optimizer_options: Mapping[str, Any] | None = None,
        learning_rate: float | None = None,
        schedule: str | None = None,
        schedule_options: Mapping[str, Any] | None = None,
        steps: int | None = None,
        scaling: Literal["covariance", "curvature", "none"] | None = None,
        tolerance: float | None = None,
        patience: int | None = None,
    ) -> None:
        super().__init__(
            {
                "intervals": intervals,
                "optimizer": optimizer,
                "optimizer_options": optimizer_options,
                "learning_rate": learning_rate,
                "schedule": schedule,
                "schedule_options": schedule_options,
                "steps": steps,
                "scaling": scaling,
                "tolerance": tolerance,
                "patience": patience,
            }
        )


class Scipy(Stage):
    """Any method of scipy.optimize.minimize, with bounds, gradient and curvature where it takes them.

    Args:
        intervals: Find asymmetric uncertainties from the profile of chi-squared: of all, or of those named. Usually
            False.
        solver: One of: nelder-mead, powell, cg, bfgs, newton-cg, l-bfgs-b, tnc, cobyla, cobyqa, slsqp,
            trust-constr, dogleg, trust-ncg, trust-exact, trust-krylov Usually 'l-bfgs-b'.
        max_iterations: Most iterations. Usually 1000.
        tolerance: The method's own tolerance. Usually 1e-12.
        scaling: Units of the search: the covariance at the start, the curvature there, or none. Usually
            'covariance'.
    """

    method: ClassVar[str] = "scipy"

    def __init__(
        self,
        *,
        intervals: bool | Sequence[str] | None = None,
        solver: str | None = None,
        max_iterations: int | None = None,
        tolerance: float | None = None,
        scaling: Literal["covariance", "curvature", "none"] | None = None,
    ) -> None:
        super().__init__(
            {
                "intervals": intervals,
                "solver": solver,
                "max_iterations": max_iterations,
                "tolerance": tolerance,
                "scaling": scaling,
            }
        )


class Nuts(Stage):
    """The No-U-Turn sampler: the posterior from few, nearly independent draws.

    Args:
        warmup: Steps of each chain before draws are kept. Usually 500.
        samples: Draws kept of each chain. Usually 1000.
        chains: Independent chains; four or more show disagreement. Usually 4.
        target_accept: Mean acceptance that warm-up aims at. Usually 0.8.
        max_tree_depth: A trajectory doubles at most so often. Usually 10.
        metric: Coordinates to move in: whitened by the covariance at the start, by its diagonal, or as they are.
            Usually 'covariance'.
        adapt_mass: Learn the diagonal mass matrix in warm-up as well. Usually False.
        dispersion: Spread of the chains' starts around the stage's start, in its sigmas. Usually 1.0.
        kernel: Whose trajectories: photfit's own, or those of Pyro's kernel of this name on the same posterior, a
            second opinion by another implementation, chain by chain, and begun anew where it is cut off. Usually
            'photfit'.
    """

    method: ClassVar[str] = "nuts"

    def __init__(
        self,
        *,
        warmup: int | None = None,
        samples: int | None = None,
        chains: int | None = None,
        target_accept: float | None = None,
        max_tree_depth: int | None = None,
        metric: Literal["covariance", "diagonal", "identity"] | None = None,
        adapt_mass: bool | None = None,
        dispersion: float | None = None,
        kernel: Literal["photfit", "pyro"] | None = None,
    ) -> None:
        super().__init__(
            {
                "warmup": warmup,
                "samples": samples,
                "chains": chains,
                "target_accept": target_accept,
                "max_tree_depth": max_tree_depth,
                "metric": metric,
                "adapt_mass": adapt_mass,
                "dispersion": dispersion,
                "kernel": kernel,
            }
        )


class Hmc(Stage):
    """Hamiltonian Monte Carlo with a fixed number of leapfrog steps.

    Args:
        warmup: Steps of each chain before draws are kept. Usually 200.
        samples: Draws kept of each chain. Usually 1000.
        chains: Independent chains; four or more show disagreement. Usually 4.
        step_size: In the metric's coordinates; left out, warm-up finds it.
        leapfrog_steps: Gradients of each draw. With the covariance's metric and a step size found in warm-up, at
            most so many: a trajectory that has made its quarter turn ends. Usually 20.
        target_accept: Mean acceptance that warm-up aims at. Usually 0.8.
        metric: Coordinates to move in: whitened by the covariance at the start, by its diagonal, or as they are.
            Usually 'covariance'.
        adapt_mass: Learn the diagonal mass matrix in warm-up as well. Usually False.
        dispersion: Spread of the chains' starts around the stage's start, in its sigmas. Usually 1.0.
        kernel: Whose trajectories: photfit's own, or those of Pyro's kernel of this name on the same posterior, a
            second opinion by another implementation, chain by chain, and begun anew where it is cut off. Usually
            'photfit'.
    """

    method: ClassVar[str] = "hmc"

    def __init__(
        self,
        *,
        warmup: int | None = None,
        samples: int | None = None,
        chains: int | None = None,
        step_size: float | None = None,
        leapfrog_steps: int | None = None,
        target_accept: float | None = None,
        metric: Literal["covariance", "diagonal", "identity"] | None = None,
        adapt_mass: bool | None = None,
        dispersion: float | None = None,
        kernel: Literal["photfit", "pyro"] | None = None,
    ) -> None:
        super().__init__(
            {
                "warmup": warmup,
                "samples": samples,
                "chains": chains,
                "step_size": step_size,
                "leapfrog_steps": leapfrog_steps,
                "target_accept": target_accept,
                "metric": metric,
                "adapt_mass": adapt_mass,
                "dispersion": dispersion,
                "kernel": kernel,
            }
        )


class Metropolis(Stage):
    """The random walk, with proposals from the covariance: needs no gradient.

    Args:
        warmup: Steps of each chain before draws are kept. Usually 1000.
        samples: Draws kept of each chain. Usually 5000.
        chains: Independent chains; four or more show disagreement. Usually 4.
        step_scale: Length of the proposals in units of 2.38 sigma / sqrt(parameters). Usually 1.0.
        adapt: Adapt the length of the proposals in warm-up. Usually True.
        thin: Moves from one kept draw to the next. Usually 1.
        metric: Coordinates to move in: whitened by the covariance at the start, by its diagonal, or as they are.
            Usually 'covariance'.
        screen: Try moves on the quadratic approximation first, where warm-up finds that it holds; exact. Usually
            True.
        dispersion: Spread of the chains' starts around the stage's start, in its sigmas. Usually 1.0.
    """

    method: ClassVar[str] = "metropolis"

    def __init__(
        self,
        *,
        warmup: int | None = None,
        samples: int | None = None,
        chains: int | None = None,
        step_scale: float | None = None,
        adapt: bool | None = None,
        thin: int | None = None,
        metric: Literal["covariance", "diagonal", "identity"] | None = None,
        screen: bool | None = None,
        dispersion: float | None = None,
    ) -> None:
        super().__init__(
            {
                "warmup": warmup,
                "samples": samples,
                "chains": chains,
                "step_scale": step_scale,
                "adapt": adapt,
                "thin": thin,
                "metric": metric,
                "screen": screen,
                "dispersion": dispersion,
            }
        )


class Ensemble(Stage):
    """The affine-invariant ensemble of walkers with the stretch move, as emcee has it.

    Args:
        warmup: Steps of each chain before draws are kept. Usually 500.
        samples: Draws kept of each chain. Usually 1000.
        walkers: An even number above twice the free parameters; left out, photfit chooses.
        stretch: Largest stretch of a move, a. Usually 2.0.
        thin: Moves from one kept draw to the next. Usually 1.
        screen: Try moves on the quadratic approximation first, where warm-up finds that it holds; exact. Usually
            True.
        dispersion: Spread of the chains' starts around the stage's start, in its sigmas. Usually 1.0.
    """

    method: ClassVar[str] = "ensemble"

    def __init__(
        self,
        *,
        warmup: int | None = None,
        samples: int | None = None,
        walkers: int | None = None,
        stretch: float | None = None,
        thin: int | None = None,
        screen: bool | None = None,
        dispersion: float | None = None,
    ) -> None:
        super().__init__(
            {
                "warmup": warmup,
                "samples": samples,
                "walkers": walkers,
                "stretch": stretch,
                "thin": thin,
                "screen": screen,
                "dispersion": dispersion,
            }
        )


class Mala(Stage):
    """The Metropolis-adjusted Langevin algorithm: a random walk that follows the gradient.

    Args:
        warmup: Steps of each chain before draws are kept. Usually 300.
        samples: Draws kept of each chain. Usually 2000.
        chains: Independent chains; four or more show disagreement. Usually 4.
        step_size: In the metric's coordinates; left out, warm-up finds it.
        target_accept: Mean acceptance that warm-up aims at. Usually 0.574.
        thin: Moves from one kept draw to the next. Usually 1.
        metric: Coordinates to move in: whitened by the covariance at the start, by its diagonal, or as they are.
            Usually 'covariance'.
        dispersion: Spread of the chains' starts around the stage's start, in its sigmas. Usually 1.0.
    """

    method: ClassVar[str] = "mala"

    def __init__(
        self,
        *,
        warmup: int | None = None,
        samples: int | None = None,
        chains: int | None = None,
        step_size: float | None = None,
        target_accept: float | None = None,
        thin: int | None = None,
        metric: Literal["covariance", "diagonal", "identity"] | None = None,
        dispersion: float | None = None,
    ) -> None:
        super().__init__(
            {
                "warmup": warmup,
                "samples": samples,
                "chains": chains,
                "step_size": step_size,
                "target_accept": target_accept,
                "thin": thin,
                "metric": metric,
                "dispersion": dispersion,
            }
        )


class Importance(Stage):
    """Draws about the best fit by its covariance, weighted to the posterior; k-hat says whether they hold.

    Args:
        warmup: None: there are no chains that move. Usually 0.
        samples: Draws kept of each chain. Usually 1000.
        proposal: What is drawn from, of the covariance's width: with heavy tails or without. Usually 'student_t'.
        degrees_of_freedom: Of Student's t: fewer have heavier tails. Usually 5.
    """

    method: ClassVar[str] = "importance"

    def __init__(
        self,
        *,
        warmup: int | None = None,
        samples: int | None = None,
        proposal: Literal["student_t", "normal"] | None = None,
        degrees_of_freedom: int | None = None,
    ) -> None:
        super().__init__(
            {"warmup": warmup, "samples": samples, "proposal": proposal, "degrees_of_freedom": degrees_of_freedom}
        )


class Svi(Stage):
    """Variational inference by Pyro: a normal distribution or a flow, fitted to the posterior.

    Args:
        warmup: None: there are no chains that move. Usually 0.
        samples: Draws kept of each chain. Usually 1000.
        guide: Family of distributions: normal in all parameters, or one bent by autoregressive networks. Usually
            'multivariate_normal'.
        flows: Networks of a normalizing flow, one after the other. Usually 2.
        steps: Steps of the optimizer, Adam. Usually 1000.
        particles: Draws of the guide that each step averages over. Usually 4.
        learning_rate: Of the first step; that of the last is a hundredth of it. Usually 0.02.
        weighted: Weight the draws to the posterior, as ``importance`` does; false leaves those of the guide.
            Usually True.
    """

    method: ClassVar[str] = "svi"

    def __init__(
        self,
        *,
        warmup: int | None = None,
        samples: int | None = None,
        guide: Literal["multivariate_normal", "normalizing_flow"] | None = None,
        flows: int | None = None,
        steps: int | None = None,
        particles: int | None = None,
        learning_rate: float | None = None,
        weighted: bool | None = None,
    ) -> None:
        super().__init__(
            {
                "warmup": warmup,
                "samples": samples,
                "guide": guide,
                "flows": flows,
                "steps": steps,
                "particles": particles,
                "learning_rate": learning_rate,
                "weighted": weighted,
            }
        )


class Bootstrap(Stage):
    """Refits of resampled pixels: uncertainties that trust neither the variances nor the model.

    Args:
        samples: Resampled images that are fitted. Usually 50.
        max_iterations: Most steps of each refit. Usually 30.
        seed: Of the resampling; the request's if left out.
    """

    method: ClassVar[str] = "bootstrap"

    def __init__(
        self, *, samples: int | None = None, max_iterations: int | None = None, seed: int | None = None
    ) -> None:
        super().__init__({"samples": samples, "max_iterations": max_iterations, "seed": seed})
