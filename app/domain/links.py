"""Links: a fit or a catalogue shown to whoever has one, read-only and until a day.

A link is a key of its maker's account that opens this one thing (`KeyRecord.shows`), so that hashes, ends, revocation
and the sessions of browsers are those of keys.
"""

from app.access import ANYONE, Asker
from app.domain import catalogues, fits
from app.domain.accounts import DAY, NewKey
from app.errors import NoAccounts, NotFound
from app.lifetime.services import Services
from jobs.accounts import accounts
from jobs.storage.schema import KeyRecord


def make_link(services: Services, asker: Asker, shows: str, name: str, days: int) -> NewKey:
    """One more link to a fit or a catalogue of the asker's. Raises NoAccounts, NotFound, NotAllowed."""
    _require_own(services, asker, shows)
    words = f"link: {name}" if name else "link"
    return NewKey(*accounts.make_key(services.engine, asker.owner, words, ["read"], days * DAY, shows))


def list_links(services: Services, asker: Asker, shows: str) -> list[KeyRecord]:
    """The links to it, newest first, those included that are over. Raises NoAccounts, NotFound, NotAllowed."""
    _require_own(services, asker, shows)
    return accounts.list_keys(services.engine, asker.owner, shows)


def revoke_link(services: Services, asker: Asker, shows: str, key_id: str) -> None:
    """End a link, and the sessions opened with it. Raises NoAccounts, NotFound, NotAllowed."""
    if key_id not in {record.id for record in list_links(services, asker, shows)}:
        raise NotFound(f"There is no link {key_id[:80]!r} to {shows}.")
    accounts.revoke_key(services.engine, asker.owner, key_id)


def _require_own(services: Services, asker: Asker, shows: str) -> None:
    if not services.settings.accounts:
        raise NoAccounts(
            f"Whoever reaches this service is {ANYONE.name!r} and sees every fit: send them its address. Links need a "
            "service with accounts."
        )
    asker.require("submit")
    if shows.startswith("cat_"):
        catalogues.get(services, asker.owner, shows)
    else:
        fits.get(services, asker.owner, shows)
