"""Names and labels of fits, and finding fits by them, on both databases."""

import pytest
from sqlalchemy import Engine

from jobs.lifecycle import transitions
from jobs.storage import records
from jobs.storage.records import FitFilter
from tests.jobs.conftest import new_fit

FITS = {
    "Abell 2744": ("field", "run 7"),
    "abell 370": ("field", "run"),
    "M 51": ("χ² = 1", "50 %"),
    "50 per cent": (),
}


@pytest.fixture
def named(any_engine: Engine) -> dict[str, str]:
    """Id of each of `FITS`."""
    made = {}
    for name, labels in FITS.items():
        record = transitions.create(any_engine, new_fit(name=name, labels=labels))
        assert record is not None
        made[name] = record.id
    return made


def found(engine: Engine, wanted: FitFilter) -> set[str]:
    return {record.name for record in records.list_fits(engine, "local", limit=100, wanted=wanted).items}


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (("field",), {"Abell 2744", "abell 370"}),
        (("field", "run 7"), {"Abell 2744"}),
        (("run",), {"abell 370"}),
        (("χ² = 1",), {"M 51"}),
        (("50 %",), {"M 51"}),
        (("%",), set()),
        (('["field',), set()),
    ],
)
def test_a_label_finds_the_fits_that_have_it_whole(
    any_engine: Engine, named: dict[str, str], labels: tuple[str, ...], names: set[str]
) -> None:
    assert found(any_engine, FitFilter(labels=labels)) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ABELL", {"Abell 2744", "abell 370"}),
        ("run", {"Abell 2744", "abell 370"}),
        ("50 ", {"M 51", "50 per cent"}),
        ("50 %", {"M 51"}),
        ("_", set(FITS)),  # of every id
        ("χ²", {"M 51"}),
        ("nosuch", set()),
    ],
)
def test_a_text_is_found_in_names_labels_and_ids(
    any_engine: Engine, named: dict[str, str], text: str, names: set[str]
) -> None:
    assert found(any_engine, FitFilter(text=text)) == names


def test_a_new_name_leaves_the_labels_and_new_labels_the_name(any_engine: Engine, named: dict[str, str]) -> None:
    fit = named["M 51"]
    first = records.rename(any_engine, "local", fit, name="M 101")
    assert first is not None
    assert (first.name, first.labels, first.version) == ("M 101", ["χ² = 1", "50 %"], 2)
    second = records.rename(any_engine, "local", fit, labels=[])
    assert second is not None
    assert (second.name, second.labels, second.version) == ("M 101", [], 3)


def test_nobody_names_the_fit_of_another(any_engine: Engine, named: dict[str, str]) -> None:
    assert records.rename(any_engine, "other", named["M 51"], name="mine") is None
    assert found(any_engine, FitFilter(name="M 51")) == {"M 51"}
