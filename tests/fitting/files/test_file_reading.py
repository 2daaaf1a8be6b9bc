"""Sound files of every kind are described and read."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from fitting.files import FileInvalid, describe_file, read_plane

IMAGE = np.random.default_rng(1).normal(100.0, 5.0, (30, 40))


def write(path: Path, *hdus: fits.hdu.base.ExtensionHDU) -> Path:
    fits.HDUList(list(hdus)).writeto(path)
    return path


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """An empty primary HDU, an image, a mask, a second version of the image, a table."""
    table = fits.BinTableHDU.from_columns([fits.Column("a", "E", array=[1.0])])
    first, second = fits.ImageHDU(IMAGE, name="SCI", ver=1), fits.ImageHDU(2 * IMAGE, name="SCI", ver=2)
    return write(
        tmp_path / "several.fits",
        fits.PrimaryHDU(),
        first,
        fits.ImageHDU((IMAGE > 105).astype(np.uint8), name="MASK"),
        second,
        table,
    )


def test_every_hdu_is_described(several: Path) -> None:
    described = describe_file(several)
    assert [(hdu.index, hdu.name, hdu.kind, hdu.is_image) for hdu in described.hdus] == [
        (0, "", "image", False),
        (1, "SCI", "image", True),
        (2, "MASK", "image", True),
        (3, "SCI", "image", True),
        (4, "", "table", False),
    ]
    assert (described.hdus[1].shape, described.hdus[1].dtype) == ((30, 40), "float64")


def test_numbers_of_an_image_are_those_of_its_finite_pixels(tmp_path: Path) -> None:
    data = IMAGE.copy()
    data[0, :3] = np.nan, np.inf, -np.inf
    hdu = describe_file(write(tmp_path / "a.fits", fits.PrimaryHDU(data))).hdus[0]
    finite = data[np.isfinite(data)]
    assert hdu.n_finite == finite.size
    assert (hdu.minimum, hdu.maximum, hdu.sum) == pytest.approx((finite.min(), finite.max(), finite.sum()))


def test_an_image_of_nan_has_no_extremes(tmp_path: Path) -> None:
    hdu = describe_file(write(tmp_path / "a.fits", fits.PrimaryHDU(np.full((3, 3), np.nan)))).hdus[0]
    assert (hdu.n_finite, hdu.minimum, hdu.maximum, hdu.sum) == (0, None, None, 0.0)


@pytest.mark.parametrize(
    ("hdu", "index"), [(None, 1), (1, 1), ("SCI", 1), ("sci", 1), ("SCI,2", 3), ("MASK", 2), (3, 3)]
)
def test_an_hdu_is_chosen_by_number_or_name(several: Path, hdu: int | str | None, index: int) -> None:
    assert read_plane(several, hdu).hdu == index


@pytest.mark.parametrize(
    ("hdu", "words"), [(9, "there is no HDU 9"), ("X", "SCI, MASK"), (0, "is empty"), (4, "table")]
)
def test_an_hdu_that_holds_no_image_is_refused(several: Path, hdu: int | str, words: str) -> None:
    with pytest.raises(FileInvalid) as caught:
        read_plane(several, hdu)
    assert words in str(caught.value)


def test_a_plane_is_native_float64(several: Path) -> None:
    data = read_plane(several, 1).data
    assert data.dtype == np.dtype("=f8")
    assert data.flags["C_CONTIGUOUS"]
    assert np.array_equal(data, IMAGE)


def test_leading_axes_of_length_one_are_dropped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits", fits.PrimaryHDU(IMAGE[None, None]))
    assert describe_file(path).hdus[0].is_image
    assert np.array_equal(read_plane(path).data, IMAGE)


def test_scaled_integers_are_unscaled_and_blank_is_nan(tmp_path: Path) -> None:
    raw = fits.PrimaryHDU(np.array([[1, 2], [3, -99]], dtype=np.int16))
    path = write(tmp_path / "a.fits", raw)
    content = path.read_bytes()
    cards = b"".join(
        f"{key:<8}= {value!s:>20}".ljust(80).encode()
        for key, value in (("BLANK", -99), ("BSCALE", 0.5), ("BZERO", 10.0))
    )
    end = content.index(b"END" + b" " * 77)
    path.write_bytes(content[:end] + cards + content[end : end + 80] + content[end + 80 + len(cards) :])
    assert read_plane(path).data == pytest.approx(np.array([[10.5, 11.0], [11.5, np.nan]]), nan_ok=True)


def test_unsigned_integers_keep_their_values(tmp_path: Path) -> None:
    data = np.array([[0, 65535]], dtype=np.uint16)
    assert read_plane(write(tmp_path / "a.fits", fits.PrimaryHDU(data))).data.tolist() == [[0.0, 65535.0]]


@pytest.mark.parametrize("codec", ["RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"])
def test_a_tile_compressed_image_is_read(tmp_path: Path, codec: str) -> None:
    data = np.round(IMAGE).astype(np.int32)
    path = write(tmp_path / "a.fits.fz", fits.PrimaryHDU(), fits.CompImageHDU(data, compression_type=codec, name="SCI"))
    described = describe_file(path).hdus[1]
    assert (described.kind, described.shape, described.dtype) == ("compressed image", (30, 40), "int32")
    assert np.array_equal(read_plane(path).data, data)


@pytest.mark.parametrize("name", ["a.fits.gz", "a.fits", "upl_1", "a.npy"])
def test_gzip_is_told_by_content_whatever_the_name(tmp_path: Path, name: str) -> None:
    plain = write(tmp_path / "plain", fits.PrimaryHDU(IMAGE)).read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(plain[:2000]) + gzip.compress(plain[2000:]) + bytes(512))
    assert np.array_equal(read_plane(tmp_path / name).data, IMAGE)


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", ">i2", "u1", "?"])
def test_npy_of_any_real_type_is_read(tmp_path: Path, dtype: str) -> None:
    data = IMAGE.astype(dtype)
    np.save(tmp_path / "a.npy", np.asfortranarray(data))
    assert np.array_equal(read_plane(tmp_path / "a.npy").data, data.astype(float))
    assert describe_file(tmp_path / "a.npy").format == "npy"


def test_data_without_padding_after_the_last_hdu_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits", fits.PrimaryHDU(IMAGE))
    path.write_bytes(path.read_bytes()[: 2880 + IMAGE.nbytes])
    assert np.array_equal(read_plane(path).data, IMAGE)


@pytest.mark.parametrize(
    ("cards", "scale"),
    [
        ({"CD1_1": -1e-4, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 1e-4}, 0.36),
        ({"CD1_1": 0.6e-4, "CD1_2": 0.8e-4, "CD2_1": -0.8e-4, "CD2_2": 0.6e-4}, 0.36),
        ({"CDELT1": -2e-4, "CDELT2": 2e-4}, 0.72),
        ({"CDELT1": -0.5, "CDELT2": 0.5, "CUNIT1": "arcsec", "CUNIT2": "arcsec"}, 0.5),
        ({"CDELT1": 0.0, "CDELT2": 0.0}, None),
        ({"CDELT1": 1.0, "CDELT2": 1.0, "CTYPE1": "LINEAR"}, None),
        ({}, None),
    ],
)
def test_the_pixel_scale_is_read_from_the_wcs(tmp_path: Path, cards: dict[str, object], scale: float | None) -> None:
    hdu = fits.PrimaryHDU(IMAGE)
    hdu.header.update({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", **cards})
    assert describe_file(write(tmp_path / "a.fits", hdu)).hdus[0].pixel_scale == pytest.approx(scale)


@pytest.mark.parametrize("keyword", ["MAGZERO", "MAGZPT", "PHOTZP", "ZEROPT"])
def test_the_zero_point_is_read_from_the_header(tmp_path: Path, keyword: str) -> None:
    hdu = fits.PrimaryHDU(IMAGE)
    hdu.header[keyword] = 26.5
    assert describe_file(write(tmp_path / "a.fits", hdu)).hdus[0].zero_point == 26.5
