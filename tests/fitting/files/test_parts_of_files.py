"""Parts of files: planes of cubes, and windows that are read alone, with the memory that it takes."""

from __future__ import annotations

import bz2
import lzma
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import asdf
import numpy as np
import pytest
from astropy.io import fits

from fitting.files import FileInvalid, ReadLimits, describe_file, read_plane
from fitting.files.plane_display import block_means, write_pixels
from fitting.inputs import load_images
from fitting.spec import PlaneReference, RequestInvalid, parse_request

CUBE = np.random.default_rng(4).normal(size=(2, 1, 5, 30, 40)).astype(np.float32)
MEBIBYTE = 2**20
SKY = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 0}}


def window(rows: slice, columns: slice) -> Callable[[tuple[int, int]], tuple[slice, slice]]:
    return lambda _: (rows, columns)


def as_fits(path: Path) -> None:
    fits.PrimaryHDU(CUBE).writeto(path)


def as_compressed(path: Path) -> None:
    hdu = fits.CompImageHDU(CUBE[:, 0, :, :, :].reshape(10, 30, 40), compression_type="GZIP_2", quantize_level=0)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)


def as_npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, CUBE)


def as_fortran_npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.asfortranarray(CUBE))


def as_asdf(path: Path) -> None:
    asdf.AsdfFile({"cube": CUBE}).write_to(path)


@pytest.mark.parametrize("write", [as_fits, as_compressed, as_npy, as_fortran_npy, as_asdf])
@pytest.mark.parametrize("number", [0, 4, 7])
def test_a_plane_of_a_cube_is_that_of_its_number(write: Callable[[Path], None], number: int, tmp_path: Path) -> None:
    path = tmp_path / "cube"
    write(path)
    expected = CUBE.reshape(10, 30, 40)[number]
    whole = read_plane(path, number=number)
    np.testing.assert_array_equal(whole.data, expected)
    assert (whole.frame, whole.origin) == ((30, 40), (0, 0))
    part = read_plane(path, number=number, window=window(slice(3, 9), slice(20, 40)))
    np.testing.assert_array_equal(part.data, expected[3:9, 20:40])
    assert (part.frame, part.origin) == ((30, 40), (20, 3))


def test_a_cube_is_described_and_asks_for_a_plane(tmp_path: Path) -> None:
    as_fits(tmp_path / "cube.fits")
    (hdu,) = describe_file(tmp_path / "cube.fits").hdus
    assert (hdu.is_image, hdu.n_planes, hdu.shape) == (False, 10, CUBE.shape)
    assert "10 planes" in hdu.warnings[0]
    with pytest.raises(FileInvalid, match="which of its 10 planes") as caught:
        read_plane(tmp_path / "cube.fits")
    assert "file[0][0]" in caught.value.expected
    with pytest.raises(FileInvalid, match="no plane 10"):
        read_plane(tmp_path / "cube.fits", number=10)


def test_degenerate_axes_of_radio_images_need_no_number(tmp_path: Path) -> None:
    fits.PrimaryHDU(CUBE[:1, :, 2:3]).writeto(tmp_path / "radio.fits")
    np.testing.assert_array_equal(read_plane(tmp_path / "radio.fits").data, CUBE[0, 0, 2])
    np.testing.assert_array_equal(read_plane(tmp_path / "radio.fits", number=0).data, CUBE[0, 0, 2])
    with pytest.raises(FileInvalid, match="no plane 1"):
        read_plane(tmp_path / "radio.fits", number=1)


@pytest.mark.parametrize(
    ("written", "hdu", "plane"),
    [
        ("a.fits[1][3]", 1, 3),
        ("a.fits[SCI,2][0]", "SCI,2", 0),
        ("a.fits[1]", 1, None),
        ({"upload": "upl_1", "hdu": 1, "plane": 3}, 1, 3),
        ({"path": "a.fits", "plane": 3}, None, 3),
    ],
)
def test_references_name_a_plane_and_write_it_back(written: object, hdu: object, plane: int | None) -> None:
    found = PlaneReference.model_validate(written)
    assert (found.hdu, found.plane) == (hdu, plane)
    assert found.model_dump() == written
    assert PlaneReference.model_validate(found.model_dump()) == found


def test_a_request_fits_a_plane_of_a_cube(tmp_path: Path) -> None:
    as_fits(tmp_path / "cube.fits")
    picture = {"data": "cube.fits[0][7]", "sigma": {"path": "cube.fits", "hdu": 0, "plane": 6}, "window": {"y": [2, 9]}}
    (image,) = load_images(parse_request({"images": [picture], "components": [SKY]}), lambda name: tmp_path / name)
    planes = CUBE.reshape(10, 30, 40)
    np.testing.assert_array_equal(image.data, planes[7][2:9])
    np.testing.assert_allclose(image.variance[~image.mask], (planes[6][2:9].astype(float) ** 2)[~image.mask])
    with pytest.raises(RequestInvalid, match="10 planes"):
        load_images(
            parse_request({"images": [{"data": "cube.fits"}], "components": [SKY]}), lambda name: tmp_path / name
        )


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_bzip2_and_xz_are_told_by_content(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    fits.PrimaryHDU(CUBE[0, 0, 0]).writeto(tmp_path / "a.fits")
    content = (tmp_path / "a.fits").read_bytes()
    (tmp_path / "b").write_bytes(pack(content[:3000]) + pack(content[3000:]))
    np.testing.assert_array_equal(read_plane(tmp_path / "b").data, CUBE[0, 0, 0])


def sparse_tile(path: Path, side: int, *cards: tuple[str, object]) -> None:
    """A float32 image of zeros of which the disk holds the header alone."""
    head = fits.Header([("SIMPLE", True), ("BITPIX", -32), ("NAXIS", 2), ("NAXIS1", side), ("NAXIS2", side), *cards])
    start = head.tostring().encode()
    with path.open("wb") as file:
        file.write(start)
        file.seek(len(start) + 4 * (side * 9000 + 9000))
        file.write(np.arange(5, dtype=">f4").tobytes())
        file.truncate(len(start) + -(-4 * side * side // 2880) * 2880)


def test_a_window_of_a_large_tile_is_read_in_little_memory(tmp_path: Path) -> None:
    sparse_tile(tmp_path / "tile.fits", 19_200)
    sparse_tile(tmp_path / "rms.fits", 19_200)
    picture = {
        "data": "tile.fits",
        "mask": "rms.fits",
        "variance": {"constant": 1},
        "window": {"x": [8_990, 9_090], "y": [8_950, 9_050]},
    }
    request = parse_request({"images": [picture], "components": [SKY]})
    tracemalloc.start()
    (image,) = load_images(request, lambda name: tmp_path / name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert image.data.shape == (100, 100)
    assert image.origin == (8_990, 8_950)
    assert image.frame == (19_200, 19_200)
    assert image.data[50, 10:15].tolist() == [0, 1, 2, 3, 4]
    assert peak < 20 * MEBIBYTE


def test_a_large_tile_is_described_without_being_read_through(tmp_path: Path) -> None:
    sparse_tile(tmp_path / "tile.fits", 19_200, ("MAGZERO", 25.0))
    (hdu,) = describe_file(tmp_path / "tile.fits").hdus
    assert (hdu.is_image, hdu.n_finite, hdu.zero_point) == (True, None, 25.0)
    assert "was not read through" in hdu.warnings[-1]


def test_a_window_of_a_compressed_image_is_read_by_its_tiles(tmp_path: Path) -> None:
    side = 4096
    data = np.zeros((side, side), dtype=np.int16)
    data[2000:2100, 1000:1100] = np.arange(100)
    tiles = fits.CompImageHDU(data, compression_type="RICE_1", tile_shape=(256, 256))
    fits.HDUList([fits.PrimaryHDU(), tiles]).writeto(tmp_path / "tile.fits.fz")
    limits = ReadLimits(pixels=100_000)
    tracemalloc.start()
    plane = read_plane(tmp_path / "tile.fits.fz", 1, limits, window=window(slice(2000, 2050), slice(1000, 1100)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(plane.data, data[2000:2050, 1000:1100])
    assert peak < 0.2 * data.nbytes
    with pytest.raises(FileInvalid, match="more than 100000"):
        read_plane(tmp_path / "tile.fits.fz", 1, limits)


def test_a_file_is_read_though_its_other_hdus_hold_more_than_the_limit(tmp_path: Path) -> None:
    chips = [fits.ImageHDU(np.full((50, 60), number, dtype=np.int16), name=f"S{number}") for number in range(8)]
    fits.HDUList([fits.PrimaryHDU(), *chips]).writeto(tmp_path / "chips.fits")
    limits = ReadLimits(pixels=3_000)
    assert read_plane(tmp_path / "chips.fits", "S7", limits).data.mean() == 7
    described = describe_file(tmp_path / "chips.fits", limits).hdus
    assert [hdu.n_finite for hdu in described] == [None, 3_000, *[None] * 7]


@pytest.mark.parametrize("factor", [1, 3])
def test_pixels_to_look_at_are_those_of_the_whole_plane(factor: int, tmp_path: Path) -> None:
    data = np.random.default_rng(1).normal(size=(2500, 7)).astype(np.float32)
    fits.PrimaryHDU(data).writeto(tmp_path / "a.fits")
    write_pixels(tmp_path / "a.fits", None, None, factor, tmp_path / "a.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), block_means(data.astype(float), factor))


def test_numbers_of_a_large_image_are_those_of_all_its_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = np.random.default_rng(2).normal(3.0, 2.0, size=(120, 50)).astype(np.float32)
    data[5, 5] = np.nan
    fits.PrimaryHDU(data).writeto(tmp_path / "a.fits")
    (whole,) = describe_file(tmp_path / "a.fits").hdus
    monkeypatch.setattr("fitting.files.file_reading._PIECE", 1000)
    (pieces,) = describe_file(tmp_path / "a.fits").hdus
    assert pieces.sum == pytest.approx(whole.sum, rel=1e-12)
    same = {"n_finite", "minimum", "maximum", "median", "scatter"}
    assert pieces.model_dump(include=same) == whole.model_dump(include=same)
    assert (whole.n_finite, whole.median) == (5999, pytest.approx(float(np.nanmedian(data)), rel=1e-6))
