"""The figures that photfit must reach on two cores, and which of a run's results they are held against."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A limit on one number of the results, found by its path of keys; `least` turns the limit round."""

    what: str
    path: tuple[str, ...]
    limit: float
    unit: str
    least: bool = False

    def measured(self, results: Mapping[str, Any]) -> float | None:
        """The number, or None where it was not measured."""
        place: Any = results
        for key in self.path:
            place = place.get(key) if isinstance(place, Mapping) else None
        return None if place is None else float(place)

    def met(self, value: float) -> bool:
        """Whether the number is within the limit."""
        return value >= self.limit if self.least else value <= self.limit


def _of(example: str, action: str, field: str = "median_s") -> tuple[str, ...]:
    return ("side_by_side", example, action, "photfit", field)


FIGURES = (
    Figure("model image", _of("three_galaxies", "model"), 1e-3, "s"),
    Figure("value and gradient", _of("three_galaxies", "value_and_gradient"), 2e-3, "s"),
    Figure("normal equations", _of("three_galaxies", "normal_equations"), 4e-3, "s"),
    Figure("lm", _of("three_galaxies", "lm"), 0.1, "s"),
    Figure("lm with the PSF", _of("three_galaxies_psf", "lm"), 0.3, "s"),
    Figure("iterative_components", ("methods", "iterative_components", "photfit", "median_s"), 2.0, "s"),
    Figure("iterative_parameters, 2 chunks", ("methods", "iterative_parameters", "photfit", "median_s"), 2.0, "s"),
    Figure("gradient, 1000 steps of Adam", ("methods", "gradient", "photfit", "median_s"), 2.0, "s"),
    Figure("nuts, 20 + 100", ("methods", "nuts", "photfit", "median_s"), 3.0, "s"),
    Figure("hmc, 20 + 200, up to 20 leapfrogs", ("methods", "hmc", "photfit", "median_s"), 6.0, "s"),
    Figure("metropolis, 5000", ("methods", "metropolis", "photfit", "median_s"), 3.0, "s"),
    Figure("Adam, rate 5e-3, all 1000 steps", ("methods", "gradient_tutorial", "photfit", "median_s"), 2.0, "s"),
    Figure("hmc, step 0.1, all 20 leapfrogs", ("methods", "hmc_tutorial", "photfit", "median_s"), 5.0, "s"),
    Figure("metropolis, 5000 by one chain", ("methods", "metropolis_tutorial", "photfit", "median_s"), 3.0, "s"),
    Figure("starts that reach the optimum", ("starts", "three_galaxies", "photfit", "reached"), 98, "", least=True),
    Figure("the same with the PSF", ("starts", "three_galaxies_psf", "photfit", "reached"), 98, "", least=True),
    Figure("lm, 500×500, 10 Sérsics", ("ten_galaxies", "lm", "seconds"), 2.0, "s"),
    Figure("its peak extra memory", ("ten_galaxies", "lm", "peak_extra_MB"), 600.0, "MB"),
    Figure("lm, 2000×2000, 5 Sérsics", ("five_galaxies", "lm", "seconds"), 20.0, "s"),
    Figure("its peak extra memory", ("five_galaxies", "lm", "peak_extra_MB"), 600.0, "MB"),
    Figure("lm, 4000×4000, 10 Sérsics: extra memory", ("ten_galaxies_4000", "lm", "peak_extra_MB"), 2000.0, "MB"),
    Figure(
        "iterative_components, 2000×2000, 200 Sérsics: extra memory",
        ("two_hundred_galaxies", "run", "peak_extra_MB"),
        2000.0,
        "MB",
    ),
    Figure("POST to result, warm", ("service", "post_to_result", "three_galaxies", "median_s"), 0.3, "s"),
    Figure("API while fitting", ("service", "api_while_fitting", "GET /v1/fits/{id}", "median_s"), 0.02, "s"),
)
