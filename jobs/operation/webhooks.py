"""Webhooks: telling others that a fit is final, signed as Standard Webhooks has it, repeated until they have heard.

    WebhookSender.from_settings(engine, settings).thread().start()
    signature(secret_bytes("whsec_MfKQ9r8G…"), "msg_fit_01k9", "1764500000", body)   # "v1,K5oZfz…"


A fit with a webhook is due from its creation on, and told of once it is final. Whoever tells takes the turn in the
database first, so that two processes never tell at once; the message's id is the same at every try, so that a
receiver that heard twice can know.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.operation.addresses import AddressRefused, AddressRules, resolve
from jobs.operation.periodic import PeriodicThread
from jobs.settings import Settings
from jobs.storage.schema import FINAL_STATES, FitRecord

PAUSES = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Seconds after each failed try; after the last one it is given up (Standard Webhooks, "Retry schedule")."""
_TURN_SECONDS = 60.0
"""Whoever takes a turn has so many seconds before another may: four times what a try may take."""
_TRY_SECONDS = 15.0
"""Seconds of a try, from looking up the name to the answer's status. Chosen by hand: receivers answer at once."""
_AT_ONCE = 16
"""Fits that are told of at once. Chosen by hand: a look lasts as long as the slowest try."""
_AT_ONCE_OF_HOST = 4
"""Of them, at one host. Chosen by hand: one that answers slowly leaves room for the others."""
_DUE_LOOKED_AT = 500
"""Fits that are due among which a look chooses. Chosen by hand: more than a host that is slow makes in its pauses."""

SKYPORTAL = "skyportal+"
"""Before the address of who is to be told as SkyPortal expects it: once, with the results, in its own form."""
_PASSING = frozenset({408, 425, 429})
"""Client errors (4xx) after which SkyPortal is tried again; any other says that its analysis takes no more."""

_log = structlog.get_logger("photfit.webhooks")


@dataclass(frozen=True)
class WebhookSender:
    """Sender of webhooks: tells of final fits, one look after another; `base` is what its links begin with.

    `analysis` makes what SkyPortal is told, whose addresses begin with `SKYPORTAL`.
    """

    engine: Engine
    rules: AddressRules
    secret: bytes | None
    pause_seconds: float
    base: str = ""
    analysis: Callable[[FitRecord], bytes] | None = None

    @classmethod
    def from_settings(
        cls, engine: Engine, settings: Settings, analysis: Callable[[FitRecord], bytes] | None = None
    ) -> "WebhookSender":
        """A sender by the settings; one that tells nobody where they name no secret."""
        rules = AddressRules.read(settings.webhook_hosts, private=settings.outbound_private)
        secret = settings.webhook_secret
        key = None if secret is None else secret_bytes(secret.get_secret_value())
        return cls(engine, rules, key, settings.reconcile_seconds, settings.public_url or "", analysis)

    def thread(self) -> PeriodicThread:
        """A look every few seconds, in a thread."""
        return PeriodicThread(self.look, self.pause_seconds, "webhooks")

    def look(self) -> None:
        """Tell of fits that are due, several at a time; one receiver that is slow delays no other's."""
        if self.secret is None:
            return
        while fits := _of_many_hosts(due(self.engine)):
            taken = [_take_turn(self.engine, fit_id) for fit_id in fits]
            asyncio.run(self._tell_all([record for record in taken if record is not None], self.secret))

    async def _tell_all(self, records: Sequence[FitRecord], secret: bytes) -> None:
        async with asyncio.TaskGroup() as group:
            for record in records:
                if record.webhook is not None:
                    group.create_task(self._tell(record, record.webhook, secret))

    async def _tell(self, record: FitRecord, url: str, secret: bytes) -> None:
        whole = url.startswith(SKYPORTAL)
        url = url.removeprefix(SKYPORTAL)
        try:
            body = await asyncio.to_thread(self._body, record, whole)
            async with asyncio.timeout(_TRY_SECONDS):
                status = await self._send(url, secret, message_id(record), body)
                heard = 200 <= status < 300 or status == 410
                heard = heard or (whole and 400 <= status < 500 and status not in _PASSING)
        except (AddressRefused, httpx.HTTPError, OSError) as error:  # TimeoutError is an OSError
            # Not the error's own words: they may hold the address, and with it the receiver's secrets.
            _log.warning(
                "a webhook was not heard", fit=record.id, host=urlsplit(url).hostname, why=type(error).__name__
            )
            heard = False
        over = heard or record.webhook_tries > len(PAUSES)
        next_time = None if over else database_now() + PAUSES[record.webhook_tries - 1]
        with self.engine.begin() as connection:
            connection.execute(update(FitRecord).where(FitRecord.id == record.id).values(webhook_due=next_time))

    def _body(self, record: FitRecord, whole: bool) -> bytes:
        if whole and self.analysis is not None:
            try:
                return self.analysis(record)
            except Exception as error:  # whatever it is, others are told, and this is tried again
                raise OSError(f"no analysis could be made: {type(error).__name__}") from error
        return json.dumps(message(record, self.base)).encode()

    async def _send(self, url: str, secret: bytes, identity: str, body: bytes) -> int:
        """The status that the other side answers. Redirects are not followed."""
        target = await asyncio.to_thread(resolve, url, self.rules)
        moment = str(int(time.time()))
        headers = {
            "Host": target.host_header,
            "Content-Type": "application/json",
            "User-Agent": "photfit",
            "webhook-id": identity,
            "webhook-timestamp": moment,
            "webhook-signature": signature(secret, identity, moment, body),
        }
        # No proxy that the environment names: it would look the name up once more.
        certificates = httpx.create_ssl_context()
        async with (
            httpx.AsyncClient(
                verify=certificates, trust_env=False, follow_redirects=False, timeout=_TRY_SECONDS
            ) as client,
            # The status is all that counts: what follows it is never read.
            client.stream(
                "POST", target.pinned_url, content=body, headers=headers, extensions={"sni_hostname": target.host}
            ) as response,
        ):
            return response.status_code


def _of_many_hosts(fits: Sequence[tuple[str, str]]) -> list[str]:
    """The first ids of (id, URL) that may be told of at once."""
    chosen: list[str] = []
    hosts: Counter[str | None] = Counter()
    for fit_id, url in fits:
        host = urlsplit(url.removeprefix(SKYPORTAL)).hostname
        if hosts[host] < _AT_ONCE_OF_HOST and len(chosen) < _AT_ONCE:
            hosts[host] += 1
            chosen.append(fit_id)
    return chosen


def secret_bytes(secret: str) -> bytes:
    """The key of a secret such as ``whsec_MfKQ9r8G…``."""
    return base64.b64decode(secret.removeprefix("whsec_"))


def signature(secret: bytes, identity: str, moment: str, body: bytes) -> str:
    """HMAC-SHA256 of ``id.timestamp.body`` (Standard Webhooks, "Signature scheme")."""
    digest = hmac.new(secret, f"{identity}.{moment}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def message_id(record: FitRecord) -> str:
    """The same at every try."""
    return f"msg_{record.id}"


def message(record: FitRecord, base: str = "") -> dict[str, Any]:
    """What is told; its links begin with `base`, the service's public address, and are relative where that is empty."""
    finished = record.finished_at.isoformat() if record.finished_at else None
    return {
        "type": f"fit.{record.state}",
        "timestamp": finished,
        "data": {
            "id": record.id,
            "name": record.name,
            "labels": list(record.labels),
            "state": record.state,
            "finished_at": finished,
            "error": record.error,
            "warnings": record.warnings,
            "self": f"{base}/v1/fits/{record.id}",
        },
    }


def due(engine: Engine) -> list[tuple[str, str]]:
    """Ids of final fits that somebody is to be told of now, and where; who has waited longest comes first."""
    query = select(FitRecord.id, FitRecord.webhook).where(
        FitRecord.webhook_due < database_now(), FitRecord.state.in_(sorted(FINAL_STATES))
    )
    with Session(engine) as session:
        rows = session.execute(query.order_by(FitRecord.webhook_due).limit(_DUE_LOOKED_AT))
        return [(fit_id, url or "") for fit_id, url in rows]


def _take_turn(engine: Engine, fit_id: str) -> FitRecord | None:
    """The fit, where nobody else is telling of it; its next turn comes in a minute unless this one is settled."""
    taken = (
        update(FitRecord)
        .where(FitRecord.id == fit_id, FitRecord.webhook_due < database_now())
        .values(webhook_due=database_now() + _TURN_SECONDS, webhook_tries=FitRecord.webhook_tries + 1)
        .returning(FitRecord)
    )
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return session.scalars(taken).one_or_none()
