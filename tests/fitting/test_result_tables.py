"""Parameters and covariance as tables, read back as their users would."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io.votable import parse
from astropy.io.votable.ucd import check_ucd
from astropy.table import Table

from fitting.result_tables import covariance_table, parameters_table, unit_of, write_table

PARAMETERS: dict[str, Any] = {
    "converged": True,
    "chi2": 9900.0,
    "chi2_reduced": 1.01,
    "degrees_of_freedom": 9779,
    "n_pixels": 9801,
    "bic": None,
    "parameters": [
        {
            "name": "a_1.x",
            "value": 67.93775,
            "uncertainty": 0.0041,
            "uncertainty_scaled": 0.0042,
            "uncertainty_bootstrap": None,
            "quantiles": {"0.16": 67.93, "0.5": 67.94, "0.84": 67.95},
            "unit": "pixel",
            "free": True,
            "at_limit": False,
        },
        {"name": "a_1.q", "value": 0.5, "uncertainty": None, "quantiles": None, "unit": "", "free": False},
    ],
    "derived": [{"name": "a_1.flux", "value": 1234.5, "uncertainty": 10.0, "unit": "data"}],
}
COVARIANCE = {"names": ["a.x", "a.y"], "matrix": [[1.0, 0.1], [0.1, 4.0]]}


def written(table: Table, folder: Path, format_: str) -> Path:
    path = folder / f"table.{format_}"
    write_table(table, path, format_)
    return path


@pytest.mark.parametrize(
    ("format_", "reader"), [("csv", "ascii.csv"), ("ecsv", "ascii.ecsv"), ("fits", "fits"), ("votable", "votable")]
)
def test_the_parameters_come_back(tmp_path: Path, format_: str, reader: str) -> None:
    table = Table.read(written(parameters_table(PARAMETERS), tmp_path, format_), format=reader)
    assert [str(name) for name in table["name"]] == ["a_1.x", "a_1.q", "a_1.flux"]
    assert [str(kind) for kind in table["kind"]] == ["parameter", "parameter", "derived"]
    assert list(table["value"]) == [67.93775, 0.5, 1234.5]
    sigma = np.ma.filled(np.ma.asarray(table["uncertainty"], dtype=float), np.nan)
    assert (sigma[0], np.isnan(sigma[1]), sigma[2]) == (0.0041, True, 10.0)
    assert float(table["q50"][0]) == 67.94


def test_ecsv_and_fits_carry_the_goodness_of_fit(tmp_path: Path) -> None:
    for format_, reader in (("ecsv", "ascii.ecsv"), ("fits", "fits")):
        meta = Table.read(written(parameters_table(PARAMETERS), tmp_path, format_), format=reader).meta
        assert {key.lower(): value for key, value in meta.items()}["chi2_reduced"] == 1.01


def test_a_votable_is_laid_out_as_results_with_metadata_as_params(tmp_path: Path) -> None:
    file = parse(str(written(parameters_table(PARAMETERS), tmp_path, "votable")), verify="exception")
    (resource,) = file.resources
    assert resource.type == "results"
    assert [(info.name, info.value) for info in resource.infos] == [("QUERY_STATUS", "OK")]
    params = {param.name: param.value for param in resource.tables[0].params}
    assert (params["converged"], params["chi2_reduced"], params["n_pixels"]) == (True, 1.01, 9801)
    ucds = {field.name: field.ucd for field in resource.tables[0].fields if field.ucd}
    assert all(check_ucd(ucd, check_controlled_vocabulary=True) for ucd in ucds.values())
    assert ucds["uncertainty"] == "stat.error"


def with_interval(lower: float | None, upper: float | None) -> dict[str, Any]:
    first, *rest = PARAMETERS["parameters"]
    return PARAMETERS | {"parameters": [first | {"interval": [lower, upper]}, *rest]}


def test_both_ends_of_an_interval_are_columns(tmp_path: Path) -> None:
    path = written(parameters_table(with_interval(67.93, None)), tmp_path, "ecsv")
    table = Table.read(path, format="ascii.ecsv")
    assert table["interval_lower"][0] == 67.93
    assert all(table["interval_upper"].mask)
    assert list(table["interval_lower"].mask) == [False, True, True]


def test_latex_has_the_distances_to_both_ends(tmp_path: Path) -> None:
    text = written(parameters_table(with_interval(67.9337, 67.9437)), tmp_path, "latex").read_text()
    assert r"a\_1.x & $67.938_{-0.004}^{+0.006}$ & pixel \\" in text
    text = written(parameters_table(with_interval(None, 67.9437)), tmp_path, "latex").read_text()
    assert r"a\_1.x & $67.938 \pm 0.004$ & pixel \\" in text


def test_latex_rounds_as_a_paper_does(tmp_path: Path) -> None:
    text = written(parameters_table(PARAMETERS), tmp_path, "latex").read_text()
    assert r"a\_1.x & $67.938 \pm 0.004$ & pixel \\" in text
    assert r"a\_1.q & $0.5$ &  \\" in text
    assert text.startswith(r"\begin{tabular}")


@pytest.mark.parametrize(
    ("format_", "reader"), [("csv", "ascii.csv"), ("ecsv", "ascii.ecsv"), ("fits", "fits"), ("votable", "votable")]
)
def test_the_covariance_comes_back(tmp_path: Path, format_: str, reader: str) -> None:
    table = Table.read(written(covariance_table(COVARIANCE), tmp_path, format_), format=reader)
    assert [str(name) for name in table["name"]] == ["a.x", "a.y"]
    assert np.array([table["a.x"], table["a.y"]]).tolist() == COVARIANCE["matrix"]


def test_a_covariance_of_nothing_is_an_empty_table(tmp_path: Path) -> None:
    path = written(covariance_table({"names": [], "matrix": []}), tmp_path, "csv")
    assert path.read_text().strip() == "name"


def test_names_and_units_beyond_ascii_are_still_fits(tmp_path: Path) -> None:
    row = {"name": "größe.x", "value": 1.0, "unit": "data / arcsec²"}
    path = written(parameters_table({**PARAMETERS, "parameters": [row], "derived": []}), tmp_path, "fits")
    assert str(Table.read(path)["name"][0]) == "gr??e.x"


def test_units_that_astropy_knows_are_told() -> None:
    assert str(unit_of("pixel")) == "pix"
    assert str(unit_of("deg")) == "deg"
    assert unit_of("data / pixel") is None
    assert unit_of("") is None
