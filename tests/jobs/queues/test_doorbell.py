"""Which queue a request goes to, and bells at a real broker."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.queues.doorbell import Doorbell
from jobs.queues.queue_choice import QUICK_SECONDS, choose_queue
from jobs.settings import Settings
from photfit.broker import Address, find_server
from tests.waiting import wait_until

CPU, GPU, QUICK, CPU_ALONE = ("quick", "cpu"), ("gpu", "quick", "cpu"), ("quick",), ("cpu",)
SHORT, LONG = QUICK_SECONDS, QUICK_SECONDS + 0.1


@pytest.mark.parametrize(
    ("device", "stages", "seconds", "workers", "queue"),
    [
        ("auto", 0, LONG, [], "quick"),
        ("cpu", 0, SHORT, [CPU_ALONE], "quick"),
        ("auto", 1, SHORT, [CPU], "quick"),
        ("auto", 1, SHORT, [CPU_ALONE, QUICK], "quick"),
        ("auto", 1, SHORT, [CPU_ALONE], "cpu"),
        ("auto", 1, SHORT, [], "cpu"),
        ("auto", 1, LONG, [CPU, QUICK], "cpu"),
        ("auto", 2, LONG, [CPU, GPU], "gpu"),
        ("auto", 2, SHORT, [GPU], "quick"),
        ("cpu", 2, LONG, [GPU], "cpu"),
        ("gpu", 0, SHORT, [CPU], "gpu"),
        ("cuda", 1, SHORT, [], "gpu"),
    ],
)
def test_the_queue_is_chosen_by_size_device_and_who_works(
    device: str, stages: int, seconds: float, workers: list[tuple[str, ...]], queue: str
) -> None:
    assert choose_queue(device, stages, seconds, workers) == queue


class OwnBroker:
    """A broker behind a socket, started and killed at will."""

    def __init__(self, folder: Path) -> None:
        self.address = Address(socket_path=str(folder / "b.sock"))
        self.start()

    def start(self) -> None:
        socket = ["--port", "0", "--unixsocket", self.address.socket_path or "", "--save", ""]
        self.process = subprocess.Popen([find_server(), *socket], stdout=subprocess.DEVNULL)
        wait_until(self.address.answers, 60, "the broker's start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    broker = OwnBroker(tmp_path_factory.mktemp("b"))
    yield broker
    broker.kill()


def test_one_bell_hangs_however_often_it_is_rung(own_broker: OwnBroker) -> None:
    doorbell = Doorbell(Settings(broker_url=own_broker.address.url()))
    assert [doorbell.ring("cpu") for _ in range(20)] == [True] * 20
    assert (doorbell.waiting("cpu"), doorbell.waiting("quick")) == (1, 0)
    doorbell.close()


def test_bells_ring_again_once_the_broker_is_back(own_broker: OwnBroker) -> None:
    doorbell = Doorbell(Settings(broker_url=own_broker.address.url()))
    assert doorbell.ring("cpu")
    own_broker.kill()
    assert (doorbell.ring("cpu"), doorbell.waiting("cpu")) == (False, None)
    own_broker.start()
    assert doorbell.waiting("cpu") == 0, "what hung is lost"
    assert doorbell.ring("cpu")
    assert doorbell.waiting("cpu") == 1
    doorbell.close()
