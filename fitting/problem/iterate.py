"""Iterates: where a running fit is, for whoever watches it; parameters as they would be reported, and the residual."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fitting.problem.problem import Problem


@dataclass(frozen=True, eq=False)
class Iterate:
    """One θ that a fit has come to. Nothing is worked out before it is asked for.

    Attributes:
        problem: the fit's.
        theta: (1, free).
    """

    problem: Problem
    theta: Tensor

    @torch.no_grad()
    def parameters(self) -> dict[str, float]:
        """The free parameters by name, as a result reports them: axis ratios at most one, angles within one turn."""
        values = self.problem.parameters.values(self._canonical()).physical[0].tolist()
        rows = zip(self.problem.table, values, strict=True)
        return {row.name: row.as_reported(value) for row, value in rows if row.free}

    @torch.no_grad()
    def normalized_residuals(self) -> list[NDArray[np.float64]]:
        """(data − model)/σ of each image, (height, width), σ² that of the noise were the model right; NaN where masked.

        Costs one evaluation of the model.
        """
        models = self.problem.model(self._canonical())
        planes = []
        for image, (model,) in zip(self.problem.images, models, strict=True):
            residual = (image.data - model) / image.variance(model).sqrt()
            planes.append(torch.where(image.weight > 0.0, residual, torch.nan).cpu().numpy())
        return planes

    def _canonical(self) -> Tensor:
        return self.problem.canonical(self.theta)
