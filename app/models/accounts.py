"""Accounts as their owners see them."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.models.shape import PublicModel
from jobs.accounts.accounts import Scope

_KEY_EXAMPLE = "photfit_2dXc5QkTq0mZ8sVbN4yLr7uWf1JgHp3AeRtYxKiO"


class Amount(PublicModel):
    """How much of something an account has, and may have at most."""

    used: int = Field(examples=[1_234_567])
    limit: int | None = Field(description="Null where there is no limit.", examples=[21_474_836_480])


class Amounts(PublicModel):
    """What an account uses."""

    upload_bytes: Amount = Field(description="Bytes of uploads.")
    stored_bytes: Amount = Field(description="Bytes of uploads and results.")
    queued_fits: Amount = Field(description="Fits that wait; more than the limit are refused.")
    running_fits: Amount = Field(description="Fits that run; more than the limit wait.")


class Me(PublicModel):
    """Who is asking, and what he may."""

    accounts: bool = Field(description="Whether the service has accounts; without them everyone may do everything.")
    id: str = Field(description="The account.", examples=["usr_01k9x2m4c8f6v3q7w5t1r0p9nb"])
    name: str = Field(description="What the account is called.", examples=["vera"])
    administrator: bool = Field(description="Whether the account's keys may be given the scope `admin`.")
    scopes: list[Scope] = Field(description="What the key in use may.", examples=[["read", "submit"]])
    key_id: str | None = Field(description="The key in use, or the one that the session was opened with.")
    shows: str | None = Field(description="The one fit or catalogue that the key may look at: it is a link's.")
    uses: Amounts


class Credentials(PublicModel):
    """What a browser signs in with."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"key": _KEY_EXAMPLE}]})

    key: Annotated[str, Field(min_length=1, max_length=200, description="A key.", examples=[_KEY_EXAMPLE])]


class KeyRequest(PublicModel):
    """A key that is to be made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "my pipeline", "scopes": ["read", "submit"], "days": 365}]}
    )

    name: Annotated[
        str, Field(min_length=1, max_length=100, description="What it is for, in your words.", examples=["my pipeline"])
    ]
    scopes: list[Scope] = Field(["read", "submit"], min_length=1, max_length=3, description="What it may.")
    days: Annotated[int | None, Field(ge=1, le=3650, description="Days until it ends; null for never.")] = None


class Key(PublicModel):
    """A key, without itself."""

    id: str = Field(examples=["key_01k9x2m4c8f6v3q7w5t1r0p9nb"])
    name: str = Field(description="What it is for.", examples=["my pipeline"])
    prefix: str = Field(description="The first letters, by which you tell it.", examples=["photfit_2dXc5QkT"])
    scopes: list[Scope]
    shows: str | None = Field(description="The one fit or catalogue that it may look at; null is all of the account's.")
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None
    links: dict[str, str]


class MadeKey(Key):
    """A key that was just made, with itself: the only time that it is shown."""

    key: str = Field(description="Keep it: it is never shown again.", examples=[_KEY_EXAMPLE])


class LinkRequest(PublicModel):
    """A link that is to be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "for the referee", "days": 60}]})

    name: Annotated[str, Field(max_length=80, description="For whom it is, in your words.")] = ""
    days: Annotated[int, Field(ge=1, le=3650, description="Days until it ends.")] = 30


class MadeLink(MadeKey):
    """A link that was just made: the only time that it is shown."""

    url: str = Field(
        description="Give this to whom you like. What stands behind `#` never reaches a server's log.",
        examples=[f"https://photfit.example.org/#/shared/fit_01k9x2m4c8f6v3q7w5t1r0p9nb/{_KEY_EXAMPLE}"],
    )


class LinkList(PublicModel):
    """Every link to one fit or catalogue, newest first, those included that are over."""

    shares: list[Key]


class KeyList(PublicModel):
    """Every key of an account, newest first, those included that are no longer good."""

    keys: list[Key]
