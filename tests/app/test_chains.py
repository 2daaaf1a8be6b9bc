"""Chains through the whole service: sampled by a worker, handed out in every format."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.table import Table
from click.testing import CliRunner

from app.models.results import ChainsDocument, ParametersDocument
from photfit.cli import main
from tests.app.conftest import EXAMPLES, Service
from tests.app.test_fits import post_form
from tests.app.test_whole_path import finished

SAMPLES = 60
STAGES = [{"method": "lm"}, {"method": "metropolis", "warmup": 20, "samples": SAMPLES, "chains": 3}]


@pytest.fixture(scope="module")
def sampled(working_service: Service, seed_file: Path) -> dict[str, Any]:
    """The seed problem with chains, finished."""
    request = json.loads((EXAMPLES / "three_galaxies" / "request.json").read_text()) | {"stages": STAGES}
    response = post_form(working_service, request, seed_file)
    assert response.status_code == 202, response.text
    fit = finished(working_service, response.json())
    assert fit["state"] == "succeeded", fit
    return fit


def test_the_document_has_every_draw(working_service: Service, sampled: dict[str, Any]) -> None:
    response = working_service.client.get(sampled["links"]["chains"])
    document = response.json()
    ChainsDocument.model_validate(document)
    assert np.shape(document["chains"]) == (3, SAMPLES, 22)
    assert np.shape(document["log_posterior"]) == (3, SAMPLES)
    assert response.headers["content-type"] == "application/json"
    tag = {"If-None-Match": response.headers["etag"]}
    assert working_service.client.get(sampled["links"]["chains"], headers=tag).status_code == 304


def test_the_parameters_have_quantiles_and_the_fit_warns_of_its_chains(
    working_service: Service, sampled: dict[str, Any]
) -> None:
    document = working_service.client.get(sampled["links"]["parameters"]).json()
    ParametersDocument.model_validate(document)
    assert all(row["quantiles"]["0.16"] < row["quantiles"]["0.84"] for row in document["parameters"])
    assert not document["stages"][1]["diagnostics"]["trustworthy"]
    assert any("do not use" in warning for warning in sampled["warnings"])
    assert sampled["warnings"] == [notice["sentence"] for notice in sampled["notices"]]
    assert document["notices"]
    assert all(notice in sampled["notices"] for notice in document["notices"]), "the fit alone says everything"


@pytest.mark.parametrize("format_", ["npz", "csv", "ecsv", "fits", "parquet", "netcdf"])
def test_every_format_comes_thinned_and_by_parameter(
    working_service: Service, sampled: dict[str, Any], format_: str
) -> None:
    query = {"format": format_, "thin": 7, "parameters": "a.n,sky.i"}
    plain = {"Accept-Encoding": "identity"}
    response = working_service.client.get(sampled["links"]["chains"], params=query, headers=plain)
    assert response.status_code == 200, response.text
    assert int(response.headers["content-length"]) == len(response.content)
    assert (
        response.content[:4]
        == {
            "npz": b"PK\x03\x04",
            "csv": b"chai",
            "ecsv": b"# %E",
            "fits": b"SIMP",
            "parquet": b"PAR1",
            "netcdf": b"\x89HDF",
        }[format_]
    )
    if format_ == "npz":
        with np.load(io.BytesIO(response.content), allow_pickle=False) as file:
            assert file["chains"].shape == (3, -(-SAMPLES // 7), 2)
    if format_ == "csv":
        assert response.text.splitlines()[0] == "chain,draw,log_posterior,a.n,sky.i"


def test_tables_of_chains_have_units_and_diagnostics(working_service: Service, sampled: dict[str, Any]) -> None:
    for format_, key in (("ecsv", "diagnostics"), ("fits", "DIAGNOST")):
        query = {"format": format_, "parameters": "a.x,a.n"}
        content = working_service.client.get(sampled["links"]["chains"], params=query).content
        table = Table.read(io.BytesIO(content), format={"ecsv": "ascii.ecsv", "fits": "fits"}[format_])
        assert table.colnames == ["chain", "draw", "log_posterior", "a.x", "a.n"]
        assert (len(table), str(table["a.x"].unit)) == (3 * SAMPLES, "pix")
        assert json.loads(table.meta[key])["draws"] == 3 * SAMPLES


@pytest.mark.parametrize(
    ("part", "format_", "start"),
    [
        ("parameters", "csv", b"name,kind,value"),
        ("parameters", "ecsv", b"# %ECSV"),
        ("parameters", "fits", b"SIMPLE"),
        ("parameters", "latex", b"\\begin{tabular}"),
        ("parameters", "votable", b"<?xml"),
        ("covariance", "csv", b"name,"),
        ("covariance", "ecsv", b"# %ECSV"),
        ("covariance", "fits", b"SIMPLE"),
        ("covariance", "votable", b"<?xml"),
    ],
)
def test_parameters_and_covariance_come_as_tables(
    working_service: Service, sampled: dict[str, Any], part: str, format_: str, start: bytes
) -> None:
    response = working_service.client.get(sampled["links"][part], params={"format": format_})
    assert response.status_code == 200, response.text
    assert response.content.startswith(start)
    tag = {"If-None-Match": response.headers["etag"]}
    again = working_service.client.get(sampled["links"][part], params={"format": format_}, headers=tag)
    assert again.status_code == 304


def test_documents_are_compressed_where_the_client_takes_that(
    working_service: Service, sampled: dict[str, Any]
) -> None:
    sizes = {}
    for encoding in ("gzip", "identity"):
        headers = {"Accept-Encoding": encoding}
        with working_service.client.stream("GET", sampled["links"]["chains"], headers=headers) as response:
            assert response.headers.get("content-encoding", "identity") == encoding
            sizes[encoding] = sum(map(len, response.iter_raw()))
    assert sizes["gzip"] < 0.6 * sizes["identity"]
    image = working_service.client.get(sampled["links"]["images"]["image"]["model"])
    assert "content-encoding" not in image.headers


def test_the_command_line_writes_tables(working_service: Service, sampled: dict[str, Any], tmp_path: Path) -> None:
    arguments = ["results", sampled["id"], "-o", str(tmp_path), "--format", "latex", "--format", "parquet"]
    run = CliRunner().invoke(main, [*arguments, "--url", str(working_service.client.base_url)])
    assert run.exit_code == 0, run.output
    assert (tmp_path / "parameters.tex").read_text().startswith("\\begin{tabular}")
    assert (tmp_path / "chains.parquet").read_bytes().startswith(b"PAR1")
    assert (tmp_path / "provenance.json").is_file()


def test_the_stored_file_is_handed_out_as_it_is(working_service: Service, sampled: dict[str, Any]) -> None:
    response = working_service.client.get(sampled["links"]["chains"], params={"format": "netcdf"})
    assert response.content[:4] == b"\x89HDF"


def test_faults_of_the_query_are_told(working_service: Service, sampled: dict[str, Any]) -> None:
    unknown = working_service.client.get(sampled["links"]["chains"], params={"parameters": "a.n,a.z"})
    assert unknown.status_code == 422
    assert "a.z" in unknown.text
    for query in ({"format": "xml"}, {"thin": 0}):
        assert working_service.client.get(sampled["links"]["chains"], params=query).status_code == 422


def test_a_fit_that_did_not_sample_has_no_chains(working_service: Service, seed_file: Path) -> None:
    request = json.loads((EXAMPLES / "three_galaxies" / "request.json").read_text())
    fit = finished(working_service, post_form(working_service, request, seed_file).json())
    assert fit["links"].get("chains") is None
    response = working_service.client.get(f"{fit['links']['self']}/chains")
    assert response.status_code == 404
    assert "none of its stages samples" in response.json()["detail"]


def test_a_group_of_unknown_components_is_refused_with_its_place(service: Service, seed_file: Path) -> None:
    request = json.loads((EXAMPLES / "three_galaxies" / "request.json").read_text())
    request["stages"] = [{"method": "iterative_components", "groups": [["a", "halo"]]}]
    response = post_form(service, request, seed_file)
    assert response.status_code == 422
    assert response.json()["faults"][0]["path"] == "$.stages[0].groups[0][1]"
