"""Rate limits: how many requests an account may send a minute.

Counted in the broker, for all API processes together; in this process's memory while the broker does not answer.
The headers are those of the IETF's draft-ietf-httpapi-ratelimit-headers, and `Retry-After`.
"""

import math
import time
from dataclasses import dataclass

import redis
import structlog
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from app.errors import TooManyRequests
from jobs.lifecycle.events import client_url

_PATIENCE_SECONDS = 0.2
"""Seconds that a request waits for the broker's count. Chosen by hand: what a broker that hangs may cost."""
_AWAY_SECONDS = 5.0
"""Seconds that a broker which did not answer is not asked again. Chosen by hand: one slow request in so many."""

_log = structlog.get_logger("photfit.rate_limits")


@dataclass(frozen=True)
class RateStanding:
    """Where somebody stands after a request: `seconds` until he may send more than `remaining` again."""

    allowed: bool
    limit: int
    remaining: int
    seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says of it."""
        return {
            "RateLimit-Policy": f'"requests";q={self.limit};w=60',
            "RateLimit": f'"requests";r={self.remaining};t={self.seconds}',
        }

    def require(self) -> None:
        """Raise TooManyRequests where this request was one too many."""
        if not self.allowed:
            raise TooManyRequests(
                f"There were more than {self.limit} requests within a minute; wait {self.seconds} s.",
                headers={"Retry-After": str(self.seconds)},
                limit=self.limit,
            )


class RateLimiter:
    """Counts requests by who sends them."""

    def __init__(self, broker_url: str) -> None:
        shared = RedisStorage(
            client_url(broker_url),
            key_prefix="photfit.limits",
            socket_timeout=_PATIENCE_SECONDS,
            socket_connect_timeout=_PATIENCE_SECONDS,
        )
        self._shared = SlidingWindowCounterRateLimiter(shared)
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._away_until = 0.0

    def count(self, who: str, per_minute: int) -> RateStanding:
        """Count one request of `who`, who may send so many a minute."""
        if time.monotonic() >= self._away_until:
            try:
                return _count(self._shared, who, per_minute)
            except (redis.RedisError, OSError) as error:
                self._away_until = time.monotonic() + _AWAY_SECONDS
                _log.warning("the broker does not answer; requests are counted by this process alone", error=str(error))
        return _count(self._local, who, per_minute)


def _count(counter: SlidingWindowCounterRateLimiter, who: str, per_minute: int) -> RateStanding:
    limit = RateLimitItemPerMinute(per_minute)
    allowed = counter.hit(limit, who)
    window = counter.get_window_stats(limit, who)
    return RateStanding(allowed, per_minute, window.remaining, max(1, math.ceil(window.reset_time - time.time())))
