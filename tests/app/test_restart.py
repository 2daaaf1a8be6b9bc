"""A restart of the API in the middle of event streams: clients come back with `Last-Event-ID` and miss no change."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from jobs.lifecycle import transitions
from jobs.lifecycle.transitions import Claim
from tests.app.accounts import database
from tests.app.conftest import Service, wait_until
from tests.app.test_fits import post_form
from tests.jobs.conftest import claim_fit

STREAMS = 20


@dataclass
class Follower:
    """A client as an `EventSource` is one: it reads a fit's stream, and reconnects until it has seen the last event."""

    url: str
    events: list[tuple[str, str, str]] = field(default_factory=list)
    connections: int = 0
    finished: bool = False

    def follow(self) -> None:
        deadline = time.monotonic() + 90
        while not self.finished and time.monotonic() < deadline:
            try:
                self._read()
            except httpx.TransportError:
                time.sleep(0.1)

    def _read(self) -> None:
        headers = {"Last-Event-ID": self.events[-1][0]} if self.events else {}
        with httpx.stream("GET", self.url, headers=headers, timeout=30, trust_env=False) as response:
            response.raise_for_status()
            self.connections += 1
            fields: dict[str, str] = {}
            for line in response.iter_lines():
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.strip()
                elif "data" in fields:
                    self.events.append((fields["id"], fields["event"], json.loads(fields["data"])["state"]))
                    self.finished = fields["event"] == "finished"
                    fields = {}
            if self.finished:
                return

    @property
    def states(self) -> list[str]:
        """The states seen, one after another."""
        seen: list[str] = []
        for _, _, state in self.events:
            if not seen or seen[-1] != state:
                seen.append(state)
        return seen


def claim(engine: Engine, fit_id: str) -> Claim:
    held = claim_fit(engine, fit_id, "a worker", None, 600)
    assert held is not None
    return held


@pytest.mark.slow
def test_streams_survive_a_restart_and_miss_no_state(
    make_service: Callable[..., Service], seed_request: dict[str, Any], seed_file: Any
) -> None:
    """A quarter of the fits each: runs before the restart, starts to run while the API is away, ends while it is away,
    and does nothing until afterwards.
    """
    service = make_service()
    fits = [post_form(service, seed_request, seed_file).json()["id"] for _ in range(STREAMS)]
    engine = database(service)
    followers = [Follower(f"{service.client.base_url}/v1/fits/{fit_id}/events") for fit_id in fits]
    threads = [threading.Thread(target=follower.follow) for follower in followers]
    for thread in threads:
        thread.start()
    wait_until(lambda: all(follower.events for follower in followers), 30, "the first event of each stream")
    held = {fit_id: claim(engine, fit_id) for fit_id in fits[:10]}
    wait_until(lambda: all(f.states == ["queued", "running"] for f in followers[:10]), 30, "the event of each claim")

    service.api.stop()
    for fit_id in fits[5:10]:
        assert transitions.finish(engine, held.pop(fit_id), "succeeded")
    held |= {fit_id: claim(engine, fit_id) for fit_id in fits[10:15]}
    service.start()

    wait_until(lambda: all(f.states[-1] == "running" for f in followers[10:15]), 30, "the event of each late claim")
    held |= {fit_id: claim(engine, fit_id) for fit_id in fits[15:]}
    wait_until(lambda: all(f.states[-1] == "running" for f in followers[15:]), 30, "the event of each last claim")
    for one in held.values():
        assert transitions.finish(engine, one, "succeeded")
    for thread in threads:
        thread.join(60)
    engine.dispose()
    assert [follower.states for follower in followers] == [["queued", "running", "succeeded"]] * STREAMS
    assert all(follower.connections == 2 for follower in followers)
    for follower in followers:
        versions = [int(identity) for identity, _, _ in follower.events]
        assert versions == sorted(set(versions)), "no event came twice, and none out of order"
