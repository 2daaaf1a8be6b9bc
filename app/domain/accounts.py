"""Accounts as their owners use them: who somebody is, his keys, signing a browser in and out."""

from dataclasses import dataclass

from app.access import ANYONE, Asker, asker_of
from app.errors import NoAccounts, NotAllowed, NotFound, NotSignedIn
from app.lifetime.services import Services
from jobs.accounts import accounts, sessions
from jobs.accounts.accounts import SCOPES, Scope
from jobs.storage.schema import KeyRecord

DAY = 86_400.0
"""Seconds."""


@dataclass(frozen=True)
class NewKey:
    """A key that is just made: its record, and the key itself, which is never seen again."""

    record: KeyRecord
    secret: str


def list_keys(services: Services, asker: Asker) -> list[KeyRecord]:
    """The asker's keys, newest first. Raises NoAccounts."""
    _require_accounts(services)
    return accounts.list_keys(services.engine, asker.owner)


def make_key(services: Services, asker: Asker, name: str, scopes: frozenset[Scope], days: int | None) -> NewKey:
    """One more key. Raises NoAccounts, and NotAllowed where it would be allowed more than the one that asks for it."""
    _require_accounts(services)
    asker.require("submit")
    more = [scope for scope in SCOPES if scope in scopes - asker.scopes]
    if more:
        raise NotAllowed(f"This key may not {' or '.join(more)}, and so may not make one that may.", scopes=more)
    seconds = None if days is None else days * DAY
    return NewKey(*accounts.make_key(services.engine, asker.owner, name, scopes, seconds))


def revoke_key(services: Services, asker: Asker, key_id: str) -> None:
    """End a key, and the sessions opened with it. Raises NoAccounts or NotFound."""
    _require_accounts(services)
    asker.require("submit")
    if not accounts.revoke_key(services.engine, asker.owner, key_id):
        raise NotFound(f"There is no key {key_id[:80]!r}.")


def sign_in(services: Services, key: str) -> tuple[Asker, str]:
    """Who a key belongs to, and the word for his browser's cookie. Raises NoAccounts, NotSignedIn or
    TooManyRequests.
    """
    _require_accounts(services)
    identity = accounts.identify_key(services.engine, key.strip())
    if identity is None:
        raise NotSignedIn("This is not a key of this service, or it was revoked or is over.")
    settings = services.settings
    asker = asker_of(identity)
    services.rate_limiter.count(f"sign-in {asker.counted_as}", settings.sign_ins_per_minute).require()
    word = sessions.open_session(services.engine, identity.key_id, settings.session_seconds, settings.account_sessions)
    return asker, word


def sign_out(services: Services, word: str | None) -> None:
    """End a browser's session, if it has one."""
    if word is not None:
        sessions.close_session(services.engine, word)


def _require_accounts(services: Services) -> None:
    if not services.settings.accounts:
        raise NoAccounts(f"Whoever reaches this service is {ANYONE.name!r} and needs no key.")
