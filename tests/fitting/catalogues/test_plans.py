"""Plans: what is wrong with the whole is found before a row is fitted, and what is one row's is left to it."""

from __future__ import annotations

import copy
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from fitting.catalogues import CataloguePlan, plan_catalogue
from fitting.spec import RequestInvalid
from fitting.spec.catalogues import parse_catalogue
from tests.fitting.catalogues.scenes import PLACES, document, write_field

FIT = {"neighbours": {"treatment": "fit"}}


@pytest.fixture
def field(tmp_path: Path) -> Path:
    write_field(tmp_path)
    return tmp_path


def plan(written: dict[str, Any], folder: Path) -> CataloguePlan:
    (folder / "objects.parquet").unlink(missing_ok=True)
    return plan_catalogue(parse_catalogue(written), lambda name: folder / name, folder / "objects.parquet")


def faults_of(written: dict[str, Any], folder: Path) -> dict[str, str]:
    with pytest.raises(RequestInvalid) as caught:
        plan(written, folder)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_each_row_has_a_request_of_its_own(field: Path) -> None:
    rows = list(plan(document(seed=5), field).expansion.rows(0, 4))
    assert [[item.request is not None for item in row] for row in rows] == [[True]] * 4
    for number, (row,) in enumerate(rows):
        assert row.request is not None
        x, y = PLACES[number]
        galaxy = row.request.components[1].parameters
        assert (galaxy["x"].value, galaxy["y"].value) == (x, y)  # type: ignore[union-attr]
        assert galaxy["q"].value == pytest.approx(0.95)  # type: ignore[union-attr]
        window = row.request.images[0].window
        assert window is not None
        assert window.x == (x - 16, x + 16)
        assert row.request.seed == 5 + number


def test_positions_on_the_sky_give_the_same_windows(field: Path) -> None:
    from astropy.table import Table
    from astropy.wcs import WCS

    table = Table.read(field / "objects.csv")
    wcs = WCS(fits.getheader(field / "field.fits", "SCI"))
    table["ra"], table["dec"] = wcs.all_pix2world(table["x"], table["y"], 0)
    table.write(field / "sky.csv")
    written = document(objects="sky.csv")
    written["template"]["images"][0]["window"]["around"] = {"ra": {"column": "ra"}, "dec": {"column": "dec"}}
    rows = list(plan(written, field).expansion.rows(0, 4))
    assert [row.place for (row,) in rows] == [pytest.approx(place, abs=1e-6) for place in PLACES]


@pytest.mark.parametrize(
    ("kron", "side"),
    [(4.0, 32), (4.1, 40), (1.0, 16), (100.0, 64)],
)
def test_a_size_follows_a_column_within_limits(kron: float, side: int, field: Path) -> None:
    written = document(
        objects={"rows": [{"x": 60.0, "y": 60.0, "r50": 2.0, "a": 1.0, "b": 1.0, "mag": 19.0, "k": kron}]}
    )
    size = {"times": 8, "of": {"column": "k"}, "min": 16, "max": 64}
    written["template"]["images"][0]["window"]["size"] = size
    ((row,),) = plan(written, field).expansion.rows(0, 1)
    assert row.windows[0]["x"][1] - row.windows[0]["x"][0] == side


def test_a_column_that_the_table_lacks_is_told_with_those_that_there_are(field: Path) -> None:
    written = document()
    written["template"]["components"][1]["parameters"]["n"] = {"column": "sersic_n"}
    faults = faults_of(written, field)
    assert list(faults) == ["$.template.components[1].parameters.n"]
    assert "'sersic_n'" in faults["$.template.components[1].parameters.n"]


def test_a_name_that_the_profile_lacks_is_the_templates_fault_though_rows_fill_it(field: Path) -> None:
    """And so is a rival: neither depends on a row's numbers, which are left to the rows."""
    places = {"x": {"column": "x"}, "y": {"column": "y"}}
    models = {
        "sound": [{"name": "g", "profile": "sersic", "parameters": {**places, "q": {"column": "mag"}}}],
        "unsound": [{"name": "e", "profile": "exponential", "parameters": {**places, "r_e": {"column": "r50"}}}],
        "twice": [{"name": "t", "profile": "sersic", "parameters": {**places, "i_e": 1.0, "flux": {"column": "mag"}}}],
    }
    faults = faults_of(document(models=models), field)
    assert list(faults) == ["$.models.unsound[0].parameters.r_e", "$.models.twice[0].parameters.flux"]
    assert "no such parameter" in faults["$.models.unsound[0].parameters.r_e"]


def changed(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    written = copy.deepcopy(document())
    change(written)
    return written


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: d.update(objects="none.csv"), "$.objects"),
        (lambda d: d.update(objects="field.fits"), "$.objects"),
        (lambda d: d.update(files="objects.csv"), "$.files"),
        (lambda d: d["template"]["images"][0].update(data="none.fits"), "$.template.images[0].data"),
        (lambda d: d["template"]["components"][1].update(profile="sersik"), "$.template.components[1].profile"),
        (
            lambda d: d["template"]["components"][1]["parameters"].update(r_e={"value": {"column": "r50"}, "mni": 0}),
            "$.template.components[1].parameters.r_e.mni",
        ),
        (lambda d: d["template"].update(stages=[{"method": "ml"}]), "$.template.stages[0].method"),
        (lambda d: d["template"]["images"][0].update(psf={"column": "x"}), "$.template.images[0].psf"),
        (lambda d: d["template"]["images"][0]["window"].update(size=-1), "$.template.images[0].window.size"),
        (lambda d: d["template"]["components"][1]["parameters"].update(q="= row.b / row.none"), "q"),
        (lambda d: d["template"]["components"][1]["parameters"].update(q="= row.b +"), "q"),
        (
            lambda d: (
                d["template"]["components"][1]["parameters"].pop("r_e") and d.update(neighbours={"treatment": "fit"})
            ),
            "$.neighbours",
        ),
    ],
)
def test_what_is_wrong_with_all_rows_is_refused(
    change: Callable[[dict[str, Any]], None], path: str, field: Path
) -> None:
    assert any(found == path or found.endswith(f".{path}") for found in faults_of(changed(change), field))


@pytest.mark.parametrize("name", ["chi2", "flags", "g_x", "g_r_e_err", "g_flux", "sky_i"])
def test_a_column_that_the_answer_has_too_is_refused(name: str, field: Path) -> None:
    from astropy.table import Table

    table = Table.read(field / "objects.csv")
    table[name] = 1.0
    table.write(field / "more.csv")
    faults = faults_of(document(objects="more.csv"), field)
    assert list(faults) == ["$.objects"]
    assert repr(name) in faults["$.objects"]


def test_a_column_of_text_in_the_place_of_a_number_is_refused(field: Path) -> None:
    rows = [{"x": "left", "y": 1.0, "r50": 2.0, "a": 1.0, "b": 1.0, "mag": 19.0}]
    faults = faults_of(document(objects={"rows": rows}), field)
    assert "$.template.components[1].parameters.x" in faults


def test_one_bad_row_is_told_by_itself(field: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"x": place, "y": 60.0, "r50": 2.0, "a": 1.0, "b": 1.0, "mag": 19.0} for place in (30.0, None, 80.0)
    ]
    rows.append({**rows[0], "a": 0.0})
    found = list(plan(document(objects={"rows": rows}), field).expansion.rows(0, 4))
    assert [row.request is not None for (row,) in found] == [True, False, True, False]
    assert "column 'x' has no value" in found[1][0].message
    assert "q" in found[3][0].message


def test_an_archive_that_climbs_is_refused_at_the_door(field: Path) -> None:
    with zipfile.ZipFile(field / "bad.zip", "w") as archive:
        archive.writestr("../a.fits", b"x")
    written = document(files="bad.zip")
    written["template"]["images"][0]["data"] = {"column": "x"}
    assert "leads out" in faults_of(written, field)["$.files"]


def test_neighbours_are_fitted_along_or_masked(field: Path) -> None:
    rows = [
        {"x": 30.0, "y": 30.0, "r50": 2.0, "a": 1.0, "b": 1.0, "mag": 19.0},
        {"x": 36.0, "y": 30.0, "r50": 2.0, "a": 1.0, "b": 1.0, "mag": 19.5},
        {"x": 33.0, "y": 33.0, "r50": 2.0, "a": 1.0, "b": 1.0, "mag": 25.0},
        {"x": 90.0, "y": 90.0, "r50": 2.0, "a": 1.0, "b": 1.0, "mag": 19.0},
    ]
    base = document(objects={"rows": rows})
    fitted = list(plan({**base, "neighbours": {"treatment": "fit"}}, field).expansion.rows(0, 4))
    names = [[item.name for item in row.request.components] for (row,) in fitted if row.request]
    assert names == [["sky", "g", "n1_g"], ["sky", "g", "n1_g"], ["sky", "g", "n1_g", "n2_g"], ["sky", "g"]]
    neighbour = fitted[0][0].request.components[2].parameters  # type: ignore[union-attr]
    assert neighbour["x"].value == 36.0  # type: ignore[union-attr]
    masked = list(plan({**base, "neighbours": {"treatment": "mask"}}, field).expansion.rows(0, 4))
    (shape,) = masked[0][0].request.images[0].mask_shapes  # type: ignore[union-attr,misc]
    assert shape.ellipse is not None
    assert (shape.ellipse.x, shape.ellipse.a) == (36.0, pytest.approx(3.0)), "half way: both are of one size"
    assert [row.neighbours for (row,) in masked] == [1, 1, 2, 0]


def test_neighbours_outside_of_the_window_are_held(field: Path) -> None:
    rows = [
        {"x": 30.0, "y": 30.0, "r50": 6.0, "a": 1.0, "b": 1.0, "mag": 19.0},
        {"x": 55.0, "y": 30.0, "r50": 6.0, "a": 1.0, "b": 1.0, "mag": 19.5},
    ]
    written = document(objects={"rows": rows}, neighbours={"treatment": "fit"})
    ((row,), _) = plan(written, field).expansion.rows(0, 2)
    assert row.request is not None
    parameters = row.request.components[2].parameters
    assert all(item.fixed for item in parameters.values())  # type: ignore[union-attr]


def test_models_take_the_place_of_components_but_not_of_skies(field: Path) -> None:
    point = [{"name": "p", "profile": "gaussian", "parameters": {"x": {"column": "x"}, "y": {"column": "y"}}}]
    other = [{"name": "p", "profile": "sersic", "parameters": {"x": {"column": "x"}, "y": {"column": "y"}}}]
    planned = plan(document(models={"point": point, "galaxy": other}), field)
    ((first, second), *_) = planned.expansion.rows(0, 1)
    assert [item.name for item in first.request.components] == ["sky", "p"]  # type: ignore[union-attr]
    assert (first.model, second.model) == ("point", "galaxy")
    names = [column.name for column in planned.parameters]
    assert {"p_fwhm", "p_n", "bic_point", "bic_galaxy", "aic_point"} <= set(names)
    assert len(names) == len(set(names))
    broken = document(models={"point": point, "galaxy": [{**other[0], "profile": "none"}]})
    assert list(faults_of(broken, field)) == ["$.models.galaxy[0].profile"]


def test_cutouts_by_slices_of_a_cube(field: Path) -> None:
    fits.writeto(field / "cube.fits", np.ones((3, 8, 8)))
    rows = [{"x": 4.0, "y": 4.0, "slice": number, "r50": 2.0, "a": 1.0, "b": 1.0, "mag": 19.0} for number in (0, 2, 3)]
    written = document(objects={"rows": rows}, files="cube.fits")
    image = written["template"]["images"][0]
    del image["window"], image["variance"]
    image["data"] = {"column": "slice"}
    found = [row for (row,) in plan(written, field).expansion.rows(0, 3)]
    planes = [row.request.images[0].data.plane for row in found if row.request]
    assert planes == [0, 2, 3]
