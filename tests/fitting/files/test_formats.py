"""Formats beside FITS and .npy: what they hold, one plane of them, and files made to do harm."""

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import asdf
import numpy as np
import pytest
import tifffile
from PIL import Image

from fitting.files import FileInvalid, ReadLimits, describe_file, read_plane, recognise_planes

FIELD = np.random.default_rng(5).normal(10.0, 2.0, (31, 21))
COUNTS = FIELD.round().astype(np.uint16)
KERNEL = np.ones((5, 5)) / 25.0


def npz(**arrays: np.ndarray) -> bytes:
    target = io.BytesIO()
    np.savez_compressed(target, **arrays)  # type: ignore[arg-type]
    return target.getvalue()


def asdf_bytes(tree: dict[str, object], compression: str | None = None) -> bytes:
    target = io.BytesIO()
    asdf.AsdfFile(tree).write_to(target, all_array_compression=compression)
    return target.getvalue()


def tiff(*pages: np.ndarray, **options: object) -> bytes:
    target = io.BytesIO()
    with tifffile.TiffWriter(target) as writer:
        for page in pages:
            writer.write(page, photometric="minisblack", **options)
    return target.getvalue()


def png(array: np.ndarray) -> bytes:
    target = io.BytesIO()
    Image.fromarray(array).save(target, format="PNG")
    return target.getvalue()


def stored(folder: Path, content: bytes) -> Path:
    path = folder / "upload"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("form", "content", "hdu", "expected"),
    [
        ("npz", npz(sci=FIELD, psf=KERNEL), None, FIELD),
        ("npz", npz(sci=FIELD, psf=KERNEL), "PSF", KERNEL),
        ("asdf", asdf_bytes({"roman": {"data": FIELD, "err": FIELD / 5}}), None, FIELD),
        ("asdf", asdf_bytes({"roman": {"data": FIELD, "err": FIELD / 5}}), "roman.err", FIELD / 5),
        ("asdf", asdf_bytes({"data": FIELD}, "zlib"), 0, FIELD),
        ("tiff", tiff(FIELD.astype(np.float32), COUNTS), 0, FIELD.astype(np.float32)),
        ("tiff", tiff(FIELD.astype(np.float32), COUNTS), 1, COUNTS),
        ("tiff", tiff(COUNTS, compression="zlib"), None, COUNTS),
        ("png", png(COUNTS), None, COUNTS),
        ("png", png(COUNTS.astype(np.uint8)), None, COUNTS),
    ],
)
def test_each_format_gives_its_planes(
    tmp_path: Path, form: str, content: bytes, hdu: int | str | None, expected: np.ndarray
) -> None:
    path = stored(tmp_path, content)
    plane = read_plane(path, hdu)
    assert (plane.data.dtype, plane.header) == (np.float64, None)
    assert np.array_equal(plane.data, expected)
    assert describe_file(path).format == form


def test_what_is_there_is_described_and_recognised(tmp_path: Path) -> None:
    found = describe_file(stored(tmp_path, npz(sci=FIELD, var=np.full(FIELD.shape, 4.0), psf=KERNEL)))
    assert [(hdu.name, hdu.shape) for hdu in found.hdus] == [("SCI", (31, 21)), ("VAR", (31, 21)), ("PSF", (5, 5))]
    assert found.hdus[0].median == pytest.approx(np.median(FIELD))
    assert found.hdus[0].scatter == pytest.approx(2.0, rel=0.1)
    assert dict(recognise_planes(found, None).hdus) == {"data": 0, "variance": 1, "psf": 2}


def test_a_quantity_of_asdf_has_its_unit(tmp_path: Path) -> None:
    (hdu,) = describe_file(stored(tmp_path, asdf_bytes({"sky": {"value": FIELD, "unit": "MJy/sr"}}))).hdus
    assert (hdu.name, hdu.unit) == ("SKY", "MJy/sr")


def claiming(shape: str) -> bytes:
    """An archive with an array whose header claims a shape and that holds no data."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    array = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.npy", array)
    return target.getvalue()


def bomb() -> bytes:
    """An archive whose one array inflates a thousandfold."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as member:
        np.lib.format.write_array_header_1_0(member, {"descr": "<f8", "fortran_order": False, "shape": (5000, 5000)})
        for _ in range(200):
            member.write(bytes(1_000_000))
    return target.getvalue()


def pickled() -> bytes:
    target = io.BytesIO()
    np.savez(target, a=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return target.getvalue()


ELSEWHERE = asdf_bytes({"data": FIELD}).replace(b"source: 0", b"source: file:///etc/passwd", 1)
HUGE = asdf_bytes({"data": FIELD}).replace(b"shape: [31, 21]", b"shape: [310000, 210000]", 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (claiming("(1000000, 1000000)"), "claims the shape"),
        (claiming("(10, 10)"), "truncated"),
        (bomb(), "inflates from"),
        (pickled(), "not real numbers"),
        (npz(sci=FIELD)[:-40], "cannot be read as npz"),
        (npz(line=np.zeros(4)), "holds no image"),
        (ELSEWHERE, "outside of the file"),
        (HUGE, "claims the shape"),
        (asdf_bytes({"data": FIELD})[:-3000], "truncated"),
        (asdf_bytes({"a": "text"}), "holds no image"),
        (b"#ASDF 1.0.0\n%YAML 1.1\n--- !!python/object/apply:os.system ['true']\n...\n", "no array"),
        (tiff(COUNTS)[:200], "cannot be read as TIFF"),
        (tiff(COUNTS, compression="zlib").replace(b"x\x9c", b"xx"), "cannot be read as TIFF"),
        (png(np.zeros((8, 8, 3), np.uint8)), "mode RGB"),
        (png(COUNTS)[:60], "cannot be read as PNG"),
    ],
    ids=[
        "npz of terabytes",
        "npz without data",
        "npz bomb",
        "npz of pickles",
        "npz cut off",
        "npz of a line",
        "asdf that names a file",
        "asdf of terabytes",
        "asdf cut off",
        "asdf without arrays",
        "asdf with code",
        "tiff cut off",
        "tiff damaged",
        "png in colour",
        "png cut off",
    ],
)
def test_a_broken_file_is_refused_with_a_reason(tmp_path: Path, content: bytes, words: str) -> None:
    path = stored(tmp_path, content)
    tracemalloc.start()
    try:
        with pytest.raises(FileInvalid) as caught:
            describe_file(path, ReadLimits(ratio_free=1 << 20))
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()
    assert words in str(caught.value)


@pytest.mark.parametrize("content", [npz(sci=FIELD), asdf_bytes({"a": FIELD}), tiff(COUNTS), png(COUNTS)])
def test_more_pixels_than_may_be_read_are_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileInvalid):
        describe_file(stored(tmp_path, content), ReadLimits(pixels=100))


@pytest.mark.parametrize("build", [lambda: npz(sci=FIELD), lambda: asdf_bytes({"a": FIELD}), lambda: tiff(COUNTS)])
def test_a_flipped_byte_is_read_or_refused_and_nothing_else(tmp_path: Path, build: Callable[[], bytes]) -> None:
    content = build()
    random = np.random.default_rng(1)
    for place in random.integers(4, min(len(content), 1500), 60):
        changed = bytearray(content)
        changed[place] ^= 1 << int(random.integers(8))
        path = stored(tmp_path, bytes(changed))
        try:
            describe_file(path, ReadLimits(pixels=1 << 20))
        except FileInvalid:
            continue


@pytest.mark.parametrize("fortran", [False, True])
def test_of_a_large_array_in_an_archive_the_window_alone_takes_memory(tmp_path: Path, fortran: bool) -> None:
    """32 MB in the archive, 800 bytes wanted: beside them, a megabyte is unpacked at a time."""
    image = np.zeros((2000, 2000), order="F" if fortran else "C")
    image[1203, 704] = 5.0
    np.savez_compressed(tmp_path / "a.npz", sci=image)
    read_plane(tmp_path / "a.npz", window=lambda _: (slice(0, 1), slice(0, 1)))
    tracemalloc.start()
    plane = read_plane(tmp_path / "a.npz", window=lambda _: (slice(1200, 1210), slice(700, 710)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (plane.data[3, 4], plane.data.sum()) == (5.0, 5.0)
    assert peak < 8e6


def test_of_a_large_array_of_asdf_nothing_is_copied_but_the_window(tmp_path: Path) -> None:
    (tmp_path / "a.asdf").write_bytes(asdf_bytes({"a": np.full((1500, 1500), 2.0)}))
    tracemalloc.start()
    plane = read_plane(tmp_path / "a.asdf", window=lambda _: (slice(0, 10), slice(5, 15)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert plane.data.sum() == 200.0
    assert peak < 1.7 * 18e6
