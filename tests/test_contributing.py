"""The pages on how to add something name files that are there, and their examples work."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from scipy import stats

from fitting.files import DEFAULT_LIMITS, FileInvalid
from fitting.geometry.angles import Angles
from fitting.problem.likelihood import Pixels
from tests.fitting.methods.scenes import at_start
from tests.fitting.scene import flat_sky, noisy, problem_of, rendered, sersic
from tests.fitting.test_descriptions import missing_of_radial

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "contributing"
PAGES = [ROOT / "CONTRIBUTING.md", *sorted(FOLDER.glob("*.md"))]
DOORS = sorted(path for package in ("fitting", "jobs") for path in (ROOT / package).rglob("README.md"))


def of_page(name: str) -> dict[str, Any]:
    """What the examples of a page define."""
    names: dict[str, Any] = {"__name__": f"docs.contributing.{name.replace('-', '_')}"}
    for block in re.findall(
        r"^```python\n(.*?)^```", (FOLDER / f"{name}.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    ):
        exec(compile(block, f"{name}.md", "exec", dont_inherit=True), names)
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    paths = re.findall(r"`(\.?[\w.-]+(?:/[\w.-]*)+)`", page.read_text(encoding="utf-8"))
    assert paths
    assert [path for path in paths if "NAME" not in path and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", DOORS, ids=lambda page: page.parent.name)
def test_every_path_that_a_room_s_readme_names_is_there(page: Path) -> None:
    """From the top, or from where the page stands."""
    paths = re.findall(r"`([\w.-]+(?:/[\w.-]*)+)(?::\w+)?`", page.read_text(encoding="utf-8"))
    paths = [path for path in paths if path != "stage-N/"]  # of a shelf, not of the tree
    assert paths
    assert [path for path in paths if not (ROOT / path).exists() and not (page.parent / path).exists()] == []


def test_the_example_of_a_profile_lacks_nothing() -> None:
    names = of_page("add-a-profile")
    description, profile = names["PLUMMER"], names["Plummer"]()
    assert missing_of_radial(description, profile) == []
    log_rho = torch.linspace(-3.0, 3.0, 7, dtype=torch.float64, requires_grad=True)
    brightness = profile.brightness(log_rho, profile.constants(()))
    (slope,) = torch.autograd.grad(brightness.sum(), log_rho)
    value, by_log_rho, by_shape = profile.derivatives(log_rho.detach(), profile.constants(()))
    assert torch.allclose(value, brightness)
    assert torch.allclose(by_log_rho, slope)
    assert by_shape == ()
    radius = torch.linspace(0.0, 1.0, 20_001, dtype=torch.float64)
    light = profile.brightness(2.0 * radius.clamp(min=1e-100).log(), profile.constants(()))
    half = torch.trapezoid(2.0 * torch.pi * radius * light, radius)
    assert float(half) == pytest.approx(0.5 * torch.pi, rel=1e-6)


def test_the_example_of_a_modifier_hands_back_derivatives() -> None:
    link = of_page("add-a-modifier")["Dust"]()
    log_radius = torch.linspace(-2.0, 1.0, 5, dtype=torch.float64)[None].requires_grad_()
    dust = torch.full((1, 1), 0.3, dtype=torch.float64, requires_grad=True)
    factor, pullback = link(log_radius, Angles(torch.zeros_like(log_radius)), (dust,))
    by_radius, _, (by_dust,) = pullback(torch.ones_like(factor))
    expected = torch.autograd.grad(factor.sum(), (log_radius, dust))
    assert torch.allclose(by_radius, expected[0])
    assert torch.allclose(by_dust.sum(), expected[1])


def test_the_example_of_a_method_ends_at_the_minimum() -> None:
    names = of_page("add-a-method")
    galaxy = [flat_sky(), sersic()]
    problem = problem_of([flat_sky(2.9), sersic(r_e=5.2)], data=noisy(rendered(galaxy)))
    told: list[int] = []
    end = names["gauss_newton"](
        problem, at_start(problem), names["GaussNewtonOptions"](), lambda step, *_: told.append(step)
    )
    assert end.converged, end.message
    assert told == list(range(10))
    assert names["GAUSS_NEWTON"].calls(names["GaussNewtonOptions"](steps=3), 8).equations == 3


def test_the_example_of_a_noise_is_scipys() -> None:
    likelihood = of_page("add-a-noise")["LogisticLikelihood"]()
    random = np.random.default_rng(2)
    sigma = torch.tensor(random.uniform(0.5, 3.0, 9))
    model = torch.tensor(random.uniform(1.0, 9.0, 9), requires_grad=True)
    pixels = Pixels(torch.tensor(random.uniform(1.0, 9.0, 9)), sigma**-2.0, torch.zeros(9))
    deviance = likelihood.deviance(pixels, model)
    ours = likelihood.log_normalization(pixels) - 0.5 * deviance
    scale = np.sqrt(3.0) / np.pi * sigma.numpy()
    expected = stats.logistic(model.detach().numpy(), scale).logpdf(pixels.data.numpy())
    assert ours.detach().numpy() == pytest.approx(expected, rel=1e-10)
    (slope,) = torch.autograd.grad(deviance.sum(), model)
    assert torch.allclose(likelihood.response(pixels, model.detach()).score, -0.5 * slope)


def test_the_example_of_a_format_reads_and_refuses() -> None:
    open_pgm = of_page("add-a-format")["open_pgm"]
    with open_pgm(io.BytesIO(b"P5\n3 2\n255\n\x01\x02\x03\x04\x05\x06"), DEFAULT_LIMITS) as container:
        assert container.plane(container.hdus[0]).data.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    for broken in (b"P5\n3 2\n255\n\x01", b"P5\n900000 900000\n255\n", b"P5\nx"):
        with pytest.raises(FileInvalid), open_pgm(io.BytesIO(broken), DEFAULT_LIMITS):
            pass


def test_the_example_of_a_route_is_one() -> None:
    (route,) = of_page("add-a-route")["router"].routes
    assert route.path == "/fits/{fit_id}/state"


def test_the_example_of_a_command_says_what_it_does() -> None:
    said = CliRunner().invoke(of_page("add-a-command")["command"], ["--help"]).stdout
    assert "Print the state of a fit" in said
