"""θ and the parameters that users know: logarithms, limits, fixed values, links, and ellipses past roundness."""

import math

import pytest
import torch

from fitting.problem import Problem
from fitting.spec import FitRequest
from tests.fitting.scene import GALAXY, fit_request, flat_sky, image_of, problem_of, rendered, sersic


def at_values(request: FitRequest, values: dict[str, float]) -> Problem:
    """The problem of a request whose start no parser has looked at."""
    return Problem(request.with_values(values), [image_of(rendered([flat_sky()]))])


def physical(problem: Problem, theta: torch.Tensor) -> dict[str, float]:
    row = problem.parameters.values(theta).physical[0]
    return dict(zip(problem.parameters.names, row.tolist(), strict=True))


def test_start_is_the_requests_values() -> None:
    problem = problem_of([flat_sky(), sersic()])
    assert physical(problem, problem.start()) == pytest.approx(
        {"sky.i": 3.0} | {f"g.{k}": v for k, v in GALAXY.items()}
    )


def test_theta_holds_the_free_parameters_in_the_requests_order() -> None:
    problem = problem_of([sersic(n={"value": 2.0, "fixed": True}, pa="= g.n * 10"), flat_sky()])
    assert problem.names == ("g.x", "g.y", "g.q", "g.r_e", "g.i_e", "sky.i")
    assert problem.start().shape == (1, 6)


def test_a_fixed_parameter_keeps_its_value() -> None:
    problem = problem_of([sersic(n={"value": 2.0, "fixed": True})])
    assert physical(problem, problem.start() + 0.1)["g.n"] == 2.0


def test_positive_parameters_move_in_their_logarithm() -> None:
    problem = problem_of([sersic()])
    moved = physical(problem, problem.start() + 0.1)
    for name in ("q", "n", "r_e", "i_e"):
        assert moved[f"g.{name}"] == pytest.approx(GALAXY[name] * math.exp(0.1), rel=1e-12)
    assert moved["g.x"] == pytest.approx(20.4)


def test_an_intensity_that_may_be_negative_moves_as_it_is() -> None:
    problem = problem_of([sersic(i_e={"value": 5.0, "min": -100.0})])
    assert physical(problem, problem.start() - 8.0)["g.i_e"] == pytest.approx(-3.0)


@pytest.mark.parametrize(("value", "clipped"), [(30.0, 20.0), (0.01, 0.1)])
def test_a_start_outside_the_limits_is_moved_to_them(value: float, clipped: float) -> None:
    problem = at_values(fit_request([sersic()]), {"g.n": value})
    assert physical(problem, problem.start())["g.n"] == pytest.approx(clipped, rel=1e-12)


def test_limits_of_the_request_bound_theta() -> None:
    problem = problem_of([sersic(x={"value": 20.0, "min": 18.0, "max": 21.0}, r_e={"value": 5, "min": 2, "max": 9})])
    bounds = dict(zip(problem.names, zip(problem.lower.tolist(), problem.upper.tolist(), strict=True), strict=True))
    assert bounds["g.x"] == (18.0, 21.0)
    assert bounds["g.r_e"] == pytest.approx((math.log(2.0), math.log(9.0)))
    assert bounds["g.y"] == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("= a.x", 20.3), ("= a.pa + 90", 125.0), ("= 2 * sqrt(a.r_e) + a.n ** 2", 2 * math.sqrt(5.0) + 1.7**2)],
)
def test_a_link_follows_what_it_reads(expression: str, expected: float) -> None:
    problem = problem_of([sersic("a"), sersic("b", x=expression)])
    assert physical(problem, problem.start())["b.x"] == pytest.approx(expected, rel=1e-14)


def test_links_of_links_are_worked_out_in_order() -> None:
    problem = problem_of([sersic("c", x="= b.x + 1"), sersic("b", x="= a.x + 1"), sersic("a")])
    assert physical(problem, problem.start())["c.x"] == pytest.approx(22.3)


def test_jacobian_matches_finite_differences_through_links() -> None:
    links = {"x": "= a.x - 3", "pa": "= a.pa + 90", "n": "= exp(a.q) / a.n", "r_e": "= c.x * a.r_e ** 1.5 / 9"}
    problem = problem_of([sersic("a"), sersic("b", **links), sersic("c", x="= b.n * 4 + sind(b.pa)")])
    theta = problem.start().repeat(2, 1)
    theta[1] += 0.05
    values = problem.parameters.values(theta)
    for place in range(theta.shape[1]):
        shift = torch.zeros_like(theta)
        shift[:, place] = 1e-5
        up, down = (problem.parameters.values(theta + sign * shift).physical for sign in (1.0, -1.0))
        expected = (up - down) / 2e-5
        assert torch.allclose(values.jacobian[..., place], expected, rtol=1e-8, atol=1e-7)


def test_an_ellipse_past_roundness_is_the_same_image_with_its_axes_renamed() -> None:
    problem = problem_of([sersic()])
    theta = problem.start()
    swapped = theta.clone()
    swapped[0, 2], swapped[0, 3], swapped[0, 5] = -theta[0, 2], theta[0, 3] + 90.0, theta[0, 5] + theta[0, 2]
    canonical = problem.canonical(swapped)
    assert physical(problem, canonical)["g.q"] == pytest.approx(0.6)
    assert physical(problem, canonical)["g.r_e"] == pytest.approx(5.0)
    assert physical(problem, canonical)["g.pa"] % 180.0 == pytest.approx(35.0)
    assert torch.allclose(problem.model(swapped)[0], problem.model(theta)[0], rtol=1e-5)


def test_canonical_leaves_flat_ellipses_alone() -> None:
    problem = problem_of([sersic("a"), sersic("b", q=1.0)])
    assert torch.equal(problem.canonical(problem.start()), problem.start())


@pytest.mark.parametrize(
    "changes",
    [
        {"pa": {"value": 35.0, "fixed": True}},
        {"pa": {"value": 35.0, "min": 0.0, "max": 90.0}},
        {"q": {"value": 0.6, "max": 0.9}},
        {"r_e": "= g.n * 3"},
    ],
    ids=["fixed pa", "limits of pa", "limits of q", "linked r_e"],
)
def test_an_axis_ratio_stays_below_one_where_the_axes_may_not_swap(changes: dict[str, object]) -> None:
    problem = problem_of([sersic(**changes)])
    assert float(problem.upper[problem.names.index("g.q")]) <= 0.0


def test_an_axis_ratio_stays_below_one_where_another_component_reads_it() -> None:
    problem = problem_of([sersic("a"), sersic("b", pa="= a.pa + 90")])
    assert float(problem.upper[problem.names.index("a.q")]) == 0.0


@pytest.mark.parametrize(
    ("link", "moved"), [({"q": "= a.q - 0.5"}, 0.4), ({"r_e": "= a.r_e - 4"}, 3.0), ({"n": "= a.n - 1"}, 0.8)]
)
def test_a_link_that_leaves_its_profile_makes_chi_squared_no_number(link: dict[str, str], moved: float) -> None:
    """No exception: a step there is refused like any step that leads nowhere."""
    (name,) = link
    problem = problem_of([sersic("a"), sersic("b", **link)], data=rendered([sersic("a")]))
    theta = problem.start()
    theta[0, problem.names.index(f"a.{name}")] = math.log(moved)
    assert not math.isfinite(float(problem.value(theta)))
    assert not math.isfinite(float(problem.normal_equations(theta).chi2))


KING = {"x": 20.3, "y": 19.6, "q": 0.6, "pa": 35.0, "r_t": 14.0, "r_c": 3.0, "i_0": 50.0}
BROKEN = {"x": 20.3, "y": 19.6, "q": 0.6, "pa": 35.0, "h_2": 2.0, "r_b": 7.0, "alpha": 2.0, "h_1": 5.0, "i_0": 50.0}
STAR = {"x": 20.3, "y": 19.6, "q": 0.6, "pa": 35.0, "beta": 3.0, "fwhm": 4.0, "flux": 500.0}


@pytest.mark.parametrize(
    ("profile", "values"),
    [("king", KING), ("broken_exponential", BROKEN), ("moffat_psf", STAR)],
    ids=lambda v: str(v)[:6],
)
def test_every_profile_with_lengths_of_its_own_passes_through_roundness(profile: str, values: dict[str, float]) -> None:
    problem = problem_of([{"name": "g", "profile": profile, "parameters": values}])
    theta = problem.start()
    theta[:, problem.names.index("g.q")] = math.log(1.3)
    named = problem.canonical(theta)
    assert physical(problem, named)["g.q"] == pytest.approx(1.0 / 1.3)
    assert torch.allclose(problem.model(theta)[0], problem.model(named)[0], rtol=2e-5, atol=1e-6)


def test_centres_step_by_the_smallest_length_whatever_its_name() -> None:
    component = {"name": "g", "profile": "king", "parameters": KING | {"r_c": 20.0, "r_t": 60.0}}
    problem = problem_of([component])
    assert float(problem.step_scale(problem.start())[0]) == pytest.approx(4.0)
