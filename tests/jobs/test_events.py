"""The channel of changes, where its broker is away."""

import asyncio
from pathlib import Path

import pytest

from fitting.faults import PassingFault
from jobs.faults import BrokerAway
from jobs.lifecycle.events import Publisher, changes


@pytest.mark.parametrize("url", ["redis://127.0.0.1:9/0", "redis+socket://{folder}/none.sock?virtual_host=0"])
def test_a_broker_that_is_away_is_passing_trouble_to_who_listens_and_none_to_who_tells(
    url: str, tmp_path: Path
) -> None:
    address = url.format(folder=tmp_path)

    async def listen() -> None:
        async for _ in changes(address):
            raise AssertionError("there is nobody to hear")

    with pytest.raises(BrokerAway) as raised:
        asyncio.run(listen())
    assert isinstance(raised.value, PassingFault)
    publisher = Publisher(address)
    publisher.publish("fit_1")
    publisher.close()
