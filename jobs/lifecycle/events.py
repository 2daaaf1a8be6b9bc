"""Events, which nudge whoever watches a fit: its id, by the broker's publish and subscribe. A lost one costs a moment.

Publisher(settings.broker_url).publish("fit_01k9")
async for fit_id in changes(settings.broker_url):
    …                                             # read the record again
"""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import redis
import redis.asyncio
import structlog

from jobs.faults import BrokerAway

CHANNEL = "photfit.changes"
"""Every message is the id of a fit whose record has changed."""

_log = structlog.get_logger("photfit.events")


def client_url(broker_url: str) -> str:
    """A broker's URL as redis-py writes it: Celery's ``redis+socket:///path?virtual_host=0`` is its
    ``unix:///path?db=0``.
    """
    if not broker_url.startswith("redis+socket://"):
        return broker_url
    parts = urlsplit(broker_url)
    number = parse_qs(parts.query).get("virtual_host", ["0"])[0]
    return f"unix://{parts.path}?db={number}"


class Publisher:
    """Publishes changes; a broker that is away is no reason to stop."""

    def __init__(self, broker_url: str) -> None:
        self._client = redis.Redis.from_url(client_url(broker_url), socket_timeout=0.5, socket_connect_timeout=0.5)

    def publish(self, fit_id: str) -> None:
        """Tell who listens that a fit has changed."""
        try:
            self._client.publish(CHANNEL, fit_id)
        except redis.RedisError as error:
            _log.debug("a change was not published", fit=fit_id, error=str(error))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


async def changes(broker_url: str) -> AsyncIterator[str]:
    """Ids of fits as they change. Raises BrokerAway when the broker goes away."""
    try:
        async with redis.asyncio.Redis.from_url(client_url(broker_url)) as client, client.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            async for message in subscription.listen():
                if message["type"] == "message":
                    yield message["data"].decode()
    except (redis.RedisError, OSError) as error:  # redis-py lets errors of sockets through now and then
        raise BrokerAway(str(error)) from error
