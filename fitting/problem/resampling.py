"""Resampled images, the normal equations of many at once: pixels drawn with replacement, each counts 0, 1, 2 … times.

The bootstrap of Efron (1979, Ann. Stat. 7, 1) for pixels: a resampled image is the image with each pixel's part of the
objective taken as often as multinomial counts say. At one common θ all resampled images share the model and its
derivatives.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from fitting.problem.equations import NormalEquations
from fitting.problem.image import TargetImage
from fitting.problem.image_model import gram
from fitting.problem.problem import Problem

_LARGEST_BLOCK = 2**23
"""Numbers in the weighted columns of one batch: replicates are taken in batches of at most this size, 64 MiB,
chosen by hand."""
_LARGEST_COUNTS = 2**26
"""Pixels whose counts are held at once, a byte each, 64 MiB, chosen by hand: those of one batch, drawn anew whenever
it is asked for."""


def pixel_counts(image: TargetImage, seeds: Sequence[int]) -> Tensor:
    """How often each pixel is drawn in the copy of each seed: (seeds, height, width), 8-bit.

    As many draws as pixels are used, none masked; drawn on the CPU, so that every device draws the same.
    """
    used = (image.weight > 0.0).flatten().cpu().nonzero().flatten()
    counts = torch.zeros((len(seeds), image.weight.numel()), dtype=torch.uint8)
    for row, seed in zip(counts, seeds, strict=True):
        drawn = torch.randint(len(used), (len(used),), generator=torch.Generator().manual_seed(seed))
        row[used] = torch.bincount(drawn, minlength=len(used)).to(torch.uint8)
    return counts.view(len(seeds), *image.weight.shape).to(image.weight.device)


class ResampledProblem:
    """A problem on `samples` resampled copies of its images.

    Args:
        problem: the problem on the images as they are.
        samples: how many copies.
        generator: of the copies' own seeds.
    """

    def __init__(self, problem: Problem, samples: int, generator: torch.Generator) -> None:
        self._problem = problem
        self._seeds = [
            torch.randint(2**62, (samples,), generator=generator).tolist() for _ in range(len(problem.images))
        ]
        self.samples = samples

    @torch.no_grad()
    def normal_equations(self, theta: Tensor, chosen: Tensor, pulse: Callable[[], None]) -> NormalEquations:
        """χ² (chosen,), JᵀWr (chosen, free) and JᵀWJ (chosen, free, free) of the chosen copies.

        Args:
            theta: (1, free) for one θ in all copies, or (chosen, free).
            chosen: numbers of the copies, (chosen,).
            pulse: called between pieces of work; may raise.
        """
        free = len(self._problem.names)
        chi2 = torch.zeros(len(chosen), dtype=torch.float64)
        gradient = torch.zeros((len(chosen), free), dtype=torch.float64)
        matrix = torch.zeros((len(chosen), free, free), dtype=torch.float64)
        counted = max(image.weight.numel() for image in self._problem.images)
        columns = self._problem.largest_tile * (free + 2)
        size = max(1, min(_LARGEST_BLOCK // columns, _LARGEST_COUNTS // counted))
        for first in range(0, len(chosen), size):
            part = slice(first, first + size)
            theta_of_part = theta if len(theta) == 1 else theta[part]
            self._add(chi2[part], gradient[part], matrix[part], theta_of_part, chosen[part], pulse)
        return NormalEquations(chi2, gradient, matrix)

    def _add(
        self,
        chi2: Tensor,
        gradient: Tensor,
        matrix: Tensor,
        theta: Tensor,
        chosen: Tensor,
        pulse: Callable[[], None],
    ) -> None:
        """Add one batch's equations, tile by tile."""
        problem = self._problem
        values = problem.parameters.values(theta)
        chi2 += problem.priors.value(values)
        gradient += problem.priors.gradient(values)
        matrix += problem.priors.matrix(values)
        for model, seeds in zip(problem.image_models(values), self._seeds, strict=True):
            image, native = model.image, model.values
            pulse()
            counts = pixel_counts(image, [seeds[copy] for copy in chosen.tolist()])
            chi2 += native.outside
            jacobian = native.jacobian.to(counts.device)
            for tile in image.tiles:
                pulse()
                columns = model.columns(tile)
                times = counts[:, tile.rows, tile.columns].flatten(1)
                response = image.likelihood.response(image.pixels_of(tile).flat(), columns.light())
                chi2 += (response.deviance * times).sum(-1).to(chi2.device)
                moves = columns.transfer @ jacobian[:, columns.rows]
                score = (response.score * times).unsqueeze(-1)
                gradient += (moves.mT @ (columns.images @ score)).squeeze(-1).to(gradient.device)
                information = (response.information * times).unsqueeze(1)
                matrix += (moves.mT @ gram(columns.images * information.sqrt()) @ moves).to(matrix.device)
