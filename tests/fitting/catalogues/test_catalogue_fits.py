"""Fits of rows: each row's numbers are those of its own request; what goes wrong is a flag of one row."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from astropy.io import fits
from astropy.table import Table

from fitting.catalogue_fits import fit_rows
from fitting.catalogues import TABLE_FORMATS, AnswerPart, AnswerParts, CataloguePlan, plan_catalogue, write_answer
from fitting.first_values import complete_request
from fitting.inputs import load_images
from fitting.results import parameters_document
from fitting.run import run
from fitting.spec.catalogues import decode_flags, parse_catalogue
from tests.fitting.catalogues.scenes import PLACES, SKY, document, gaussian, write_field

BAD: list[dict[str, Any]] = [
    {"x": None, "y": 30.0},
    {"x": 500.0, "y": 30.0},
    {"x": 118.0, "y": 30.0},
]
WIDE: dict[str, Any] = {"r50": 2.4, "a": 2.0, "b": 1.9, "mag": 18.75}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("field")
    write_field(path)
    return path


def plan(written: dict[str, Any], folder: Path, name: str = "objects.parquet") -> CataloguePlan:
    (folder / name).unlink(missing_ok=True)
    return plan_catalogue(parse_catalogue(written), lambda file: folder / file, folder / name)


@pytest.fixture(scope="module")
def fitted(folder: Path) -> tuple[CataloguePlan, pa.Table]:
    rows = [{"id": number, "x": x, "y": y, **WIDE} for number, (x, y) in enumerate(PLACES)]
    rows += [{"id": 10 + number, **bad, **WIDE} for number, bad in enumerate(BAD)]
    planned = plan(document(objects={"rows": rows}, keep=["parameters", "covariance"]), folder, "fitted.parquet")
    return planned, fit_rows(planned, 0, planned.rows, lambda name: folder / name)


def test_rows_get_the_numbers_of_their_own_requests(fitted: tuple[CataloguePlan, pa.Table], folder: Path) -> None:
    planned, table = fitted
    for number in (0, 3):
        (row,) = planned.expansion.row(number)
        assert row.request is not None
        images = load_images(row.request, lambda name: folder / name)
        alone = parameters_document(run(complete_request(row.request, images), images))
        answer = table.slice(number, 1).to_pylist()[0]
        for each in alone["parameters"]:
            if each["free"]:
                stem = each["name"].replace(".", "_")
                assert answer[stem] == pytest.approx(each["value"], abs=1e-6 * each["uncertainty"])
                assert answer[f"{stem}_err"] == pytest.approx(each["uncertainty"], rel=1e-6)
        assert answer["chi2"] == pytest.approx(alone["chi2"])
        assert answer["bic"] == pytest.approx(alone["bic"])
        magnitudes = {each["name"]: each["value"] for each in alone["derived"]}
        assert answer["g_flux"] == pytest.approx(magnitudes["g.flux"])


def test_galaxies_are_found_where_and_as_they_were_drawn(fitted: tuple[CataloguePlan, pa.Table]) -> None:
    for (x, y), row in zip(PLACES, fitted[1].to_pylist(), strict=False):
        assert row["g_x"] == pytest.approx(x, abs=5 * row["g_x_err"])
        assert row["g_y"] == pytest.approx(y, abs=5 * row["g_y_err"])
        assert row["g_flux"] == pytest.approx(2000.0, abs=5 * row["g_flux_err"])
        assert row["g_r_e"] == pytest.approx(2.0 * np.sqrt(2.0 * np.log(2.0)), abs=5 * row["g_r_e_err"])
        assert row["sky_i"] == pytest.approx(SKY, abs=5 * row["sky_i_err"])


def test_bad_rows_have_flags_and_messages_and_nulls(fitted: tuple[CataloguePlan, pa.Table]) -> None:
    rows = fitted[1].to_pylist()
    assert [decode_flags(row["flags"]) for row in rows[:4]] == [()] * 4
    assert decode_flags(rows[4]["flags"]) == ("bad_input",)
    assert "column 'x' has no value in this row" in rows[4]["message"]
    assert set(decode_flags(rows[5]["flags"])) == {"bad_input", "centre_outside", "partly_outside"}
    assert "lies outside the image" in rows[5]["message"]
    assert "partly_outside" in decode_flags(rows[6]["flags"])
    for row in rows[4:6]:
        assert row["g_x"] is None
        assert row["chi2"] is None
    assert [row["row"] for row in rows] == list(range(7))


def test_the_answer_reads_alike_in_every_format(fitted: tuple[CataloguePlan, pa.Table], tmp_path: Path) -> None:
    planned, table = fitted
    parts = []
    for start, stop in ((0, 3), (3, 7)):
        parts.append(AnswerPart(start, stop, tmp_path / f"{start}.parquet"))
        pa.parquet.write_table(table.slice(start, stop - start), parts[-1].path)
    answer = AnswerParts(planned.expansion.objects, parts, planned.parameters)
    read = {}
    for form in TABLE_FORMATS:
        write_answer(answer, tmp_path / f"t.{form}", form)
    read["parquet"] = pa.parquet.read_table(tmp_path / "t.parquet").to_pydict()
    for form, name in (("csv", "ascii.csv"), ("ecsv", "ascii.ecsv"), ("fits", "fits"), ("votable", "votable")):
        read[form] = Table.read(tmp_path / f"t.{form}", format=name)
    names = list(read["parquet"])
    assert names[:3] == ["id", "x", "y"]
    assert names[-3:] == ["flags", "message", "notices"]
    for form in ("csv", "ecsv", "fits", "votable"):
        assert read[form].colnames == names
        for name in ("g_r_e", "g_r_e_err", "chi2"):
            values = np.ma.filled(np.ma.asarray(read[form][name], dtype=float), np.nan)
            expected = [np.nan if value is None else value for value in read["parquet"][name]]
            assert np.allclose(values, expected, rtol=1e-9, equal_nan=True)
    for form in ("ecsv", "fits", "votable"):
        assert str(read[form]["g_r_e"].unit) == "pix"
    assert read["votable"]["g_magnitude"].meta["ucd"] == "phot.mag"
    assert read["ecsv"]["g_r_e"].description


def test_some_columns_are_chosen_in_their_order(fitted: tuple[CataloguePlan, pa.Table], tmp_path: Path) -> None:
    planned, table = fitted
    pa.parquet.write_table(table, tmp_path / "0.parquet")
    answer = AnswerParts(
        planned.expansion.objects, [AnswerPart(0, 7, tmp_path / "0.parquet")], planned.parameters, ("flags", "id")
    )
    write_answer(answer, tmp_path / "t.csv", "csv")
    assert (tmp_path / "t.csv").read_text().splitlines()[:2] == ['"flags","id"', "0,0"]


def fits_bytes(data: np.ndarray | None) -> bytes:
    buffer = io.BytesIO()
    hdus = [fits.PrimaryHDU()] if data is None else [fits.PrimaryHDU(), fits.ImageHDU(data, name="SCI")]
    fits.HDUList(hdus).writeto(buffer)
    return buffer.getvalue()


def test_cutouts_of_an_archive_each_with_its_own_fault(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    good = SKY + gaussian((32, 32), (15.5, 16.0), 2.0, 2000.0) + rng.normal(0.0, 1.0, (32, 32))
    members = {
        "good.fits": fits_bytes(good),
        "nan.fits": fits_bytes(np.full((32, 32), np.nan)),
        "none.fits": fits_bytes(None),
        "cut.fits": fits_bytes(good)[:4000],
        "mask.fits": fits_bytes(np.zeros((32, 32), np.int32)),
        "all.fits": fits_bytes(np.ones((32, 32), np.int32)),
        "small.fits": fits_bytes(np.zeros((8, 8), np.int32)),
    }
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    pairs = [
        ("good.fits", "mask.fits"),
        ("good.fits[SCI]", "mask.fits[1]"),
        ("missing.fits", "mask.fits"),
        ("nan.fits", "mask.fits"),
        ("none.fits", "mask.fits"),
        ("cut.fits", "mask.fits"),
        ("good.fits", "all.fits"),
        ("good.fits", "small.fits"),
        ("good.fits", None),
    ]
    rows = [{"file": file, "bad": mask, "x": 15.5, "y": 16.0, **WIDE} for file, mask in pairs]
    written = document(objects={"rows": rows}, files="c.zip")
    image = written["template"]["images"][0]
    image |= {"data": {"column": "file"}, "mask": {"column": "bad"}, "variance": {"constant": 1.0}}
    del image["window"]
    planned = plan(written, tmp_path)
    answers = fit_rows(planned, 0, planned.rows, lambda name: tmp_path / name).to_pylist()
    flags = [decode_flags(row["flags"]) for row in answers]
    assert flags == [(), (), *[("bad_input",)] * 4, ("fully_masked",), ("bad_input",), ("bad_input",)]
    assert answers[0]["g_x"] == pytest.approx(15.5, abs=5 * answers[0]["g_x_err"])
    assert answers[0]["g_x"] == answers[1]["g_x"]
    for row, words in zip(
        answers[2:], ("missing.fits", "no finite", "none.fits", "cut.fits", "every", "shape", "bad"), strict=True
    ):
        assert words in row["message"]
        assert row["g_x"] is None


def test_the_right_model_is_chosen_and_all_figures_stand_beside_it(tmp_path: Path) -> None:
    write_field(tmp_path)
    places = {"x": {"column": "x"}, "y": {"column": "y"}}
    models = {
        "round": [{"name": "p", "profile": "gaussian", "parameters": {**places, "q": {"value": 1.0, "fixed": True}}}],
        "exponential": [{"name": "e", "profile": "exponential", "parameters": {**places}}],
    }
    planned = plan(document(models=models), tmp_path)
    rows = fit_rows(planned, 0, planned.rows, lambda name: tmp_path / name).to_pylist()
    assert [row["model"] for row in rows] == ["round"] * 4
    for row in rows:
        assert row["bic"] == row["bic_round"] < row["bic_exponential"]
        assert row["p_x"] is not None
        assert row["e_x"] is None


def test_where_no_model_fits_it_is_said(tmp_path: Path) -> None:
    write_field(tmp_path, noise=0.05)
    places = {"x": {"column": "x"}, "y": {"column": "y"}}
    models = {"exponential": [{"name": "e", "profile": "exponential", "parameters": places}]}
    planned = plan(document(models=models), tmp_path)
    (row,) = fit_rows(planned, 0, 1, lambda name: tmp_path / name).to_pylist()
    assert {"poor_fit", "no_model_fits"} <= set(decode_flags(row["flags"]))


def test_a_model_that_could_not_be_compared_is_said(tmp_path: Path) -> None:
    write_field(tmp_path)
    places = {"x": {"column": "x"}, "y": {"column": "y"}}
    models = {
        "round": [{"name": "p", "profile": "gaussian", "parameters": {**places, "q": {"value": 1.0, "fixed": True}}}],
        "flat": [{"name": "e", "profile": "exponential", "parameters": {**places, "q": {"column": "mag"}}}],
    }
    planned = plan(document(models=models), tmp_path)
    (row,) = fit_rows(planned, 0, 1, lambda name: tmp_path / name).to_pylist()
    assert (row["model"], row["bic_flat"]) == ("round", None)
    assert "flat was not fitted: models.flat[0].parameters.q" in row["message"]


def test_a_neighbour_that_is_fitted_along_takes_no_light(tmp_path: Path) -> None:
    pair = ((55.0, 60.0), (63.0, 60.0))
    write_field(tmp_path, pair)
    found = {}
    for treatment in ("ignore", "fit"):
        planned = plan(document(neighbours={"treatment": treatment}), tmp_path)
        (row, _) = fit_rows(planned, 0, 2, lambda name: tmp_path / name).to_pylist()
        found[treatment] = row
        assert "blended" in decode_flags(row["flags"])
        assert not [name for name in row if name.startswith(("n1_", "total"))]
    fit = found["fit"]
    assert fit["g_flux"] == pytest.approx(2000.0, abs=5 * fit["g_flux_err"])
    assert abs(found["ignore"]["g_flux"] - 2000.0) > 200.0


def test_other_segments_are_left_out(tmp_path: Path) -> None:
    pair = ((55.0, 60.0), (63.0, 60.0))
    write_field(tmp_path, pair)
    y, x = np.mgrid[:120, :120]
    distances = [np.hypot(x - at[0], y - at[1]) for at in pair]
    segments = np.where(np.minimum(*distances) > 9.0, 0, 1 + np.argmin(distances, axis=0))
    fits.writeto(tmp_path / "segments.fits", segments.astype(np.int32))
    written = document()
    written["template"]["images"][0]["segmentation"] = {"path": "segments.fits"}
    planned = plan(written, tmp_path)
    (row, _) = fit_rows(planned, 0, 2, lambda name: tmp_path / name).to_pylist()
    assert row["g_x"] == pytest.approx(55.0, abs=0.2)
    assert 32 * 32 - row["n_pixels"] == pytest.approx((segments == 2)[44:76, 39:71].sum())


def test_time_that_is_up_is_one_rows_flag(tmp_path: Path) -> None:
    write_field(tmp_path)
    written = document()
    written["template"]["limits"] = {"seconds": 1e-6}
    planned = plan(written, tmp_path)
    rows = fit_rows(planned, 0, 2, lambda name: tmp_path / name).to_pylist()
    assert all("out_of_time" in decode_flags(row["flags"]) for row in rows)


def test_a_table_of_rows_without_messages_is_read_by_astropy(tmp_path: Path) -> None:
    table = pa.table({"_row": pa.array([0, 1]), "message": pa.array([None, None], pa.string())})
    from fitting.catalogues.answer_table import _with_all_texts

    pa.parquet.write_table(_with_all_texts(table), tmp_path / "t.parquet")
    assert list(Table.read(tmp_path / "t.parquet")["message"]) == ["", ""]
