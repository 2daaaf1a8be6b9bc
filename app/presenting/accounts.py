"""Accounts and keys, from records to what their owner sees."""

from typing import cast

from app.access import Asker
from app.domain import limits
from app.domain.accounts import NewKey
from app.lifetime.services import Services
from app.models.accounts import Amount, Amounts, Key, MadeKey, Me
from jobs.accounts.accounts import SCOPES, Scope
from jobs.storage.schema import KeyRecord


def address_of_key(key_id: str) -> str:
    """Where a key is."""
    return f"/v1/keys/{key_id}"


def present_asker(services: Services, asker: Asker) -> Me:
    """Who is asking."""
    used, most = limits.usage(services, asker.owner), limits.quotas_of(services, asker.owner)
    return Me(
        accounts=bool(services.settings.accounts),
        id=asker.owner,
        name=asker.name,
        administrator=asker.administrator,
        scopes=[scope for scope in SCOPES if scope in asker.scopes],
        key_id=asker.key_id,
        shows=asker.shows,
        uses=Amounts(
            **{
                name: Amount(used=0, limit=0)
                if asker.shows
                else Amount(used=getattr(used, name), limit=getattr(most, name))
                for name in Amounts.model_fields
            }
        ),
    )


def present_key(record: KeyRecord) -> Key:
    """A key, without itself."""
    return Key(
        id=record.id,
        name=record.name,
        prefix=record.prefix,
        scopes=[cast(Scope, scope) for scope in record.scopes],
        shows=record.shows,
        created_at=record.created_at,
        expires_at=record.expires_at,
        last_used_at=record.last_used_at,
        revoked_at=record.revoked_at,
        links={"self": address_of_key(record.id)},
    )


def present_new_key(made: NewKey) -> MadeKey:
    """A key with itself, the only time that it is shown."""
    return MadeKey(**present_key(made.record).model_dump(), key=made.secret)
