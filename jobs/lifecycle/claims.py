"""What transitions of a fit are made of: a new fit, a worker's hold on one, and how that stands."""

from dataclasses import dataclass
from typing import Any, Literal

from fitting.spec.notices import Notice
from jobs.storage.blobs import result_folder

Outcome = Literal["succeeded", "failed", "cancelled"]


@dataclass(frozen=True)
class NewFit:
    """What a new record is made of; `idempotency_key` is unique for an owner."""

    owner: str
    name: str
    request: dict[str, Any]
    queue: str
    device: str
    body_hash: str
    notices: tuple[Notice, ...] = ()
    idempotency_key: str | None = None
    request_id: str | None = None
    labels: tuple[str, ...] = ()
    request_sha256: str | None = None
    expected_seconds: float | None = None
    time_limit: float | None = None
    memory_limit: int | None = None
    webhook: str | None = None


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a fit: valid while the record is running with this attempt."""

    fit_id: str
    attempt: int
    owner: str
    request: dict[str, Any]
    device: str
    crashes: int
    time_limit: float | None = None
    memory_limit: int | None = None
    request_id: str | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def folder(self) -> str:
        """Where this attempt's results go in the blob store."""
        return result_folder(self.fit_id, self.attempt)


@dataclass(frozen=True)
class ClaimStanding:
    """What a renewal found: whether the claim still holds, and whether its owner wants it cancelled."""

    held: bool
    cancel_requested: bool
