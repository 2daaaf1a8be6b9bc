"""Archives: members by name under limits; what leads out, is too much or is damaged is refused."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from fitting.files import FileInvalid, ReadLimits, archives, open_archive, read_plane

IMAGE = np.arange(12.0).reshape(3, 4)


def fits_bytes() -> bytes:
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(IMAGE, name="SCI")]).writeto(buffer)
    return buffer.getvalue()


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_a_plane_of_a_member_is_read(write: object, tmp_path: Path) -> None:
    path = write(tmp_path / "archive", {"a/one.fits": fits_bytes(), "two.txt": b"no image"})  # type: ignore[operator]
    assert open_archive(path).names == ("a/one.fits", "two.txt")
    plane = read_plane(path, "SCI", member="a/one.fits", window=lambda _: (slice(1, 3), slice(0, 2)))
    assert np.array_equal(plane.data, IMAGE[1:3, 0:2])
    with pytest.raises(FileInvalid, match=r"no file 'none\.fits'"):
        read_plane(path, member="none.fits")
    with pytest.raises(FileInvalid, match="none of the formats"):
        read_plane(path, member="two.txt")


@pytest.mark.parametrize("write", [write_zip, write_tar])
@pytest.mark.parametrize("name", ["../up.fits", "/etc/passwd", "a/../../b", "C:\\x.fits", "a\\..\\..\\b"])
def test_a_name_that_leads_out_refuses_the_archive(write: object, name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "archive", {"good.fits": b"x", name: b"x"})  # type: ignore[operator]
    with pytest.raises(FileInvalid, match="leads out"):
        open_archive(path)


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_too_many_members_refuse_the_archive(write: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 10)
    path = write(tmp_path / "archive", {f"{number}.fits": b"" for number in range(11)})  # type: ignore[operator]
    with pytest.raises(FileInvalid, match="more than 10 files"):
        open_archive(path)


def test_a_million_members_are_refused_before_their_names_are_read(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.fits": b"x"})
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x05\x06")
    length = 200_000_000
    content[at + 12 : at + 16] = length.to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(FileInvalid, match="more than 300000 files"):
        open_archive(path)


def test_a_member_that_inflates_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bomb.zip", {"zeros.fits": b"\0" * 10_000_000})
    with pytest.raises(FileInvalid, match="inflates from"):
        read_plane(path, member="zeros.fits", limits=ReadLimits(ratio=20.0, ratio_free=1_000_000))


def test_a_directory_that_lies_about_a_size_gives_a_fault(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.fits": fits_bytes()})
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(FileInvalid):
        read_plane(path, member="a.fits")


def test_cut_and_damaged_archives_are_refused(tmp_path: Path) -> None:
    whole = write_zip(tmp_path / "a.zip", {"a.fits": fits_bytes()}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    tar = write_tar(tmp_path / "a.tar", {"a.fits": fits_bytes()}).read_bytes()
    (tmp_path / "cut.tar").write_bytes(tar[:3000])
    (tmp_path / "none").write_bytes(b"hello")
    for name in ("cut.zip", "cut.tar", "none"):
        with pytest.raises(FileInvalid):
            open_archive(tmp_path / name)


def test_a_compressed_tar_is_refused_with_the_way_on(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar.gz", {"a.fits": b"x"}, "w:gz")
    with pytest.raises(FileInvalid, match="compressed as a whole"):
        open_archive(path)


def test_a_link_in_a_tar_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("link.fits")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    assert open_archive(path).names == ()
