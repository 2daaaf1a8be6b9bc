"""Tiles far from a centre, where the short stencil serves: against pixel means by independent quadrature."""

import numpy as np
import pytest
import torch

from fitting.problem.components.radial_group import RadialGroup, RadialStack
from fitting.profiles import RADIAL_PROFILES
from fitting.render.pixels import SHORT_MARGIN, STENCIL_MARGIN, Frame
from tests.references.make_sersic_table import elliptical_radius
from tests.references.pixel_means import pixel_mean
from tests.references.radial_formulas import sersic

NAMES = ("x", "y", "q", "pa", "n", "r_e", "i_e")
NEAR = (30.2, 20.7, 0.8, 20.0, 1.5, 4.0, 80.0)
FAR = [
    (-21.3, 40.4, 0.9, 20.0, 1.0, 12.0, 50.0),
    (64.8, -28.1, 0.3, 130.0, 4.0, 3.0, 200.0),
    (-29.4, -18.2, 0.7, 75.0, 0.6, 30.0, 10.0),
]
FRAME = Frame(3, 2, 30, 27)


def stack_of(rows: list[tuple[float, ...]]) -> RadialStack:
    index = torch.arange(len(NAMES) * len(rows)).view(len(rows), -1)
    names = tuple(f"g{number}" for number in range(len(rows)))
    group = RadialGroup(RADIAL_PROFILES["sersic"], names, index, convolved=False, integrated=True)
    return RadialStack(group, torch.tensor([rows], dtype=torch.float64), tuple(range(len(rows))))


def brightness(row: tuple[float, ...], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x_0, y_0, q, pa, *shape = row
    return sersic(elliptical_radius(x - x_0, y - y_0, q, pa), *shape)


@pytest.mark.parametrize("row", FAR, ids=lambda row: f"n={row[4]} q={row[2]}")
def test_the_short_stencil_keeps_the_promise(row: tuple[float, ...]) -> None:
    """A tenth of what is promised anywhere inside 4 r_e."""
    stack = stack_of([row])
    assert [margin for _, margin in stack._quadrature_pixels(FRAME).runs] == [SHORT_MARGIN]
    image = stack.image(FRAME)[0].numpy()
    for x, y in [(0, 0), (29, 0), (0, 26), (29, 26), (15, 13), (7, 22)]:
        exact = pixel_mean(lambda *at: brightness(row, *at), (FRAME.x0 + x, FRAME.y0 + y), row[:2])
        assert image[y, x] == pytest.approx(exact, rel=1e-5)


def test_each_component_has_its_own_stencil() -> None:
    rows = [FAR[0], NEAR, FAR[1], FAR[2]]
    stack = stack_of(rows)
    margins = [(run.start, run.stop, margin) for run, margin in stack._quadrature_pixels(FRAME).runs]
    assert margins == [(0, 1, SHORT_MARGIN), (1, 2, STENCIL_MARGIN), (2, 4, SHORT_MARGIN)]
    alone = sum(stack_of([row]).image(FRAME) for row in rows)
    torch.testing.assert_close(stack.image(FRAME), alone, rtol=1e-7, atol=0.0)


def test_sums_are_the_transpose_of_the_columns_under_every_stencil() -> None:
    stack = stack_of([FAR[0], NEAR, FAR[1], FAR[2]])
    weight = torch.as_tensor(np.random.default_rng(3).normal(size=(1, FRAME.height, FRAME.width)))
    columns = torch.empty((1, stack.columns, FRAME.height, FRAME.width), dtype=torch.float64)
    stack.write_columns(columns, FRAME)
    by_component = columns.unflatten(1, (4, -1))
    expected = torch.einsum("bkcyx,bkcp,byx->bkp", by_component, stack.transfer, weight).flatten(1)
    size = torch.einsum("bkcyx,bkcp,byx->bkp", by_component.abs(), stack.transfer.abs(), weight.abs()).flatten(1)
    light = stack.linearize(FRAME)
    assert float(((light.gradient(weight) - expected).abs() / size).max()) < 1e-12
    torch.testing.assert_close(light.image(), stack.image(FRAME), rtol=1e-13, atol=0.0)
