"""The private broker: a real server, started, killed and cleared away."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from photfit.broker import Address, choose_address, end_orphan, private_broker, wait_until_ready
from photfit.failures import CommandFailure
from photfit.processes import Child


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("b")


@pytest.fixture
def running(folder: Path) -> Iterator[tuple[Child, Address]]:
    child, address = private_broker(folder)
    child.start()
    wait_until_ready(child, address)
    yield child, address
    child.clear()


def test_a_short_path_gives_a_socket_that_answers(running: tuple[Child, Address]) -> None:
    assert running[1].socket_path is not None
    assert running[1].answers()


def test_a_long_path_gives_a_loopback_port_with_a_password(folder: Path) -> None:
    child, address = private_broker(folder / ("d" * 100))
    child.start()
    try:
        wait_until_ready(child, address)
        assert address.url() == f"redis://:{address.password}@127.0.0.1:{address.port}/0"
        assert not Address(port=address.port, password="wrong").answers()
    finally:
        child.clear()


def test_the_configuration_with_its_password_is_the_owners_alone(folder: Path) -> None:
    private_broker(folder / ("d" * 100))
    mode = (folder / ("d" * 100) / "broker.conf").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_path_with_a_space_is_not_a_url(folder: Path) -> None:
    assert choose_address(folder / "a b").socket_path is None


def test_it_keeps_an_append_only_file(running: tuple[Child, Address], folder: Path) -> None:
    assert list((folder / "appendonlydir").glob("*.aof*"))


def test_an_orphan_is_ended(running: tuple[Child, Address], folder: Path) -> None:
    child, _ = running
    end_orphan(folder)
    assert child.process is not None
    assert child.process.wait(5) is not None


def test_a_process_that_only_has_the_orphans_id_is_left_alone(folder: Path) -> None:
    (folder / "broker.pid").write_text(str(psutil.Process().pid))
    end_orphan(folder)
    assert not (folder / "broker.pid").exists()


def test_a_broker_that_was_killed_starts_again_in_the_same_place(running: tuple[Child, Address]) -> None:
    child, address = running
    child.clear()
    child.start()
    wait_until_ready(child, address)
    assert address.answers()


def test_a_broker_that_cannot_start_says_where_to_look(folder: Path) -> None:
    child, address = private_broker(folder)
    (folder / "broker.conf").write_text("nonsense\n")
    child.start()
    with pytest.raises(CommandFailure, match=r"broker\.log says why"):
        wait_until_ready(child, address)
