"""Sessions of browsers that are signed in: a word in a cookie stands for a key, for a while.

word = open_session(engine, identity.key_id, seconds=43_200.0, most=50)     # goes into the cookie
identify_session(engine, word)                                     # whose key it stands for; None once it is over
"""

from sqlalchemy import Engine, delete, insert, select

from jobs.accounts.accounts import Identity, identify, new_secret, secret_hash
from jobs.clock import database_now
from jobs.storage.schema import KeyRecord, SessionRecord


def open_session(engine: Engine, key_id: str, seconds: float, most: int) -> str:
    """The word that stands for a key for so many seconds; of its account's sessions the newest `most` stay. Those of a
    link (`KeyRecord.shows`) are counted by themselves: its visitors sign nobody else out.
    """
    word = new_secret("session")
    values = {"hash": secret_hash(word), "key_id": key_id, "created_at": database_now()}
    with engine.begin() as connection:
        connection.execute(insert(SessionRecord).values(values | {"expires_at": database_now() + seconds}))
        owner, shows = connection.execute(
            select(KeyRecord.user_id, KeyRecord.shows).where(KeyRecord.id == key_id)
        ).one()
        alike = KeyRecord.id == key_id if shows else KeyRecord.shows.is_(None)
        mine = SessionRecord.key_id.in_(select(KeyRecord.id).where(KeyRecord.user_id == owner, alike))
        newest_first = (SessionRecord.created_at.desc(), SessionRecord.hash != values["hash"], SessionRecord.hash)
        over = select(SessionRecord.hash).where(mine).order_by(*newest_first).offset(most)
        hashes = list(connection.scalars(over))
        connection.execute(delete(SessionRecord).where(SessionRecord.hash.in_(hashes)))
    return word


def identify_session(engine: Engine, word: str) -> Identity | None:
    """Who is signed in by this word, where the session, its key and its account are good."""
    return identify(
        engine,
        SessionRecord.hash == secret_hash(word),
        SessionRecord.key_id == KeyRecord.id,
        SessionRecord.expires_at > database_now(),
    )


def close_session(engine: Engine, word: str) -> None:
    """Sign out; a word that stands for nothing is fine."""
    with engine.begin() as connection:
        connection.execute(delete(SessionRecord).where(SessionRecord.hash == secret_hash(word)))


def drop_expired(engine: Engine) -> int:
    """Remove sessions that are over; how many there were."""
    with engine.begin() as connection:
        return connection.execute(delete(SessionRecord).where(SessionRecord.expires_at < database_now())).rowcount
