"""Public layouts: meanings of planes, pixels, noise, masks, fluxes, coordinates and results, beside astropy's."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

from fitting.files import coordinates_refusal, describe_file, recognise_planes, sky_coordinates
from fitting.inputs import ImageData, load_images
from fitting.results.result import ImageResult
from fitting.results.result_files import write_image
from fitting.spec import parse_request
from tests.layouts.public_layouts import HEIGHT, LAYOUTS, WIDTH, Layout

SKY = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 0}}
NAMES = pytest.mark.parametrize("name", LAYOUTS)
ON_THE_SKY = pytest.mark.parametrize("name", [name for name, layout in LAYOUTS.items() if layout.sky == "read"])
WINDOW = {"x": [4, 27], "y": [3, 20]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("layouts")


@cache
def written(folder: Path, name: str) -> Path:
    """The layout's file, written once."""
    (folder / name).mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        LAYOUTS[name].write(folder / name)
    return folder / name / LAYOUTS[name].file


def request(layout: Layout, path: Path, **more: Any) -> Any:
    """A request that names what the file says, and what its user does."""
    planes = recognise_planes(describe_file(path), layout.hdu).hdus
    named: dict[str, Any] = {key: {"path": layout.file, "hdu": hdu} for key, hdu in planes.items()}
    if layout.plane is not None:
        named["data"] = {"path": layout.file, "hdu": layout.hdu, "plane": layout.plane}
    return parse_request({"images": [{**named, **layout.beside, **more}], "components": [SKY]})


def loaded(layout: Layout, path: Path, **more: Any) -> ImageData:
    (image,) = load_images(request(layout, path, **more), lambda file: path.parent / file)
    return image


def test_there_are_at_least_forty() -> None:
    assert len(LAYOUTS) >= 40


@NAMES
def test_planes_are_what_their_makers_say(name: str, folder: Path) -> None:
    layout, path = LAYOUTS[name], written(folder, name)
    planes = recognise_planes(describe_file(path), layout.hdu)
    assert planes.hdus == layout.planes
    taken = [notice for notice in planes.notices if notice.code == "planes-taken"]
    assert bool(taken) == (len(layout.planes) > 1 or (layout.hdu is None and layout.planes["data"] > 0))


@NAMES
def test_pixels_noise_and_mask_are_right(name: str, folder: Path) -> None:
    layout = LAYOUTS[name]
    image = loaded(layout, written(folder, name))
    if layout.lossy:
        assert np.abs(image.data - layout.pixels).max() < layout.lossy * layout.pixels.std()
    else:
        np.testing.assert_array_equal(image.data, layout.pixels)
    good = ~image.mask
    if layout.variance is not None:
        np.testing.assert_allclose(image.variance[good], layout.variance[good], rtol=1e-12)
    if layout.masked is not None:
        np.testing.assert_array_equal(image.mask, layout.masked)


@NAMES
def test_the_flux_scale_is_that_of_its_cards(name: str, folder: Path) -> None:
    layout = LAYOUTS[name]
    image = loaded(layout, written(folder, name))
    if layout.zero_point is None:
        assert image.zero_point is None
    else:
        assert image.zero_point == pytest.approx(
            layout.zero_point, abs=6e-3 if name == "hsc_coadd_compressed" else 1e-5
        )
        assert "zero-point-of-header" in [notice.code for notice in image.notices]


def sky_by_astropy(path: Path, hdu: int, pixels: NDArray[np.float64], frame: Any) -> Any:
    with warnings.catch_warnings(), fits.open(path) as hdus:
        warnings.simplefilter("ignore")
        wcs = WCS(hdus[hdu].header, hdus).celestial
        return world(wcs, pixels, frame)


def world(wcs: WCS, pixels: NDArray[np.float64], frame: Any) -> Any:
    """ICRS of pixels, by astropy's reading of the frame where none is given."""
    if frame is None:
        return wcs.pixel_to_world(*pixels.T).icrs
    return SkyCoord(*wcs.all_pix2world(pixels, 0).T, unit="deg", frame=frame).icrs


def hdu_of(layout: Layout, path: Path) -> int:
    if layout.planes:
        return layout.planes["data"]
    return next(hdu.index for hdu in describe_file(path).hdus if layout.hdu in (hdu.index, hdu.name))


@ON_THE_SKY
def test_positions_are_icrs_as_astropy_has_them(name: str, folder: Path) -> None:
    layout, path = LAYOUTS[name], written(folder, name)
    image = loaded(layout, path)
    found = sky_coordinates(image.header)
    assert found is not None
    pixels = np.random.default_rng(1).uniform(0.0, [WIDTH - 1, HEIGHT - 1], (40, 2))
    expected = sky_by_astropy(path, hdu_of(layout, path), pixels, layout.frame)
    here = SkyCoord(*found.sky(pixels).T, unit="deg")
    assert here.separation(expected).arcsec.max() < 1e-6


@NAMES
def test_coordinates_that_are_not_on_the_sky_are_refused(name: str, folder: Path) -> None:
    layout = LAYOUTS[name]
    image = loaded(layout, written(folder, name))
    assert (sky_coordinates(image.header) is not None) == (layout.sky == "read")
    assert (coordinates_refusal(image.header) is not None) == (layout.sky == "refused")


@NAMES
def test_results_stand_by_themselves(name: str, folder: Path, tmp_path: Path) -> None:
    layout, path = LAYOUTS[name], written(folder, name)
    image = loaded(layout, path, window=WINDOW)
    result = ImageResult(
        image.name, image.data, image.data, image.variance, image.mask, image.origin, image.header, {"a": image.data}
    )
    write_image(result, tmp_path, ["made"])
    pixels = np.random.default_rng(2).uniform(0.0, [image.data.shape[1] - 1, image.data.shape[0] - 1], (40, 2))
    for file in ("data.fits", "model.fits", "component/a.fits"):
        with fits.open(tmp_path / file) as hdus, warnings.catch_warnings():
            warnings.simplefilter("error")
            hdus.verify("exception")
            warnings.simplefilter("ignore")
            wcs = WCS(hdus[0].header)
            assert len(hdus) == 1
            assert wcs.naxis == 2
            if layout.sky == "read":
                expected = sky_by_astropy(path, hdu_of(layout, path), pixels + image.origin, layout.frame)
                found = world(wcs, pixels, layout.frame)
                side = np.sqrt(np.abs(np.linalg.det(wcs.pixel_scale_matrix))) * 3600.0
                # Tables are replaced by a polynomial, and are not smooth; all else is moved exactly.
                allowed = 0.02 if "CPDIS1" in (image.header or {}) else 1e-6
                assert found.separation(expected).arcsec.max() < allowed * side
    np.testing.assert_array_equal(fits.getdata(tmp_path / "data.fits"), layout_window(layout, image))


def layout_window(layout: Layout, image: ImageData) -> NDArray[np.float64]:
    x, y = image.origin
    height, width = image.data.shape
    assert (x, y, height, width) == (4, 3, 17, 23)
    return image.data if layout.lossy else layout.pixels[y : y + height, x : x + width]


def test_an_alternate_system_moves_with_the_window(folder: Path, tmp_path: Path) -> None:
    layout, path = LAYOUTS["two_coordinate_systems"], written(folder, "two_coordinate_systems")
    image = loaded(layout, path, window=WINDOW)
    result = ImageResult("a", image.data, image.data, image.variance, image.mask, image.origin, image.header, {})
    write_image(result, tmp_path, [])
    there = WCS(fits.getheader(tmp_path / "model.fits"), key="A").all_pix2world([[5.0, 6.0]], 0)
    np.testing.assert_allclose(there, WCS(fits.getheader(path), key="A").all_pix2world([[9.0, 9.0]], 0), atol=1e-10)
