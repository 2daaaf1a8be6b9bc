"""Leapfrog steps, and trajectories that ask for gradients point by point, so that many may run side by side.

H(z, r) = U(z) + |r|²/2 is split into a part whose motion is known exactly and the rest of U, whose force kicks r by
half a step before and after each motion (Strang's splitting; Leimkuhler & Reich 2004, Simulating Hamiltonian Dynamics,
section 4.2). With the free motion that is the usual leapfrog. Where z is whitened by the covariance, U is nearly
|z|²/2: the harmonic motion then takes that part, a rotation, and only what the covariance does not know has to be
kicked, so that steps may be several times as long (Shahbaba et al. 2014, Stat. Comput. 24, 339). Either is reversible
and keeps volume, which is all that makes a sampler exact. Decision 0018 has what it gains and costs.
"""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import numpy as np


class LeapfrogAnswer(NamedTuple):
    """What is known at a z: the potential U = −ln p, its gradient (free,), and χ²."""

    potential: float
    gradient: np.ndarray
    chi2: float


@dataclass(frozen=True)
class Point:
    """A place z and a momentum r, (free,) both, with what is known there."""

    z: np.ndarray
    r: np.ndarray
    answer: LeapfrogAnswer

    @property
    def energy(self) -> float:
        """H."""
        return self.answer.potential + 0.5 * float(self.r @ self.r)


T = TypeVar("T")
Flow = Generator[np.ndarray, LeapfrogAnswer, T]
"""A computation that asks for places z one by one, is sent what is known there, and returns something."""


def side_by_side(flows: Sequence[Flow[T]], ask: Callable[[np.ndarray], Sequence[LeapfrogAnswer]]) -> list[T]:
    """Run flows to their ends; what they want to know at one time is asked as one batch (flows, free)."""
    ends: dict[int, T] = {}
    wanted: dict[int, np.ndarray] = {}

    def go_on(number: int, answer: LeapfrogAnswer | None) -> None:
        try:
            wanted[number] = flows[number].send(answer)  # type: ignore[arg-type]
        except StopIteration as end:
            ends[number] = end.value

    for number in range(len(flows)):
        go_on(number, None)
    while wanted:
        asked = dict(wanted)
        wanted.clear()
        for number, answer in zip(asked, ask(np.stack(list(asked.values()))), strict=True):
            go_on(number, answer)
    return [ends[number] for number in range(len(flows))]


class Motion(Protocol):
    """The part of H whose motion is known."""

    def advance(self, z: np.ndarray, r: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
        """z and r after a time."""

    def rest_gradient(self, z: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The gradient of what this part leaves of U."""


class FreeMotion:
    """|r|²/2: straight on."""

    def advance(self, z: np.ndarray, r: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
        """See `Motion`."""
        return z + time * r, r

    def rest_gradient(self, z: np.ndarray, gradient: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """See `Motion`."""
        return gradient


class HarmonicMotion:
    """(|z|² + |r|²)/2: round and round, once in 2π."""

    def advance(self, z: np.ndarray, r: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
        """See `Motion`."""
        cosine, sine = math.cos(time), math.sin(time)
        return cosine * z + sine * r, cosine * r - sine * z

    def rest_gradient(self, z: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """See `Motion`."""
        return gradient - z


@dataclass(frozen=True)
class Leapfrog:
    """Steps of one length, in time."""

    motion: Motion
    step: float

    def __call__(self, point: Point, direction: int) -> Flow[Point]:
        """The point one step on, or back where the direction is −1."""
        time = direction * self.step
        r = point.r - 0.5 * time * self.motion.rest_gradient(point.z, point.answer.gradient)
        z, r = self.motion.advance(point.z, r, time)
        answer = yield z
        return Point(z, r - 0.5 * time * self.motion.rest_gradient(z, answer.gradient), answer)


@dataclass(frozen=True)
class Arrival:
    """The end of a trajectory.

    Attributes:
        point: the next draw.
        acceptance: mean acceptance probability of the places seen.
        diverged: whether the trajectory left the energy surface.
        energy: H where it began.
    """

    point: Point
    acceptance: float
    diverged: bool
    energy: float


DIVERGENT_RISE = 1000.0
"""Rise of H that no trajectory of a usable step size makes (Betancourt 2017, arXiv:1701.02434, section 6.2)."""


def acceptance(rise: float) -> float:
    """min(1, exp(−rise of H)); zero where H is no number."""
    return math.exp(-max(rise, 0.0)) if not math.isnan(rise) else 0.0
