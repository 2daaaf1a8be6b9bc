"""Trees of ASDF files that lead elsewhere or hold too much are refused before the asdf library follows them."""

import io
import time
from pathlib import Path

import asdf
import numpy as np
import pytest

from fitting.files import FileInvalid, describe_file, read_plane

FIELD = np.arange(64.0).reshape(8, 8)


def with_tree(path: Path, changed: str, old: str = "source: 0") -> Path:
    """An ASDF file of one array, a line of whose tree is another."""
    target = io.BytesIO()
    asdf.AsdfFile({"d": FIELD, "e": 1}).write_to(target)
    content = target.getvalue()
    assert old.encode() in content
    path.write_bytes(content.replace(old.encode(), changed.encode(), 1))
    return path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Another ASDF file of the host."""
    path = tmp_path / "secret.asdf"
    asdf.AsdfFile({"d": FIELD + 4200.0}).write_to(path)
    return path


ADDRESSES = [
    "file://{secret}",
    "{secret}",
    "secret.asdf",
    "ftp://127.0.0.1:1/x",
    "webhdfs://127.0.0.1:1/x",
    "0http://x",
]
SPELLINGS = [
    'source: "{address}"',
    '"source": "{address}"',
    "'source' : '{address}'",
    '"\\x73ource": "{address}"',
    '? source\n  : "{address}"',
    'source: 0\n  source: "{address}"',
    'source: !!str "{address}"',
    "source: !!float 0",
    "source: [0]",
    "source: true",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_array_of_another_file_is_refused_and_never_opened(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = with_tree(tmp_path / "a.asdf", f'"source": "{address.format(secret=secret)}"')
    with pytest.raises(FileInvalid, match="outside of the file"):
        describe_file(path)
    with pytest.raises(FileInvalid, match="outside of the file"):
        read_plane(path)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_source_is_refused_however_it_is_written(tmp_path: Path, secret: Path, spelling: str) -> None:
    path = with_tree(tmp_path / "a.asdf", spelling.format(address=f"file://{secret}"))
    with pytest.raises(FileInvalid):
        describe_file(path)


@pytest.mark.parametrize(
    "extra",
    [
        'e: {"$ref": "secret.asdf#/d"}',
        'e: {"\\x24ref": "secret.asdf#/d"}',
        "e: !core/externalarray-1.0.0 {fileuri: secret.asdf, target: 1, datatype: float64, shape: [8, 8]}",
        "e: !core/ndarray-1.9.0 {source: secret.asdf, datatype: float64, byteorder: little, shape: [8, 8]}",
        "e: &m {source: secret.asdf}\nf: !core/ndarray-1.1.0 {<<: *m, datatype: float64, byteorder: little, "
        "shape: [8, 8]}",
    ],
    ids=["reference", "escaped reference", "external array", "unknown array", "merged source"],
)
def test_what_leads_out_of_the_file_beside_a_good_array_is_refused(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch, extra: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileInvalid):
        describe_file(with_tree(tmp_path / "a.asdf", extra, "e: 1"))


def test_a_source_that_is_no_arrays_is_nobodys_concern(tmp_path: Path) -> None:
    (hdu,) = describe_file(with_tree(tmp_path / "a.asdf", 'e: {source: "Gaia DR3", "$id": 1}', "e: 1")).hdus
    assert hdu.sum == FIELD.sum()


BOMBS = {
    "aliases": "e: &a0 {k: 1}\n" + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)),
    "itself": "e: &a [*a]",
    "flat": f"e: [{'1,' * 3_000_000}1]",
    "nested": f"e: {'[' * 20_000}{']' * 20_000}",
    "number to base 60": f"e: {'1:' * 1_000_000}1",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_tree_of_too_much_is_refused_at_once(tmp_path: Path, bomb: str) -> None:
    path = with_tree(tmp_path / "a.asdf", BOMBS[bomb], "e: 1")
    began = time.process_time()
    with pytest.raises(FileInvalid, match="its tree"):
        describe_file(path)
    assert time.process_time() - began < 1.0


def test_aliases_of_sound_files_are_read(tmp_path: Path) -> None:
    (hdu,) = describe_file(with_tree(tmp_path / "a.asdf", "e: &e {k: [1, 2]}\nf: [*e, *e]", "e: 1")).hdus
    assert hdu.n_finite == 64
