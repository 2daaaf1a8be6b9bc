"""Meeting: many fits, each in its own course, whose evaluations are made together.

Each fit runs as a coroutine (a greenlet), in the very code that runs it alone. Where it asks one of the questions of
its problem it stops; when all that are under way have asked, those of problems that are alike are answered at once, and
each goes on with its own answer: with its own damping, acceptance, limits and end. One that has ended leaves its place
to the next.

Why it is so: decision 0040.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import torch
from greenlet import getcurrent, greenlet
from torch import Tensor

from fitting.problem import NormalEquations, Problem
from fitting.problem.problem_stack import ProblemStack, likeness

_UNDER_WAY = 64
"""Fits under way at once: eight times as many as are drawn at once, so that few wait for others of their question.
Chosen by measurement (benchmarks/catalogues.py)."""
_DRAWN_BYTES = 3 * 2**20
"""Bytes of the images of a tile that one evaluation draws, 3 MiB, about what a core's caches hold; chosen by
measurement."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Question:
    """What a fit waits for."""

    name: str
    problem: "MetProblem"
    theta: Tensor
    components: tuple[str, ...] | None = None

    @cached_property
    def kind(self) -> tuple[Any, ...]:
        """Equal for questions that are answered together."""
        likeness = self.problem.likeness
        return (self.name, id(self.problem) if likeness is None else likeness, self.components)


class MetProblem(Problem):
    """A problem of one of the fits of a meeting, which asks its questions there; elsewhere it answers for itself."""

    @cached_property
    def likeness(self) -> Any:
        """See `fitting.problem.problem_stack.likeness`."""
        return likeness(self)

    def value(self, theta: Tensor) -> Tensor:
        """See `Problem`."""
        return self._ask(_Question("value", self, theta))

    def value_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """See `Problem`."""
        return self._ask(_Question("value_and_gradient", self, theta))

    def normal_equations(self, theta: Tensor) -> NormalEquations:
        """See `Problem`."""
        return self._ask(_Question("normal_equations", self, theta))

    def model(self, theta: Tensor, components: Sequence[str] | None = None) -> list[Tensor]:
        """See `Problem`."""
        return self._ask(_Question("model", self, theta, None if components is None else tuple(components)))

    @staticmethod
    def _ask(question: _Question) -> Any:
        course = getcurrent()
        if getattr(course, "in_meeting", False):
            return course.parent.switch(question)
        return _answers([question])[0]


@dataclass(frozen=True)
class CourseEnd(Generic[Result]):
    """The end of one fit: `number` among all, and its result or what it raised."""

    number: int
    result: Result | Exception


def meet(fits: Sequence[Callable[[], Result]], together: Callable[[], None]) -> Iterator[CourseEnd[Result]]:
    """Run fits, with their evaluations made together; each one's end as soon as it has come.

    Args:
        fits: what each does, with a `MetProblem`.
        together: called each time before questions are answered; may raise, which ends all.
    """
    waiting: list[tuple[greenlet, _Question]] = []
    coming = iter(enumerate(fits))

    def go_on(course: greenlet, *answer: Any) -> Iterator[CourseEnd[Result]]:
        said = course.switch(*answer)
        if isinstance(said, _Question):
            waiting.append((course, said))
        else:
            yield said

    def start() -> Iterator[CourseEnd[Result]]:
        while len(waiting) < _UNDER_WAY and (following := next(coming, None)) is not None:
            yield from go_on(_course(*following))

    yield from start()
    while waiting:
        together()
        asked, waiting = waiting, []
        for course, answer in _answered(asked):
            if isinstance(answer, Exception):
                said = course.throw(answer)
                if isinstance(said, _Question):
                    waiting.append((course, said))
                else:
                    yield said
            else:
                yield from go_on(course, answer)
        yield from start()


def _course(number: int, fit: Callable[[], Result]) -> greenlet:
    """A coroutine of one fit; what it switches to its parent are questions, and in the end an `CourseEnd`."""

    def run() -> CourseEnd[Result]:
        try:
            return CourseEnd(number, fit())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this fit's
            return CourseEnd(number, error)

    course = greenlet(run)
    course.in_meeting = True
    return course


def _answered(asked: Sequence[tuple[greenlet, _Question]]) -> Iterator[tuple[greenlet, Any]]:
    """Of each fit the answer to its question, or the error that it raised."""
    kinds: dict[tuple[Any, ...], list[tuple[greenlet, _Question]]] = {}
    for course, question in asked:
        kinds.setdefault(question.kind, []).append((course, question))
    for alike in kinds.values():
        for part in _parts(alike):
            courses, questions = zip(*part, strict=True)
            yield from zip(courses, _answers_or_errors(questions), strict=True)


def _parts(alike: list[tuple[greenlet, _Question]]) -> Iterator[list[tuple[greenlet, _Question]]]:
    """As many as are drawn at once."""
    problem = alike[0][1].problem
    most = max(1, _DRAWN_BYTES // max(_bytes_of_images(problem), 1))
    if problem.device.type != "cpu":
        most = len(alike)
    for start in range(0, len(alike), most):
        yield alike[start : start + most]


def _bytes_of_images(problem: Problem) -> int:
    """About how many bytes the images of one θ take, with those of derivatives."""
    frames = [image.frame(tile, True) for image in problem.images for tile in image.tiles[:1]]
    return 8 * (len(problem.names) + 1) * max((frame.width * frame.height for frame in frames), default=0)


def _answers_or_errors(questions: Sequence[_Question]) -> list[Any]:
    """Answers; where one fails, each is asked alone, and gets its own error."""
    try:
        return _answers(questions)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not all of theirs
        if len(questions) == 1:
            return [error]
        return [answer for question in questions for answer in _answers_or_errors([question])]


def _answers(questions: Sequence[_Question]) -> list[Any]:
    """Answers to questions of one kind."""
    first = questions[0]
    counts = [len(question.theta) for question in questions]
    theta = torch.cat([question.theta for question in questions])
    if len(questions) == 1:
        problem: Problem = first.problem
    else:
        problem = ProblemStack([question.problem for question in questions], counts)
    match first.name:
        case "value":
            return list(Problem.value(problem, theta).split(counts))
        case "value_and_gradient":
            return list(zip(*(part.split(counts) for part in Problem.value_and_gradient(problem, theta)), strict=True))
        case "normal_equations":
            made = Problem.normal_equations(problem, theta)
            parts = (part.split(counts) for part in (made.chi2, made.gradient, made.matrix))
            return [NormalEquations(*each) for each in zip(*parts, strict=True)]
    images = Problem.model(problem, theta, first.components)
    return [list(each) for each in zip(*(image.split(counts) for image in images), strict=True)]
