"""Stochastic variational inference, the method `svi`: a distribution fitted to the posterior by Pyro.

Pyro's automatic guides (Kucukelbir et al. 2017, JMLR 18, 14; flows: Kingma et al. 2016, NeurIPS 29) are fitted by its
`SVI`: steps of Adam lower −ELBO = E_q[ln q − ln p], an average over draws of the guide q. They live in coordinates
z that are whitened by the covariance at the best fit and have no limits: a parameter with limits is a logistic or an
exponential function there, as Pyro has it of constrained supports.

How good the guide is, its draws say, weighted to the posterior: `fitting.methods.samplers.weighted_draws`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.distributions import biject_to, constraints
from torch.distributions.transforms import StackTransform

from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult, SamplerResult
from fitting.methods.samplers.chain_store import Shelf
from fitting.methods.samplers.posterior import Posterior
from fitting.methods.samplers.pyro_posterior import AnsweredAlone, OwnRandomNumbers, log_density
from fitting.methods.samplers.sampling import derived_seed
from fitting.methods.samplers.weighted_draws import ProposedDraws, best_fit, weighted_result
from fitting.methods.samplers.whitening import Whitening, walls_as_scales, whitening
from fitting.problem import Problem
from fitting.spec.methods import SviOptions

_INSIDE = 0.1
"""Deviations from a limit, or share of the way to the other, from which the coordinates have a slope; by hand."""
_LAST_RATE = 0.01
"""Learning rate of the last step, in that of the first."""
_LAST_LOSSES = 0.1
"""Share of the steps, the last ones, over which the ELBO that is told is averaged."""


def run_svi(
    problem: Problem,
    start: MinimizerResult,
    options: SviOptions,
    report: StageReport,
    *,
    seed: int | None = None,
    shelf: Shelf | None = None,  # noqa: ARG001 - a guide that was cut off is fitted anew
) -> SamplerResult:
    """Fit a guide about the best fit, and draw from it; where the start is none yet, `lm` runs first."""
    began = time.perf_counter()
    seed = derived_seed(problem.request.seed if seed is None else seed, "svi")
    random = OwnRandomNumbers(seed)
    total = options.steps + 1
    best = best_fit(problem, start, total, report)
    posterior = Posterior.of(problem, best.theta)
    posterior.target = AnsweredAlone(posterior.target)
    space = UnboundedCoordinates.about(problem, best)
    chi2, step = float(best.equations.chi2), 0

    def pulse() -> None:
        report(step, total, chi2, best.theta)

    posterior.pulse = pulse
    losses: list[float] = []
    with random.drawn(), _own_parameters():
        guide, advance = _fitted_by(lambda z: space.log_density(z, posterior), len(problem.names), options)
        while step < options.steps:
            step += 1
            losses.append(advance())
        distribution = guide.get_posterior()
        with torch.no_grad():
            z = distribution.sample((options.samples,))
            log_guide = distribution.log_prob(z)
        theta, log_volume = space.theta(z)
        offset = float(torch.rand((), dtype=torch.float64))
    last = losses[-max(1, round(_LAST_LOSSES * len(losses))) :]
    remark = f"ELBO {-sum(last) / len(last):.1f} after {options.steps} steps, without its constant"
    draws = ProposedDraws(
        theta.detach(), (log_guide - log_volume).detach(), "the guide", began, options.weighted, remark
    )
    return weighted_result(problem, best, posterior, draws, offset)


@dataclass(frozen=True)
class UnboundedCoordinates:
    """Coordinates z without limits, in which the covariance at the best fit is one: θ = bijection(u₀ + F z)."""

    metric: Whitening
    bijection: StackTransform

    @classmethod
    def about(cls, problem: Problem, best: MinimizerResult) -> "UnboundedCoordinates":
        """Those about the best fit, or about a point a little inside of limits where it lies at some."""
        equations = walls_as_scales(best.equations, best.theta, problem.lower, problem.upper)
        metric = whitening(equations, best.theta, "covariance", problem.step_scale(best.theta))
        low, high = problem.lower.cpu(), problem.upper.cpu()
        sigma = metric.factor.square().sum(1).sqrt()
        width = torch.where(torch.isfinite(high - low), high - low, torch.inf)
        inside = _INSIDE * torch.minimum(sigma, width)
        centre = torch.minimum(torch.maximum(metric.centre, low + inside), high - inside)
        supports = [_support(float(a), float(b)) for a, b in zip(low, high, strict=True)]
        bijection = StackTransform([biject_to(support) for support in supports], dim=-1)
        with torch.inference_mode(False):
            u = bijection.inv(centre.clone())
            slope = bijection.log_abs_det_jacobian(u, centre).exp()
            return cls(Whitening(u, metric.factor.clone() / slope[:, None]), bijection)

    def theta(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """θ (batch, free) of z (batch, free), and ln |dθ/dz|, (batch,)."""
        u = self.metric.theta(z)
        theta = self.bijection(u)
        slopes = self.bijection.log_abs_det_jacobian(u, theta)
        volume = torch.linalg.slogdet(self.metric.factor).logabsdet
        return theta, slopes.sum(-1) + volume

    def log_density(self, z: Tensor, posterior: Posterior) -> Tensor:
        """ln p by z (batch, free), which torch differentiates: (batch,)."""
        theta, log_volume = self.theta(z)
        return log_density(theta, posterior) + log_volume


def _support(low: float, high: float) -> constraints.Constraint:
    """Where a parameter with these limits may be."""
    if low == -torch.inf and high == torch.inf:
        return constraints.real
    if high == torch.inf:
        return constraints.greater_than(low)
    return constraints.less_than(high) if low == -torch.inf else constraints.interval(low, high)


def _own_parameters() -> Any:
    """While this lasts, Pyro's parameters are none but those that are made in it."""
    import pyro

    return pyro.get_param_store().scope()


def _fitted_by(
    log_posterior: Callable[[Tensor], Tensor], free: int, options: SviOptions
) -> tuple[Any, Callable[[], float]]:
    """A guide, and what moves it by one step and gives the loss there, −ELBO."""
    # Not at the top: Pyro takes a second to load, and is needed by this alone.
    import pyro
    from pyro import distributions
    from pyro.infer import SVI, Trace_ELBO
    from pyro.infer.autoguide import AutoMultivariateNormal, AutoNormalizingFlow, init_to_value
    from pyro.optim import ClippedAdam

    zero = torch.zeros(free, dtype=torch.float64)

    def model() -> None:
        # A site whose own density counts nothing: all of the posterior is in the factor.
        flat = distributions.Normal(zero, torch.ones_like(zero)).to_event(1).mask(False)
        z = pyro.sample("z", flat)
        pyro.factor("posterior", log_posterior(z.reshape(-1, free)).reshape(z.shape[:-1]))

    if options.guide == "multivariate_normal":
        guide: Any = AutoMultivariateNormal(model, init_loc_fn=init_to_value(values={"z": zero}), init_scale=1.0)
    else:
        guide = AutoNormalizingFlow(model, partial(_flow, options.flows))
    decay = _LAST_RATE ** (1.0 / options.steps)
    loss = Trace_ELBO(num_particles=options.particles, vectorize_particles=True, max_plate_nesting=0)
    return guide, SVI(model, guide, ClippedAdam({"lr": options.learning_rate, "lrd": decay}), loss).step


def _flow(count: int, free: int) -> Any:
    """Inverse autoregressive networks one after the other, and a spline where there is but one parameter."""
    from pyro.distributions.transforms import affine_autoregressive, iterated, spline

    if free == 1:
        return iterated(count, lambda: spline(1).double())
    return iterated(count, lambda: affine_autoregressive(free).double())
