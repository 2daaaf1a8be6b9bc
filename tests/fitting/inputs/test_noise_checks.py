"""Noise that was given, held against the pixels; pixels that say that they are bad; header's noise; missing sky."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from fitting.files import describe_file, noise_of_header
from fitting.inputs import ImageData, load_images
from fitting.spec import Notice, RequestInvalid, parse_request
from tests.fitting.inputs.test_pixel_scatter import sersic, star_field

Array = NDArray[np.float64]
SIGMA = 0.2


def loaded(folder: Path, data: Array, cards: dict[str, Any] | None = None, **planes: Any) -> ImageData:
    """An image as a request reads it; planes that are arrays are written beside it."""
    (folder / "d.fits").unlink(missing_ok=True)
    fits.PrimaryHDU(data, fits.Header(cards or {})).writeto(folder / "d.fits")
    image: dict[str, Any] = {"data": "d.fits"}
    for key, plane in planes.items():
        if isinstance(plane, np.ndarray):
            np.save(folder / f"{key}.npy", plane)
        image[key] = f"{key}.npy" if isinstance(plane, np.ndarray) else plane
    request = parse_request({"images": [image], "components": [{"name": "sky", "profile": "flat_sky"}]})
    return load_images(request, folder.joinpath)[0]


def told(image: ImageData, code: str) -> str:
    """The sentence of a notice, or nothing."""
    return " ".join(notice.sentence for notice in image.notices if notice.code == code)


@pytest.fixture
def galaxy() -> Array:
    random = np.random.default_rng(1)
    return sersic((80, 80), 2.0, 15.0, 3.0) + 10.0 + random.normal(0.0, SIGMA, (80, 80))


PLANE = np.full((80, 80), 1.0)


@pytest.mark.parametrize(
    ("key", "plane", "reason"),
    [
        ("sigma", SIGMA**2 * PLANE, "a variance that was given as sigma"),
        ("sigma", SIGMA**-2 * PLANE, "an inverse variance that was given as sigma"),
        ("variance", SIGMA * PLANE, "a standard deviation that was given as variance"),
        ("variance", SIGMA**-2 * PLANE, "an inverse variance that was given as variance"),
        ("weight", SIGMA**2 * PLANE, "a variance that was given as weight"),
        ("weight", SIGMA * PLANE, "a standard deviation that was given as weight"),
        ("weight", 1990.0 * PLANE, "exposure times (EXPTIME 2000 s)"),
        ("weight", PLANE, "relative weights"),
        ("sigma", 9.0 * PLANE, "other units"),
        ("sigma", {"constant": SIGMA**2}, "a variance that was given as sigma"),
        ("variance", {"gain": 100.0, "read_noise": 2.0, "subtracted_sky": 900.0}, "in electrons already"),
        ("variance", {"gain": 2000.0}, "subtracted_sky"),
    ],
)
def test_a_noise_that_contradicts_the_pixels_is_told_with_the_likely_reason(
    tmp_path: Path, galaxy: Array, key: str, plane: Any, reason: str
) -> None:
    image = loaded(tmp_path, galaxy, {"EXPTIME": 2000.0}, **{key: plane})
    assert reason in told(image, "noise-contradicted")


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.7])
def test_a_noise_within_a_factor_of_two_is_let_be(tmp_path: Path, galaxy: Array, factor: float) -> None:
    assert not told(loaded(tmp_path, galaxy, sigma=factor * SIGMA * PLANE), "noise-contradicted")


def honest_scene(number: int) -> tuple[Array, Array]:
    """Data and their variance: galaxies, crowded stars; white, Poisson, correlated and rounded noise, and depth."""
    random = np.random.default_rng(number)
    height, width = map(int, random.integers(24, 200, 2))
    shape = (height, width)
    light = np.full(shape, 10.0 ** random.uniform(0, 4))
    if number % 3 < 2:
        n, r_e = random.choice([0.5, 1, 2, 4, 6]), min(shape) * random.uniform(0.03, 0.4)
        light += sersic(shape, n, r_e, 10 ** random.uniform(-0.5, 2.5))
    if number % 3 > 0:
        count = int(height * width * random.uniform(0.001, 0.03))
        light += star_field(shape, count, random.uniform(0.6, 3), random)
    noise = random.normal(0.0, 1.0, shape)
    match number % 5:
        case 0:
            gain = 10.0 ** random.uniform(-0.5, 1.5)
            return random.poisson(light * gain) / gain, light / gain
        case 1:
            noise = gaussian_filter(noise, random.uniform(0.3, 2.5), mode="wrap")
            return light + noise / noise.std(), np.ones(shape)
        case 2:
            step = random.uniform(0.2, 2.0)
            return np.round((light + noise) / step) * step, np.full(shape, 1.0 + step**2 / 12)
        case 3:
            variance = 10.0 ** np.broadcast_to(np.cumsum(random.normal(0.0, 0.03, width)), shape)
            return light + noise * np.sqrt(variance), variance
    return light + noise, np.ones(shape)


@pytest.mark.parametrize(
    "scenes", [range(60), pytest.param(range(60, 200), marks=pytest.mark.slow)], ids=["60", "140 more"]
)
def test_honest_noise_raises_no_alarm(tmp_path: Path, scenes: range) -> None:
    codes = ("noise-contradicted", "sigma-huge", "flat-tops", "saturated")
    alarms: list[tuple[int, Notice]] = []
    for number in scenes:
        data, variance = honest_scene(number)
        image = loaded(tmp_path, data, variance=variance)
        alarms += [(number, notice) for notice in image.notices if notice.code in codes]
    assert alarms == []


@pytest.mark.parametrize("bad", [1e10, 1e20, 1e3, 9999.0])
@pytest.mark.parametrize("key", ["sigma", "variance", "weight"])
def test_pixels_of_huge_sigma_are_masked_and_counted(tmp_path: Path, galaxy: Array, bad: float, key: str) -> None:
    sigma = SIGMA * PLANE
    sigma[10:13, 5:9] = bad
    image = loaded(tmp_path, galaxy, **{key: {"sigma": sigma, "variance": sigma**2, "weight": sigma**-2.0}[key]})
    assert image.mask[10:13, 5:9].all()
    assert image.mask.sum() == 12
    assert told(image, "sigma-huge").startswith("12 pixels whose sigma is far above")


def test_the_photon_noise_of_a_bright_core_is_no_bad_pixel(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    light = 0.01 + 1e6 * np.exp(-0.5 * (np.hypot(*np.mgrid[-30:31, -30:31]) / 2.0) ** 2)
    variance = 0.04 + light
    image = loaded(tmp_path, light + random.normal(0.0, 1.0, light.shape) * np.sqrt(variance), variance=variance)
    assert not image.mask.any()


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_sigmas_that_are_none_are_masked_and_counted(tmp_path: Path, galaxy: Array, value: float) -> None:
    sigma = SIGMA * PLANE
    sigma[3, :7] = value
    image = loaded(tmp_path, galaxy, sigma=sigma)
    assert image.mask.sum() == 7
    assert told(image, "variance-not-positive") == "7 pixels whose sigma is not positive were masked"


@pytest.mark.parametrize("noise", ["gaussian", "poisson"])
def test_sky_that_was_taken_off_is_an_error_that_names_it(tmp_path: Path, noise: str) -> None:
    random = np.random.default_rng(3)
    np.save(tmp_path / "d.npy", random.poisson(50.0, (40, 40)) - 50.0)
    image = {"data": "d.npy", "variance": {"gain": 1.0}}
    sky = {"name": "sky", "profile": "flat_sky"}
    request = parse_request({"images": [image], "components": [sky], "noise": noise})
    with pytest.raises(RequestInvalid) as caught:
        load_images(request, tmp_path.joinpath)
    (fault,) = caught.value.faults
    assert fault.path == "$.images[0].variance"
    assert "subtracted_sky" in str(fault.expected)


def test_few_negative_pixels_count_and_dead_ones_do_not(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    data = random.poisson(1.5, (60, 60)) + random.normal(0.0, 0.8, (60, 60))
    data[5, 5:8] = -9999.0
    below = (data < 0.0) & (data > -100.0)
    assert below.sum() > 30
    image = loaded(tmp_path, data, variance={"gain": 1.0})
    assert image.mask.sum() == 3
    assert (image.variance[below] > 0.0).all()


HEADERS: list[tuple[dict[str, Any], float, float]] = [
    ({"GAIN": 4.0, "RDNOISE": 8.0}, 4.0, 8.0),
    ({"EGAIN": 1.3, "GAIN": 139.0, "READNOIS": 2.0}, 1.3, 2.0),
    ({"ATODGAIN": 7.0, "RON": 5.0}, 7.0, 5.0),
    ({"CCDGAIN": 1.5, "ENOISE": 5.0, "BUNIT": "DN"}, 1.5, 5.0),
    ({"GAIN1": 2.0, "NCOMBINE": 4, "RDNOISE1": 3.0}, 8.0, 6.0),
    ({"GAIN": 2.0, "BUNIT": "adu/s", "EXPTIME": 30.0}, 60.0, 0.0),
    ({"CCDGAIN": 2.5, "BUNIT": "ELECTRONS/S", "EXPTIME": 1000.0}, 1000.0, 0.0),
    ({"GAIN": 2.0, "BUNIT": "electron"}, 1.0, 0.0),
    ({"HIERARCH ESO DET OUT1 CONAD": 0.53, "HIERARCH ESO DET OUT1 RON": 4.1}, 0.53, 4.1),
]


@pytest.mark.parametrize(("cards", "gain", "read_noise"), HEADERS)
def test_an_upload_tells_the_noise_of_its_header(
    tmp_path: Path, cards: dict[str, Any], gain: float, read_noise: float
) -> None:
    fits.PrimaryHDU(np.ones((5, 5)), fits.Header(cards)).writeto(tmp_path / "a.fits")
    (hdu,) = describe_file(tmp_path / "a.fits").hdus
    assert (hdu.gain, hdu.read_noise) == (pytest.approx(gain), pytest.approx(read_noise))
    assert hdu.noise_reason


@pytest.mark.parametrize(
    "cards", [{}, {"GAIN": 0.0}, {"GAIN": "high"}, {"GAIN": -1}, {"GAIN": 2.0, "BUNIT": "MJy/sr"}, {"GAIN": True}]
)
def test_a_header_without_a_gain_of_the_data_tells_none(cards: dict[str, Any]) -> None:
    assert noise_of_header(cards) is None


def exposure(sky: float, gain: float, read_noise: float) -> Array:
    """A galaxy on a sky, data units."""
    random = np.random.default_rng(5)
    electrons = gain * (sky + sersic((90, 90), 1.0, 6.0, 200.0))
    return (random.poisson(electrons) + random.normal(0.0, read_noise, electrons.shape)) / gain


CARDS = {"GAIN": 2.5, "RDNOISE": 6.0}


def test_automatic_noise_is_the_header_s(tmp_path: Path) -> None:
    data = exposure(100.0, 2.5, 6.0)
    image = loaded(tmp_path, data, CARDS, variance={"auto": True})
    assert image.variance == pytest.approx(data / 2.5 + (6.0 / 2.5) ** 2)
    assert "GAIN 2.5, RDNOISE 6" in told(image, "noise-of-header")


def test_automatic_noise_finds_the_sky_that_was_taken_off(tmp_path: Path) -> None:
    data = exposure(100.0, 2.5, 6.0) - 100.0
    image = loaded(tmp_path, data, CARDS, variance={"auto": True})
    assert image.electrons is not None
    assert image.electrons.subtracted_sky == pytest.approx(100.0, rel=0.1)
    assert "is taken to be subtracted" in told(image, "noise-of-header")


def test_a_header_that_the_pixels_contradict_is_not_used(tmp_path: Path) -> None:
    data = exposure(100.0, 250.0, 6.0)
    image = loaded(tmp_path, data, CARDS, variance={"auto": True})
    assert told(image, "noise-of-header-not-used")
    assert image.variance[0, 0] == pytest.approx(0.4, rel=0.1)


def test_noise_of_the_header_is_offered_where_none_was_asked_for(tmp_path: Path) -> None:
    image = loaded(tmp_path, exposure(100.0, 2.5, 6.0), CARDS)
    assert image.estimated
    assert '{"auto": true}' in told(image, "noise-offered")
    assert "no variance was given" in told(image, "variance-estimated")


def photons(sky: float, read_noise: float, seed: int = 2) -> Array:
    """A frame of Poisson counts in electrons, a Gaussian source on a sky, read noise, with the sky taken off."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:80, :80] - 40.0
    light = sky + 200.0 * np.exp(-0.5 * (x**2 + y**2) / 4.0**2)
    return random.poisson(light) + random.normal(0.0, read_noise, light.shape) - sky


def test_a_gain_without_the_sky_that_was_taken_off_is_told_with_what_would_agree(tmp_path: Path) -> None:
    data = photons(sky=50.0, read_noise=6.0)  # variance 86, of which the gain alone knows 36
    sentence = told(loaded(tmp_path, data, variance={"gain": 1.0, "read_noise": 6.0}), "sky-noise-left-out")
    assert "`subtracted_sky` of about" in sentence
    assert float(sentence.split(" of about ")[1].split()[0]) == pytest.approx(50.0, rel=0.25)


@pytest.mark.parametrize(
    ("data", "noise"),
    [
        (photons(50.0, 6.0), {"gain": 1.0, "read_noise": 6.0, "subtracted_sky": 50.0}),
        (photons(50.0, 6.0) + 50.0, {"gain": 1.0, "read_noise": 6.0}),
        (photons(2.0, 6.0), {"gain": 1.0, "read_noise": 6.0}),
    ],
    ids=["said", "sky still there", "hardly any sky"],
)
def test_a_gain_that_knows_the_sky_is_let_be(tmp_path: Path, data: Array, noise: dict[str, float]) -> None:
    image = loaded(tmp_path, data, variance=noise)
    assert not told(image, "sky-noise-left-out")
    assert not told(image, "noise-contradicted")
