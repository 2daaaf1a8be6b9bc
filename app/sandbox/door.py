"""Door of the sandbox: how many calls may wait for a child, and whose turn it is when one is free.

A child may be kept for a minute by one file. So no account has every child, those that have fewest come first, and
whoever would wait behind too many is told so at once: each that waits keeps one of the service's threads.
"""

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

ACCOUNT: ContextVar[str] = ContextVar("photfit.account", default="local")
"""Whose request is being answered, as `app.dependencies.current_asker` has found out."""


class DoorShut(Exception):
    """Nobody more may wait, or the wait was too long; the message says which, in words for the outside."""


@dataclass(frozen=True)
class DoorLimits:
    """What a door allows.

    Attributes:
        inside: calls at once, of all accounts.
        inside_of_one: of them, of one account.
        waiting: calls that wait, of all accounts.
        waiting_of_one: of them, of one account.
        seconds: that a call waits at most.
    """

    inside: int
    inside_of_one: int
    waiting: int
    waiting_of_one: int
    seconds: float


class FairDoor:
    """Lets calls in by account: first those of the account with the fewest inside, then who was let in longest ago."""

    def __init__(self, limits: DoorLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._inside: Counter[str] = Counter()
        self._waiting: dict[str, deque[threading.Event]] = {}
        self._turns: Counter[str] = Counter()
        self._turn = 0

    @contextmanager
    def place(self, account: str) -> Iterator[None]:
        """A place inside while the context lasts. Raises DoorShut."""
        called = self._line_up(account)
        if not called.wait(self._limits.seconds) and self._give_up(account, called):
            raise DoorShut("is waiting behind other files; try again later")
        try:
            yield
        finally:
            with self._lock:
                self._inside[account] -= 1
                self._let_in()

    def _line_up(self, account: str) -> threading.Event:
        called = threading.Event()
        with self._lock:
            mine = self._waiting.setdefault(account, deque())
            mine.append(called)
            self._let_in()
            if called.is_set():
                return called
            everybody = sum(map(len, self._waiting.values()))
            if len(mine) > self._limits.waiting_of_one or everybody > self._limits.waiting:
                self._forget(account, called)
                whose = "of yours " if len(mine) >= self._limits.waiting_of_one else ""
                raise DoorShut(f"would wait behind {everybody - 1} files, and no more {whose}may; try again later")
        return called

    def _give_up(self, account: str, called: threading.Event) -> bool:
        """Stop waiting; False where the turn came just now."""
        with self._lock:
            if called.is_set():
                return False
            self._forget(account, called)
            return True

    def _forget(self, account: str, called: threading.Event) -> None:
        self._waiting[account].remove(called)
        if not self._waiting[account]:
            del self._waiting[account]

    def _let_in(self) -> None:
        """Call whoever may come in; the lock is held."""
        while sum(self._inside.values()) < self._limits.inside:
            able = [account for account in self._waiting if self._inside[account] < self._limits.inside_of_one]
            if not able:
                break
            account = min(able, key=lambda each: (self._inside[each], self._turns[each]))
            called = self._waiting[account][0]
            self._forget(account, called)
            self._turn += 1
            self._turns[account] = self._turn
            self._inside[account] += 1
            called.set()
        for account in [each for each in self._turns if not self._inside[each] and each not in self._waiting]:
            del self._turns[account], self._inside[account]
