"""A pool of child processes with memory and time limits: the only place where the service opens files from outside.

A child imports what calls need and forks for each of them; the fork reads the file behind walls of its own
(`app.sandbox.walled_call`). One that dies or hangs costs its call an error that says so; the service itself never
parses a hostile byte. Children start by spawn, since the service has threads.
"""

import contextlib
import gc
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, InvalidStateError, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pickle import UnpicklingError
from typing import Any, ParamSpec, TypeVar, cast

import structlog
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from app.sandbox.door import ACCOUNT, DoorLimits, DoorShut, FairDoor
from app.sandbox.walled_call import ProcessEnded, TookTooLong, read_answer, run_walled
from app.sandbox.walls import clean_environment, prepare_walls
from jobs.operation.parentage import end_with_parent

P = ParamSpec("P")
T = TypeVar("T")

_log = structlog.get_logger("photfit.sandbox")

_WORKERS = 2
"""Children of the service's sandbox that an account may have at once. Chosen by hand: one slow file holds up none of
its others, and each child takes memory."""
_SPARE_WORKERS = 1
"""Children beyond those, where there are accounts: an account's slow files hold up nobody else. Chosen by hand."""
_MOST_WAITING = 64
"""Calls that may wait for a child. Chosen by hand: each keeps one of the service's threads (`app.lifetime.services`)
for `_QUEUE_SECONDS` at most, and fifty clients of one pipeline that submit at once are all let wait."""
_MOST_WAITING_OF_ONE = 48
"""Of them, of one account, where there are accounts. Chosen by hand: a quarter is left to the others."""
_SECONDS = 60.0
"""Seconds of a call into the sandbox. Chosen by hand: a file that takes longer is too large or hostile."""
_LEAST_MEMORY = 4 << 30
"""Bytes of address space of a child, chosen by hand: mapped libraries count, too."""
_MEMORY_PER_UPLOAD_BYTE = 16
"""Bytes of address space for each byte that an upload may have: a byte of a compressed or integer image takes up to
eight as a double, and data, variance and mask are held at once.
"""
_GRACE_SECONDS = 5.0
"""Seconds after which a child is ended that has not ended its call by itself. Chosen by hand."""
_QUEUE_SECONDS = 30.0
"""Seconds that a call may wait for a child, beyond its own limit: Pebble's before a call counts as stuck."""


_WATCH_SECONDS = 0.5
"""Seconds between looks at a call that is watched. Chosen by hand: a person who stops one sees it stop."""


class SandboxError(Exception):
    """A call into the sandbox brought no answer; the message says why, in words for the outside."""


class SandboxTimeout(SandboxError):
    """The call took longer than its limit; the child was ended."""


class SandboxOutOfMemory(SandboxError):
    """The call needed more memory than its limit."""


class SandboxDied(SandboxError):
    """The child ended without an answer."""


class SandboxBusy(SandboxError):
    """Every child is taken and stayed so."""


class Sandbox:
    """Calls functions in child processes: at most `workers` at a time, each in `memory_bytes` of address space.

    `preload` is run once in every child as it starts, so that imports cost no request anything. Calls come in by a
    door that is fair to accounts (`app.sandbox.door`); without limits of its own, any account may have all.
    """

    def __init__(
        self,
        *,
        workers: int,
        memory_bytes: int,
        seconds: float,
        preload: Callable[[], None],
        door: DoorLimits | None = None,
    ) -> None:
        self._workers = workers
        self._door = FairDoor(door or DoorLimits(workers, workers, _MOST_WAITING, _MOST_WAITING, _QUEUE_SECONDS))
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._preload = preload
        self._lock = threading.Lock()
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox")
        self._pool: ProcessPool | None = None
        self._waiting: set[ProcessFuture[bytes]] = set()
        self._first: ProcessFuture[int] | None = None

    @classmethod
    def for_uploads(cls, largest_bytes: int, preload: Callable[[], None], *, accounts: bool = False) -> "Sandbox":
        """The service's own, for files of up to so many bytes, with or without accounts that share it."""
        memory = max(_LEAST_MEMORY, _MEMORY_PER_UPLOAD_BYTE * largest_bytes)
        workers = _WORKERS + (_SPARE_WORKERS if accounts else 0)
        of_one = _MOST_WAITING_OF_ONE if accounts else _MOST_WAITING
        door = DoorLimits(workers, _WORKERS, _MOST_WAITING, of_one, _QUEUE_SECONDS)
        return cls(workers=workers, memory_bytes=memory, seconds=_SECONDS, preload=preload, door=door)

    @classmethod
    def for_searches(
        cls, largest_bytes: int, preload: Callable[[], None], *, workers: int, seconds: float
    ) -> "Sandbox":
        """That of searches for sources, which take minutes: children of their own, so that no upload waits for them."""
        memory = max(_LEAST_MEMORY, _MEMORY_PER_UPLOAD_BYTE * largest_bytes)
        return cls(workers=max(workers, 1), memory_bytes=memory, seconds=seconds, preload=preload)

    def start_once(self) -> None:
        """Start the children unless they were started before."""
        if self._first is None:
            self.start()

    def start(self) -> None:
        """Start the children; returns before they are ready."""
        with self._lock:
            self._pool, self._first = self._starter.submit(self._new_pool).result()

    def ready(self) -> bool:
        """Whether the first child has started."""
        return self._first is not None and self._first.done() and not self._first.cancelled()

    def stop(self) -> None:
        """End the children, whatever they are doing."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            pool.join()
        with self._lock:
            waiting = list(self._waiting)
        for future in waiting:  # the pool forgets those whose child it has ended
            with contextlib.suppress(InvalidStateError):
                future.set_exception(CancelledError())
        self._starter.shutdown()

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(*args, **kwargs)` as run in a child; function, arguments and result must pickle.

        Raises `SandboxError` where no answer came, and whatever the function raises.
        """
        return self.call_watched(_watch_nothing, function, *args, **kwargs)

    def call_watched(self, watch: Callable[[], None], function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `call`, and meanwhile `watch` is called twice a second. What it raises ends the child, and is raised."""
        call = partial(run_walled, self._seconds, function, args, kwargs)
        try:
            with self._door.place(ACCOUNT.get()):
                return cast(T, self._answer(call, watch))
        except DoorShut as error:
            raise SandboxBusy(str(error)) from error

    def _answer(self, call: Callable[[], bytes], watch: Callable[[], None]) -> Any:
        try:
            return self._result(call, watch)
        except BrokenProcessPool:
            # All children were killed while idle: the pool's fault, not the call's.
            _log.warning("sandbox pool broke, starting another")
        try:
            return self._result(call, watch)
        except BrokenProcessPool as error:
            raise SandboxDied("ended the process that was reading it") from error

    def _result(self, call: Callable[[], bytes], watch: Callable[[], None]) -> Any:
        future = self._schedule(call)
        try:
            # The limit runs from when a child takes the call, so the wait in the queue is bounded separately.
            answer = _watched_result(future, self._seconds + _QUEUE_SECONDS, watch)
            return read_answer(answer)
        except FutureTimeoutError as error:
            # The call's own end by its limit comes as its outcome; a wait in the queue that was too long has none.
            if future.done():
                raise SandboxTimeout(f"took longer than {self._seconds:g} s to read") from error
            future.cancel()
            raise SandboxBusy("is waiting behind other files; try again later") from error
        except TookTooLong as error:
            raise SandboxTimeout(f"took longer than {self._seconds:g} s to read") from error
        except CancelledError as error:
            raise SandboxBusy("came while the service was stopping; try again later") from error
        except (ProcessExpired, ProcessEnded, UnpicklingError) as error:
            if not isinstance(error, UnpicklingError) and abs(error.exitcode) == signal.SIGTERM:
                # By a service manager that ends all of the service at once: it says nothing about what was read.
                raise SandboxBusy("came while the service was stopping; try again later") from error
            _log.warning("sandbox child died", call=repr(call), error=repr(error))
            raise SandboxDied("ended the process that was reading it") from error
        except MemoryError as error:
            raise SandboxOutOfMemory(f"needs more than {self._memory_bytes >> 20} MiB of memory to read") from error
        finally:
            with self._lock:
                self._waiting.discard(future)

    def _schedule(self, call: Callable[[], bytes]) -> ProcessFuture[bytes]:
        with self._lock:
            if self._pool is None:
                raise SandboxBusy("came while the service was stopping; try again later")
            try:
                # A pool whose idle child was killed from outside breaks as a whole; a new one takes its place.
                if not self._pool.active:
                    self._pool.stop()
                    self._pool, _ = self._starter.submit(self._new_pool).result()
                future = self._pool.schedule(call, timeout=self._seconds + _GRACE_SECONDS)
            except (
                RuntimeError
            ) as error:  # it has broken in between, or its children cannot be started; the next asks again
                _log.warning("the sandbox has no child", error=str(error))
                raise SandboxBusy("has no process to be read by just now; try again later") from error
            self._waiting.add(future)
            return future

    def _new_pool(self) -> tuple[ProcessPool, ProcessFuture[int]]:
        """A pool, started by its first call. For the starter's thread, with which the first children would end."""
        pool = ProcessPool(
            max_workers=self._workers,
            max_tasks=500,
            initializer=_enter_child,
            initargs=(self._memory_bytes, self._preload, os.getpid()),
            context=multiprocessing.get_context("spawn"),
        )
        return pool, pool.schedule(os.getpid)


def _watch_nothing() -> None:
    """Whoever waits for a call only wants its answer."""


def _watched_result(future: ProcessFuture[bytes], seconds: float, watch: Callable[[], None]) -> bytes:
    """The answer of a call; the call is cancelled, which ends its child, by whatever `watch` raises."""
    until = time.monotonic() + seconds
    pause = seconds if watch is _watch_nothing else _WATCH_SECONDS
    while not future.done() and (left := until - time.monotonic()) > 0.0:
        wait_for([future], timeout=min(pause, left))
        try:
            watch()
        except BaseException:
            future.cancel()
            raise
    return cast(bytes, future.result(timeout=0.0))


def _enter_child(memory_bytes: int, preload: Callable[[], None], parent: int) -> None:
    """Bind this process to its limits and to its parent's life, then import what its calls need."""
    end_with_parent(parent)
    # Numeric libraries read these as they are imported; more threads would cost address space and the workers' cores.
    clean_environment()
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", MPLBACKEND="Agg")
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    preload()
    prepare_walls()
    gc.collect()
    gc.freeze()  # each call runs in a fork, whose collections would copy every page of what lies here already
