"""Saturated stars, bad columns and rows: found where they were put, and nowhere else."""

from typing import Any

import numpy as np
import pytest

from benchmarks.fields import rendered
from fitting.inputs import ImageData, shaped_mask
from fitting.inputs.psf_stamps import moffat_stamp
from fitting.proposing.defects import bad_lines, saturated_stars
from fitting.proposing.proposal import propose_for
from fitting.spec import MaskShape, MoffatPsf, ProposalSpec

SIDE = 200
PSF = moffat_stamp(MoffatPsf.model_validate({"moffat": {"fwhm": 3.0, "beta": 3.0}}))


def image(seed: int = 1, galaxies: tuple[dict[str, float], ...] = ()) -> ImageData:
    shape = (SIDE, SIDE)
    empty = ImageData("image", np.zeros(shape), np.ones(shape), np.zeros(shape, bool), PSF)
    light = sum((rendered([item], empty) for item in galaxies), np.zeros(shape))
    data = 20.0 + light + np.random.default_rng(seed).normal(size=shape)
    return ImageData("image", data, np.ones(shape), np.zeros(shape, bool), PSF)


def add_star(data: np.ndarray, x: float, y: float, flux: float, level: float, spikes: float = 0.0) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    distance = np.hypot(columns - x, rows - y)
    data += flux * 0.0354 * 4.0 * (1.0 + (distance / 2.94) ** 2) ** -3.0 / 4.0
    if spikes:
        across, along = np.abs(columns - x), np.abs(rows - y)
        data += spikes * np.exp(-0.5 * across**2) * np.exp(-along / 25.0)
        data += spikes * np.exp(-0.5 * along**2) * np.exp(-across / 25.0)
    np.minimum(data, level, out=data)


EDGE_ON = {"x": 100.0, "y": 100.0, "q": 0.1, "pa": 0.0, "n": 1.0, "r_e": 30.0, "i_e": 30.0}
ROUND = {"x": 80.0, "y": 100.0, "q": 0.8, "pa": 0.0, "n": 0.5, "r_e": 20.0, "i_e": 100.0}


@pytest.mark.parametrize("galaxies", [(), (EDGE_ON,), (ROUND,)])
@pytest.mark.parametrize("seed", range(3))
def test_a_sound_image_has_none(seed: int, galaxies: tuple[dict[str, float], ...]) -> None:
    sound = image(seed, galaxies)
    add_star(sound.data, 30.3, 40.2, 5e3, np.inf)
    assert bad_lines(sound) == []
    assert saturated_stars(sound) == []


@pytest.mark.parametrize("offset", [-20.0, 3.0, 500.0])
@pytest.mark.parametrize("width", [1, 2])
def test_bad_columns_are_found_where_they_are(offset: float, width: int) -> None:
    bad = image(2, (ROUND,))
    bad.data[:, 61 : 61 + width] += offset
    assert bad_lines(bad) == [{"box": {"x": [61, 61 + width]}}]


def test_a_column_that_is_bad_in_part_is_masked_in_part() -> None:
    bad = image(2, (ROUND,))
    bad.data[100:, 61] += 50.0
    (shape,) = bad_lines(bad)
    assert shape["box"]["x"] == [61, 62]
    assert shape["box"]["y"][1] == SIDE
    assert 70 <= shape["box"]["y"][0] <= 100


def test_bad_rows_are_found_too() -> None:
    bad = image(2, (ROUND,))
    bad.data[17] -= 15.0
    assert bad_lines(bad) == [{"box": {"y": [17, 18]}}]


def test_a_saturated_star_is_masked_with_its_halo() -> None:
    bad = image(3)
    add_star(bad.data, 60.4, 130.7, 2e6, 3e4)
    (star,) = saturated_stars(bad)
    assert abs(star.x - 60.4) < 0.5
    assert abs(star.y - 130.7) < 0.5
    rows, columns = np.mgrid[:SIDE, :SIDE]
    distance = np.hypot(columns - star.x, rows - star.y)
    beyond = (distance > star.radius) & (distance < star.radius + 3.0)
    assert abs(np.median(bad.data[beyond]) - 20.0) < 1.0
    assert star.radius < 50.0


@pytest.mark.parametrize("sigma", [3.4, 4.5, 7.0])
def test_the_round_top_of_smooth_light_is_no_saturated_star(sigma: float) -> None:
    smooth = image(3)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    smooth.data[:] += 5000.0 * np.exp(-((columns - 60.5) ** 2 + (rows - 70.5) ** 2) / (2.0 * sigma**2))
    assert saturated_stars(smooth) == []


def test_a_star_whose_core_is_masked_is_found() -> None:
    bad = image(3)
    add_star(bad.data, 60.4, 130.7, 2e6, 3e4)
    bad.mask[bad.data >= 3e4] = True
    bad.data[bad.mask] = np.nan
    (star,) = saturated_stars(bad)
    assert abs(star.x - 60.4) < 0.5


def test_spikes_of_a_saturated_star_are_masked() -> None:
    bad = image(4)
    add_star(bad.data, 100.0, 100.0, 2e6, 3e4, spikes=200.0)
    (star,) = saturated_stars(bad)
    shapes = [MaskShape.model_validate(shape) for shape in star.spikes]
    assert len(shapes) == 4
    mask = shaped_mask(shapes, bad.data.shape)
    start = int(star.radius) + 1
    assert mask[100, 100 + start : 100 + start + 12].all()
    assert mask[100 + start : 100 + start + 12, 100].all()
    assert not mask[100 + start + 10, 100 + start + 10]


@pytest.mark.slow
def test_a_request_masks_them_and_says_so_unless_it_is_not_to() -> None:
    bad = image(3, ({**ROUND, "n": 1.0, "r_e": 8.0},))
    add_star(bad.data, 160.4, 130.7, 2e6, 3e4)
    bad.data[:, 20] += 30.0

    def made(**options: Any) -> tuple[list[str], list[str], int]:
        found = propose_for(bad, ProposalSpec.model_validate({"data": "i", "psf": "p", **options}))
        codes = [notice.code for notice in found.notices]
        return codes, [item.name for item in found.sources], len(found.request.images[0].mask_shapes or ())

    codes, names, shapes = made()
    assert {"saturated-masked", "lines-masked"} <= set(codes)
    assert names == ["g1"]
    assert shapes >= 2
    codes, names, _ = made(mask_defects=False, max_components=5)
    assert not {"saturated-masked", "lines-masked"} & set(codes)
    assert len(names) > 1
