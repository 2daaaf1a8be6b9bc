"""The images of a request: planes held against each other, noise, masks, windows and PSFs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from fitting.inputs import ImageData, load_images
from fitting.spec import Fault, RequestInvalid, parse_request

RNG = np.random.default_rng(2)
DATA = RNG.normal(50.0, 3.0, (30, 40))
PSF = np.ones((5, 7)) / 35


class Files:
    """Arrays written as files, and requests that name them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("data", DATA)

    def write(self, name: str, data: np.ndarray, **cards: object) -> str:
        hdu = fits.PrimaryHDU(np.asarray(data, dtype=np.float64))
        hdu.header.update(cards)
        hdu.writeto(self.folder / name)
        return name

    def load(self, **keys: Any) -> ImageData:
        image = {"data": "data", **keys}
        request = parse_request({"images": [image], "components": [{"name": "sky", "profile": "flat_sky"}]})
        return load_images(request, lambda name: self.folder / name)[0]

    def faults(self, **keys: Any) -> tuple[Fault, ...]:
        with pytest.raises(RequestInvalid) as caught:
            self.load(**keys)
        return caught.value.faults

    def fault(self, **keys: Any) -> Fault:
        (fault,) = self.faults(**keys)
        return fault


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_an_image_is_read_whole(files: Files) -> None:
    image = files.load(variance={"constant": 9.0})
    assert np.array_equal(image.data, DATA)
    assert (image.origin, image.psf, image.warnings) == ((0, 0), None, ())
    assert not image.mask.any()


def test_a_window_is_half_open_and_clipped_to_the_frame(files: Files) -> None:
    variance = np.arange(1.0, 1201.0).reshape(30, 40)
    files.write("variance", variance)
    image = files.load(variance="variance", window={"x": [5, 12], "y": [-3, 4]})
    assert np.array_equal(image.data, DATA[0:4, 5:12])
    assert np.array_equal(image.variance, variance[0:4, 5:12])
    assert image.origin == (5, 0)


@pytest.mark.parametrize(("axis", "bounds"), [("x", [40, 50]), ("y", [-9, 0])])
def test_a_window_outside_the_frame_is_a_fault(files: Files, axis: str, bounds: list[int]) -> None:
    fault = files.fault(window={axis: bounds})
    assert fault.path == f"$.images[0].window.{axis}"
    assert "outside the image" in fault.message


@pytest.mark.parametrize(
    ("key", "stored", "variance"), [("variance", 4.0, 4.0), ("weight", 4.0, 0.25), ("sigma", 4.0, 16.0)]
)
def test_noise_is_given_as_variance_weight_or_sigma(files: Files, key: str, stored: float, variance: float) -> None:
    files.write("noise", np.full(DATA.shape, stored))
    assert np.all(files.load(**{key: "noise"}).variance == variance)
    assert np.all(files.load(**{key: {"constant": stored}}).variance == variance)


def test_noise_from_the_gain_counts_electrons(files: Files) -> None:
    image = files.load(variance={"gain": 2.0, "read_noise": 6.0, "subtracted_sky": 10.0})
    assert image.variance == pytest.approx((DATA + 10.0) / 2.0 + 9.0)


def test_automatic_noise_is_that_of_the_background_and_says_so(files: Files) -> None:
    data = RNG.normal(50.0, 3.0, (100, 100))
    data[40:60, 40:60] += 1000.0
    files.write("source", data)
    image = files.load(data="source")
    assert np.sqrt(image.variance[0, 0]) == pytest.approx(3.0, rel=0.05)
    assert "no variance was given" in image.warnings[0]


def test_an_image_without_noise_gets_variance_one_and_a_warning(files: Files) -> None:
    files.write("flat", np.zeros((9, 9)))
    image = files.load(data="flat", variance={"auto": True})
    assert np.all(image.variance == 1.0)
    assert "no measurable noise" in image.warnings[0]


def test_unusable_pixels_are_masked_and_counted(files: Files) -> None:
    data, variance, mask = DATA.copy(), np.full(DATA.shape, 9.0), np.zeros(DATA.shape)
    data[0, :3], variance[1, :4], variance[2, 0], mask[3, :5] = np.nan, 0.0, np.inf, (1, 2, -1, np.nan, 0.5)
    data[3, 0] = np.inf
    for name, plane in (("d", data), ("v", variance), ("m", mask)):
        files.write(name, plane)
    image = files.load(data="d", variance="v", mask="m")
    assert int(image.mask.sum()) == 3 + 4 + 1 + 5
    assert [warning.split()[0] for warning in image.warnings] == ["3", "5", "the"]
    assert image.warnings[2].startswith("the mask took 5 pixels, ")


@pytest.mark.parametrize("key", ["variance", "mask", "weight", "sigma"])
def test_a_plane_of_another_shape_is_a_fault(files: Files, key: str) -> None:
    files.write("other", np.ones((40, 30)))
    fault = files.fault(**{key: "other"})
    assert fault.path == f"$.images[0].{key}"
    assert "(40, 30)" in fault.message
    assert "(30, 40)" in str(fault.expected)


def test_a_mask_that_leaves_nothing_in_the_window_is_a_fault(files: Files) -> None:
    mask = np.zeros(DATA.shape)
    mask[:, :10] = 1
    files.write("mask", mask)
    assert files.fault(mask="mask", window={"x": [0, 10]}).path == "$.images[0].mask"


def test_an_image_of_nan_is_a_fault(files: Files) -> None:
    files.write("nan", np.full((9, 9), np.nan))
    fault = files.fault(data="nan")
    assert (fault.path, "no finite pixel" in fault.message) == ("$.images[0].data", True)


def test_variance_that_is_nowhere_positive_is_a_fault(files: Files) -> None:
    files.write("zero", np.zeros(DATA.shape))
    assert files.fault(weight="zero").path == "$.images[0].weight"


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        (np.zeros((5, 5)), "sums to 0"),
        (-np.ones((5, 5)), "sums to -25"),
        (np.array([[1.0, -1.0, 0.0]] * 3), "sums to 0"),
        (np.full((5, 5), np.nan), "NaN"),
        (np.ones((1, 1027)), "too large"),
    ],
)
def test_a_psf_that_is_no_kernel_is_a_fault(files: Files, stamp: np.ndarray, words: str) -> None:
    files.write("psf", stamp)
    fault = files.fault(psf="psf")
    assert fault.path == "$.images[0].psf"
    assert words in fault.message


def test_a_psf_is_normalised_with_a_warning(files: Files) -> None:
    files.write("psf", 10 * PSF)
    image = files.load(variance={"constant": 1.0}, psf={"path": "psf", "convention": "effective"})
    assert image.psf == pytest.approx(PSF)
    assert image.psf_convention == "effective"
    assert "sums to 10" in image.warnings[0]


def test_a_normalised_psf_gives_no_warning(files: Files) -> None:
    line = np.exp(-0.5 * np.arange(-6.0, 7.0) ** 2 / 1.5**2)
    files.write("psf", 1.0005 * np.outer(line, line) / line.sum() ** 2)
    assert files.load(variance={"constant": 9.0}, psf="psf").warnings == ()


def test_faults_of_all_planes_are_reported_together(files: Files) -> None:
    files.write("dark", np.zeros((5, 5)))
    files.write("other", np.ones((3, 3)))
    paths = [
        fault.path for fault in files.faults(psf="dark", mask="other", variance="nothing", window={"y": [99, 100]})
    ]
    assert sorted(paths) == [f"$.images[0].{key}" for key in ("mask", "psf", "variance", "window.y")]


def test_a_fault_names_the_file_and_the_hdu(files: Files) -> None:
    fault = files.fault(mask="data[3]")
    assert fault.path == "$.images[0].mask"
    assert "'data'" in fault.message
    assert "HDU 3" in fault.message


def test_a_file_that_nobody_has_is_a_fault() -> None:
    request = parse_request({"images": [{"data": "upl_1"}], "components": [{"name": "s", "profile": "flat_sky"}]})
    held: dict[str, Path] = {}
    with pytest.raises(RequestInvalid, match="there is no file 'upl_1'"):
        load_images(request, held.__getitem__)


def test_the_request_overrides_scale_and_zero_point_of_the_header(files: Files) -> None:
    wcs = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -1e-4, "CDELT2": 1e-4, "MAGZPT": 25.0}
    files.write("wcs", DATA, **wcs)
    image = files.load(data="wcs")
    assert (image.pixel_scale, image.zero_point) == (pytest.approx(0.36), 25.0)
    image = files.load(data="wcs", pixel_scale=0.4, zero_point=22.5)
    assert (image.pixel_scale, image.zero_point) == (0.4, 22.5)
