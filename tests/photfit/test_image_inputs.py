"""Images as people hold them: what becomes of arrays, NDData, HDUs, paths and URLs, and what is refused."""

from __future__ import annotations

import http.server
import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.nddata import CCDData, InverseVariance, NDData, StdDevUncertainty, UnknownUncertainty, VarianceUncertainty
from astropy.wcs import WCS

from photfit.image_inputs import ImageInputs, fetch_url, gather_images
from photfit.model import Component

DATA = np.arange(12.0).reshape(3, 4)


def array(inputs: ImageInputs, key: str) -> Any:
    """A plane as it was written."""
    name = inputs.images[0][key]
    content = io.BytesIO(inputs.files[name])
    return np.load(content) if name.endswith(".npy") else fits.getdata(content)


def header(inputs: ImageInputs) -> fits.Header:
    return fits.getheader(io.BytesIO(inputs.files[inputs.images[0]["data"]]))


@pytest.mark.parametrize(
    "given",
    [
        DATA,
        DATA.astype(">f4"),
        DATA.astype(">i2"),
        DATA.astype(np.uint16),
        DATA.astype(np.float16),
        DATA.astype(np.longdouble),
        np.asfortranarray(DATA),
        DATA[:, ::-1][:, ::-1],
        DATA.tolist(),
        NDData(DATA),
        fits.PrimaryHDU(DATA),
        fits.ImageHDU(DATA.astype(">i2"), name="SCI"),
        fits.CompImageHDU(DATA.astype(np.int32)),
        DATA * units.adu,
    ],
)
def test_the_numbers_stay(given: Any) -> None:
    assert np.array_equal(array(gather_images(given), "data"), DATA)


def test_arrays_are_written_in_this_machines_order() -> None:
    assert array(gather_images(DATA.astype(">f8")), "data").dtype.isnative


def test_a_boolean_mask_masks_where_it_is_true() -> None:
    assert np.array_equal(array(gather_images(DATA, mask=DATA > 5), "mask"), DATA > 5)


def test_a_masked_array_leaves_its_pixels_out() -> None:
    masked = np.ma.masked_greater(DATA, 9)
    assert np.array_equal(array(gather_images(masked), "mask"), DATA > 9)
    assert np.array_equal(array(gather_images(masked, mask=DATA < 2), "mask"), (DATA > 9) | (DATA < 2))
    assert "mask" not in gather_images(np.ma.asarray(DATA)).images[0]
    variance = np.ma.masked_less(DATA + 1, 2)
    assert np.isnan(array(gather_images(DATA, variance=variance), "variance")).sum() == 1


@pytest.mark.parametrize(
    ("kind", "key"), [(StdDevUncertainty, "sigma"), (VarianceUncertainty, "variance"), (InverseVariance, "weight")]
)
def test_an_uncertainty_becomes_the_noise_that_it_is(kind: Any, key: str) -> None:
    for data in (NDData(DATA, uncertainty=kind(DATA + 1)), CCDData(DATA, unit="adu", uncertainty=kind(DATA + 1))):
        assert np.array_equal(array(gather_images(data), key), DATA + 1)
    assert gather_images(data, variance=3.0).images[0]["variance"] == {"constant": 3.0}
    assert {"sigma", "weight"}.isdisjoint(gather_images(data, variance=3.0).images[0])


def test_an_uncertainty_in_another_unit_is_brought_to_the_datas() -> None:
    data = NDData(DATA, unit="Jy", uncertainty=StdDevUncertainty(DATA, unit="mJy"))
    assert np.allclose(array(gather_images(data), "sigma"), DATA / 1000)
    inverse = InverseVariance(DATA, unit=1 / units.mJy**2)
    assert np.allclose(array(gather_images(NDData(DATA, unit="Jy", uncertainty=inverse)), "weight"), DATA * 1e6)
    quantity = gather_images(DATA * units.Jy, variance=DATA * units.mJy**2)
    assert np.allclose(array(quantity, "variance"), DATA / 1e6)


def test_coordinates_unit_and_cards_are_kept() -> None:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [150.0, 2.0], [2.0, 2.5]
    wcs.wcs.cdelt = [-1e-4, 1e-4]
    meta = {"EXPTIME": 30.0, "history": ["made"], "nested": {"a": 1}, "GAIN": 2.5, "bad": float("nan"), "NAXIS": 7}
    cards = header(gather_images(CCDData(DATA, unit="electron / s", wcs=wcs, meta=meta)))
    assert (cards["EXPTIME"], cards["GAIN"], cards["NAXIS"]) == (30.0, 2.5, 2)
    assert units.Unit(cards["BUNIT"]) == units.electron / units.s
    assert WCS(cards).pixel_to_world_values(1, 1.5) == pytest.approx((150.0, 2.0), abs=1e-12)


def test_a_file_is_named_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.fits"
    assert gather_images(path).images == [{"data": str(path)}]
    assert gather_images("x.fits[SCI]").images == [{"data": "x.fits[SCI]"}]
    assert gather_images((path, "SCI")).images == [{"data": {"path": str(path), "hdu": "SCI"}}]
    assert gather_images(("x.fits", 1)).images == [{"data": {"path": "x.fits", "hdu": 1}}]
    assert gather_images({"upload": "upl_1", "hdu": 2}).images == [{"data": {"upload": "upl_1", "hdu": 2}}]


def test_a_list_of_hdus_is_one_file() -> None:
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(DATA, name="SCI"), fits.ImageHDU(DATA, name="ERR")])
    inputs = gather_images((hdus, "SCI"), variance=hdus["ERR"])
    assert inputs.images[0]["data"] == {"path": "image-data.fits", "hdu": "SCI"}
    with fits.open(io.BytesIO(inputs.files["image-data.fits"])) as opened:
        assert [hdu.name for hdu in opened] == ["PRIMARY", "SCI", "ERR"]


def test_the_psf_of_ccddata_counts_unless_another_is_given() -> None:
    data = CCDData(DATA, unit="adu", psf=np.ones((3, 3)))
    assert array(gather_images(data), "psf").shape == (3, 3)
    assert gather_images(data, psf={"gaussian": {"fwhm": 2}}).images[0]["psf"] == {"gaussian": {"fwhm": 2}}


def test_arrays_within_a_psf_are_files() -> None:
    nodes = [{"x": 0, "y": 0, "psf": np.ones((3, 3))}, {"x": 9, "y": 9, "psf": np.ones((5, 5))}]
    inputs = gather_images(DATA, psf={"grid": nodes})
    names = [node["psf"] for node in inputs.images[0]["psf"]["grid"]]
    assert len(set(names)) == 2
    assert all(name in inputs.files for name in names)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"images": DATA[None]}, r"image data has the shape \(1, 3, 4\): expected \(height, width\)"),
        ({"images": DATA[0]}, r"image data has the shape \(4,\)"),
        ({"images": np.ones((0, 3))}, r"image data has the shape \(0, 3\)"),
        ({"images": DATA.astype(object)}, "image data is an array of object: expected numbers"),
        ({"images": DATA + 1j}, "an array of complex128"),
        ({"images": np.array([["a", "b"]])}, "an array of <U1"),
        ({"images": np.zeros((2, 2), dtype=[("a", "f8")])}, "expected numbers"),
        ({"images": [[1.0, 2.0], [3.0]]}, "image data is no array"),
        ({"images": None}, "NoneType is no image plane"),
        ({"images": DATA, "mask": True}, "bool is no image plane"),
        ({"images": DATA, "psf": fits.PrimaryHDU()}, "image psf is an HDU without an image"),
        ({"images": fits.BinTableHDU.from_columns([fits.Column("a", "D", array=[1.0])])}, "an HDU without an image"),
        ({"images": NDData(DATA, uncertainty=UnknownUncertainty(DATA))}, "of the kind 'unknown'"),
        ({"images": NDData(DATA, mask=True)}, "leaves out every pixel"),
        ({"images": NDData(DATA, mask=DATA > 2), "mask": "mask.fits"}, "brings a mask of its own"),
        ({"images": DATA, "variance": DATA * units.adu}, "give both with a unit, or neither"),
        ({"images": DATA * units.adu, "sigma": DATA * units.m}, "sigma is in m, where the image, in adu, asks for adu"),
        ({"images": (3, "SCI")}, "no file with HDUs"),
        ({"images": Component}, "is no image plane"),
    ],
)
def test_what_is_no_image_is_refused_in_a_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        gather_images(**given)


def test_a_url_is_fetched_or_said_not_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "a b.npy").write_bytes(b"pixels")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(tmp_path))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert fetch_url(f"{url}/a%20b.npy") == b"pixels"
        with pytest.raises(FileNotFoundError, match=r"none\.fits cannot be fetched: .*404"):
            fetch_url(f"{url}/none.fits")
        server.shutdown()
