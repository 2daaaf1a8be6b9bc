"""Trajectories: reversibility, volume, what they ask together, and the No-U-Turn rule."""

import itertools
import math

import numpy as np
import pytest

from fitting.methods.samplers.leapfrog import (
    Flow,
    FreeMotion,
    HarmonicMotion,
    Leapfrog,
    LeapfrogAnswer,
    Motion,
    Point,
    side_by_side,
)
from fitting.methods.samplers.nuts_trajectory import nuts_trajectory

MOTIONS = [FreeMotion(), HarmonicMotion()]


def bent(z: np.ndarray) -> LeapfrogAnswer:
    """U = |z|²/2 + z₀⁴/10: a normal potential that the harmonic motion does not quite know."""
    gradient = z.copy()
    gradient[0] += 0.4 * z[0] ** 3
    potential = 0.5 * float(z @ z) + 0.1 * float(z[0]) ** 4
    return LeapfrogAnswer(potential, gradient, 2.0 * potential)


def ask(batch: np.ndarray) -> list[LeapfrogAnswer]:
    return [bent(z) for z in batch]


def at(z: list[float], r: list[float]) -> Point:
    return Point(np.array(z), np.array(r), bent(np.array(z)))


def along(leapfrog: Leapfrog, point: Point, directions: list[int]) -> Flow[Point]:
    for direction in directions:
        point = yield from leapfrog(point, direction)
    return point


@pytest.mark.parametrize("motion", MOTIONS)
def test_what_goes_forth_comes_back(motion: Motion) -> None:
    start = at([0.7, -1.1], [0.3, 0.9])
    (end,) = side_by_side([along(Leapfrog(motion, 0.4), start, [1] * 7 + [-1] * 7)], ask)
    np.testing.assert_allclose(np.stack((end.z, end.r)), np.stack((start.z, start.r)), atol=1e-12)


@pytest.mark.parametrize("motion", MOTIONS)
def test_a_step_keeps_volume(motion: Motion) -> None:
    def moved(place: np.ndarray) -> np.ndarray:
        (end,) = side_by_side([along(Leapfrog(motion, 0.5), at([*place[:2]], [*place[2:]]), [1])], ask)
        return np.concatenate((end.z, end.r))

    place, small = np.array([0.7, -1.1, 0.3, 0.9]), 1e-6
    columns = [(moved(place + small * unit) - moved(place - small * unit)) / (2.0 * small) for unit in np.eye(4)]
    assert abs(np.linalg.det(np.stack(columns))) == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize("motion", MOTIONS)
def test_the_error_of_the_energy_is_of_second_order(motion: Motion) -> None:
    start = at([0.7, -1.1], [0.3, 0.9])
    coarse, fine = (
        abs(side_by_side([along(Leapfrog(motion, 1.2 / steps), start, [1] * steps)], ask)[0].energy - start.energy)
        for steps in (20, 40)
    )
    assert 3.0 < coarse / fine < 5.0


def test_the_harmonic_motion_is_exact_where_the_potential_is_harmonic() -> None:
    def normal(batch: np.ndarray) -> list[LeapfrogAnswer]:
        return [LeapfrogAnswer(0.5 * float(z @ z), z, float(z @ z)) for z in batch]

    start = Point(np.array([1.0, 0.0]), np.array([0.0, 1.0]), normal(np.array([[1.0, 0.0]]))[0])
    (end,) = side_by_side([along(Leapfrog(HarmonicMotion(), 1.3), start, [1] * 3)], normal)
    np.testing.assert_allclose(end.z, [math.cos(3.9), math.sin(3.9)], atol=1e-12)
    assert end.energy == pytest.approx(start.energy, abs=1e-12)


def test_flows_of_different_lengths_are_asked_together_and_end_in_their_order() -> None:
    sizes: list[int] = []

    def counted(batch: np.ndarray) -> list[LeapfrogAnswer]:
        sizes.append(len(batch))
        return ask(batch)

    start = at([0.1, 0.2], [1.0, 0.0])
    directions = [[1] * 3, [1], [1] * 2, []]
    ends = side_by_side([along(Leapfrog(FreeMotion(), 0.1), start, own) for own in directions], counted)
    assert sizes == [3, 2, 1]
    assert ends[3] is start
    assert ends[1].z[0] < ends[2].z[0] < ends[0].z[0]


def test_a_trajectory_ends_where_it_turns() -> None:
    start = at([0.0, 1.0], [1.0, 0.0])
    numbers = itertools.cycle([0.3])
    asked = 0

    def counted(batch: np.ndarray) -> list[LeapfrogAnswer]:
        nonlocal asked
        asked += len(batch)
        return [LeapfrogAnswer(0.5 * float(z @ z), z, float(z @ z)) for z in batch]

    flow = nuts_trajectory(start, Leapfrog(HarmonicMotion(), 0.2), 10, lambda: next(numbers))
    (arrival,) = side_by_side([flow], counted)
    # Half a turn is 15.7 steps: 15 are not yet one, and 31 are.
    assert asked <= 31
    assert not arrival.diverged
    assert arrival.acceptance == pytest.approx(1.0, abs=0.05)


def test_no_trajectory_doubles_more_often_than_allowed() -> None:
    asked = 0

    def flat(batch: np.ndarray) -> list[LeapfrogAnswer]:
        nonlocal asked
        asked += len(batch)
        return [LeapfrogAnswer(0.0, np.zeros_like(z), 0.0) for z in batch]

    start = Point(np.zeros(2), np.ones(2), flat(np.zeros((1, 2)))[0])
    asked = 0
    side_by_side([nuts_trajectory(start, Leapfrog(FreeMotion(), 0.1), 4, lambda: 0.4)], flat)
    assert asked == 15


def test_a_place_that_is_not_finite_ends_a_trajectory_as_divergent() -> None:
    def wall(batch: np.ndarray) -> list[LeapfrogAnswer]:
        return [LeapfrogAnswer(math.inf, np.zeros_like(z), math.inf) for z in batch]

    start = at([0.0, 0.0], [1.0, 0.0])
    (arrival,) = side_by_side([nuts_trajectory(start, Leapfrog(FreeMotion(), 0.5), 10, lambda: 0.4)], wall)
    assert arrival.diverged
    assert arrival.point is start
    assert arrival.acceptance == 0.0
