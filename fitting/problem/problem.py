"""Problem: start here. The three questions that every method asks: χ², its gradient, and the normal equations.

The objective is −2 ln L − 2 ln π, up to a constant of the data, over the used pixels of all images and the priors of
all parameters. With Gaussian noise and flat priors it is χ²(θ) = Σ (d − m(θ))² / variance, and so it is called
throughout. J is the model's Jacobian by θ, r = d − m and W the inverse variance; for other noise the likelihood's score
stands for Wr and its information for W (`fitting.problem.likelihood`). JᵀWr and JᵀWJ are summed tile by tile, so that
no array of pixels × parameters ever exists for a whole image.

How χ² is summed, in the order to read: `Problem.value` here, over images; `ImageModel.value`, over tiles
(`fitting.problem.image_model`); what one pixel adds (`fitting.problem.likelihood`).

Images live on the problem's device. θ, limits, priors and every answer but images are small and live on the CPU, so
that no method waits for a GPU between its own small steps, and only native values and sums over pixels travel.

Why it is so: decisions 0012 (what a fit minimizes), 0010 (what it varies), 0024 (what of it is on a GPU).
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fitting.inputs import ImageData
from fitting.problem.components import on_fine_pixels
from fitting.problem.coordinates import Parametrization, Values, View, length_scale, view_of
from fitting.problem.equations import LazyEquations, NormalEquations
from fitting.problem.fitted_psf import fitted_psf, with_stamp
from fitting.problem.freed_memory import keep_freed_memory
from fitting.problem.image import TargetImage
from fitting.problem.image_model import ImageModel
from fitting.problem.priors import Priors
from fitting.problem.threads import question
from fitting.spec import FitRequest, ParameterTable


class Problem:
    """The images and the model of one request.

    ::

        request = parse_request(document)
        images = load_images(request, locate)
        problem = Problem(complete_request(request, images), images)
        theta = problem.start()  # (1, free)
        problem.value(theta)  # χ², (1,)
        problem.value_and_gradient(theta)  # and −2 JᵀWr, (1, free)
        problem.normal_equations(theta).matrix  # JᵀWJ, (1, free, free)

    Args:
        request: with a value or a link for every parameter (`fitting.first_values.complete_request`).
        images: as `fitting.inputs.load_images` gives them.
        device: a torch device, of the images and of what is drawn; all tensors are float64.

    θ is (batch, free): the free parameters in the order of `names`, logarithms for those positive by nature.
    """

    def __init__(self, request: FitRequest, images: Sequence[ImageData], device: str | torch.device = "cpu") -> None:
        unknown = {image.name for image in images} - {image.name for image in request.images}
        if unknown:
            known = ", ".join(image.name for image in request.images)
            raise ValueError(f"the request has no image {', '.join(sorted(unknown))}; its images are {known}")
        keep_freed_memory()
        self.device = torch.device(device)
        self.request = request
        self.table = ParameterTable.with_constraints(request)
        self.parameters = Parametrization(self.table)
        self.priors = Priors(self.table)
        self.sources = tuple(images)
        self.names = self.parameters.free_names
        self.lower, self.upper = self.parameters.lower, self.parameters.upper
        self.views = tuple(view_of(request, self.table, image) for image in images)
        self.images = tuple(self._target(image, view) for image, view in zip(images, self.views, strict=True))
        self.pixels = sum(image.pixels for image in self.images)
        self.groups = tuple(
            on_fine_pixels(request.seen_in(image.name), view.index, image)
            for view, image in zip(self.views, self.images, strict=True)
        )

    def _target(self, image: ImageData, view: View) -> TargetImage:
        """One image on the device, with the point-spread function that is fitted if there is one."""
        components = self.request.seen_in(image.name)
        first = view.native(self.parameters.values(self.start())).physical.to(self.device)
        psf = fitted_psf(components, view.index, image, first)
        target = TargetImage.of(with_stamp(image, psf, first), self.device, self.request.noise, len(view.index))
        return replace(target, psf=psf, scale=length_scale(self.request, image))

    def with_variances(self, variances: Sequence[NDArray[np.float64] | None]) -> "Problem":
        """The problem with other variances of the used pixels, each (height, width), data units squared; of an image
        whose variance is None they stay.
        """
        problem = copy(self)
        problem.images = tuple(
            image if variance is None else image.with_variance(variance)
            for image, variance in zip(self.images, variances, strict=True)
        )
        return problem

    def weighted_like(self, other: "Problem") -> "Problem":
        """The problem with the variances of another of the same images."""
        problem = copy(self)
        problem.images = tuple(
            replace(mine, weight=theirs.weight) for mine, theirs in zip(self.images, other.images, strict=True)
        )
        return problem

    def with_named_axes(self) -> "Problem":
        """The problem in which no axis ratio passes through one: the axes keep their names."""
        problem = copy(self)
        problem.upper = self.parameters.canonical_upper
        return problem

    @property
    def degrees_of_freedom(self) -> int:
        """Used pixels minus free parameters."""
        return self.pixels - len(self.names)

    @property
    def largest_tile(self) -> int:
        """Pixels of the largest tile of all images."""
        return max(tile.frame.width * tile.frame.height for image in self.images for tile in image.tiles)

    def start(self) -> Tensor:
        """θ (1, free) of the request's values."""
        return self.parameters.start()

    def canonical(self, theta: Tensor) -> Tensor:
        """The same model with every axis ratio at most one; same shape as `theta`."""
        return self.parameters.canonical(theta)

    def step_scale(self, theta: Tensor) -> Tensor:
        """How far each free parameter may sensibly move in one step from θ (1, free): (free,)."""
        return self.parameters.step_scale(theta)

    def felt_scale(self, theta: Tensor) -> Tensor:
        """How far each free parameter may sensibly lie from θ (1, free), for whether the data feel it: (free,).

        As `step_scale`, but amplitudes that may be negative, which have no step scale, may become as bright as all that
        the images show.
        """
        scale, brightest = self.step_scale(theta), self._brightest
        return scale if brightest is None else torch.minimum(scale, torch.maximum(brightest, theta[0].abs()))

    @cached_property
    def _brightest(self) -> Tensor | None:
        """The brightest that amplitudes may be that are linear because they may be negative, infinite for all else,
        (free,); None where there are none.
        """
        brightest = torch.full((len(self.names),), torch.inf, dtype=torch.float64)
        for place, row in enumerate(self.parameters.free):
            unit = row.description.unit
            if row.description.scale == "log" and unit.startswith("data") and not self.parameters.is_log(place):
                seen = [
                    _light_seen(source, target.scale, unit)
                    for source, target in zip(self.sources, self.images, strict=True)
                ]
                brightest[place] = max(seen, default=torch.inf)
        return brightest if bool(torch.isfinite(brightest).any()) else None

    @question
    def value(self, theta: Tensor) -> Tensor:
        """χ² at θ (batch, free): (batch,); infinite where a link leaves its profile."""
        values = self.parameters.values(theta)
        chi2 = self.priors.value(values)
        for model in self.image_models(values):
            chi2 += model.values.outside + model.value()
        return chi2

    @question
    def value_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """χ² (batch,) and its gradient by θ (batch, free) = −2 JᵀWr."""
        values = self.parameters.values(theta)
        chi2, gradient = self.priors.value(values), self.priors.gradient(values)
        for model in self.image_models(values):
            native = model.values
            chi2_of_image, by_native = model.value_and_gradient()
            chi2 += native.outside + chi2_of_image
            gradient += (by_native.unsqueeze(1) @ native.jacobian).squeeze(1)
        return chi2, -2.0 * gradient

    @question
    def normal_equations(self, theta: Tensor) -> NormalEquations:
        """χ², JᵀWr and JᵀWJ at θ (batch, free)."""
        values = self.parameters.values(theta)
        chi2, gradient, matrix = self.priors.value(values), self.priors.gradient(values), self.priors.matrix(values)
        for model in self.image_models(values):
            native = model.values
            of_image = model.normal_equations()
            chi2 += native.outside + of_image.chi2
            gradient += (of_image.gradient.unsqueeze(1) @ native.jacobian).squeeze(1)
            matrix += native.jacobian.mT @ of_image.matrix @ native.jacobian
        return NormalEquations(chi2, gradient, matrix)

    def lazy_equations(self, theta: Tensor) -> LazyEquations:
        """The normal equations at θ (batch, free), for those who may want to know χ² alone."""
        return LazyEquations(lambda: self.value(theta), lambda: self.normal_equations(theta))

    @question
    def model(self, theta: Tensor, components: Sequence[str] | None = None) -> list[Tensor]:
        """Model of each image, blurred, (batch, height, width) in data units, on the problem's device; of the named
        components alone if given.
        """
        return [model.light() for model in self.image_models(self.parameters.values(theta), components)]

    def image_models(self, values: Values, components: Sequence[str] | None = None) -> Iterator[ImageModel]:
        """The model of each image at values of the rows; of the named components alone if given."""
        for image, groups, view in zip(self.images, self.groups, self.views, strict=True):
            yield ImageModel(image, groups, view.native(values), components)


def _light_seen(image: ImageData, scale: float, unit: str) -> float:
    """All light that an image shows, in this unit of an amplitude; `scale` of a length to pixels."""
    shown = image.data[~image.mask & np.isfinite(image.data)]
    if shown.size == 0:
        return np.inf
    if unit == "data":
        return float(np.abs(shown - shown.mean()).sum())
    return float(shown.max() - shown.min()) * (scale**2 if unit == "data/arcsec2" else 1.0)
