"""Kinks and edges of isophotes: pixels against independent quadrature, derivatives against its finite differences."""

import math

import numpy as np
import pytest
import torch

from fitting.drawing import SurfaceDrawing
from fitting.problem.components.drawn_group import drawing_of
from fitting.render.pixels import Frame
from fitting.spec import ComponentSpec
from tests.fitting.geometry.kink_galaxies import PLACE, KinkGalaxy, Pixel, finite_difference
from tests.fitting.scene import problem_of, rendered, sersic
from tests.references.parted_pixel_means import parted_pixel_mean

FRAME = Frame(0, 0, 41, 41)
STEPS = {"pa": 1e-3, "i_e": 1e-2}


def cut(wedges: int, **changes: float) -> KinkGalaxy:
    """A galaxy in wedges of different sizes and brightnesses."""
    of_wedges = {f"wedge_{number}_size": 1.0 + 0.3 * math.sin(number) for number in range(2, wedges + 1)}
    of_wedges |= {f"wedge_{number}_brightness": 1.0 + 0.4 * math.cos(number) for number in range(2, wedges + 1)}
    return KinkGalaxy(PLACE | of_wedges | changes, wedges)


CASES = {
    "discy": KinkGalaxy({**PLACE, "c0": -0.2}),
    "very discy": KinkGalaxy({**PLACE, "c0": -0.6}),
    "thin, cuspy and discy": KinkGalaxy({**PLACE, "q": 0.25, "n": 4.0, "c0": -0.4}),
    "boxy": KinkGalaxy({**PLACE, "c0": 0.3}),
    "wedges": cut(4),
    "odd wedges": cut(3),
    "thin and cuspy wedges": cut(4, q=0.3, pa=-70.0, n=4.0),
    "wedges on the grid": cut(2, x=20.0, y=20.0, q=0.8, pa=0.0, n=1.0),
    "many wedges": cut(12),
    "wide wedges": cut(3, n=1.0, r_e=25.0),
    "very thin wedges": cut(3, x=20.9, y=21.2, q=0.1, pa=60.0, n=2.0),
}


def near_and_far(galaxy: KinkGalaxy) -> tuple[list[Pixel], list[Pixel]]:
    """Pixels within five of the centre, and a fifth of those beyond."""
    away = {(x, y): np.hypot(x - galaxy.centre[0], y - galaxy.centre[1]) for x in range(41) for y in range(41)}
    far = [pixel for pixel, distance in away.items() if distance > 5.0]
    return [pixel for pixel, distance in away.items() if distance <= 5.0], far[::5]


@pytest.mark.parametrize("case", CASES)
def test_pixels_hold_the_integrals_of_the_formula(case: str) -> None:
    galaxy = CASES[case]
    model = rendered([galaxy.component])
    for pixels, promise in zip(near_and_far(galaxy), (1e-5, 1e-4), strict=True):
        exact = galaxy.exact(pixels)
        got = np.array([model[y, x] for x, y in pixels])
        promised = exact > galaxy.light(4.0 * galaxy.values["r_e"])
        assert np.abs(got / exact - 1.0)[promised].max() <= promise


def drawn(component: dict[str, object]) -> tuple[SurfaceDrawing, torch.Tensor]:
    """A component's drawing and its values (1, parameters)."""
    checked = ComponentSpec.model_validate(component)
    drawing, order = drawing_of(checked, problem_of([sersic()]).images[0])
    assert isinstance(drawing, SurfaceDrawing)
    values = component["parameters"]
    assert isinstance(values, dict)
    return drawing, torch.tensor([[values[name] for name in order]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("case", "promise"), [("wedges", 1e-6), ("odd wedges", 1e-6), ("thin and cuspy wedges", 1e-5), ("very discy", 1e-5)]
)
def test_derivatives_match_finite_differences_of_the_integrals(case: str, promise: float) -> None:
    """Also where an edge moves through a pixel. Near the centre; kinks far from it are left to the rules for all."""
    galaxy = CASES[case]
    component = galaxy.component
    drawing, values = drawn(component)
    images = drawing.derivatives(values, FRAME)[0].numpy()
    pixels = [(x, y) for x in range(17, 25) for y in range(16, 24)]
    for name, image in zip(drawing.surface.parameters, images, strict=True):
        step = STEPS.get(name, 1e-4)
        expected = finite_difference(lambda by, name=name: galaxy.moved(name, by).exact(pixels), step)
        got = np.array([image[y, x] for x, y in pixels])
        assert np.abs(got - expected).max() <= promise * np.abs(image).max(), name


@pytest.mark.slow
@pytest.mark.parametrize("case", ["wedges", "wide wedges"])
def test_derivatives_follow_edges_far_from_the_centre(case: str) -> None:
    galaxy = CASES[case]
    drawing, values = drawn(galaxy.component)
    images = drawing.derivatives(values, FRAME)[0].numpy()
    pixels = [(x, y) for x in range(0, 41, 3) for y in range(0, 41, 3)]
    for name, image in zip(drawing.surface.parameters, images, strict=True):
        step = STEPS.get(name, 1e-4)
        expected = finite_difference(lambda by, name=name: galaxy.moved(name, by).exact(pixels), step)
        assert np.abs(np.array([image[y, x] for x, y in pixels]) - expected).max() <= 1e-6 * np.abs(image).max(), name


@pytest.mark.parametrize("case", ["wedges", "odd wedges", "very discy"])
def test_frames_drawn_together_are_as_each_alone(case: str) -> None:
    """Which pixels are worth a rule of their own may differ."""
    drawing, values = drawn(CASES[case].component)
    stack = torch.cat((values, values * 1.01))
    frames = (Frame(0, 0, 22, 41), Frame(22, 0, 19, 20), Frame(22, 20, 19, 21), Frame(60, 60, 4, 4))
    together = drawing.over(stack, frames)
    for frame in frames:
        for of in ("image", "derivatives"):
            alone, shared = (getattr(part, of)(stack, frame) for part in (drawing, together))
            assert float((shared - alone).abs().max()) <= 1e-6 * float(alone.abs().max()), of


BENT = {wedges: cut(wedges, bending_2=0.8) for wedges in (3, 4)}


@pytest.mark.parametrize(
    ("wedges", "pixel"),
    [(4, (19, 6)), (4, (20, 12)), (4, (24, 17)), (4, (24, 18)), (3, (12, 20)), (3, (21, 28)), (3, (23, 11))],
)
def test_edges_may_be_bent(wedges: int, pixel: Pixel) -> None:
    galaxy = BENT[wedges]
    model = rendered([galaxy.component])
    exact = parted_pixel_mean(galaxy.brightness, galaxy.wedge, pixel)
    assert model[pixel[1], pixel[0]] == pytest.approx(exact, rel=1e-6)


def test_derivatives_follow_bent_edges() -> None:
    """Where there is as much light as at 4 r_e: fainter pixels may take another rule from one step to the next."""
    galaxy = BENT[4]
    drawing, values = drawn(galaxy.component)
    images = drawing.derivatives(values, FRAME)[0]
    promised = drawing.image(values, FRAME)[0].numpy() > galaxy.light(4.0 * galaxy.values["r_e"])
    for place, name in enumerate(drawing.surface.parameters):

        def moved(by: float, place: int = place) -> np.ndarray:
            changed = values.clone()
            changed[0, place] += by
            return drawing.image(changed, FRAME)[0].numpy()

        expected = finite_difference(moved, STEPS.get(name, 1e-4))
        errors = np.abs(images[place].numpy() - expected)
        assert errors[promised].max() <= 1e-5 * float(images[place].abs().max()), name
