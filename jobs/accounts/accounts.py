"""Accounts and their keys: who may use the service, as whom, and what an account uses of it.

    user = add_user(engine, "vera")
    record, secret = make_key(engine, user.id, "laptop", ["read", "submit"])   # "photfit_aZ3…", told this once
    identify_key(engine, secret)                                               # Identity(user_name="vera", …)

The database keeps no secret, only its hash: who reads a backup cannot speak for anybody.
"""

import hashlib
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.ids import new_id
from jobs.storage.schema import CatalogueRecord, FitRecord, KeyRecord, UploadRecord, UserRecord

Scope = Literal["read", "submit", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "submit", "admin")
"""What a key may: look; upload, ask for, cancel and delete, and manage the account's keys; look after the service."""

KEY_PREFIX = "photfit"
_NOTE_SECONDS = 60.0
"""A key's last use is noted at most so often, in seconds, so that reading costs no writing. Chosen by hand: an operator
who looks for keys that nobody uses needs no finer clock."""
_SECRET_ALPHABET = string.ascii_letters + string.digits
_SECRET_LETTERS = 40
"""Of 62 letters and digits each: 238 random bits, far more than can be searched."""
_PREFIX_LETTERS = 8
"""Letters of a secret that are kept, by which its holder tells it from others; the 190 bits that are left suffice."""


@dataclass(frozen=True)
class Identity:
    """Who a key or a session speaks for, and what it may.

    Attributes:
        shows: the one fit or catalogue that it may look at; None is all of the account's.
    """

    user_id: str
    user_name: str
    administrator: bool
    key_id: str
    scopes: frozenset[str]
    shows: str | None = None


def add_user(engine: Engine, name: str, *, administrator: bool = False) -> UserRecord | None:
    """A new account; None where the name is taken."""
    user = UserRecord(id=new_id("usr"), name=name, administrator=administrator, created_at=database_now())
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            session.add(user)
            session.flush()
            session.refresh(user)
    except IntegrityError:
        return None
    return user


def find_user(engine: Engine, name: str) -> UserRecord | None:
    """The account called so, or None."""
    with Session(engine) as session:
        return session.scalar(select(UserRecord).where(UserRecord.name == name))


def get_user(engine: Engine, user_id: str) -> UserRecord | None:
    """The account with this id, or None."""
    with Session(engine) as session:
        return session.get(UserRecord, user_id)


def list_users(engine: Engine) -> list[UserRecord]:
    """Every account, by name."""
    with Session(engine) as session:
        return list(session.scalars(select(UserRecord).order_by(UserRecord.name)))


def change_user(engine: Engine, name: str, **changes: Any) -> bool:
    """Change columns of an account; False where there is none of this name."""
    with engine.begin() as connection:
        return connection.execute(update(UserRecord).where(UserRecord.name == name).values(**changes)).rowcount == 1


def make_key(
    engine: Engine,
    user_id: str,
    name: str,
    scopes: Iterable[str],
    seconds: float | None = None,
    shows: str | None = None,
) -> tuple[KeyRecord, str]:
    """A new key's record, and the key itself, which nobody can learn again; it ends after `seconds`. One that `shows` a
    fit or a catalogue opens nothing else.
    """
    secret = new_secret(KEY_PREFIX)
    record = KeyRecord(
        id=new_id("key"),
        user_id=user_id,
        name=name,
        prefix=secret_prefix(secret),
        hash=secret_hash(secret),
        scopes=[scope for scope in SCOPES if scope in frozenset(scopes)],
        shows=shows,
        created_at=database_now(),
        expires_at=None if seconds is None else database_now() + seconds,
    )
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.add(record)
        session.flush()
        session.refresh(record)
    return record, secret


def list_keys(engine: Engine, user_id: str, shows: str | None = None) -> list[KeyRecord]:
    """Every key of an account, newest first, those included that are no longer good; only those that show one fit or
    catalogue where that is named.
    """
    mine = select(KeyRecord).where(KeyRecord.user_id == user_id).order_by(KeyRecord.id.desc())
    with Session(engine) as session:
        return list(session.scalars(mine if shows is None else mine.where(KeyRecord.shows == shows)))


def revoke_key(engine: Engine, user_id: str, key_id: str) -> bool:
    """End a key and every session that it opened; False where the account has no such key. Twice is fine."""
    mine = update(KeyRecord).where(KeyRecord.id == key_id, KeyRecord.user_id == user_id)
    first = mine.where(KeyRecord.revoked_at.is_(None)).values(revoked_at=database_now())
    with engine.begin() as connection:
        if connection.execute(first).rowcount:
            return True
        return (
            connection.scalar(select(KeyRecord.id).where(KeyRecord.id == key_id, KeyRecord.user_id == user_id))
            is not None
        )


def identify_key(engine: Engine, secret: str) -> Identity | None:
    """Whose key this is, where it is good; notes that it was used."""
    return identify(engine, KeyRecord.hash == secret_hash(secret))


def identify(engine: Engine, *conditions: ColumnElement[bool]) -> Identity | None:
    """Who the one key speaks for that meets the conditions, where key and account are good; notes that it was used."""
    with Session(engine) as session:
        found = session.execute(select(KeyRecord, UserRecord).where(_is_usable(), *conditions)).one_or_none()
        if found is None:
            return None
        key, user = found
        identity = Identity(user.id, user.name, user.administrator, key.id, frozenset(key.scopes), key.shows)
    _note_use(engine, key.id)
    return identity


def _is_usable() -> ColumnElement[bool]:
    """Condition on KeyRecord and UserRecord: they belong together, and both may be used now."""
    return and_(
        UserRecord.id == KeyRecord.user_id,
        UserRecord.disabled_at.is_(None),
        KeyRecord.revoked_at.is_(None),
        or_(KeyRecord.expires_at.is_(None), KeyRecord.expires_at > database_now()),
    )


def _note_use(engine: Engine, key_id: str) -> None:
    """At most once a minute, so that reading costs no writing."""
    stale = or_(KeyRecord.last_used_at.is_(None), KeyRecord.last_used_at < database_now() - _NOTE_SECONDS)
    with engine.connect() as connection:
        if connection.scalar(select(KeyRecord.id).where(KeyRecord.id == key_id, stale)) is None:
            return
    with engine.begin() as connection:
        connection.execute(update(KeyRecord).where(KeyRecord.id == key_id, stale).values(last_used_at=database_now()))


def new_secret(prefix: str) -> str:
    """A word such as ``photfit_aZ3…``: 40 letters and digits at random, 238 bits."""
    return f"{prefix}_{''.join(secrets.choice(_SECRET_ALPHABET) for _ in range(_SECRET_LETTERS))}"


def secret_hash(secret: str) -> str:
    """SHA-256 of a secret. Its 238 random bits cannot be searched, so a slow hash would only slow its holder."""
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_prefix(secret: str) -> str:
    """The beginning of a secret, by which its holder tells it from others."""
    return secret[: secret.index("_") + 1 + _PREFIX_LETTERS]


@dataclass(frozen=True)
class Usage:
    """Bytes and fits of one owner at a moment."""

    upload_bytes: int
    result_bytes: int
    queued_fits: int
    running_fits: int

    @property
    def stored_bytes(self) -> int:
        """Uploads and results together."""
        return self.upload_bytes + self.result_bytes


def reserve_results(engine: Engine, owner: str, fit_id: str, size: int, most: int | None) -> bool:
    """Count a fit's results against its owner's quota before they are written; False, and nothing counted, where they
    would be too much.

    They are counted first and looked at then, so that several that end at once never take the same room. `most` is the
    limit of accounts without one of their own.
    """
    user = get_user(engine, owner)
    if user is None:
        return True
    limit = most if user.stored_bytes is None else user.stored_bytes
    counted = update(FitRecord).where(FitRecord.id == fit_id)
    with engine.begin() as connection:
        connection.execute(counted.values(result_bytes=size))
    if limit is None or usage_of(engine, owner).stored_bytes <= limit:
        return True
    with engine.begin() as connection:
        connection.execute(counted.values(result_bytes=0))
    return False


def usage_of(engine: Engine, owner: str) -> Usage:
    """What the owner uses now."""
    states = select(FitRecord.state, func.count()).where(FitRecord.owner == owner, FitRecord.catalogue_id.is_(None))
    states = states.group_by(FitRecord.state)
    jobs = select(func.count()).where(CatalogueRecord.owner == owner, CatalogueRecord.state.in_(("queued", "running")))
    with Session(engine) as session:
        counts = {state: count for state, count in session.execute(states)}  # noqa: C416 - rows are no pairs to mypy
        waiting = int(session.scalar(jobs) or 0)
        results = session.scalar(select(func.sum(FitRecord.result_bytes)).where(FitRecord.owner == owner))
        tables = session.scalar(
            select(func.sum(CatalogueRecord.objects_file["size"].as_integer())).where(CatalogueRecord.owner == owner)
        )
        uploads = session.scalar(select(func.sum(UploadRecord.size)).where(UploadRecord.owner == owner))
    return Usage(
        int(uploads or 0),
        int(results or 0) + int(tables or 0),
        counts.get("queued", 0) + waiting,
        counts.get("running", 0),
    )
