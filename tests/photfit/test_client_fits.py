"""Fits asked for in Python: files sent once, handles come back to, many at once, and the same of both clients."""

from __future__ import annotations

import asyncio
import inspect
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from astropy.io import fits as fits_files
from astropy.nddata import CCDData, StdDevUncertainty

from photfit import AsyncClient, Client, Fit, FlatSky, Image, RequestInvalid, Sersic, fits_table
from photfit.client import Refused
from tests.photfit.stand_in import StandIn, busy

MODEL = [Sersic("g"), FlatSky("sky")]


@pytest.fixture
def service() -> StandIn:
    return StandIn()


@pytest.fixture
def client(service: StandIn) -> Iterator[Client]:
    with Client("http://stand-in", httpx.MockTransport(service.answer)) as client:
        yield client


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    paths = []
    for number in range(12):
        paths.append(tmp_path / f"{number:02d}.npy")
        np.save(paths[-1], np.full((4, 5), float(number)))
    return paths


def test_an_array_becomes_an_upload_of_a_request(client: Client, service: StandIn) -> None:
    data = np.arange(20.0).reshape(4, 5)
    fit = client.fit(data, MODEL, variance=2.0, psf={"gaussian": {"fwhm": 3}}, name="mine", zero_point=25.0)
    assert isinstance(fit, Fit)
    request = service.fits[fit.id]["request"]
    assert request["name"] == "mine"
    (image,) = request["images"]
    assert image["zero_point"] == 25
    assert image["variance"] == {"constant": 2.0}
    assert np.array_equal(np.load(io.BytesIO(service.uploads[image["data"]])), data)
    assert fit.wait()["sky.i"].value == 2.5


def test_ccddata_brings_noise_mask_and_header(client: Client, service: StandIn) -> None:
    data = CCDData(
        np.ones((4, 5)),
        unit="adu",
        mask=np.eye(4, 5) > 0,
        uncertainty=StdDevUncertainty(np.full((4, 5), 3.0)),
        meta={"EXPTIME": 12.5},
    )
    request = service.fits[client.fit(data, MODEL).id]["request"]
    (image,) = request["images"]
    assert np.load(io.BytesIO(service.uploads[image["mask"]])).sum() == 4
    assert np.load(io.BytesIO(service.uploads[image["sigma"]]))[0, 0] == 3
    header = fits_files.getheader(io.BytesIO(service.uploads[image["data"]]))
    assert (header["EXPTIME"], header["BUNIT"]) == (12.5, "adu")


def test_a_whole_request_may_hold_arrays_and_paths(client: Client, service: StandIn, images: list[Path]) -> None:
    request = {
        "images": [{"name": "r", "data": images[3], "psf": {"image": np.ones((3, 3)), "oversampling": 1}}],
        "components": [{"name": "sky", "profile": "flat_sky"}],
    }
    sent = service.fits[client.fit(request).id]["request"]["images"][0]
    assert service.uploads[sent["data"]] == images[3].read_bytes()
    assert np.load(io.BytesIO(service.uploads[sent["psf"]["image"]])).shape == (3, 3)


def test_several_images_keep_their_names(client: Client, service: StandIn, images: list[Path]) -> None:
    fit = client.fit([Image(images[0], name="r"), Image(np.ones((4, 5)), name="g")], MODEL)
    assert [image["name"] for image in service.fits[fit.id]["request"]["images"]] == ["r", "g"]


def test_what_is_wrong_is_said_before_anything_is_sent(client: Client, service: StandIn) -> None:
    with pytest.raises(RequestInvalid, match=r"there is no file nothing\.fits"):
        client.fit("nothing.fits", MODEL)
    with pytest.raises(RequestInvalid):
        client.fit(np.ones((4, 5)), [Sersic("g", n=-1)])
    with pytest.raises(TypeError, match="components are missing"):
        client.fit(np.ones((4, 5)))
    assert service.seen == []


def test_a_file_that_many_fits_share_is_sent_once(client: Client, service: StandIn, images: list[Path]) -> None:
    psf = np.ones((3, 3))
    for image in (*images[:3], images[0]):
        client.fit(image, MODEL, psf=psf, variance=images[5])
    assert service.count("POST", "/v1/uploads") == 3 + 1 + 1


def test_a_file_that_changed_is_sent_again(client: Client, service: StandIn, images: list[Path]) -> None:
    client.fit(images[0], MODEL)
    np.save(images[0], np.full((40, 50), 7.0))
    client.fit(images[0], MODEL)
    assert service.count("POST", "/v1/uploads") == 2


def test_a_file_that_the_service_dropped_is_sent_again(client: Client, service: StandIn, images: list[Path]) -> None:
    client.fit(images[0], MODEL)
    service.uploads.clear()
    assert client.fit(images[0], MODEL).id == "fit_1"


def test_a_url_is_fetched_by_the_service_or_else_from_here(
    client: Client, service: StandIn, monkeypatch: pytest.MonkeyPatch, images: list[Path]
) -> None:
    url = "http://archive.example/galaxy%20one.npy"
    refused = httpx.Response(422, json={"status": 422, "detail": "Nothing is fetched from there."})
    service.troubles = [lambda _: refused]
    seen = []
    monkeypatch.setattr(
        httpx,
        "get",
        lambda at, **_: seen.append(at) or httpx.Response(200, content=b"pixels", request=httpx.Request("GET", at)),
    )
    request = service.fits[client.fit(url, MODEL).id]["request"]
    assert service.uploads[request["images"][0]["data"]] == b"pixels"
    assert seen == [url]
    assert service.seen[1].url.params["filename"] == "galaxy one.npy"


def test_earlier_fits_are_come_back_to(client: Client, service: StandIn, images: list[Path]) -> None:
    made = client.fit(images[0], MODEL, name="first")
    assert client.job(made.id).wait().parameters["value"][0] == 2.5
    assert [fit.name for fit in client.fits()] == ["first"]
    with pytest.raises(Refused, match="There is no"):
        client.job("fit_99")


def test_a_fit_of_a_list_has_all_of_its_notices(client: Client, service: StandIn, images: list[Path]) -> None:
    """Lists have the first of them alone."""
    made = client.fit(images[0], MODEL).wait()
    service.fits[made.id]["notices"] = [{"code": "unmoved", "sentence": "It did not move."}]
    before = len(service.seen)
    (found,) = client.fits()
    assert found.state == "succeeded"
    assert len(service.seen) == before + 1
    assert [notice.sentence for notice in found.notices] == ["It did not move."]


def test_a_handle_is_good_beyond_the_block_of_its_client(service: StandIn, images: list[Path]) -> None:
    with Client("http://stand-in", httpx.MockTransport(service.answer)) as client:
        fit = client.fit(images[0], MODEL).wait()
    assert fit["sky.i"].value == 2.5


def test_map_keeps_so_many_under_way_and_loses_none(client: Client, service: StandIn, images: list[Path]) -> None:
    outcomes = list(client.map(images, MODEL, in_flight=4, psf=np.ones((3, 3))))
    assert service.most_at_once == 4
    assert sorted(outcome.index for outcome in outcomes) == list(range(12))
    assert all(outcome.succeeded for outcome in outcomes)
    assert service.count("POST", "/v1/uploads") == 12 + 1


def test_map_takes_items_only_as_there_is_room(client: Client, images: list[Path]) -> None:
    taken = []

    def items() -> Iterator[Path]:
        for image in images:
            taken.append(image)
            yield image

    outcomes = client.map(items(), MODEL, in_flight=2)
    next(outcomes)
    assert len(taken) <= 3


def test_failures_are_values_and_order_is_kept_where_asked(
    client: Client, service: StandIn, images: list[Path], tmp_path: Path
) -> None:
    service.failing = {"bad"}
    items: list[Any] = [
        images[0],
        {"image": images[1], "name": "bad"},
        tmp_path / "none.fits",
        np.ones(7),
        {"images": [{"data": images[2]}], "components": [{"name": "sky", "profile": "flat_sky"}]},
        {"image": images[3], "components": [FlatSky("s")], "name": "own"},
    ]
    outcomes = list(client.map(items, MODEL, ordered=True))
    assert [outcome.index for outcome in outcomes] == list(range(6))
    assert [outcome.succeeded for outcome in outcomes] == [True, False, False, False, True, True]
    assert outcomes[1].failure == "The model was NaN."
    assert "there is no file" in str(outcomes[2].failure)
    assert "expected (height, width)" in str(outcomes[3].failure)
    assert [component["name"] for component in service.fits["fit_3"]["request"]["components"]] == ["s"]


@pytest.mark.parametrize(("ordered", "expected"), [(False, [2, 0, 1]), (True, [0, 1, 2])])
def test_fits_that_end_first_come_first_or_wait_their_turn(
    ordered: bool, expected: list[int], client: Client, service: StandIn, images: list[Path]
) -> None:
    service.quick = {"quick"}
    items = [images[0], images[1], {"image": images[2], "name": "quick"}]
    assert [outcome.index for outcome in client.map(items, MODEL, ordered=ordered)] == expected


def test_a_service_that_takes_no_more_is_asked_again_when_one_has_ended(
    service: StandIn, images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client("http://stand-in", httpx.MockTransport(service.answer), patience=0) as client:
        outcomes = client.map(images[:3], MODEL, in_flight=3)
        submitted = service._submit

        def full(request: dict[str, Any], key: str) -> httpx.Response:
            waiting = sum(fit["state"] == "queued" for fit in service.fits.values())
            return busy(429, 10)(httpx.Request("POST", "http://x")) if waiting else submitted(request, key)

        monkeypatch.setattr(service, "_submit", full)
        assert [outcome.succeeded for outcome in outcomes] == [True] * 3
    assert service.most_at_once == 1


def test_a_batch_that_is_begun_again_makes_no_fit_twice(client: Client, service: StandIn, images: list[Path]) -> None:
    first = {outcome.index: outcome.fit for outcome in client.map(images[:3], MODEL, idempotency_key="night 7")}
    again = {outcome.index: outcome.fit for outcome in client.map(images, MODEL, idempotency_key="night 7")}
    assert len(service.fits) == 12
    assert all(first[index].id == again[index].id for index in first)  # type: ignore[union-attr]


def test_outcomes_become_one_table(client: Client, service: StandIn, images: list[Path], tmp_path: Path) -> None:
    service.failing = {"bad"}
    items = [images[0], {"image": images[1], "name": "bad"}, tmp_path / "none.fits"]
    table = fits_table(client.map(items, MODEL))
    assert list(table["state"]) == ["succeeded", "failed", "refused"]
    assert list(table["failure"][:2]) == ["", "The model was NaN."]
    assert "there is no file" in table["failure"][2]
    assert table["item"][0] == str(images[0])
    assert table["sky.i"][0].value == 2.5
    assert table["sky.i_err"][0].value == 0.5
    assert np.isnan(table["sky.i"][1:].value).all()
    assert str(table["sky.i"].unit) == "data / pix"


def test_the_async_client_does_the_same(service: StandIn, images: list[Path]) -> None:
    async def work() -> tuple[Any, Fit, list[bool]]:
        async with AsyncClient("http://stand-in", httpx.MockTransport(service.answer_async)) as client:
            fit = await client.fit(images[0], MODEL, name="one")
            found = await fit.result()
            outcomes = [outcome.succeeded async for outcome in client.map(images, MODEL, in_flight=5)]
            names = [earlier.id async for earlier in client.fits()]
            assert (await client.job(fit.id)).id == fit.id
            assert fit.id in names
            with pytest.raises(Refused):
                await client.status("fit_99")
            return fit, found, outcomes

    fit, found, outcomes = asyncio.run(work())
    assert fit.answer.state == "succeeded"
    assert found["sky.i"].uncertainty == 0.5
    assert outcomes == [True] * 12


def test_both_clients_have_the_same_methods_with_docstrings_and_parameters() -> None:
    methods = [name for name in dir(Client) if not name.startswith("_")]
    assert methods == [name for name in dir(AsyncClient) if not name.startswith("_")]
    client = Client()
    for name in methods:
        assert inspect.getdoc(getattr(Client, name)), name
        if callable(method := getattr(client, name)):
            assert "client" not in inspect.signature(method).parameters, name
    assert list(inspect.signature(client.submit).parameters) == ["request", "idempotency_key"]
