"""Files that are broken or made to do harm are refused, each with a sentence, before they cost anything."""

import bz2
import gzip
import io
import lzma
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fitting.files import FileInvalid, ReadLimits, describe_file, read_plane
from fitting.files.containers.container import damage_fault

BLOCK = 2880
IMAGE = np.arange(12.0, dtype=np.float32).reshape(3, 4)


def fits_bytes(*hdus: fits.hdu.base.ExtensionHDU) -> bytes:
    """A FITS file of these HDUs."""
    target = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(target)
    return target.getvalue()


def header(**cards: object) -> bytes:
    """One FITS header block with these cards, whatever they claim."""
    lines = []
    for key, value in cards.items():
        text = (
            ("T" if value else "F")
            if isinstance(value, bool)
            else repr(value)
            if isinstance(value, str)
            else str(value)
        )
        lines.append(f"{key:<8}= {text:>20}".ljust(80))
    return ("".join(lines) + "END".ljust(80)).ljust(BLOCK).encode()


def npy_bytes(array: np.ndarray, allow_pickle: bool = False) -> bytes:
    target = io.BytesIO()
    np.save(target, array, allow_pickle=allow_pickle)
    return target.getvalue()


def npy_claiming(shape: str) -> bytes:
    """An .npy file whose header claims a shape and that holds no data."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def compressed(**changed: object) -> bytes:
    """An fpack file of a small image, cards of whose header were changed."""
    rows = np.add.outer(np.arange(64), np.arange(64)).astype(np.int32)
    written = bytearray(fits_bytes(fits.PrimaryHDU(), fits.CompImageHDU(rows, compression_type="RICE_1")))
    for key, value in changed.items():
        start = written.index(f"{key:<8}= ".encode())
        written[start + 10 : start + 30] = f"{value!s:>20}".encode()
    return bytes(written)


def refused(path: Path, content: bytes, limits: ReadLimits | None = None) -> FileInvalid:
    path.write_bytes(content)
    with pytest.raises(FileInvalid) as caught:
        describe_file(path) if limits is None else describe_file(path, limits)
    return caught.value


EXTENSION = {"XTENSION": "IMAGE   ", "BITPIX": -32, "NAXIS": 2, "NAXIS1": 4, "NAXIS2": 3, "PCOUNT": 0, "GCOUNT": 1}
PRIMARY = {"SIMPLE": True, "BITPIX": -64, "NAXIS": 2}
EMPTY = header(SIMPLE=True, BITPIX=8, NAXIS=0)
CUBE = np.zeros((2, 3, 4), dtype=np.float32)
TABLE = fits.BinTableHDU.from_columns([fits.Column("a", "E", array=[1.0])])

CASES: list[tuple[str, Callable[[], bytes], str]] = [
    ("empty", lambda: b"", "is empty"),
    ("text", lambda: b"hello " * 1000, "none of the formats"),
    ("a URL", lambda: b"http://example.org/image.fits", "none of the formats"),
    ("a zip archive", lambda: b"PK\x03\x04" + bytes(100), "cannot be read as npz"),
    ("a picture", lambda: b"\xff\xd8\xff" + bytes(100), "JPEG"),
    ("damaged bzip2", lambda: b"BZh9" + bytes(100), "damaged bzip2"),
    ("truncated bzip2", lambda: bz2.compress(np.random.default_rng(0).bytes(9000))[:-100], "truncated bzip2"),
    ("truncated xz", lambda: lzma.compress(np.random.default_rng(0).bytes(9000))[:-100], "truncated xz"),
    ("damaged xz", lambda: b"\xfd7zXZ\0" + b"\xff" * 100, "damaged xz"),
    ("the first bytes of FITS alone", lambda: b"SIMPLE  =                    T", "truncated within a header"),
    ("a header without end", lambda: (b"SIMPLE  = ".ljust(80) + b" " * 80 * 35) * 3, "truncated within a header"),
    ("a truncated image", lambda: fits_bytes(fits.PrimaryHDU(np.zeros((99, 99))))[:-9000], "is truncated"),
    ("a truncated extension", lambda: EMPTY + header(**EXTENSION) + bytes(40), "8 of 48 data bytes"),
    ("no image anywhere", lambda: fits_bytes(fits.PrimaryHDU(), TABLE), "HDU 1 is a table"),
    ("a line", lambda: fits_bytes(fits.PrimaryHDU(CUBE[0, 0])), "1-D array"),
    ("an axis too long to exist", lambda: header(**{**PRIMARY, "NAXIS1": 400_000, "NAXIS2": 400_000}), "is truncated"),
    ("an axis beyond integers", lambda: header(SIMPLE=True, BITPIX=8, NAXIS=1, NAXIS1="9" * 40), "NAXIS1"),
    ("a negative axis", lambda: header(SIMPLE=True, BITPIX=8, NAXIS=2, NAXIS1=-4, NAXIS2=-4), "negative length"),
    ("a thousand axes", lambda: header(SIMPLE=True, BITPIX=8, NAXIS=1000), "NAXIS is 1000"),
    ("an unknown BITPIX", lambda: header(SIMPLE=True, BITPIX=7, NAXIS=0), "BITPIX is 7"),
    ("a negative PCOUNT", lambda: header(SIMPLE=True, BITPIX=8, NAXIS=1, NAXIS1=1, PCOUNT=-(10**9)), "negative"),
    ("fpack that claims 400 000 squared", lambda: compressed(ZNAXIS1=400_000, ZNAXIS2=400_000), "400000"),
    ("fpack that claims more in one tile", lambda: compressed(ZNAXIS1=10**9, ZTILE1=10**9), "pixels"),
    ("fpack with tiles of nothing", lambda: compressed(ZTILE1=0), "tiles"),
    ("fpack with an unknown codec", lambda: compressed(ZCMPTYPE="'EVIL_1  '"), "EVIL_1"),
    ("npy of pickles", lambda: npy_bytes(np.array([{"a": 1}]), allow_pickle=True), "not real numbers"),
    ("a pickle", lambda: pickle.dumps([1]), "none of the formats"),
    ("npy of text", lambda: npy_bytes(np.array([["a"]])), "not real numbers"),
    ("npy of complex numbers", lambda: npy_bytes(np.zeros((2, 2), complex)), "not real numbers"),
    ("an npy line", lambda: npy_bytes(CUBE[0, 0]), "1-D array"),
    ("npy that claims terabytes", lambda: npy_claiming("(1000000, 1000000)"), "claims the shape"),
    ("npy that claims a negative shape", lambda: npy_claiming("(-1, -1)"), "claims the shape"),
    ("truncated npy", lambda: npy_bytes(np.zeros((99, 99)))[:-8], "is truncated"),
    ("npy with a damaged header", lambda: b"\x93NUMPY\x01\x00\xff\xff{", "damaged npy header"),
    ("npy with code in its header", lambda: npy_claiming("__import__('os')"), "damaged npy header"),
    ("gzip of nothing known", lambda: gzip.compress(b"hello"), "none of the formats"),
    ("gzip in gzip", lambda: gzip.compress(gzip.compress(fits_bytes(fits.PrimaryHDU(IMAGE)))), "none of the formats"),
    ("truncated gzip", lambda: gzip.compress(np.random.default_rng(0).bytes(9000))[:-100], "truncated gzip"),
    ("damaged gzip", lambda: b"\x1f\x8b\x08\x00" + b"\xff" * 100, "damaged gzip"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_broken_file_is_refused_with_a_reason(tmp_path: Path, build: Callable[[], bytes], words: str) -> None:
    assert words in str(refused(tmp_path / "upload", build()))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match="cannot be read"):
        describe_file(tmp_path / "nothing.fits")


def test_a_path_that_looks_like_a_url_opens_no_connection() -> None:
    with pytest.raises(FileInvalid, match="cannot be read"):
        read_plane(Path("http://localhost:9/image.fits"))


def test_a_gzip_bomb_is_stopped_by_its_ratio_without_being_held_in_memory(tmp_path: Path) -> None:
    bomb = gzip.compress(fits_bytes(fits.PrimaryHDU(np.zeros((4000, 4000), dtype=np.uint8))), 9)
    tracemalloc.start()
    error = refused(tmp_path / "bomb.gz", bomb, ReadLimits(ratio=100.0, ratio_free=2**20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "inflates from" in error.message
    assert peak < 8 * 2**20


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_other_bombs_are_stopped_without_being_held_in_memory(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(fits_bytes(fits.PrimaryHDU(np.zeros((6000, 6000), dtype=np.uint8))))
    tracemalloc.start()
    error = refused(tmp_path / "bomb", bomb, ReadLimits(ratio=100.0, ratio_free=2**20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "inflates from" in error.message
    assert peak < 16 * 2**20


def test_a_gzip_bomb_is_stopped_by_its_size(tmp_path: Path) -> None:
    bomb = gzip.compress(np.random.default_rng(0).bytes(3 * 2**20))
    assert "inflates from" in str(refused(tmp_path / "bomb.gz", bomb, ReadLimits(bytes=2**20)))


def test_a_bomb_of_many_gzip_members_is_stopped(tmp_path: Path) -> None:
    assert "inflates from" in str(refused(tmp_path / "bomb.gz", gzip.compress(b"") * 2000))


def test_too_many_hdus_are_refused(tmp_path: Path) -> None:
    content = EMPTY + header(**{**EXTENSION, "NAXIS": 0}) * 20_000
    assert "more than 256 HDUs" in str(refused(tmp_path / "many.fits", content))


def test_more_pixels_than_may_be_read_are_not_read_through_and_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "large.fits").write_bytes(fits_bytes(fits.PrimaryHDU(IMAGE), fits.ImageHDU(IMAGE)))
    first, second = describe_file(tmp_path / "large.fits", ReadLimits(pixels=20)).hdus
    assert (first.n_finite, second.n_finite) == (12, None)
    assert second.is_image
    assert second.shape == IMAGE.shape
    assert "more than 20 pixels" in second.warnings[0]
    with pytest.raises(FileInvalid, match="more than 10"):
        read_plane(tmp_path / "large.fits", 0, ReadLimits(pixels=10))


def test_a_header_that_never_ends_is_refused(tmp_path: Path) -> None:
    content = b"SIMPLE  =                    T".ljust(80) + b" " * 80 * 35
    limits = ReadLimits(header_blocks=10)
    assert "header of more than 10 blocks" in str(refused(tmp_path / "long.fits", content + b" " * BLOCK * 20, limits))


SOUND = {
    "fits": fits_bytes(fits.PrimaryHDU(IMAGE), fits.ImageHDU(IMAGE.astype(np.int16), name="MASK")),
    "compressed": compressed(),
    "npy": npy_bytes(IMAGE),
    "gzip": gzip.compress(fits_bytes(fits.PrimaryHDU(IMAGE))),
}
damage = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), min_size=1, max_size=5
)


@pytest.mark.parametrize("kind", SOUND)
@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(places=damage, kept=st.floats(0.05, 1))
def test_damage_anywhere_is_read_or_refused(
    tmp_path: Path, kind: str, places: list[tuple[float, bytes]], kept: float
) -> None:
    content = bytearray(SOUND[kind])
    for where, patch in places:
        start = int(where * min(len(content), 3 * BLOCK))
        content[start : start + len(patch)] = patch
    path = tmp_path / "damaged"
    path.write_bytes(content[: max(int(kept * len(content)), 1)])
    try:
        described = describe_file(path)
    except FileInvalid:
        return
    assert described.hdus


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "cannot identify image file <_io.BufferedReader name='data/receiving/r-1/x'>",
            "cannot identify image file the file",
        ),
        (
            "[Errno 2] No such file or directory: '/srv/photfit/blobs/ab/cd'",
            "[Errno 2] No such file or directory: the file",
        ),
        ("[Errno 21] Is a directory: '/srv'", "[Errno 21] Is a directory: the file"),
        ("bad value 3/4 of MJy/sr at 1/2", "bad value 3/4 of MJy/sr at 1/2"),
    ],
)
def test_an_error_of_a_library_tells_no_path_of_the_host(said: str, told: str) -> None:
    assert damage_fault("PNG", OSError(said)).message == f"cannot be read as PNG: {told}"
