"""Addresses of the client: an id or a name stays one piece of a path, whatever it holds."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photfit.client import Refused
from photfit.client.exchange import Call, Follow
from photfit.client.operations import Operations

IDS = ("fit_id", "upload_id", "catalogue_id")


def operations_with_ids() -> dict[str, str]:
    """Names of the operations that take an id, and what they call it."""
    found = {}
    for name, operation in inspect.getmembers(Operations, inspect.isfunction):
        called = [each for each in inspect.signature(operation).parameters if each in IDS]
        if called and not name.startswith("_"):
            found[name] = called[0]
    return found


WITH_ID = operations_with_ids()


def first_call(name: str, text: str) -> Call:
    """What an operation asks first, of an id."""
    operation: Callable[..., Any] = getattr(Operations("http://service", 1.0), name)
    others: dict[str, Any] = {"document": {"name": "request"}, "export": {"format_": "galfit"}}.get(name, {})
    others |= {"path": "log.txt"} if name == "content" else {}
    effect = next(operation(**{WITH_ID[name]: text}, **others))
    return effect.call if isinstance(effect, Follow) else effect


def pieces_sent(address: str) -> list[str]:
    """The pieces of a path as httpx sends them."""
    sent = httpx.Request("GET", httpx.URL("http://service").join(address)).url.raw_path.decode()
    assert "?" not in sent
    assert "#" not in sent
    return [unquote(piece) for piece in urlsplit(sent).path.split("/")]


def test_the_operations_are_found() -> None:
    assert {"job", "status", "cancel", "delete", "events", "propose", "catalogue_table", "content"} <= WITH_ID.keys()


@pytest.mark.parametrize("name", sorted(WITH_ID))
@settings(max_examples=20)
@given(text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda text: text not in (".", "..")))
def test_an_id_is_one_piece_of_the_address(name: str, text: str) -> None:
    plain, wild = (pieces_sent(first_call(name, each).address) for each in ("x" * 26, text))
    assert [piece if piece != "x" * 26 else text for piece in plain] == wild


@pytest.mark.parametrize("text", ["../x", "a/../../v1/fits", "a?limit=1", "a#b", "a%2F..", "a b", "é"])
def test_ids_that_would_lead_elsewhere_stay_one_piece(text: str) -> None:
    assert pieces_sent(first_call("job", text).address) == ["", "v1", "fits", text]


@pytest.mark.parametrize("name", sorted(WITH_ID))
@pytest.mark.parametrize("text", ["", ".", ".."])
def test_what_is_no_piece_of_an_address_is_refused_before_it_is_sent(name: str, text: str) -> None:
    with pytest.raises((Refused, FileNotFoundError), match="no id or name"):
        first_call(name, text)
