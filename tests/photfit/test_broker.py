"""The private broker: a real server, started, killed and cleared away."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redis

from jobs.lifecycle.events import client_url
from photfit.broker import Address, choose_address, end_orphan, private_broker, start_broker, wait_until_ready
from photfit.failures import CommandFailure
from photfit.processes import Child
from photfit.supervisor import SupervisedChild
from tests.waiting import wait_until


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


def _empty_manifest(state: Path) -> None:
    next(state.glob("*.manifest")).write_bytes(b"")


def _torn_manifest(state: Path) -> None:
    manifest = next(state.glob("*.manifest"))
    manifest.write_bytes(manifest.read_bytes()[:10] + b"\x00\xff")


def _flipped_bytes(state: Path) -> None:
    for path in state.glob("*.aof"):
        content = bytearray(path.read_bytes())
        for place in range(0, len(content), 7):
            content[place] ^= 0xFF
        path.write_bytes(content)


@pytest.mark.parametrize("damage", [_empty_manifest, _torn_manifest, _flipped_bytes])
def test_a_broker_whose_files_are_damaged_starts_empty(
    folder: Path, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    first, address = private_broker(folder)
    start_broker(first, address)
    client = redis.Redis.from_url(client_url(address.url()))
    for number in range(50):
        client.rpush("cpu", f"a bell {number}")
    wait_until(lambda: any(path.stat().st_size > 500 for path in folder.glob("appendonlydir/*.aof")), 10, "the file")
    client.close()
    first.clear()
    damage(folder / "appendonlydir")
    second, address = private_broker(folder)
    try:
        start_broker(second, address)
        with redis.Redis.from_url(client_url(address.url())) as client:
            assert client.llen("cpu") == 0
    finally:
        second.clear()
    assert "the broker cannot read its files; it starts without them" in capsys.readouterr().err
    assert list((folder / "appendonlydir.damaged").iterdir())


def test_a_broker_that_is_killed_and_cannot_read_its_files_is_started_without_them(folder: Path) -> None:
    child, address = private_broker(folder)
    start_broker(child, address)
    member = SupervisedChild(child, "broker", started_at=time.monotonic())
    try:
        child.clear()
        _empty_manifest(folder / "appendonlydir")

        def answers() -> bool:
            member.restart_if_due(time.monotonic())
            return child.running() and address.answers()

        wait_until(answers, 20, "the broker's return")
    finally:
        child.clear()
