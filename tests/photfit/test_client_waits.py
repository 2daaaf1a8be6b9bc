"""The client when the service asks it to wait, drops out, or its streams are cut: what it does, and for how long."""

from __future__ import annotations

import itertools
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from photfit.client import Client, Refused, ServiceError, ServiceUnreachable, WaitTimeout
from tests.photfit.stand_in import StandIn, busy, cut


@pytest.fixture
def service() -> StandIn:
    return StandIn(looks=1)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited; none is."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def client(service: StandIn) -> Iterator[Client]:
    with Client("http://stand-in", httpx.MockTransport(service.answer), patience=100) as client:
        yield client


def submit(client: Client, service: StandIn) -> str:
    service.uploads["upl_1"] = b""
    return client.submit({"images": [{"data": "upl_1"}]}).id


@pytest.mark.parametrize("status", [429, 503])
def test_what_the_service_asks_to_wait_is_waited(
    status: int, client: Client, service: StandIn, pauses: list[float]
) -> None:
    fit = submit(client, service)
    service.troubles = [busy(status, 7), busy(status, 30)]
    assert client.status(fit).id == fit
    assert pauses == [7, 30]


def test_a_date_is_waited_for_as_well(client: Client, service: StandIn, pauses: list[float]) -> None:
    from email.utils import formatdate

    fit = submit(client, service)
    headers = {"Retry-After": formatdate(time.time() + 20, usegmt=True)}
    service.troubles = [lambda _: httpx.Response(503, headers=headers)]
    client.status(fit)
    assert len(pauses) == 1
    assert 17 <= pauses[0] <= 20


def test_the_waiting_ends_and_the_error_says_how_long_it_took(
    client: Client, service: StandIn, pauses: list[float]
) -> None:
    fit = submit(client, service)
    service.troubles = [busy(429, 40)] * 5
    with pytest.raises(
        Refused, match=r"Come later\. \(waited 80 s; the service asks to come again in 40 s\)"
    ) as caught:
        client.status(fit)
    assert caught.value.status == 429
    assert pauses == [40, 40]


def test_somebody_who_waits_is_told(
    client: Client, service: StandIn, pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    fit = submit(client, service)
    service.troubles = [busy(429, 9)]
    with caplog.at_level(logging.WARNING, "photfit.client"):
        client.status(fit)
    assert caplog.messages == ["Come later.; trying again in 9 s"]


def test_a_submission_that_was_cut_off_makes_one_fit(client: Client, service: StandIn, pauses: list[float]) -> None:
    """The service has it, and the answer is lost."""

    def lose_the_answer(request: httpx.Request) -> httpx.Response:
        service._answer(request)
        return cut(request)

    service.uploads["upl_1"] = b""
    service.troubles = [lose_the_answer, busy(503, 1)]
    client.submit({"images": [{"data": "upl_1"}]})
    assert len(service.fits) == 1
    assert len({request.headers["Idempotency-Key"] for request in service.seen}) == 1


def test_a_service_that_was_there_is_tried_for_longer(client: Client, service: StandIn, pauses: list[float]) -> None:
    fit = submit(client, service)
    service.troubles = [cut] * 10
    client.status(fit)
    assert 30 < sum(pauses) <= 100
    service.troubles = [cut] * 40
    with pytest.raises(ServiceUnreachable, match="waited"):
        client.status(fit)


def test_an_address_without_a_service_is_given_up_soon(client: Client, service: StandIn, pauses: list[float]) -> None:
    service.troubles = [cut] * 40
    with pytest.raises(ServiceUnreachable, match="photfit serve"):
        client.status("fit_1")
    assert sum(pauses) < 3


def test_an_error_of_the_service_is_not_tried_again(client: Client, service: StandIn, pauses: list[float]) -> None:
    service.troubles = [lambda _: httpx.Response(500, json={"detail": "It broke."})]
    with pytest.raises(ServiceError, match="It broke"):
        client.status("fit_1")
    assert pauses == []


def test_a_time_that_is_over_loses_no_fit(client: Client, service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    service.looks = 10**6
    fit = submit(client, service)
    with pytest.raises(WaitTimeout, match="it goes on") as caught:
        client.wait(fit, timeout=0)
    assert caught.value.fit.id == fit
    assert caught.value.fit.answer.state == "queued"
    service.looks = 1
    assert caught.value.fit.wait().state == "succeeded"


def test_a_service_that_goes_away_while_one_waits_ends_the_wait_in_time(
    client: Client, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count()
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    fit = client.job(submit(client, service))
    fit._answer = fit.answer.model_copy(update={"state": "running"})
    service.troubles = [cut] * 100
    with pytest.raises(WaitTimeout, match=r"does not answer any more .*; 10 s are over") as caught:
        fit.wait(timeout=10)
    assert caught.value.fit.id == fit.id


def stream(events: list[tuple[int, str, str]], *, then_cut: bool) -> httpx.Response:
    """Server-sent events of version, kind and state; of one that is cut, half an event at its end."""

    class Body(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b": hello\n\n"
            for version, kind, state in events:
                document = {"id": "fit_1", "state": state, "created_at": "2026-01-02T03:04:05Z", "attempt": version}
                yield f"event: {kind}\ndata: {json.dumps(document)}\nid: {version}\nretry: 10\n\n".encode()
            if then_cut:
                yield b'event: fit\nid: 99\ndata: {"id": "fit_1"'
                raise httpx.ReadError("cut")

    return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, stream=Body())


def test_events_go_on_after_a_cut_where_they_were(client: Client, service: StandIn, pauses: list[float]) -> None:
    first = stream([(3, "fit", "queued"), (4, "fit", "running")], then_cut=True)
    service.troubles = [
        lambda _: first,
        cut,
        lambda _: stream([(6, "fit", "running")], then_cut=False),
        busy(503, 5),
        lambda _: stream([(8, "finished", "succeeded")], then_cut=True),
    ]
    assert [answer.attempt for answer in client.events("fit_1")] == [3, 4, 6, 8]
    assert [request.headers.get("Last-Event-ID") for request in service.seen] == [None, "4", "4", "6", "6"]


def test_following_may_be_left_at_any_time(client: Client, service: StandIn) -> None:
    service.troubles = [lambda _: stream([(1, "fit", "queued"), (2, "fit", "running")], then_cut=False)]
    for answer in client.events("fit_1"):
        assert answer.state == "queued"
        break
    submit(client, service)


def test_an_unknown_fit_has_no_events(client: Client) -> None:
    with pytest.raises(Refused, match="There is no"):
        next(iter(client.events("fit_1")))


@pytest.mark.parametrize("content", [b"", b"[", b"<html>"])
def test_what_is_no_photfit_service_is_said_so(content: bytes, client: Client, service: Any) -> None:
    service.troubles = [lambda _: httpx.Response(200, content=content)]
    with pytest.raises(ServiceError, match="does not answer as a photfit service does"):
        client.status("fit_1")


@pytest.mark.parametrize("content", [b"<html>", b"", b"{}", b"[]", b"null", b'{"fits": 1}'])
@pytest.mark.parametrize("ask", ["job", "fits", "upload"])
def test_what_is_no_photfit_is_told_in_a_sentence(content: bytes, ask: str) -> None:
    """Another program at the address, or a proxy's page."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    with Client("http://other", transport, patience=0) as client:
        asks = {
            "job": lambda: client.job("fit_1"),
            "fits": lambda: list(client.fits()),
            "upload": lambda: client.upload_bytes(b"x", "a.fits"),
        }
        with pytest.raises(ServiceError, match="http://other does not answer as a photfit service does") as told:
            asks[ask]()
        assert "pydantic" not in str(told.value)


@pytest.mark.parametrize("items", ["cutouts/a.fits", Path("a.fits"), {"image": "a.fits"}, None])
def test_one_thing_is_not_mapped_by_its_letters(items: Any, client: Client) -> None:
    with pytest.raises(TypeError, match="give a list of them"):
        list(client.map(items, []))
