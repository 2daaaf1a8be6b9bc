"""Templates: values of rows in the places that name columns, and nothing else changed."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitting.spec import PlaneReference, RequestInvalid
from fitting.spec.catalogues import RowFiles, Template, parse_catalogue

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
KEYS = st.text("abc", min_size=1, max_size=3)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text("abc", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def with_columns(plain: Any, row: dict[str, float]) -> Any:
    """The document with each of its floats as a column, whose values go to `row`."""
    if isinstance(plain, float):
        name = f"c{len(row)}"
        row[name] = plain
        return {"column": name} if len(row) % 2 else f"= row.{name}"
    if isinstance(plain, list):
        return [with_columns(item, row) for item in plain]
    if isinstance(plain, dict):
        return {key: with_columns(item, row) for key, item in plain.items()}
    return plain


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), PLAIN, max_size=4))
def test_columns_in_the_places_of_numbers_give_the_same_document(plain: dict[str, Any]) -> None:
    row: dict[str, float] = {}
    template = Template(with_columns(plain, row))
    before = str(template.document)
    assert template.filled(row) == plain
    assert str(template.document) == before, "the template is not written to"
    assert set(template.columns) == set(row)


@given(NUMBERS, st.floats(0.1, 1e3))
def test_an_expression_of_columns_is_a_number(b: float, a: float) -> None:
    template = Template({"q": "= row.b / row.a", "link": "= g.pa + row.b * 2"})
    filled = template.filled({"a": a, "b": b})
    assert filled["q"] == pytest.approx(b / a)
    names = {"g": type("G", (), {"pa": 10.0})}
    assert eval(filled["link"].lstrip("= "), {}, names) == pytest.approx(10.0 + 2.0 * b)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "text"])
def test_a_row_without_a_number_is_told_by_place_and_column(value: Any) -> None:
    with pytest.raises(RequestInvalid) as caught:
        Template({"components": [{"parameters": {"x": {"column": "x"}}}]}).filled({"x": value})
    (fault,) = caught.value.faults
    assert fault.path == "$.components[0].parameters.x"
    assert "'x'" in fault.message


def test_a_division_by_zero_is_the_rows_own() -> None:
    with pytest.raises(RequestInvalid, match="has no value"):
        Template({"q": "= row.b / row.a"}).filled({"a": 0.0, "b": 1.0})


ARCHIVE = RowFiles(PlaneReference(file="upl_a", form="upload"), "archive")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a.fits", {"upload": "upl_a", "member": "a.fits"}),
        ("deep/./a.fits[SCI]", {"upload": "upl_a", "member": "deep/a.fits", "hdu": "SCI"}),
        ("a.fits[1][3]", {"upload": "upl_a", "member": "a.fits", "hdu": 1, "plane": 3}),
    ],
)
def test_a_row_names_a_plane_of_an_archive(value: str, expected: dict[str, Any]) -> None:
    template = Template({"images": [{"data": {"column": "file"}}]}, ARCHIVE)
    assert template.filled({"file": value})["images"][0]["data"] == expected


@pytest.mark.parametrize(
    "value", ["../a.fits", "/etc/passwd", "a/../../b.fits", "a\\..\\b.fits", "", None, 1.5, True, 3]
)
def test_a_row_that_names_no_file_of_an_archive_is_told(value: Any) -> None:
    with pytest.raises(RequestInvalid):
        Template({"images": [{"data": {"column": "file"}}]}, ARCHIVE).filled({"file": value})


def test_a_row_names_a_slice_of_a_cube() -> None:
    cube = RowFiles(PlaneReference(file="cube.fits", hdu=1, form="path"), "cube")
    template = Template({"images": [{"psf": {"column": "n", "convention": "effective"}}]}, cube)
    expected = {"path": "cube.fits", "hdu": 1, "plane": 7, "convention": "effective"}
    assert template.filled({"n": 7})["images"][0]["psf"] == expected


def template() -> dict[str, Any]:
    return {"images": [{"data": "f.fits"}], "components": []}


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"objects": {"rows": []}}, "$.objects.rows"),
        ({"objects": {"rows": [{"x": [1.0]}]}}, "$.objects.rows[0].x"),
        ({"template": {**template(), "seed": 3}}, "$.template.seed"),
        ({"template": {**template(), "webhook": "https://a.b"}}, "$.template.webhook"),
        ({"template": {"images": []}}, "$.template.images"),
        ({"choose": "log_evidence"}, "$.choose"),
        ({"choose": "best"}, "$.choose"),
        ({"models": {"a b": [{}]}}, "$.models[" + "'a b']"),
        ({"models": {"a": []}}, "$.models.a"),
        ({"neighbours": {"treatment": "fit", "most": 0}}, "$.neighbours.most"),
        ({"surprise": 1}, "$.surprise"),
    ],
)
def test_what_is_wrong_with_the_whole_is_told_by_path(more: dict[str, Any], path: str) -> None:
    document = {"objects": {"rows": [{"x": 1.0}]}, "template": template(), **more}
    with pytest.raises(RequestInvalid) as caught:
        parse_catalogue(document)
    assert path in [fault.path for fault in caught.value.faults]


def test_files_are_renamed_wherever_they_are_named() -> None:
    image = {"data": "f.fits[1]", "psf": {"path": "p.fits", "convention": "effective"}, "mask": {"column": "m"}}
    basis = {"name": "b", "profile": "basis", "options": {"images": ["e.fits[0]"]}}
    written = {"objects": "t.csv", "files": "c.zip", "template": {"images": [image], "components": [basis]}}
    request = parse_catalogue(written)
    assert {reference.file for _, reference in request.references()} == {"t.csv", "c.zip", "f.fits", "p.fits", "e.fits"}
    renamed = request.with_references(
        {name: f"upl_{name[0]}" for name in ("t.csv", "c.zip", "f.fits", "p.fits", "e.fits")}
    )
    assert {reference.file for _, reference in renamed.references()} == {"upl_t", "upl_c", "upl_f", "upl_p", "upl_e"}
    assert parse_catalogue(renamed.document()) == renamed
    assert renamed.template["images"][0]["psf"] == {"upload": "upl_p", "convention": "effective"}
