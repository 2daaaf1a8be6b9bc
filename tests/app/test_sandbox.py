"""The sandbox answers, whatever the function in it does, and goes on after it."""

import gc
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from app.sandbox.pool import Sandbox, SandboxBusy, SandboxDied, SandboxOutOfMemory, SandboxTimeout
from tests.app.conftest import wait_until

GIBIBYTE = 1 << 30


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(workers=2, memory_bytes=2 * GIBIBYTE, seconds=1.0, preload=gc.collect)
    made.start()
    yield made
    made.stop()


def test_a_call_runs_in_another_process(sandbox: Sandbox) -> None:
    assert sandbox.call(os.getpid) != os.getpid()


def test_an_exception_of_the_function_comes_back(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        sandbox.call(int, "x")


def test_a_call_that_hangs_is_ended(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxTimeout, match="longer than 1 s"):
        sandbox.call(time.sleep, 60)
    assert sandbox.call(max, 1, 2) == 2


def test_a_child_that_dies_is_replaced(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxDied):
        sandbox.call(os.abort)
    assert sandbox.call(max, 1, 2) == 2


def test_what_ends_with_the_service_is_not_held_against_the_file(sandbox: Sandbox) -> None:
    """A service manager tells every process of a service to end, in the middle of a call as well."""
    with pytest.raises(SandboxBusy, match="stopping"):
        sandbox.call(signal.raise_signal, signal.SIGTERM)
    stopping = Sandbox(workers=1, memory_bytes=2 * GIBIBYTE, seconds=30.0, preload=gc.collect)
    stopping.start()
    wait_until(stopping.ready, 60.0, "the start of the sandbox")
    with ThreadPoolExecutor() as threads:
        calls = [threads.submit(stopping.call, time.sleep, 20) for _ in range(2)]
        wait_until(lambda: psutil.Process().children(recursive=True), 10.0, "a child")
        time.sleep(0.3)
        stopping.stop()
        for call in calls:
            assert isinstance(call.exception(30), SandboxBusy)
    with pytest.raises(SandboxBusy):
        stopping.call(max, 1, 2)


def test_a_pool_that_cannot_be_started_is_trouble_that_passes(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a campaign met it: children killed while they start break pebble's pool with a plain RuntimeError."""

    def refuse() -> None:
        raise RuntimeError("Unexpected error within the Pool")

    monkeypatch.setattr(sandbox, "_new_pool", refuse)
    assert sandbox._pool is not None
    sandbox._pool.stop()
    sandbox._pool.join()
    with pytest.raises(SandboxBusy, match="try again"):
        sandbox.call(max, 1, 2)
    monkeypatch.undo()
    assert sandbox.call(max, 1, 2) == 2


def test_a_call_cannot_take_more_memory_than_it_may(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxOutOfMemory, match="2048 MiB"):
        sandbox.call(bytearray, 8 * GIBIBYTE)


def test_children_killed_while_idle_cost_no_request(sandbox: Sandbox) -> None:
    pid = sandbox.call(os.getpid)
    for child in psutil.Process().children():
        if "spawn_main" in " ".join(child.cmdline()):
            child.send_signal(signal.SIGKILL)
    assert sandbox.call(os.getpid) != pid


def test_a_call_costs_little(sandbox: Sandbox) -> None:
    sandbox.call(max, 1, 2)
    seconds = []
    for _ in range(50):
        start = time.perf_counter()
        sandbox.call(max, 1, 2)
        seconds.append(time.perf_counter() - start)
    assert sorted(seconds)[25] < 0.1
