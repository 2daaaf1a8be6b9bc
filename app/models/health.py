"""Health and readiness of the service as the outside sees them."""

from typing import Literal

from pydantic import Field

from app.models.shape import PublicModel


class Health(PublicModel):
    """The process answers."""

    status: Literal["ok"]
    version: str


class Check(PublicModel):
    """One part that the service needs."""

    ok: bool
    detail: str | None = Field(default=None, description="What is wrong, or worth knowing.")


class Readiness(PublicModel):
    """Whether each part that the service needs answers."""

    status: Literal["ready", "not ready"]
    checks: dict[str, Check]
    walls: dict[str, str] = Field(
        default={},
        description="What keeps a hostile file, once it is read, from other files, the network, programs and the "
        "service's environment; `none` where this machine's kernel has nothing for it.",
        examples=[{"files": "landlock 7", "network": "seccomp", "programs": "seccomp", "environment": "clean"}],
    )
