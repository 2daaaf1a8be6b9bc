"""Requests proposed from images: what is found, what is taken over, what is told."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

from fitting.first_values import complete_request
from fitting.inputs import ImageData, load_images
from fitting.proposing import Proposal, propose
from fitting.proposing import proposal as proposal_module
from fitting.spec import RequestInvalid, parse_proposal, parse_request
from tests.fitting.first_values.test_completed_request import PSF, SIZE, SKY, TRUTH, scene, turn

NEIGHBOUR = {**TRUTH, "x": 25.0, "y": 90.0, "r_e": 4.0, "i_e": 20.0}


def write(folder: Path, image: ImageData, **planes: np.ndarray) -> Path:
    hdus = [fits.PrimaryHDU(image.data), *(fits.ImageHDU(array, name=name) for name, array in planes.items())]
    path = folder / "image.fits"
    fits.HDUList(hdus).writeto(path)
    return path


def proposal(path: Path, **options: Any) -> Proposal:
    made = propose(parse_proposal(options, str(path), "path"), Path)
    document = made.document()["request"]
    assert parse_request(document) == made.request
    images = load_images(made.request, Path)
    assert complete_request(made.request, images) is made.request
    return made


@pytest.fixture
def two(tmp_path: Path) -> Path:
    image = scene(TRUTH, NEIGHBOUR)
    return write(tmp_path, image, VARIANCE=image.variance, PSF=PSF)


def test_galaxies_are_proposed_with_their_shapes(two: Path) -> None:
    made = proposal(two)
    first, second = made.sources
    assert math.dist((first.x, first.y), (TRUTH["x"], TRUTH["y"])) < 0.1
    assert math.dist((second.x, second.y), (25.0, 90.0)) < 0.5
    assert first.q == pytest.approx(TRUTH["q"], abs=0.03)
    assert turn(first.pa, TRUTH["pa"]) < 3.0
    assert first.r_e == pytest.approx(TRUTH["r_e"], rel=0.1)
    assert first.n == pytest.approx(TRUTH["n"], rel=0.2)
    assert made.sky["level"] == pytest.approx(SKY, abs=0.1)
    assert made.sky["rms"] == pytest.approx(1.0, rel=0.05)


def test_planes_of_the_file_are_taken(two: Path) -> None:
    planes = {key: value["hdu"] for key, value in proposal(two).planes.items()}
    assert planes == {"data": 0, "variance": 1, "psf": 2}


@pytest.mark.parametrize("plane", [np.zeros((120, 120)), np.full((120, 120), np.nan), np.full((120, 120), -1.0)])
def test_a_noise_without_a_positive_pixel_is_not_taken_and_that_is_said(tmp_path: Path, plane: np.ndarray) -> None:
    image = scene(TRUTH, NEIGHBOUR)
    plane = plane[: image.data.shape[0], : image.data.shape[1]]
    made = proposal(write(tmp_path, image, ERR=plane, WHT=1.0 / image.variance))
    assert {key: value["hdu"] for key, value in made.planes.items()} == {"data": 0, "weight": 2}
    assert any("ERR" in warning and "no pixel of it is positive" in warning for warning in made.warnings)


def test_proposals_have_one_thread_of_blas_unless_the_environment_says_otherwise(
    two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    real = proposal_module.propose_for

    def spy(*arguments: Any) -> Proposal:
        seen.append(max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"))
        return real(*arguments)

    monkeypatch.setattr(proposal_module, "propose_for", spy)
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    with threadpool_limits(limits=2, user_api="blas"):
        proposal(two)
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
        proposal(two)
    assert seen == [1, 2]


def test_a_plane_that_is_given_stands_above_its_name(two: Path) -> None:
    planes = proposal(two, sigma=1, psf={"gaussian": {"fwhm": 3.0}}).planes
    assert planes["sigma"]["hdu"] == 1
    assert "variance" not in planes
    assert planes["psf"]["gaussian"] == {"fwhm": 3.0}


def test_a_plane_can_be_refused(two: Path) -> None:
    assert "psf" not in proposal(two, psf=None).planes


def test_the_brightest_is_kept_where_there_is_room_for_one(two: Path) -> None:
    made = proposal(two, max_components=1)
    assert [source.name for source in made.sources] == ["g1"]
    assert made.left_out >= 1
    assert any("max_components" in warning for warning in made.warnings)


def test_a_window_keeps_the_frame_of_the_image(two: Path) -> None:
    (source,) = proposal(two, window={"x": [40, 110], "y": [20, 100]}).sources
    assert math.dist((source.x, source.y), (TRUTH["x"], TRUTH["y"])) < 0.2


def test_positions_are_measured_and_others_told(two: Path) -> None:
    made = proposal(two, positions=[[62, 56], [900, 3]])
    (source,) = made.sources
    assert source.r_e == pytest.approx(TRUTH["r_e"], rel=0.1)
    assert any("leaves out" in warning or "leave" in warning for warning in made.warnings)
    assert any("1 of 2" in warning for warning in made.warnings)


def test_a_catalogue_with_shapes_is_taken_as_it_stands(two: Path) -> None:
    row = {"x": 62.0, "y": 56.0, "magnitude": 15.0, "r_e": 8.0, "q": 0.5, "pa": 30.0, "n": 1.5}
    made = proposal(two, catalogue=[row], zero_point=25.0)
    (source,) = made.sources
    assert (source.x, source.r_e, source.q, source.pa, source.n) == (62.0, 8.0, 0.5, 30.0, 1.5)
    assert source.magnitude == pytest.approx(15.0, abs=1e-3)


@pytest.mark.parametrize(
    ("row", "place"),
    [({"ra": 10.0, "dec": 20.0}, "$.catalogue[0]"), ({"x": 1, "y": 1, "magnitude": 20}, "$.catalogue[0].magnitude")],
)
def test_a_catalogue_that_the_image_cannot_place_is_a_fault(two: Path, row: dict[str, float], place: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        proposal(two, catalogue=[row])
    assert [fault.path for fault in caught.value.faults] == [place]


def test_a_segmentation_says_where_the_sources_are(tmp_path: Path) -> None:
    image = scene(TRUTH, NEIGHBOUR)
    labels = np.zeros((SIZE, SIZE), dtype=np.int16)
    labels[40:75, 45:80] = 7
    path = write(tmp_path, image, VARIANCE=image.variance, PSF=PSF, SEGMENTATION=labels)
    (source,) = proposal(path, segmentation="[SEGMENTATION]").sources
    assert math.dist((source.x, source.y), (TRUTH["x"], TRUTH["y"])) < 0.2


def test_a_segmentation_of_another_shape_is_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path, scene(TRUTH), SEG=np.ones((20, 20), dtype=np.int16))
    with pytest.raises(RequestInvalid, match="shape"):
        proposal(path, segmentation="[SEG]")


def test_a_star_is_told_from_a_galaxy(tmp_path: Path) -> None:
    image = scene(TRUTH)
    half = PSF.shape[0] // 2
    image.data[95 - half : 96 + half, 30 - half : 31 + half] += 3000.0 * PSF
    made = proposal(write(tmp_path, image, VARIANCE=image.variance, PSF=PSF))
    assert [source.star for source in made.sources] == [False, True]
    assert made.sources[1].flux == pytest.approx(3000.0, rel=0.03)
    assert [source.star for source in proposal(tmp_path / "image.fits", stars=False).sources] == [False, False]


def test_a_tilted_sky_is_seen_and_does_not_hide_the_galaxies(tmp_path: Path) -> None:
    image = scene(TRUTH, NEIGHBOUR)
    image.data[:] += 0.05 * (np.arange(SIZE) - SIZE // 2)
    made = proposal(write(tmp_path, image, VARIANCE=image.variance, PSF=PSF))
    assert made.sky["slope_x"] == pytest.approx(0.05, abs=0.005)
    assert made.sky["slope_y"] == pytest.approx(0.0, abs=0.005)
    assert len(made.sources) == 2


def test_a_level_sky_is_not_taken_for_tilted(two: Path) -> None:
    assert proposal(two).sky["slope_x"] == 0.0


@pytest.mark.parametrize("kind", ["noise", "constant", "one pixel", "line", "negative", "with gaps"])
def test_an_image_without_a_galaxy_brings_the_sky_alone(kind: str, tmp_path: Path) -> None:
    image = scene(TRUTH) if kind == "negative" else scene()
    data = {
        "noise": image.data,
        "constant": np.full((SIZE, SIZE), 7.0),
        "one pixel": image.data[:1, :1],
        "line": image.data[:1],
        "negative": -image.data,
        "with gaps": np.where(np.random.default_rng(1).random((SIZE, SIZE)) < 0.5, np.nan, image.data),
    }[kind]
    path = tmp_path / "image.npy"
    np.save(path, data)
    made = proposal(path)
    assert [component.name for component in made.request.components] == ["sky"]
    assert any("inverted" in warning if kind == "negative" else "sky alone" in warning for warning in made.warnings)


def test_an_image_of_nan_is_a_fault_at_the_file(tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", np.full((20, 20), np.nan))
    with pytest.raises(RequestInvalid, match="no finite pixel"):
        proposal(tmp_path / "image.npy")


def test_a_faint_neighbour_under_bright_wings_is_found(tmp_path: Path) -> None:
    bright = {**TRUTH, "n": 4.0, "i_e": 300.0}
    faint = {**TRUTH, "x": 88.0, "y": 62.0, "r_e": 3.0, "i_e": 25.0}
    image = scene(bright, faint)
    made = proposal(write(tmp_path, image, VARIANCE=image.variance, PSF=PSF))
    assert min(math.dist((source.x, source.y), (88.0, 62.0)) for source in made.sources) < 1.0


def test_a_small_galaxy_keeps_its_size_under_the_psf(tmp_path: Path) -> None:
    small = {**TRUTH, "r_e": 1.8, "n": 1.0, "i_e": 600.0}
    image = scene(small)
    (source,) = proposal(write(tmp_path, image, VARIANCE=image.variance, PSF=PSF)).sources
    assert source.r_e == pytest.approx(1.8, rel=0.15)


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"thresold": 5}, "$.thresold"),
        ({"threshold": 0}, "$.threshold"),
        ({"data": 1}, "$.data"),
        ({"variance": 9}, "$.variance"),
        ({"hdu": "NONE"}, "$.data"),
        ({"positions": [[1, 2]], "segmentation": 1}, "$.positions"),
        ({"positions": []}, "$.positions"),
        ({"catalogue": [{"x": 3}]}, "$.catalogue[0]"),
    ],
)
def test_a_mistake_is_told_with_its_place(two: Path, options: dict[str, Any], place: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        proposal(two, **options)
    assert place in [fault.path for fault in caught.value.faults]


def crowded(size: int, width: float, count: int) -> NDArray[np.float64]:
    """Stars with wings, of fluxes by a power law, whose light runs together.

    Args:
        width: standard deviation of the PSF, pixels.
    """
    random = np.random.default_rng(2)
    flux = np.minimum(3.0 + 3.0 * random.pareto(1.5, count), 1e5) * (2.355 * width) ** 2
    places = random.uniform(-5, size + 5, (2, count))
    light, reach = np.zeros((size, size)), int(8 * width) + 2
    for x, y, amount in zip(*places, flux / (2.0 * np.pi * width**2), strict=True):
        part = tuple(slice(max(int(at) - reach, 0), min(int(at) + reach + 1, size)) for at in (y, x))
        rows, columns = np.mgrid[part]
        squared = ((columns - x) ** 2 + (rows - y) ** 2) / width**2
        light[part] += amount * (0.8 * np.exp(-squared / 2.0) + 0.075 / (1.0 + squared / 4.0) ** 2.5)
    return light + random.normal(size=light.shape)


@pytest.mark.slow
def test_the_sky_of_a_crowded_field_is_no_darker_than_its_pixels(tmp_path: Path) -> None:
    data = 1000.0 + crowded(128, 2.5 / 2.355, 2621)
    np.save(tmp_path / "image.npy", data)
    sky = proposal(tmp_path / "image.npy", max_components=100).sky
    assert 996.0 < sky["level"] < np.median(data)
