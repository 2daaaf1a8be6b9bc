"""Accounts of a service under test, made behind its back as its administrator makes them."""

from collections.abc import Iterable

import httpx
from sqlalchemy import Engine

from jobs.accounts.accounts import add_user, find_user, make_key
from jobs.settings import Settings
from jobs.storage.database import connect
from tests.app.conftest import Service


def database(service: Service) -> Engine:
    """The service's database."""
    return connect(Settings(data_dir=service.data))


def key_of(service: Service, name: str, scopes: Iterable[str] = ("read", "submit")) -> str:
    """A key of an account, which is made where there is none of this name."""
    engine = database(service)
    try:
        user = find_user(engine, name) or add_user(engine, name)
        assert user is not None
        return make_key(engine, user.id, "test", scopes)[1]
    finally:
        engine.dispose()


def client_of(service: Service, key: str | None = None) -> httpx.Client:
    """A client of its own, with a key or without one."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=service.client.base_url, timeout=60, trust_env=False, headers=headers)
