"""What is told of PSF images: centres, levels, edges and sampling, each beside a stamp that is all right."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from fitting.first_values import complete_request
from fitting.inputs import ImageData, load_images
from fitting.inputs.psf_checks import psf_centroid, recentred, stamp_notices
from fitting.inputs.psf_stamps import fine_kernel
from fitting.run import run
from fitting.spec import RequestInvalid, parse_request
from tests.fitting.scene import values_of

CASES = Path(__file__).parents[2] / "cases"


def stamp(size: tuple[int, int] = (31, 31), fwhm: float = 3.0, dx: float = 0.0, dy: float = 0.0) -> np.ndarray:
    """A Moffat PSF with β = 4.5 about pixel N // 2."""
    core = fwhm / 2.0 / np.sqrt(2.0 ** (1.0 / 4.5) - 1.0)
    y, x = np.mgrid[: size[0], : size[1]]
    light = (1.0 + ((x - size[1] // 2 - dx) ** 2 + (y - size[0] // 2 - dy) ** 2) / core**2) ** -4.5
    return np.asarray(light / light.sum())


def loaded(folder: Path, psf: np.ndarray, cards: dict[str, Any] | None = None, **beside: Any) -> ImageData:
    fits.writeto(folder / "psf.fits", psf, fits.Header(cards or {}), overwrite=True)
    np.save(folder / "d.npy", np.ones((41, 41)))
    scale = {"pixel_scale": beside.pop("pixel_scale")} if "pixel_scale" in beside else {}
    request = parse_request(
        {
            "images": [{"data": "d.npy", "variance": {"constant": 1}, "psf": {"path": "psf.fits", **beside}, **scale}],
            "components": [{"name": "sky", "profile": "flat_sky", "parameters": {"i": 1}}],
        }
    )
    return load_images(request, folder.joinpath)[0]


NEIGHBOUR = stamp()
NEIGHBOUR[22:29, 20:27] += 0.1 * stamp()[12:19, 12:19]
WEDGE = np.linspace(0.0, 1.0, 31)[:, None] * np.ones(31)
ODD: dict[str, tuple[np.ndarray, dict[str, Any], dict[str, Any]]] = {
    "psf-off-centre": (stamp(dx=1.0, dy=-0.4), {}, {}),
    "psf-even-size": (stamp((30, 31)), {}, {}),
    "psf-negative": (stamp() - 2e-5 * WEDGE, {}, {}),
    "psf-pedestal": (stamp() + 5e-5, {}, {}),
    "psf-cut-off": (stamp((9, 9)), {}, {}),
    "psf-undersampled": (stamp(fwhm=1.5), {}, {}),
    "psf-neighbour": (NEIGHBOUR, {}, {}),
    "psf-larger-than-image": (stamp((99, 99)), {}, {}),
    "psf-sampling": (stamp(fwhm=9.0, size=(91, 91)), {"PIXELSCL": 0.05}, {"pixel_scale": 0.2}),
}


@pytest.mark.parametrize("code", ODD)
def test_what_is_odd_about_a_psf_is_told_and_nothing_else(tmp_path: Path, code: str) -> None:
    psf, cards, beside = ODD[code]
    notices = loaded(tmp_path, psf / psf.sum(), cards, **beside).notices
    assert [notice.code for notice in notices] == [code]
    assert notices[0].where == "image image, psf"


@pytest.mark.parametrize(
    ("psf", "cards", "beside"),
    [
        (stamp(), {}, {}),
        (stamp(fwhm=1.5), {}, {"convention": "effective"}),
        (stamp((60, 60), fwhm=9.0), {}, {"oversampling": 4}),
        (stamp((61, 61), fwhm=9.0), {"PIXELSCL": 0.05}, {"oversampling": 4, "pixel_scale": 0.2}),
        (stamp((61, 61), fwhm=9.0), {"OVERSAMP": 4}, {"oversampling": 4}),
        (stamp(), {"OVERSAMP": "four", "PIXELSCL": -1.0}, {"pixel_scale": 0.2}),
    ],
)
def test_a_good_psf_is_taken_without_a_word(
    tmp_path: Path, psf: np.ndarray, cards: dict[str, Any], beside: dict[str, Any]
) -> None:
    assert loaded(tmp_path, psf, cards, **beside).notices == ()


STPSF = {"OVERSAMP": 4, "DET_SAMP": 2, "EXTNAME": "OVERDIST"}


@pytest.mark.parametrize(
    ("cards", "scale", "sampling"),
    [
        ({"OVERSAMP": 4}, None, 4),
        ({"DET_SAMP": 4}, None, 4),
        (STPSF, None, 2),
        (STPSF | {"EXTNAME": "DET_DIST"}, None, 1),
        ({"OVERSAMP": 1, "DET_SAMP": 4}, None, 1),
        (STPSF | {"PIXELSCL": 0.05}, 0.2, 4),
        ({"PIXSCALE": 0.0495}, 0.15, 3),
        ({"PSF_SAMP": 0.5}, None, 2),
        ({"PIXELSCL": 0.2, "DET_SAMP": 3}, 0.2, 1),
    ],
)
def test_a_psf_is_sampled_as_its_header_says_where_the_request_is_silent(
    tmp_path: Path, cards: dict[str, Any], scale: float | None, sampling: int
) -> None:
    beside = {} if scale is None else {"pixel_scale": scale}
    image = loaded(tmp_path, stamp((61, 61), fwhm=9.0), cards, **beside)
    assert image.psf_oversampling == sampling
    assert [notice.code for notice in image.notices] == ["psf-sampling"] * (sampling > 1)
    (notice,) = loaded(tmp_path, stamp((61, 61), fwhm=9.0), cards, oversampling=5, **beside).notices
    assert (notice.code, '"oversampling": 5' in notice.sentence) == ("psf-sampling", True)


@pytest.mark.parametrize("pixel", [0.08, 0.5])
def test_a_psf_whose_pixels_are_no_whole_part_of_the_images_is_refused(tmp_path: Path, pixel: float) -> None:
    with pytest.raises(RequestInvalid, match="PIXELSCL") as refused:
        loaded(tmp_path, stamp(), {"PIXELSCL": pixel}, pixel_scale=0.2)
    assert [fault.path for fault in refused.value.faults] == ["$.images[0].psf"]


@pytest.mark.parametrize(
    ("psf", "codes"),
    [
        (np.ones((1, 1)), ["psf-undersampled"]),
        (np.full((2, 2), 0.25), ["psf-even-size", "psf-off-centre", "psf-cut-off", "psf-undersampled"]),
        ((1e6 * stamp()).astype(np.int32), ["psf-normalized"]),
    ],
)
def test_psfs_of_a_pixel_or_four_or_of_integers_are_taken(tmp_path: Path, psf: np.ndarray, codes: list[str]) -> None:
    image = loaded(tmp_path, psf)
    assert [notice.code for notice in image.notices] == codes
    assert image.psf is not None
    assert image.psf.sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    "psf", [np.full((9, 9), np.nan), -stamp(), np.zeros((9, 9)), np.where(stamp() > 0.05, np.nan, stamp())]
)
def test_what_is_no_psf_is_refused(tmp_path: Path, psf: np.ndarray) -> None:
    with pytest.raises(RequestInvalid) as refused:
        loaded(tmp_path, psf)
    assert [fault.path for fault in refused.value.faults] == ["$.images[0].psf"]


def test_spikes_and_rings_of_a_telescope_are_no_neighbours(tmp_path: Path) -> None:
    """An obstructed aperture with a spider: its rings are 3 to 5 % of the peak, its spikes reach to the edge."""
    y, x = np.mgrid[-64:64, -64:64]
    aperture = (np.hypot(x, y) < 16) & (np.hypot(x, y) > 6) & (np.abs(x) > 1) & (np.abs(y) > 1)
    focus = np.abs(np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(aperture * 1.0)))) ** 2
    focus = focus[64 - 40 : 64 + 41, 64 - 40 : 64 + 41]
    assert "psf-neighbour" not in [notice.code for notice in loaded(tmp_path, focus / focus.sum()).notices]


def codes_of(psf: np.ndarray) -> list[str]:
    """Codes of what is told of an effective PSF."""
    psf = psf / psf.sum()
    kernel = fine_kernel(psf)
    return [
        notice.code.removeprefix("psf-")
        for notice in stamp_notices(kernel, psf_centroid(kernel), "effective", 1, moved=False)
    ]


def companion(size: int, fwhm: float, right: int, up: int, share: float) -> np.ndarray:
    """A PSF, and another star so many pixels off, as bright as a share of it."""
    return stamp((size, size), fwhm) + share * stamp((size, size), fwhm, dx=right, dy=up)


def struck(size: int, fwhm: float, right: int, up: int) -> np.ndarray:
    """A PSF of which a cosmic ray has hit a pixel, half as bright as its peak."""
    psf = stamp((size, size), fwhm)
    psf[size // 2 + up, size // 2 + right] += 0.5 * psf.max()
    return psf


@pytest.mark.parametrize(
    "psf",
    [
        companion(6, 2.0, 2, -2, 0.3), companion(7, 2.0, 3, 0, 0.3), companion(9, 2.0, 3, 0, 0.3),
        companion(8, 2.5, -3, 2, 0.4), companion(9, 3.0, -3, 3, 0.3), struck(5, 2.0, -2, -2), struck(7, 2.0, -2, 2),
        struck(7, 3.0, -3, 3), struck(8, 3.0, 2, -3), struck(9, 3.0, -1, 3), struck(15, 3.0, 4, 1),
    ],
)  # fmt: skip
def test_companions_and_cosmic_rays_are_told_of_small_stamps_too(psf: np.ndarray) -> None:
    assert "neighbour" in codes_of(psf)


@pytest.mark.parametrize("size", [5, 6, 7, 9, 15, 31])
def test_good_stamps_have_no_companion(size: int) -> None:
    """Ellipses of all widths between pixels, with noise: none has one, and what small ones lack is told as cut off."""
    rng = np.random.default_rng(size)
    y, x = np.mgrid[:size, :size] - size // 2
    for _ in range(30):
        fwhm, q, turn, power = rng.uniform([1.5, 0.7, 0.0, 2.0], [4.0, 1.0, np.pi, 6.0])
        dx, dy = rng.uniform(-0.5, 0.5, 2)
        along = (x - dx) * np.cos(turn) + (y - dy) * np.sin(turn)
        across = ((y - dy) * np.cos(turn) - (x - dx) * np.sin(turn)) / q
        psf = (1.0 + (along**2 + across**2) / (fwhm / 2.0) ** 2 * (2.0 ** (1.0 / power) - 1.0)) ** -power
        psf += rng.normal(0.0, rng.choice([0.0, 3e-3, 1e-2, 3e-2]) * psf.max(), psf.shape)
        assert "neighbour" not in codes_of(psf)


@pytest.mark.parametrize(
    ("psf", "codes"),
    [
        (stamp((5, 5), 3.0), ["cut-off"]),
        (stamp((6, 6), 3.0), ["cut-off"]),
        (stamp((7, 7), 2.5), ["cut-off"]),
        (stamp((25, 25), 3.0, dx=11.0), ["off-centre", "cut-off"]),
        (stamp((25, 25), 3.0, dy=-11.0), ["off-centre", "cut-off"]),
        (stamp((16, 16), 2.0) + 0.003, ["pedestal"]),
        (stamp((25, 25), 2.0) + 0.003, ["pedestal"]),
        (stamp((24, 24), 3.0), []),
    ],
)
def test_a_cut_is_told_from_a_level_whatever_the_size_and_the_side(psf: np.ndarray, codes: list[str]) -> None:
    assert codes_of(psf) == codes


@pytest.mark.parametrize(("dx", "dy"), [(0.0, 0.0), (1.0, 0.0), (0.37, -0.81), (-3.2, 2.5)])
def test_the_centroid_is_found_and_taken_out(dx: float, dy: float) -> None:
    off = stamp((41, 41), fwhm=4.5, dx=dx, dy=dy)
    offset = psf_centroid(off)
    assert offset == pytest.approx((dx, dy), abs=2e-3)
    moved = recentred(off, offset)
    assert np.abs(moved - stamp((41, 41), fwhm=4.5)).max() <= 2e-3 * moved.max()
    assert moved.sum() == pytest.approx(1.0, abs=1e-12)


def fitted_place(psf: Any) -> tuple[tuple[float, float], tuple[str, ...]]:
    """Where a galaxy at x 31.3 … y 29.4 is found with a PSF, and what is told."""
    parameters = {"x": 31, "y": 29, "q": 0.8, "pa": 20, "n": 1, "r_e": 5, "i_e": 50}
    request = parse_request(
        {
            "images": [{"data": "P.fits", "variance": {"constant": 1}, "psf": psf}],
            "components": [{"name": "sky", "profile": "flat_sky", "parameters": {"i": 0}},
                           {"name": "g", "profile": "sersic", "parameters": parameters}],
            "stages": [{"method": "lm"}],
        }
    )  # fmt: skip
    images = load_images(request, CASES.joinpath)
    values = values_of(run(complete_request(request, images), images))
    return (values["g.x"], values["g.y"]), tuple(notice.code for notice in images[0].notices)


def test_a_psf_off_its_pixel_is_told_and_moved_where_that_is_asked_for() -> None:
    there, told = fitted_place("psf_off.fits")
    assert (there[0], told) == (pytest.approx(30.3, abs=0.02), ("psf-off-centre",))
    here, told = fitted_place({"path": "psf_off.fits", "recentre": True})
    assert (here[0], told) == (pytest.approx(31.3, abs=0.02), ("psf-off-centre",))
    assert here[1] == pytest.approx(there[1], abs=1e-3)


def test_a_psf_of_even_size_is_centred_as_galfit_has_it() -> None:
    place, told = fitted_place("psf_even24g.fits")
    assert (place[0], told) == (pytest.approx(31.3, abs=0.02), ("psf-even-size",))
