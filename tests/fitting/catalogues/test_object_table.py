"""Object tables: every format gives the same rows; what is no table of objects is refused by a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from astropy.table import MaskedColumn, Table

from fitting.catalogues import ObjectRows, object_table, read_objects, write_rows
from fitting.files import FileInvalid

FORMATS = {"csv": "ascii.csv", "ecsv": "ascii.ecsv", "fits": "fits", "votable": "votable", "comma.ecsv": "ascii.ecsv"}


def sample() -> Table:
    table = Table({"id": np.arange(5), "x": np.linspace(0.5, 4.5, 5)})
    table["x"].unit, table["x"].description = "pix", "column position"
    table["r50"] = MaskedColumn([1.0, 2.0, 3.0, 4.0, 5.0], mask=[False, True, False, False, False])
    table["file"] = [f"cut_{number}.fits" for number in range(5)]
    return table


def written(folder: Path, name: str) -> Path:
    path = folder / f"table.{name}"
    more = {"delimiter": ","} if name == "comma.ecsv" else {}
    sample().write(path, format=FORMATS[name], **more)
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    objects = read_objects(written(tmp_path, name), tmp_path / "objects.parquet")
    assert objects.count == 5
    assert {key: column.kind for key, column in objects.columns.items()} == {
        "id": "number",
        "x": "number",
        "r50": "number",
        "file": "text",
    }
    rows = objects.rows(1, 3)
    assert [row["file"] for row in rows] == ["cut_1.fits", "cut_2.fits"]
    assert [row["id"] for row in rows] == [1, 2]
    assert rows[0]["r50"] is None or np.isnan(rows[0]["r50"])
    assert rows[1]["x"] == pytest.approx(2.5)
    if name != "csv":
        assert (objects.columns["x"].unit, objects.columns["x"].description) in (
            ("pix", "column position"),
            ("pix", ""),
        )


def test_parquet_is_read_group_by_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_table, "_GROUP", 7)
    pa.parquet.write_table(pa.table({"x": np.arange(50.0), "name": ["a"] * 50}), tmp_path / "in.parquet")
    objects = read_objects(tmp_path / "in.parquet", tmp_path / "objects.parquet")
    assert [row["x"] for row in objects.rows(5, 16)] == list(range(5, 16))
    assert objects.row(33) == {"x": 33.0, "name": "a"}
    assert objects.numbers(["x"])["x"].tolist() == list(range(50))
    assert objects.rows(48, 60) == [{"x": 48.0, "name": "a"}, {"x": 49.0, "name": "a"}]


def test_rows_of_a_request(tmp_path: Path) -> None:
    objects = write_rows([{"x": 1, "n": "a"}, {"x": 2.5}, {"n": "c"}], tmp_path / "objects.parquet")
    assert objects.rows(0, 3) == [{"x": 1.0, "n": "a"}, {"x": 2.5, "n": None}, {"x": None, "n": "c"}]
    with pytest.raises(FileInvalid, match="numbers and text"):
        write_rows([{"x": 1}, {"x": "one"}], tmp_path / "other.parquet")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"x,y\n", "no row"),
        (b"x,x\n1,2\n", "two columns"),
        (b"1,2\n3,4\n", "numbers in its first line"),
        (b"x,y\n1,2\n3\n", "cannot be read as a table"),
        (b"PAR1 this is no parquet", "cannot be read"),
        (b"# %ECSV 1.0\n# ---\nnonsense", "cannot be read"),
        (b'<?xml version="1.0"?><VOTABLE><broken', "cannot be read"),
        (b"\x00\x01\x02" * 100, "is no table"),
        (b"SIMPLE  =                    T", "cannot be read"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(content)
    with pytest.raises(FileInvalid, match=message):
        read_objects(tmp_path / "in", tmp_path / "objects.parquet")


def test_arrays_in_a_cell_are_refused(tmp_path: Path) -> None:
    Table({"x": np.zeros((3, 2))}).write(tmp_path / "in.fits")
    with pytest.raises(FileInvalid, match="arrays"):
        read_objects(tmp_path / "in.fits", tmp_path / "objects.parquet")


def test_an_image_is_no_table(tmp_path: Path) -> None:
    from astropy.io import fits

    fits.writeto(tmp_path / "in.fits", np.zeros((3, 3)))
    with pytest.raises(FileInvalid, match="holds no table"):
        read_objects(tmp_path / "in.fits", tmp_path / "objects.parquet")


def test_rows_are_kept_in_parquet(tmp_path: Path) -> None:
    first = read_objects(written(tmp_path, "csv"), tmp_path / "objects.parquet")
    again = ObjectRows(first.path)
    assert again.rows(0, 5) == first.rows(0, 5)


@pytest.mark.parametrize("name", ["in.parquet", "in.csv", "in.xml"])
def test_giant_texts_are_refused_whatever_the_format(tmp_path: Path, name: str) -> None:
    """A row of an answer holds them again: a page of thousands would be gigabytes."""
    texts, path = ["short", "x" * 5000], tmp_path / name
    if name.endswith("parquet"):
        pa.parquet.write_table(pa.table({"x": [1.0, 2.0], "s": texts}), path)
    elif name.endswith("csv"):
        path.write_text("x,s\n" + "".join(f"1,{text}\n" for text in texts))
    else:
        Table({"x": [1.0, 2.0], "s": texts}).write(path, format="votable")
    with pytest.raises(FileInvalid, match="a text of 5000 bytes in its column 's'"):
        read_objects(path, tmp_path / "objects.parquet")
