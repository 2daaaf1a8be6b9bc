"""What an account may have at most: bytes of uploads, bytes in all, fits that wait.

How many of its fits run at once is not a reason to refuse any: the others wait (see
`jobs.lifecycle.transitions.claim`). Two requests at the same moment may both find the last place free: a quota keeps an
account within bounds, no more.
"""

from dataclasses import dataclass

from app.errors import QuotaExceeded, TooManyFits
from app.lifetime.services import Services
from jobs.accounts.accounts import Usage, get_user, usage_of


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
        _own(user.upload_bytes, settings.quota_upload_bytes),
        _own(user.stored_bytes, settings.quota_stored_bytes),
        _own(user.queued_fits, settings.quota_queued_fits),
        _own(user.running_fits, settings.quota_running_fits),
    )


def usage(services: Services, owner: str) -> Usage:
    """What the owner uses now."""
    return usage_of(services.engine, owner)


def require_room(services: Services, owner: str, size: int) -> None:
    """Raise QuotaExceeded where a new upload of so many bytes would be too much."""
    quotas = quotas_of(services, owner)
    if quotas.upload_bytes is None and quotas.stored_bytes is None:
        return
    used = usage(services, owner)
    for name, limit, now in (
        ("uploads", quotas.upload_bytes, used.upload_bytes),
        ("uploads and results", quotas.stored_bytes, used.stored_bytes),
    ):
        if limit is not None and now + size > limit:
            raise QuotaExceeded(
                f"Your {name} take {now} of {limit} bytes, so {size} more do not fit; delete what you no longer need.",
                limit=limit,
                used=now,
            )


def require_turn(services: Services, owner: str) -> None:
    """Raise TooManyFits where as many of the owner's fits wait as may, QuotaExceeded where results find no room."""
    quotas = quotas_of(services, owner)
    if quotas.queued_fits is not None:
        waiting = usage(services, owner).queued_fits
        if waiting >= quotas.queued_fits:
            raise TooManyFits(
                f"{waiting} of your fits wait, as many as may; ask again when some have run.",
                limit=quotas.queued_fits,
                used=waiting,
            )
    require_room(services, owner, 0)


def _own(own: int | None, general: int | None) -> int | None:
    return general if own is None else own
