"""Limits: what one request may ask for (time, memory, a webhook), and what an account may have (bytes, fits that wait).

How many of an account's fits run at once is not a reason to refuse any: the others wait (see
`jobs.lifecycle.transitions.claim`). Two requests at the same moment may both find the last place free: a quota keeps an
account within bounds, no more.
"""

from dataclasses import dataclass

from app.errors import QuotaExceeded, RequestFaulty, TooManyFits
from app.lifetime.services import Services
from fitting.spec import Fault, FitRequest
from fitting.spec.handling import Limits
from jobs.accounts.accounts import Usage, get_user, usage_of
from jobs.operation.addresses import AddressRefused, AddressRules, require_listed
from jobs.operation.uws import count_pending
from jobs.queues.costs import PROCESS_BYTES, expected_bytes
from jobs.settings import MEBIBYTE, Settings


@dataclass(frozen=True)
class FitLimits:
    """Seconds of one attempt, and MiB beyond what the worker has taken before; None is no limit."""

    seconds: float | None
    memory_mib: int | None


def limits_of(limits: Limits | None, settings: Settings) -> FitLimits:
    """The limits in force. Raises RequestFaulty where the request asks for more than the service allows."""
    asked = limits or Limits()
    most = FitLimits(settings.max_fit_seconds or None, settings.fit_memory_mib)
    faults = [
        Fault(f"$.limits.{name}", f"{value:g} is more than this service allows", f"at most {bound:g}")
        for name, value, bound in (
            ("seconds", asked.seconds, most.seconds),
            ("memory_mib", asked.memory_mib, most.memory_mib),
        )
        if value is not None and bound is not None and value > bound
    ]
    if faults:
        raise RequestFaulty(faults)
    return FitLimits(asked.seconds or most.seconds, asked.memory_mib or most.memory_mib)


def require_memory(request: FitRequest, pixels: int, limits: FitLimits) -> None:
    """Raise RequestFaulty where a fit is sure to need more memory than it may take, told before it runs."""
    needed = (expected_bytes(request, pixels) - PROCESS_BYTES) / MEBIBYTE
    if limits.memory_mib is None or needed <= limits.memory_mib:
        return
    images, components = len(request.images), len(request.components)
    message = f"{components} components on {images} images need about {needed:.0f} MiB of memory"
    expected = f"what needs at most {limits.memory_mib} MiB: fewer components, images or draws, or several requests"
    raise RequestFaulty([Fault("$.components", message, expected)])


def require_webhook(url: str | None, settings: Settings) -> None:
    """Raise RequestFaulty where a request wants somebody told whom this service does not speak to."""
    if url is None:
        return
    if not settings.webhook_hosts or settings.webhook_secret is None:
        raise RequestFaulty([Fault("$.webhook", "cannot be told: this service sends no webhooks", "a request without")])
    try:
        require_listed(url, AddressRules.read(settings.webhook_hosts, private=settings.outbound_private))
    except AddressRefused as error:
        raise RequestFaulty([Fault("$.webhook", error.message, error.expected)]) from error


@dataclass(frozen=True)
class Quotas:
    """The most that an account may have; None where there is no limit."""

    upload_bytes: int | None = None
    stored_bytes: int | None = None
    queued_fits: int | None = None
    running_fits: int | None = None


def quotas_of(services: Services, owner: str) -> Quotas:
    """An account's own limits, else the service's; none in a service without accounts."""
    settings = services.settings
    user = get_user(services.engine, owner) if settings.accounts else None
    if user is None:
        return Quotas()
    return Quotas(
        _limit(user.upload_bytes, settings.quota_upload_bytes),
        _limit(user.stored_bytes, settings.quota_stored_bytes),
        _limit(user.queued_fits, settings.quota_queued_fits),
        _limit(user.running_fits, settings.quota_running_fits),
    )


def _limit(of_account: int | None, of_service: int | None) -> int | None:
    return of_service if of_account is None else of_account


def usage(services: Services, owner: str) -> Usage:
    """What the owner uses now."""
    return usage_of(services.engine, owner)


def require_room(services: Services, owner: str, size: int) -> None:
    """Raise QuotaExceeded where a new upload of so many bytes would be too much."""
    quotas = quotas_of(services, owner)
    if quotas.upload_bytes is None and quotas.stored_bytes is None:
        return
    used = usage(services, owner)
    _require("uploads", quotas.upload_bytes, used.upload_bytes, size)
    _require("uploads and results", quotas.stored_bytes, used.stored_bytes, size)


def require_table_room(services: Services, owner: str, size: int) -> None:
    """Raise QuotaExceeded where the table of a catalogue's objects, of so many bytes, would be too much."""
    most = quotas_of(services, owner).stored_bytes
    if most is not None:
        _require("uploads and results", most, usage(services, owner).stored_bytes, size)


def _require(name: str, limit: int | None, now: int, size: int) -> None:
    if limit is not None and now + size > limit:
        raise QuotaExceeded(
            f"Your {name} take {now} of {limit} bytes, so {size} more do not fit; delete what you no longer need.",
            limit=limit,
            used=now,
        )


def require_turn(services: Services, owner: str, job: str | None = None) -> None:
    """Raise TooManyFits where as many of the owner's fits wait as may, QuotaExceeded where results find no room.

    A UWS job that waits to be told to run counts as a fit that waits: it holds a request as large. `job` is one that is
    told so now.
    """
    quotas = quotas_of(services, owner)
    if quotas.queued_fits is not None:
        waiting = usage(services, owner).queued_fits + count_pending(services.engine, owner, but=job)
        if waiting >= quotas.queued_fits:
            raise TooManyFits(
                f"{waiting} of your fits wait, as many as may; ask again when some have run.",
                limit=quotas.queued_fits,
                used=waiting,
            )
    require_room(services, owner, 0)
