"""Pulls with chance taken out: linear pulls of the same noise, whose distribution is known, as control variates.

A mean of 500 honest pulls scatters by 0.045 and their share within ±1 by 2.1 %, by chance alone. But nearly all of that
is also in the linear pulls of the very same noise (`benchmarks.simulated_galaxies.linear_pulls`), and of them the true
mean 0, mean square 1 and share 68.27 % are known. With a control c of known mean E c, the mean of a over the sample is
replaced by

    ā − β (c̄ − E c),   β = cov(a, c) / var(c),

the regression estimator of Glasserman 2003, Monte Carlo Methods in Financial Engineering, section 4.1 (also Owen 2013,
Monte Carlo theory, methods and examples, section 8.9). This β leaves the least variance, 1 − ρ² of it, where β = 1 may
even add some (shares correlate less than values do). That it is estimated biases the result by the order of 1/N only,
far below its standard error; for a linear problem a = c, β = 1 and the result is exact.

Where fits are left out, a mean over those kept is a ratio of two means over all, and what is regressed is its influence
k (a − ā)/k̄, k = 1 for those kept and 0 for those left out: which fits are left out depends on the noise, too, so that
only all the controls together have the known mean.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.stats import norm

_WITHIN_ONE = float(norm.cdf(1.0) - norm.cdf(-1.0))


def controlled(pulls: np.ndarray, linear: np.ndarray) -> dict[str, float]:
    """Mean, standard deviation and share within ±1 of pulls, without the chance that they share with linear ones.

    Args:
        pulls: (fits,); NaN where a fit is left out.
        linear: of the same noise, (fits,), standard normal, none left out.

    Returns:
        "mean", "standard_deviation" and "within_68", and the standard error that each has left as "…_error".
    """
    mean, mean_error = _controlled_mean(pulls, linear, lambda pull: pull, 0.0)
    square, square_error = _controlled_mean(pulls, linear, np.square, 1.0)
    share, share_error = _controlled_mean(pulls, linear, _inside, _WITHIN_ONE)
    deviation = math.sqrt(square - mean**2)
    return {
        "mean": mean,
        "mean_error": mean_error,
        "standard_deviation": deviation,
        "standard_deviation_error": math.hypot(square_error, 2.0 * mean * mean_error) / (2.0 * deviation),
        "within_68": share,
        "within_68_error": share_error,
    }


def _inside(pulls: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(pulls), np.nan, np.abs(pulls) < 1.0)


def _controlled_mean(
    pulls: np.ndarray, linear: np.ndarray, of: Callable[[np.ndarray], np.ndarray], expected: float
) -> tuple[float, float]:
    """The mean of a function of pulls, with the same of linear pulls and its `expected` value as the control; and its
    standard error, from residuals as the regression leaves them without the fit itself (HC3, MacKinnon & White 1985):
    what is far out pulls the line to itself.
    """
    measured, control = of(pulls), of(linear)
    kept = ~np.isnan(measured)
    mean = float(measured[kept].mean())
    influence = np.where(kept, (measured - mean) / kept.mean(), 0.0)
    off = control - control.mean()
    slope = float(influence @ off / (off @ off))
    count = len(pulls)
    leverage = 1.0 / count + off**2 / float(off @ off)
    left = (influence - slope * off) / (1.0 - leverage)
    return mean - slope * (float(control.mean()) - expected), math.sqrt(float(left @ left)) / count
