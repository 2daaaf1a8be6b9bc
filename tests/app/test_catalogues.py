"""Catalogues through the API, the broker and a worker: a table in, one out, row by row."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from astropy.table import Table

from fitting.spec.catalogues import FLAGS, decode_flags
from tests.app.conftest import Service, wait_until
from tests.fitting.catalogues.scenes import document, write_field

FINAL = ("succeeded", "failed", "cancelled")


@pytest.fixture(scope="module")
def uploaded(working_service: Service, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A field and its table of 12 rows, one of them without a position: upload ids by name."""
    folder = tmp_path_factory.mktemp("field")
    table = write_field(folder)
    rows = [dict(table[number % 4]) | {"id": number} for number in range(12)]
    many = Table(rows=rows, masked=True)
    many["x"].mask = [number == 5 for number in range(12)]
    many.write(folder / "many.ecsv", format="ascii.ecsv")
    return {name: working_service.upload(folder / name) for name in ("field.fits", "many.ecsv")}


def request_of(uploaded: dict[str, str], **more: Any) -> dict[str, Any]:
    written = document(**{"objects": {"upload": uploaded["many.ecsv"]}, "name": "a field", **more})
    image = written["template"]["images"][0]
    for key, hdu in (("data", "SCI"), ("variance", "VAR")):
        image[key] = {"upload": uploaded["field.fits"], "hdu": hdu}
    return written


def ended(service: Service, address: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        answer: dict[str, Any] = service.client.get(address, params={"wait": 10}).json()
        return answer if answer["state"] in FINAL else None

    found: dict[str, Any] = wait_until(look, 120, f"the end of {address}")
    return found


def catalogue_request(service: Service, catalogue: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = service.client.get(catalogue["links"]["request"]).json()
    return found


@pytest.fixture(scope="module")
def catalogue(working_service: Service, uploaded: dict[str, str]) -> dict[str, Any]:
    """A catalogue that is done."""
    answer = working_service.client.post("/v1/catalogues", json=request_of(uploaded, labels=["night 7"]))
    assert answer.status_code == 202, answer.text
    return ended(working_service, answer.headers["Location"])


def test_every_row_has_an_end(catalogue: dict[str, Any]) -> None:
    assert catalogue["state"] == "succeeded", catalogue
    assert catalogue["rows"] == {"total": 12, "waiting": 0, "running": 0, "fitted": 11, "flagged": 12, "failed": 1}
    assert catalogue["labels"] == ["night 7"]
    assert catalogue["rate"] > 0.0
    assert catalogue["eta_seconds"] is None


def test_its_table_reads_alike_in_every_format(working_service: Service, catalogue: dict[str, Any]) -> None:
    address = catalogue["links"]["table"]
    page = working_service.client.get(address).json()
    assert [row["id"] for row in page["rows"]] == list(range(12))
    assert page["next"] is None
    names = [column["name"] for column in page["columns"]]
    for form, reader in (("csv", "ascii.csv"), ("ecsv", "ascii.ecsv"), ("fits", "fits"), ("votable", "votable")):
        answer = working_service.client.get(address, params={"format": form})
        assert answer.status_code == 200, answer.text
        assert answer.headers["ETag"]
        table = Table.read(io.BytesIO(answer.content), format=reader)
        assert table.colnames == names
        assert list(table["id"]) == list(range(12))
        assert table["g_flux"][0] == pytest.approx(page["rows"][0]["g_flux"])
    import pyarrow.parquet

    answer = working_service.client.get(address, params={"format": "parquet"})
    assert pyarrow.parquet.read_table(io.BytesIO(answer.content)).column_names == names
    known = working_service.client.get(
        address, params={"format": "parquet"}, headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert known.status_code == 304


def test_columns_flags_order_and_pages_are_chosen(working_service: Service, catalogue: dict[str, Any]) -> None:
    address, get = catalogue["links"]["table"], working_service.client.get
    page = get(address, params={"columns": "id,g_flux,flags", "sort": "-g_flux", "limit": 5}).json()
    assert [column["name"] for column in page["columns"]] == ["id", "g_flux", "flags"]
    fluxes = [row["g_flux"] for row in page["rows"]]
    assert len(fluxes) == 5
    assert page["numbers"] == [row["id"] for row in page["rows"]]
    assert fluxes == sorted(fluxes, reverse=True)
    rest = get(page["next"]).json()["rows"]
    assert [row["id"] for row in page["rows"]] != [row["id"] for row in rest]
    (bad,) = get(address, params={"flags": "bad_input"}).json()["rows"]
    assert bad["id"] == 5
    assert "column 'x' has no value" in bad["message"]
    assert get(address, params={"flags": "none"}).json()["rows"] == []
    for params in ({"sort": "nothing"}, {"columns": "id,nothing"}, {"flags": "wonderful"}):
        answer = get(address, params=params)
        assert answer.status_code == 422
        assert answer.json()["faults"]


def test_a_row_tells_its_own_request_which_as_a_fit_gives_the_same(
    working_service: Service, catalogue: dict[str, Any]
) -> None:
    row = working_service.client.get(catalogue["links"]["row"].replace("{n}", "2")).json()
    assert row["done"]
    assert row["values"]["id"] == 2
    assert row["flags"] == list(decode_flags(row["values"]["flags"]))
    fit = working_service.client.post("/v1/fits", json=row["request"]).json()
    found = working_service.finished(fit["id"])
    parameters = working_service.client.get(found["links"]["parameters"]).json()["parameters"]
    for each in parameters:
        if each["free"]:
            value = row["values"][each["name"].replace(".", "_")]
            assert value == pytest.approx(each["value"], abs=1e-6 * each["uncertainty"])
    bad = working_service.client.get(catalogue["links"]["row"].replace("{n}", "5")).json()
    assert bad["request"] is None
    assert bad["flags"] == ["bad_input"]
    assert working_service.client.get(catalogue["links"]["row"].replace("{n}", "12")).status_code == 404


def test_a_dry_run_says_what_would_be_done(working_service: Service, uploaded: dict[str, str]) -> None:
    before = working_service.client.get("/v1/catalogues").json()["catalogues"]
    answer = working_service.client.post("/v1/catalogues", params={"dry_run": "true"}, json=request_of(uploaded))
    assert answer.status_code == 200, answer.text
    plan = answer.json()
    assert (plan["rows"], plan["shapes"]) == (12, ["32 × 32"])
    assert plan["parts"] >= 1
    assert plan["requests"][""]["components"][1]["parameters"]["x"] == 30.0
    assert "g_r_e_err" in plan["columns"]
    assert working_service.client.get("/v1/catalogues").json()["catalogues"] == before


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: d.update(objects={"upload": "upl_none"}), "$.objects"),
        (lambda d: d["template"]["components"][1]["parameters"].update(n={"column": "none"}), "parameters.n"),
        (lambda d: d["template"]["components"][1].update(profile="none"), "$.template.components[1].profile"),
        (lambda d: d.update(webhook="https://example.org"), "$.webhook"),
        (lambda d: d.update(objects={"rows": []}), "$.objects.rows"),
        (lambda d: d["template"].update(limits={"seconds": 1e8}), "$.limits.seconds"),
    ],
)
def test_what_is_wrong_with_the_whole_is_refused(
    working_service: Service, uploaded: dict[str, str], change: Any, path: str
) -> None:
    written = json.loads(json.dumps(request_of(uploaded)))
    change(written)
    answer = working_service.client.post("/v1/catalogues", json=written)
    assert answer.status_code == 422, answer.text
    assert any(fault["path"].endswith(path) for fault in answer.json()["faults"]), answer.text


@pytest.mark.slow
def test_everything_comes_along_in_one_form(working_service: Service, tmp_path: Path) -> None:
    write_field(tmp_path)
    files: dict[str, Any] = {name: (tmp_path / name).read_bytes() for name in ("field.fits", "objects.csv")}
    form = {"request": (None, json.dumps(document()))} | {name: (name, body) for name, body in files.items()}
    answer = working_service.client.post("/v1/catalogues", files=form)
    assert answer.status_code == 202, answer.text
    assert ended(working_service, answer.headers["Location"])["rows"]["fitted"] == 4


@pytest.mark.slow
def test_a_key_gives_the_first_job_and_names_change(working_service: Service, uploaded: dict[str, str]) -> None:
    headers = {"Idempotency-Key": "field-12"}
    post = working_service.client.post
    first, second = (post("/v1/catalogues", json=request_of(uploaded), headers=headers).json() for _ in range(2))
    assert first["id"] == second["id"]
    other = post("/v1/catalogues", json=request_of(uploaded, seed=9), headers=headers)
    assert other.status_code == 422
    address = first["links"]["self"]
    assert working_service.client.patch(address, json={"name": "new", "labels": ["a"]}).json()["name"] == "new"
    listed = working_service.client.get("/v1/catalogues", params={"limit": 100}).json()["catalogues"]
    assert [item["id"] for item in listed].count(first["id"]) == 1
    ended(working_service, address)
    assert working_service.client.delete(address).status_code == 204
    assert working_service.client.get(address).status_code == 404


@pytest.mark.slow
def test_rows_with_a_flag_are_fitted_again_with_changes(working_service: Service, catalogue: dict[str, Any]) -> None:
    address = catalogue["links"]["self"]
    before = working_service.client.get(catalogue["links"]["table"]).json()["rows"]
    body = {"flags": ["bad_input"], "changes": {"template": {"name": "again"}}}
    answer = working_service.client.post(catalogue["links"]["retry"], json=body)
    assert answer.status_code == 202, answer.text
    found = ended(working_service, address)
    assert found["retries"] == 1
    assert found["rows"]["failed"] == 1
    after = working_service.client.get(catalogue["links"]["table"]).json()["rows"]
    assert [row["g_flux"] for row in after] == [row["g_flux"] for row in before]
    for body in ({"flags": ["crashed"]}, {"flags": ["out_of_time"]}):
        assert working_service.client.post(catalogue["links"]["retry"], json=body).status_code == 409
    for body in ({"flags": ["nonsense"]}, {"flags": []}, {"more": 1}):  # type: ignore[dict-item]
        assert working_service.client.post(catalogue["links"]["retry"], json=body).status_code == 422


@pytest.mark.slow
def test_a_rerun_is_another_catalogue(working_service: Service, catalogue: dict[str, Any]) -> None:
    answer = working_service.client.post(catalogue["links"]["rerun"], json={"seed": 3, "name": "once more"})
    assert answer.status_code == 202, answer.text
    found = ended(working_service, answer.headers["Location"])
    assert found["id"] != catalogue["id"]
    assert (found["name"], found["state"]) == ("once more", "succeeded")


def test_an_answer_waits_for_a_state(working_service: Service, catalogue: dict[str, Any]) -> None:
    answer = working_service.client.post("/v1/catalogues", json=catalogue_request(working_service, catalogue))
    address, asked = answer.headers["Location"], {"wait": 60}
    begun = working_service.client.get(address, params=asked | {"state": ["queued", "running"]}).json()
    assert begun["state"] in ("queued", "running", *FINAL)
    assert working_service.client.get(address, params=asked).json()["state"] == "succeeded"
    refused = working_service.client.get(address, params={"wait": 61})
    assert refused.status_code == 422
    assert working_service.client.get("/v1/catalogues/cat_none", params=asked).status_code == 404


def test_parts_are_not_among_the_fits(working_service: Service, catalogue: dict[str, Any]) -> None:
    fits = working_service.client.get("/v1/fits", params={"limit": 100}).json()["fits"]
    assert all(fit["name"] != "" or fit["links"]["images"] for fit in fits)


@pytest.mark.slow
def test_an_upload_is_kept_while_a_catalogue_needs_it(working_service: Service, uploaded: dict[str, str]) -> None:
    answer = working_service.client.post("/v1/catalogues", json=request_of(uploaded))
    kept = working_service.client.delete(f"/v1/uploads/{uploaded['field.fits']}")
    assert kept.status_code == 409
    assert ended(working_service, answer.headers["Location"])["state"] == "succeeded"


def test_the_flags_are_those_of_the_table(working_service: Service) -> None:
    flags = working_service.client.get("/v1/flags").json()
    assert {flag["name"]: flag["bit"] for flag in flags} == {name: flag.bit for name, flag in FLAGS.items()}


def test_events_end_with_finished(working_service: Service, catalogue: dict[str, Any]) -> None:
    with working_service.client.stream("GET", catalogue["links"]["events"]) as stream:
        text = "".join(stream.iter_text())
    assert "event: finished" in text
    assert f'"id":"{catalogue["id"]}"' in text.replace(": ", ":")


@pytest.mark.slow
def test_python_gives_a_table_in_and_has_one_out(working_service: Service, tmp_path: Path) -> None:
    from photfit.client import Client

    table = write_field(tmp_path)
    template = document()["template"]
    seen: list[str] = []
    with Client(f"http://127.0.0.1:{working_service.port}") as client:
        images = {"field.fits": tmp_path / "field.fits"}
        answer = client.catalogue(table, images, template, name="mine", report=lambda at: seen.append(at["state"]))
    assert list(answer["id"]) == [0, 1, 2, 3]
    assert answer["g_flux"].tolist() == pytest.approx([2000.0] * 4, abs=100.0)
    assert str(answer["g_r_e"].unit) == "pix"
    assert seen[-1] == "succeeded"


@pytest.mark.slow
def test_the_command_submits_a_catalogue_with_its_files(working_service: Service, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from photfit.cli import main

    write_field(tmp_path)
    (tmp_path / "request.json").write_text(json.dumps(document()))
    arguments = [
        "submit",
        str(tmp_path / "request.json"),
        "--wait",
        "--url",
        f"http://127.0.0.1:{working_service.port}",
    ]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "4 fitted" in result.output
    dry = CliRunner().invoke(main, [*arguments, "--dry-run"], catch_exceptions=False)
    assert '"rows": 4' in dry.output
