"""Chains on disk, and in every format that they are handed out in."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from pyarrow import parquet

from fitting.chains import UnknownParameter, convert, diagnose, read_chains, read_diagnostics, write_chains
from fitting.chains.formats import FORMATS
from tests.fitting.chains.made import NAMES, made_chains

CHAINS = made_chains(length=50)
DIAGNOSTICS = diagnose(CHAINS).document()


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "chains.nc"
    write_chains(CHAINS, DIAGNOSTICS, path, method="nuts", units={"g.x": "pixel"})
    return path


def test_what_is_written_is_read_again(stored: Path) -> None:
    read = read_chains(stored)
    assert read.names == NAMES
    for field in ("draws", "log_posterior", "acceptance", "divergent", "energy", "step_size"):
        np.testing.assert_array_equal(getattr(read, field), getattr(CHAINS, field))
    assert read.seconds == CHAINS.seconds
    assert read_diagnostics(stored) == DIAGNOSTICS


def test_chains_without_energies_are_read_again_without_them(tmp_path: Path) -> None:
    path = tmp_path / "chains.nc"
    write_chains(made_chains(length=10, hamiltonian=False), {}, path, method="metropolis", units={})
    read = read_chains(path)
    assert read.energy is None
    assert read.divergent is None


def test_arviz_opens_the_file(stored: Path) -> None:
    from arviz_base import convert_to_datatree

    opened = convert_to_datatree(str(stored))
    assert set(opened.posterior.data_vars) == set(NAMES)
    np.testing.assert_array_equal(opened.posterior["g.n"].values, CHAINS.draws[:, :, 1])
    assert opened.posterior["g.x"].dims == ("chain", "draw")
    assert opened.posterior["g.x"].attrs["units"] == "pixel"
    assert opened.sample_stats["diverging"].dtype == bool
    np.testing.assert_array_equal(opened.sample_stats["lp"].values, CHAINS.log_posterior)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_holds_the_same_draws(stored: Path, tmp_path: Path, format_: str) -> None:
    target = tmp_path / "converted"
    convert(stored, target, format_, thin=3, parameters=["g.n"])
    expected = CHAINS.draws[:, ::3, 1]
    np.testing.assert_array_equal(draws_of(target, format_), expected)


def draws_of(path: Path, format_: str) -> np.ndarray:
    """Draws (chain, draw) of the only parameter in a converted file."""
    match format_:
        case "ecsv" | "fits":
            table = Table.read(path, format="ascii.ecsv" if format_ == "ecsv" else "fits")
            return np.asarray(table["g.n"], dtype=float).reshape(len(np.unique(table["chain"])), -1)
        case "json":
            document = json.loads(path.read_text())
            assert set(document) == {"names", "chains", "log_posterior", "diagnostics"}
            assert np.shape(document["log_posterior"]) == np.shape(document["chains"])[:2]
            return np.array(document["chains"])[..., 0]
        case "npz":
            with np.load(path, allow_pickle=False) as file:
                assert file["names"].tolist() == ["g.n"]
                return np.array(file["chains"][..., 0])
        case "csv":
            rows = list(csv.DictReader(path.open()))
            return np.array([float(row["g.n"]) for row in rows]).reshape(4, -1)
        case "parquet":
            table = parquet.read_table(path)
            assert table.column_names == ["chain", "draw", "log_posterior", "g.n"]
            return np.array(table["g.n"].to_numpy().reshape(4, -1))
    return read_chains(path).draws[..., 0]


def test_a_parameter_that_is_not_there_is_named(stored: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownParameter, match=r"'g\.z'; there are: g\.x, g\.n"):
        convert(stored, tmp_path / "converted", "csv", parameters=["g.z"])


def test_numbers_that_are_not_finite_become_null_in_json(tmp_path: Path) -> None:
    chains = made_chains(length=10)
    chains.log_posterior[0, 3] = -np.inf
    write_chains(chains, {}, tmp_path / "chains.nc", method="nuts", units={})
    convert(tmp_path / "chains.nc", tmp_path / "chains.json", "json")
    document = json.loads((tmp_path / "chains.json").read_text())
    assert document["log_posterior"][0][3] is None
    assert document["log_posterior"][0][2] == chains.log_posterior[0, 2]
