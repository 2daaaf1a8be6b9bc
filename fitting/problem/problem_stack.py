"""Problem stack: problems of several objects whose three questions are answered together, each at its own θ.

The objects have one model and images of one shape: what differs are pixels, kernels, fixed values, limits, priors and
where on the sky they are. Values and priors are each problem's own; the drawing, which is nearly all of the work, is
done for all at once, an image having an axis of objects (`TargetImage.stacked`).
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.problem.coordinates import Parametrization, Values
from fitting.problem.image import TargetImage
from fitting.problem.image_model import ImageModel
from fitting.problem.priors import Priors
from fitting.problem.problem import Problem


def likeness(problem: Problem) -> Hashable | None:
    """Equal for problems that can be stacked; None for one that cannot, as its light or its blur is drawn alone."""
    groups = [group.likeness for groups in problem.groups for group in groups]
    images = [image.likeness for image in problem.images]
    if None in groups or None in images or not images:
        return None
    free = problem.names
    natives = tuple(tuple(view.index.items()) for view in problem.views)
    return tuple(images), tuple(map(len, problem.groups)), tuple(groups), natives, free


@dataclass(frozen=True)
class _StackedValues(Values):
    """Values of all, and of each problem its own."""

    each: tuple[Values, ...] = ()


class ProblemStack(Problem):
    """Problems that are alike (`likeness`) as one.

    ::

        stack = ProblemStack(problems, [1] * len(problems))
        stack.normal_equations(torch.cat(thetas)).matrix  # (objects, free, free)

    Args:
        problems: of the objects.
        counts: how many θ each is asked for; those of one object follow each other in a batch.
    """

    def __init__(self, problems: Sequence[Problem], counts: Sequence[int]) -> None:
        first = problems[0]
        self._problems, self._counts = problems, list(counts)
        self.device, self.names, self.pixels = first.device, first.names, first.pixels
        self.groups = first.groups
        repeated = [problem for problem, count in zip(problems, counts, strict=True) for _ in range(count)]
        self.images = tuple(
            TargetImage.stacked([problem.images[number] for problem in repeated]) for number in range(len(first.images))
        )
        self.parameters = _StackedParameters(self)
        self.priors = _StackedPriors(self)

    def values(self, theta: Tensor) -> _StackedValues:
        """Values of the rows of each problem's own table at its θ (batch, free)."""
        thetas = theta.split(self._counts)
        each = tuple(problem.parameters.values(own) for problem, own in zip(self._problems, thetas, strict=True))
        return _stacked(each)

    def image_models(self, values: Values, components: Sequence[str] | None = None) -> Iterator[ImageModel]:
        """The model of each image at values of the rows; of the named components alone if given."""
        for number, (image, groups) in enumerate(zip(self.images, self.groups, strict=True)):
            natives = tuple(
                self._in_first_frame(problem.views[number].native(own), problem, number)
                for problem, own in zip(self._problems, _each(values), strict=True)
            )
            yield ImageModel(image, groups, _stacked(natives), components)

    def _in_first_frame(self, values: Values, problem: Problem, number: int) -> Values:
        """Native values of an object as if its image began at the same pixel as the first one's."""
        here, there = (one.images[number].tiles[0].frame for one in (problem, self._problems[0]))
        if (here.x0, here.y0) == (there.x0, there.y0):
            return values
        physical = values.physical.clone()
        for name, place in problem.views[number].index.items():
            if name.endswith((".x", ".y")):
                physical[:, place] += there.x0 - here.x0 if name.endswith(".x") else there.y0 - here.y0
        return Values(physical, values.outside, lambda: values.jacobian)


def _stacked(each: tuple[Values, ...]) -> _StackedValues:
    return _StackedValues(
        torch.cat([values.physical for values in each]),
        torch.cat([values.outside for values in each]),
        lambda: torch.cat([values.jacobian for values in each]),
        each,
    )


def _each(values: Values) -> tuple[Values, ...]:
    assert isinstance(values, _StackedValues), "a stack is asked at its own values"
    return values.each


class _StackedParameters(Parametrization):
    """The problems' parametrizations as one, as far as the questions ask."""

    def __init__(self, stack: ProblemStack) -> None:
        self._stack = stack

    def values(self, theta: Tensor) -> Values:
        return self._stack.values(theta)


class _StackedPriors(Priors):
    """The problems' priors as one."""

    def __init__(self, stack: ProblemStack) -> None:
        self._each = [problem.priors for problem in stack._problems]

    def value(self, values: Values) -> Tensor:
        return torch.cat([own.value(at) for own, at in zip(self._each, _each(values), strict=True)])

    def gradient(self, values: Values) -> Tensor:
        return torch.cat([own.gradient(at) for own, at in zip(self._each, _each(values), strict=True)])

    def matrix(self, values: Values) -> Tensor:
        return torch.cat([own.matrix(at) for own, at in zip(self._each, _each(values), strict=True)])
